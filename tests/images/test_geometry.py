"""Against torch's and Pillow's own resampling, and against what any honest map must keep."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.fit import fit
from heatlens.images.geometry import Placement, resized
from heatlens.images.tiles import blend
from heatlens.provenance import Provenance

SIZES = st.tuples(st.integers(1, 90), st.integers(1, 90))


def interpolated(values, size):
    tensor = torch.from_numpy(np.asarray(values, np.float64))[None, None]
    return F.interpolate(
        tensor, size, mode="bilinear", align_corners=False, antialias=True
    ).numpy()[0, 0]


@st.composite
def placements(draw):
    """What `fit` makes of a picture of any size, in any of its ways that give one window."""
    image = Image(np.zeros(draw(SIZES), np.uint8), "YX")
    size = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    mode = draw(st.sampled_from(["crop", "squash", "pad"]))
    resize = draw(st.sampled_from([None, 0.875, 48])) if mode == "crop" else None
    return fit(image, size=size, mode=mode, resize=resize)[0].placement


@pytest.mark.parametrize(
    ("original", "grid"),
    [((40, 60), (7, 7)), ((40, 61), (14, 9)), ((9, 11), (24, 30)), ((5, 90), (31, 8))],
)
def test_back_equals_torch(original, grid):
    values = np.random.default_rng(0).normal(size=grid)
    place = Placement(original, (32, 48), (32 / original[0], 48 / original[1]))
    assert np.allclose(place.back(values), interpolated(values, original), atol=1e-12)


@pytest.mark.parametrize("dense", [0, 512])
def test_both_products_agree(monkeypatch, dense):
    monkeypatch.setattr("heatlens.images.resample._DENSE", dense)
    values = np.random.default_rng(1).normal(size=(2, 20, 30))
    place = Placement((33, 71), (20, 30), (0.8, 0.8), (-3.0, -10.0))
    back = place.back(values)
    assert back.shape == (2, 33, 71)
    assert np.allclose(back[0], place.back(values[0]))
    rows, columns = np.nonzero(place.valid())
    spots = place.to_input(np.stack([rows, columns], -1) + 0.5) - 0.5
    by_hand = torch.from_numpy(spots[:, ::-1].copy() + 0.5) * 2 / torch.tensor([30, 20]) - 1
    reference = F.grid_sample(
        torch.from_numpy(values[None, :1]), by_hand[None, None], padding_mode="border",
        align_corners=False,
    )  # fmt: skip
    assert np.allclose(back[0][rows, columns], reference.numpy()[0, 0], atol=1e-9)


def test_back_of_a_crop_is_the_resampled_window():
    """A crop undone by hand: the whole map enlarged to the window, the rest of the picture 0."""
    values = np.random.default_rng(2).normal(size=(7, 7))
    place = Placement((40, 100), (20, 20), (0.5, 0.5), (0.0, -15.0))
    back = place.back(values)
    assert np.allclose(back[:, 30:70], interpolated(values, (40, 40)))
    assert not back[:, :30].any()
    assert not back[:, 70:].any()
    assert place.valid().sum() == 40 * 40
    assert place.hidden_fraction == pytest.approx(0.6)


def test_forward_equals_pillow():
    picture = np.random.default_rng(3).uniform(size=(60, 90)).astype(np.float32)
    small = Pillow.fromarray(picture).resize((30, 20), Pillow.Resampling.BILINEAR)
    place = Placement((60, 90), (20, 20), (1 / 3, 1 / 3), (0.0, -5.0))
    assert np.allclose(place.forward(picture), np.asarray(small)[:, 5:25], atol=1e-6)
    padded = Placement((60, 90), (24, 30), (1 / 3, 1 / 3), (2.0, 0.0)).forward(picture, fill=9)
    assert (padded[:2] == 9).all()
    assert (padded[22:] == 9).all()
    assert np.allclose(padded[2:22], np.asarray(small), atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(placements(), SIZES)
def test_constant_map_stays_constant_where_seen(place, grid):
    back = place.back(np.ones(grid))
    assert np.allclose(back, place.valid(), atol=1e-6)
    assert place.valid().any()
    assert 0 <= place.hidden_fraction < 1


@settings(max_examples=60, deadline=None)
@given(placements(), st.lists(st.tuples(st.floats(-9, 99), st.floats(-9, 99)), max_size=4))
def test_points_go_there_and_back(place, points):
    points = np.reshape(points, (-1, 2))
    assert np.allclose(place.to_original(place.to_input(points)), points, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(placements(), st.tuples(st.integers(2, 50), st.integers(2, 50)))
def test_ramp_comes_back_as_the_position(place, grid):
    """Each pixel reads exactly its own place in the input: nothing is shifted by a fraction."""
    per_cell = np.array(place.input) / grid
    ramps = np.meshgrid(*((np.arange(n) + 0.5) * d for n, d in zip(grid, per_cell)), indexing="ij")
    for axis, ramp in enumerate(ramps):
        pixels_per_cell = place.scale[axis] / per_cell[axis]
        reach = max(0.5, pixels_per_cell) * per_cell[axis]  # nearer to the edge it is flattened
        positions = place.positions(axis)
        inner = (positions >= reach) & (positions <= place.input[axis] - reach)
        shown = np.broadcast_to(np.expand_dims(inner, 1 - axis), place.original) & place.valid()
        wanted = np.broadcast_to(np.expand_dims(positions, 1 - axis), place.original)
        tolerance = 1e-6 if pixels_per_cell <= 1 else 0.5 * per_cell[axis]
        assert np.abs(place.back(ramp) - wanted)[shown].max(initial=0) <= tolerance


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(60, 160), st.integers(60, 160)),
    st.sampled_from(["crop", "squash", "pad", "tile"]),
    st.floats(0.3, 0.7),
    st.floats(0.3, 0.7),
)
def test_a_spot_comes_back_where_it_was(original, mode, y, x):
    fitted = fit(Image(np.zeros(original, np.uint8), "YX"), size=(48, 48), mode=mode, channels=1)
    spot = np.array([y * original[0], x * original[1]])
    seen = fitted[0].placement.to_input(spot)
    if mode == "crop" and not (8 < seen[0] < 40 and 8 < seen[1] < 40):
        return
    rows, columns = np.mgrid[: original[0], : original[1]] + 0.5
    radius = 2.5 * max(1 / s for s in fitted[0].placement.scale)
    picture = np.exp(-((rows - spot[0]) ** 2 + (columns - spot[1]) ** 2) / 2 / radius**2)
    places = [each.placement for each in fitted]
    back, valid = blend(places, [place.forward(picture) for place in places])
    centroid = np.array([(back * rows).sum(), (back * columns).sum()]) / back.sum()
    assert np.abs(centroid - spot).max() < 0.15 * radius
    assert mode == "crop" or valid.all()


def test_delta_has_its_exact_centroid():
    place = Placement((64, 64), (32, 32), (0.5, 0.5))
    picture = np.zeros((64, 64))
    picture[20:22, 34:36] = 1
    back = place.back(place.forward(picture))
    rows, columns = np.mgrid[:64, :64] + 0.5
    assert (back * rows).sum() / back.sum() == pytest.approx(21, abs=1e-9)
    assert (back * columns).sum() / back.sum() == pytest.approx(35, abs=1e-9)
    assert back.sum() == pytest.approx(4)


def test_a_window_between_two_huge_pixels_still_sees_one():
    place = fit(Image(np.zeros((1, 2), np.uint8), "YX"), size=(224, 224), resize=256)[0].placement
    assert place.valid().sum() == 1


@pytest.mark.parametrize("wrong", [np.ones(3), np.ones((0, 4))])
def test_a_map_without_rows_is_refused(wrong):
    with pytest.raises(InvalidArgument, match="shape"):
        Placement((4, 4), (2, 2), (0.5, 0.5)).back(wrong)


def heat(values, **more):
    return Heatmap(np.asarray(values, np.float32), Provenance("test"), **more)


@pytest.mark.parametrize("size", [(3, 5), (20, 31), (7, 40)])
def test_resized_equals_torch(size):
    values = np.random.default_rng(4).normal(size=(12, 17)).astype(np.float32)
    new = resized(heat(values, error=np.abs(values)), size)
    assert np.allclose(new.values, interpolated(values, size), atol=1e-6)
    assert np.allclose(new.error, interpolated(np.abs(values), size), atol=1e-6)
    assert new.valid is None


def test_resized_keeps_invalid_pixels_out():
    valid = np.zeros((8, 8), bool)
    valid[:, 2:6] = True
    old = heat(np.where(valid, 3.0, 0.0), valid=valid, error=np.where(valid, 1.0, 0.0))
    for size in [(16, 16), (4, 4), (8, 11)]:
        new = resized(old, size)
        assert np.allclose(new.values, np.where(new.valid, 3, 0), atol=1e-6)
        assert np.allclose(new.error, np.where(new.valid, 1, 0), atol=1e-6)
        assert new.valid.mean() == pytest.approx(0.5, abs=0.1)


def test_resized_volume_and_unsigned():
    old = heat(np.random.default_rng(5).uniform(size=(3, 6, 6)), axes="ZYX", signed=False)
    new = resized(old, (9, 4))
    assert new.values.shape == (3, 9, 4)
    assert np.allclose(new.values[1], interpolated(old.values[1], (9, 4)), atol=1e-6)
    with pytest.raises(InvalidArgument, match="height, width"):
        old.resized((0, 3))


def test_a_map_on_the_pictures_own_grid_comes_back_as_it_is():
    values = np.random.default_rng(6).normal(size=(600, 31)).astype(np.float32)
    back = Placement((600, 31), (600, 31)).back(values)
    assert np.array_equal(back, values)
    assert not np.shares_memory(back, values)
