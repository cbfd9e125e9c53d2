import numpy as np
import pytest
from scipy.spatial.distance import cdist

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from heatlens.render.cielab import from_srgb
from heatlens.transfer import ColourMap, colour_map, colour_transfer, palette_distance
from heatlens.transfer.colour.fit import moved_one_by_one, refined_lattices
from heatlens.transfer.colour.lab import lab_of
from heatlens.transfer.colour.palette import on_cells, palette_of, planned_shifts
from tests.transfer.pictures import photograph

PAIRS = [("coffee", "astronaut"), ("rocket", "chelsea"), ("chelsea", "coffee")]


def share_left(result):
    said = result.metadata["colour_transfer"]
    return said["palette_distance_after"] / said["palette_distance_before"]


@pytest.mark.parametrize(("image", "reference"), PAIRS)
def test_pixelwise_leaves_less_than_one_percent_of_the_palette_distance(image, reference):
    result = colour_transfer(photograph(image), photograph(reference), method="pixelwise")
    assert share_left(result) < 0.01


@pytest.mark.parametrize(("image", "reference"), PAIRS)
def test_the_maps_leave_what_their_table_says(image, reference):
    first, second = photograph(image), photograph(reference)
    assert share_left(colour_transfer(first, second, method="exact")) < 0.06
    assert share_left(colour_transfer(first, second)) < 0.45


def test_the_plan_itself_reaches_the_palette():
    """What is left is left by the map: split as the plan says, the palettes are one."""
    from heatlens.transport import emd

    first, second = (lab_of(photograph(n).unit().reshape(-1, 3)) for n in ("coffee", "rocket"))
    a, b = palette_of(first, 32, 0), palette_of(second, 32, 0)
    plan = emd(a.masses, b.masses, x=a.colours, y=b.colours, p=2, mass="normalise").plan
    np.testing.assert_allclose(plan.sum(0), b.masses, atol=1e-12)
    shifts = planned_shifts(a, b)
    moved = plan.tocsr() @ b.colours / a.masses[:, None]
    np.testing.assert_allclose(a.colours + shifts, moved)


def test_palette_distance_is_the_exact_one():
    ot = pytest.importorskip("ot")
    first, second = photograph("coffee", 16), photograph("rocket", 16)
    colours = [from_srgb(image.unit().reshape(-1, 3)) for image in (first, second)]
    palette = palette_of(colours[1], 8, 0)
    label = cdist(colours[0], palette.centres).argmin(1)
    masses = np.bincount(label, minlength=8) / len(label)
    means = np.stack(
        [colours[0][label == j].mean(0) if masses[j] else np.zeros(3) for j in range(8)]
    )
    expected = ot.emd2(masses, palette.masses, cdist(means, palette.colours))
    assert palette_distance(first, second, k=8) == pytest.approx(expected, rel=1e-5)


def test_a_picture_is_at_distance_zero_from_itself():
    assert palette_distance(photograph("coffee"), photograph("coffee")) == pytest.approx(
        0, abs=1e-9
    )


@pytest.mark.parametrize("method", ["exact", "regularised"])
def test_its_own_colours_change_nothing(method):
    image = photograph("chelsea")
    same = colour_transfer(image, image, method=method)
    assert np.abs(same.pixels.astype(int) - image.pixels).mean() < 2


def test_gradients_are_kept():
    """A ramp through the picture's colours is mapped to one without jumps."""
    fitted = colour_map(photograph("rocket"), photograph("chelsea"))
    ramp = np.linspace(0, 1, 256)[:, None] * [0.3, 0.4, 0.7]
    pixels = np.rint(np.tile(ramp, (4, 1, 1)) * 255).astype(np.uint8)
    mapped = fitted(Image(pixels)).pixels.astype(int)
    assert np.abs(np.diff(mapped, axis=1)).max() <= 8


def test_same_seed_same_picture_whatever_the_threads():
    image, reference = photograph("coffee"), photograph("rocket")
    first, again = (colour_transfer(image, reference, threads=n).pixels for n in (1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, colour_transfer(image, reference, seed=1).pixels)


def test_other_fields_stay():
    pixels = photograph("coffee").pixels
    alpha = np.ones(pixels.shape[:2])
    alpha[:20] = 0
    image = Image(pixels, name="cup", spacing=(0.5, 0.5), alpha=alpha, metadata={"camera": "x"})
    result = colour_transfer(image, photograph("rocket"))
    assert (result.name, result.spacing, result.axes) == ("cup", (0.5, 0.5), "YXC")
    assert result.metadata["camera"] == "x"
    assert result.metadata["colour_transfer"]["reference"] == "rocket"
    assert 0 <= result.metadata["colour_transfer"]["clipped_share"] <= 1
    np.testing.assert_array_equal(result.alpha, alpha)


def test_transparent_pixels_do_not_count():
    red, blue = np.array([200, 30, 30], np.uint8), np.array([30, 30, 200], np.uint8)
    pixels = np.broadcast_to(red, (8, 8, 3)).copy()
    pixels[:4] = blue
    alpha = np.ones((8, 8))
    alpha[:4] = 0
    half = Image(pixels, alpha=alpha)
    whole = Image(np.broadcast_to(red, (8, 8, 3)))
    assert palette_distance(half, whole) == pytest.approx(0, abs=1e-9)
    assert palette_distance(Image(pixels), whole) > 10


@pytest.mark.parametrize("method", ["exact", "regularised", "pixelwise"])
def test_types_and_ranges(method):
    image, reference = photograph("coffee", 8), photograph("rocket", 8)
    plain = colour_transfer(image, reference, method=method).pixels
    floats = Image(image.unit(), "YXC", (0.0, 1.0))
    wide = Image((image.pixels.astype(np.uint16) * 257), "YXC", (0.0, 65535.0))
    for other, scale in ((floats, 255.0), (wide, 1 / 257)):
        result = colour_transfer(other, reference, method=method)
        assert result.pixels.dtype == other.pixels.dtype
        assert result.value_range == other.value_range
        assert np.abs(result.pixels * scale - plain).mean() < 4


@pytest.mark.parametrize("method", ["exact", "pixelwise"])
def test_grey_pictures(method):
    first, second = (Image(photograph(n).pixels[..., 1], "YX") for n in ("coffee", "rocket"))
    result = colour_transfer(first, second, method=method)
    assert (result.axes, result.pixels.shape) == ("YX", first.pixels.shape)
    levels = np.linspace(0.05, 0.95, 19)
    close = np.quantile(result.pixels, levels) - np.quantile(second.pixels, levels)
    assert np.abs(close).max() <= 6


def test_the_order_of_grey_levels_is_kept():
    first, second = (Image(photograph(n).pixels[..., 1], "YX") for n in ("coffee", "rocket"))
    result = colour_transfer(first, second).pixels
    mean = [result[first.pixels == level].mean() for level in np.unique(first.pixels)]
    assert np.diff(mean).min() >= -1


def test_the_lattices_lie_in_the_gamut_and_reach_the_goal():
    generator = np.random.default_rng(0)
    colours = generator.random((3000, 3)) * 0.5
    goal = lab_of(0.4 + generator.random((3000, 3)) * 0.5)
    lattices, clipped = refined_lattices(colours, goal, 16, 4.0, 2, 0)
    assert lattices.shape == (2, 33, 33, 33, 3)
    assert lattices.min() >= 0
    assert lattices.max() <= 1
    assert 0 <= clipped < 0.05


def test_pixelwise_keeps_within_the_goals_means():
    generator = np.random.default_rng(0)
    start, goal = generator.normal(40, 5, (2000, 3)), generator.normal(60, 9, (1500, 3))
    moved = moved_one_by_one(start, goal, 32, 20, 0)
    np.testing.assert_allclose(moved.mean(0), goal.mean(0), atol=0.1)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(goal.T), atol=6)
    palette = palette_of(goal, 32, 0)
    np.testing.assert_allclose(on_cells(moved, palette.centres).masses, palette.masses, atol=0.02)


film = Image(np.zeros((2, 4, 4, 3), np.uint8), "TYXC")
grey = Image(np.arange(16, dtype=np.uint8).reshape(4, 4), "YX")
colour = Image(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))


@pytest.mark.parametrize(
    ("image", "reference", "options", "says"),
    [
        (film, colour, {}, "image has axes 'TYXC'"),
        (colour, film, {}, "reference has axes"),
        (grey, colour, {}, "image is grey"),
        (colour, grey, {}, "reference is grey"),
        (Image(np.zeros((4, 4, 2), np.uint8)), colour, {}, "2 channels"),
        (colour.with_(alpha=np.zeros((4, 4))), colour, {}, "transparent everywhere"),
        (colour, colour, {"k": 0}, "k is 0"),
        (colour, colour, {"method": "exact", "stages": 0}, "stages is 0"),
        (colour, colour, {"smoothness": 0}, "smoothness is 0"),
        (colour, colour, {"smoothness": -5}, "smoothness is -5"),
        (colour, colour, {"seed": -1}, "seed is -1"),
        (colour, colour, {"method": "pixelwise", "seed": -1}, "seed is -1"),
        (colour, colour, {"threads": -3}, "threads is -3"),
        (colour, colour, {"method": "pixelwise", "threads": -3}, "threads is -3"),
        (colour, colour, {"method": "pixelwise", "smoothness": 4}, "'pixelwise' has no smoothness"),
        (colour, colour, {"method": "pixelwise", "stages": 0}, "has no stages.*it takes sweeps"),
        (colour, colour, {"stages": 9}, "'regularised' has no stages"),
        (colour, colour, {"method": "exact", "sweeps": 9}, "takes smoothness and stages"),
        (colour, colour, {"method": "pixelwise", "sweeps": 0}, "sweeps is 0"),
    ],
)
def test_bad_arguments(image, reference, options, says):
    with pytest.raises(InvalidArgument, match=says):
        colour_transfer(image, reference, **options)


@pytest.mark.parametrize("options", [{"smoothness": "abc"}, {"k": 2.5}, {"seed": "1"}])
def test_options_of_another_type(options):
    with pytest.raises(InvalidType):
        colour_transfer(colour, colour, **options)
    with pytest.raises(InvalidType):
        colour_map(colour, colour, **options)


def test_bad_numbers_of_the_palette_distance():
    with pytest.raises(InvalidArgument, match="seed is -1"):
        palette_distance(colour, colour, seed=-1)
    with pytest.raises(InvalidArgument, match="k is 0"):
        palette_distance(colour, colour, k=0)


def test_unknown_method():
    with pytest.raises(UnknownName, match="exact"):
        colour_transfer(colour, colour, method="exat")  # misspelt on purpose
    with pytest.raises(InvalidArgument, match="has no map"):
        colour_map(colour, colour, method="pixelwise")


def test_a_map_is_for_its_kind():
    with pytest.raises(InvalidArgument, match="for a colour picture"):
        colour_map(colour, colour)(grey)
    with pytest.raises(InvalidArgument, match="expected"):
        ColourMap(np.zeros((3, 3, 3, 3)))
    with pytest.raises(InvalidArgument, match="lie in 0"):
        ColourMap(np.full((1, 2, 2, 2, 3), 2.0))
