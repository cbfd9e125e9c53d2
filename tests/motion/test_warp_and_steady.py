"""Warping against scipy, occlusion against clips that know it, and maps that do not flicker."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from heatlens.errors import InvalidArgument, InvalidType, UnreadableImage
from heatlens.motion import Steady, moving_clip, occluded, warped

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(7, 9), (8, 5, 3), (1, 1), (1, 6, 2)], ids=str)
@pytest.mark.parametrize("outside", ["edge", -1.5])
def test_equals_scipy(shape, outside):
    array = RNG.normal(size=shape).astype(np.float32)
    flow = RNG.normal(0, 2, (*shape[:2], 2)).astype(np.float32)
    found = warped(array, flow, outside=outside)
    places = np.mgrid[: shape[0], : shape[1]] + np.moveaxis(flow, -1, 0).astype(np.float64)
    planes = array[..., None] if array.ndim == 2 else array
    options = {"mode": "nearest"} if outside == "edge" else {"mode": "constant", "cval": outside}
    expected = np.stack(
        [
            ndimage.map_coordinates(p, places, order=1, **options)
            for p in np.moveaxis(planes, -1, 0)
        ],
        axis=-1,
    )
    if outside != "edge":  # scipy fades out over the last pixel; here what lies beyond is filled
        away = (places < 0).any(0) | (places[0] > shape[0] - 1) | (places[1] > shape[1] - 1)
        expected[away] = outside
    assert found == pytest.approx(expected.reshape(shape), abs=1e-5)


def test_no_flow_changes_nothing():
    picture = data.astronaut()[:40, :50]
    assert np.array_equal(warped(picture, np.zeros((40, 50, 2))), picture)


@pytest.mark.parametrize("strange", [np.inf, -np.inf, np.nan])
def test_a_strange_value_stays_where_it_is(strange):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    array[1, 2] = strange
    assert np.array_equal(warped(array, np.zeros((3, 4, 2))), array, equal_nan=True)
    half = np.zeros((3, 4, 2), np.float32)
    half[..., 1] = 0.5
    spoilt = ~np.isfinite(warped(array, half))
    assert np.argwhere(spoilt).tolist() == [[1, 1], [1, 2]]  # the points beside it, no others


@pytest.mark.parametrize("array", [np.zeros((2, 3), complex), np.array([["a", "b"]])], ids=str)
def test_what_cannot_be_warped(array):
    with pytest.raises(InvalidType, match="real numbers"):
        warped(array, np.zeros((*array.shape, 2)))


@pytest.mark.parametrize(
    ("flow", "error", "message"),
    [
        (np.zeros((4, 5)), InvalidArgument, r"\(H, W, 2\), rows and columns"),
        (np.zeros((3, 5, 2)), InvalidArgument, "3 x 5 pixels, the picture 4 x 5"),
        (np.full((4, 5, 2), np.nan), InvalidArgument, "NaN or infinite"),
        ("right", InvalidType, "an array"),
    ],
)
def test_flows_that_cannot_be_followed(flow, error, message):
    with pytest.raises(error, match=message):
        warped(np.zeros((4, 5)), flow)
    with pytest.raises(InvalidArgument, match="'edge' or a number"):
        warped(np.zeros((4, 5)), np.zeros((4, 5, 2)), outside="mirror")


def test_what_an_object_covers_is_occluded():
    """Flow there and back, both known: what the clip knows to be hidden is found."""
    there = moving_clip(data.coffee(), frames=2, size=(120, 160), camera="still", seed=2)
    forward = there.flow[0]
    mask_now, mask_next = there.masks
    velocity = forward[mask_now].mean(0)
    backward = np.where(mask_next[..., None], -velocity, 0).astype(np.float32)
    found = occluded(forward, backward)
    assert found[there.hidden[0]].mean() > 0.8
    assert found[~there.hidden[0]].mean() < 0.01


def test_leaving_the_picture_is_being_occluded():
    flow = np.zeros((4, 6, 2), np.float32)
    flow[..., 1] = 2
    assert np.array_equal(occluded(flow, -flow)[0], [False] * 4 + [True] * 2)


@pytest.fixture(scope="module")
def clip():
    return moving_clip(data.astronaut(), frames=8, size=(96, 128), camera="pan", seed=3)


def test_noise_that_flickers_is_averaged_along_the_motion(clip):
    """A map fixed to the scene plus noise: the variance falls to w / (2 - w) of it."""
    rng = np.random.default_rng(0)
    weight, steady = 0.3, Steady(0.3)
    for t in range(8):
        noise = rng.normal(size=(96, 128))
        signal = clip.film.pixels[t, ..., 0] / 40.0
        out = steady.update(signal + noise, clip.film.pixels[t])
    inner = (slice(24, -24), slice(24, -24))
    left = (out - signal)[inner].std()
    expected = np.sqrt(weight / (2 - weight))
    assert steady.remembered > 0.8
    assert left < 0.75
    assert left > 0.6 * expected


def test_known_flows_need_no_estimate(clip):
    steady = Steady(0.5, method="raft")  # which would ask for weights
    zero = np.zeros((96, 128, 2), np.float32)
    frame = clip.film.pixels[0]
    steady.update(np.zeros((96, 128)), frame)
    out = steady.update(np.ones((96, 128)), frame, backward=zero)
    assert np.all(out == 0.5)
    out = steady.update(np.ones((96, 128)), frame, backward=zero)
    assert np.all(out == 0.75)


def test_a_cut_starts_anew(clip):
    steady = Steady(0.3)
    steady.update(np.zeros((96, 128)), clip.film.pixels[0])
    elsewhere = data.coffee()[100:196, 100:228]
    out = steady.update(np.ones((96, 128)), elsewhere)
    assert np.all(out == 1)
    assert steady.remembered == 0


def test_equals_the_formula():
    """One update against the formula, by SciPy."""
    rng = np.random.default_rng(0)
    photo = data.astronaut()[100:160, 100:180]
    frames = [np.roll(photo, 3 * t, axis=1) for t in range(2)]
    maps = rng.random((2, 60, 80)).astype(np.float32)
    flow = rng.normal(0, 1.5, (60, 80, 2)).astype(np.float32)
    steady = Steady(0.4, tolerance=20.0)
    steady.update(maps[0], frames[0])
    found = steady.update(maps[1], frames[1], backward=flow)
    grey = [np.rint(frame @ [0.299, 0.587, 0.114]) for frame in frames]
    places = np.mgrid[:60, :80] + np.moveaxis(flow, -1, 0).astype(np.float64)
    fetched, past = (
        ndimage.map_coordinates(x, places, order=1, mode="nearest") for x in (grey[0], maps[0])
    )
    apart = ndimage.gaussian_filter(grey[1] - fetched, 1, mode="mirror")
    trust = np.exp(-((apart / 20) ** 2))
    trust *= ((places >= -0.5) & (places <= np.array([59.5, 79.5])[:, None, None])).all(0)
    assert found == pytest.approx(maps[1] + 0.6 * trust * (past - maps[1]), abs=2e-3)
    assert steady.remembered == pytest.approx(trust.mean(), abs=2e-3)


def test_what_was_not_valid_is_nobodys_past():
    """The whole picture moves 2 to the left; what was invalid to the right comes into the map."""
    photo = data.astronaut()[100:160, 100:200]
    valid = np.zeros((60, 80), bool)
    valid[:, 12:68] = True
    steady = Steady(0.5)
    for t in range(4):
        frame = np.ascontiguousarray(photo[:, 2 * t : 2 * t + 80])
        out = steady.update(np.where(valid, 1.0, 0.0), frame, valid=valid)
    assert np.all(out[valid] == 1)
    assert np.all(out[~valid] == 0)
    steady.reset()
    for t in range(2):
        blind = steady.update(
            np.where(valid, 1.0, 0.0), np.ascontiguousarray(photo[:, 2 * t : 2 * t + 80])
        )
    assert blind[valid].min() < 0.9


def test_drawing_on_frames_and_maps_changes_nothing(clip):
    plain, drawn = Steady(0.5), Steady(0.5)
    maps = np.random.default_rng(0).random((4, 96, 128)).astype(np.float32)
    for values, frame in zip(maps, clip.film.pixels):
        expected = plain.update(values, frame)
        theirs, picture, valid = values.copy(), frame.copy(), np.ones((96, 128), bool)
        found = drawn.update(theirs, picture, valid=valid)
        assert np.array_equal(found, expected)
        found[:], theirs[:], picture[:], valid[:] = 9, 9, 0, False


def test_a_noisy_film_is_remembered():
    rng = np.random.default_rng(0)
    grey = data.coffee()[:180, :320].mean(axis=2)
    steady = Steady(0.5)
    for _ in range(3):
        noisy = np.clip(np.rint(grey + rng.normal(0, 10, grey.shape)), 0, 255).astype(np.uint8)
        steady.update(np.zeros((180, 320)), noisy)
    assert steady.remembered > 0.8


def test_maps_of_a_large_film_follow_a_reduced_flow():
    photo = np.kron(data.astronaut()[100:220, 100:260], np.ones((6, 6, 1), np.uint8))
    heat = np.zeros((720, 960), np.float32)
    heat[300:360, 400:460] = 1
    steady = Steady(0.5)
    steady.update(heat, photo)
    out = steady.update(np.roll(heat, 24, axis=1), np.roll(photo, 24, axis=1))
    assert np.abs(out - np.roll(heat, 24, axis=1)).mean() < 2e-3


def test_mixing_asks_for_one_grid():
    steady = Steady(0.5)
    steady.mix(np.zeros((4, 5)), None)
    with pytest.raises(InvalidArgument, match=r"the map before \(4, 5\)"):
        steady.mix(np.zeros((6, 5)), np.zeros((6, 5, 2), np.float32))
    with pytest.raises(InvalidArgument, match=r"valid \(3, 5\)"):
        steady.mix(np.zeros((4, 5)), None, valid=np.ones((3, 5), bool))


def test_weight_one_is_no_smoothing_and_reset_forgets(clip):
    steady = Steady(1.0)
    maps = np.random.default_rng(0).random((2, 96, 128)).astype(np.float32)
    for values, frame in zip(maps, clip.film.pixels):
        assert np.array_equal(steady.update(values, frame), values)
    steady = Steady(0.1)
    steady.update(maps[0], clip.film.pixels[0])
    steady.reset()
    assert np.array_equal(steady.update(maps[1], clip.film.pixels[0]), maps[1])


def test_steady_refuses_in_words(clip):
    for weight in (0, 1.5, float("nan"), "half"):
        with pytest.raises(InvalidArgument, match="above 0, up to 1"):
            Steady(weight)
    steady = Steady()
    with pytest.raises(InvalidArgument, match="resize it first"):
        steady.update(np.zeros((4, 5)), clip.film.pixels[0])
    with pytest.raises(UnreadableImage, match="NaN"):
        steady.update(np.full((96, 128), np.nan), clip.film.pixels[0])
    steady.update(np.zeros((96, 128)), clip.film.pixels[0])
    with pytest.raises(InvalidArgument, match=r"reset\(\) starts a new film"):
        steady.update(np.zeros((50, 60)), clip.film.pixels[0][:50, :60])
