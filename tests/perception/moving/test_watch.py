"""Stream in, stream out: order, times, memory, ends, and films that are none."""

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

import heatlens as hl
from heatlens.errors import InvalidArgument, UnreadableImage
from heatlens.image import Image
from heatlens.images.films import open_film
from heatlens.motion.clips import moving_clip
from heatlens.perception.displays import hits, popout
from heatlens.perception.moving.clip import clip_saliency
from heatlens.perception.moving.stream import watch

pytest.importorskip("cv2")


def _pictures(count: int, size: tuple[int, int] = (36, 48)) -> Iterator[np.ndarray]:
    ground = np.random.default_rng(0).integers(60, 160, (*size, 3), np.uint8)
    for k in range(count):
        picture = ground.copy()
        place = k % (size[1] - 8)
        picture[10:18, place : place + 8] = 240
        yield picture


@pytest.mark.parametrize("method", ["motion-contrast", "temporal-spectral-residual", "fusion"])
def test_times_and_order_are_the_films(method: str) -> None:
    with open_film(_pictures(13), frames_per_second=10) as film:
        told = [(moment.index, moment.seconds) for moment in watch(film, method)]
    assert told == [(k, pytest.approx(k / 10)) for k in range(13)]


def test_only_the_delay_is_waited_for() -> None:
    asked = []

    def pictures() -> Iterator[np.ndarray]:
        for k, picture in enumerate(_pictures(40)):
            asked.append(k)
            yield picture

    for method, delay in (("motion-contrast", 0), ("temporal-spectral-residual", 4)):
        asked.clear()
        for moment in watch(pictures(), method):
            # One for the first frame's motion, and those that the thread has ahead.
            assert len(asked) <= moment.index + 1 + max(delay, 1) + 4


@pytest.mark.parametrize("method", ["fusion", "temporal-spectral-residual"])
def test_memory_does_not_grow_with_the_film(method: str) -> None:
    most = []
    for count in (20, 60):
        alive: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()
        highest = 0
        for moment in watch(_pictures(count), method):
            alive[moment.index] = moment.frame
            gc.collect(0)
            highest = max(highest, len(alive))
        most.append(highest)
    assert most[0] == most[1] <= 12


def test_what_came_before_an_error_is_told() -> None:
    def pictures() -> Iterator[np.ndarray]:
        yield from _pictures(6)
        raise OSError("the cable came loose")

    told: list[int] = []
    with pytest.raises(OSError, match="the cable came loose"):
        told.extend(moment.index for moment in watch(pictures(), "motion-contrast"))
    assert told == list(range(6))


def test_size_changes_are_named() -> None:
    def pictures() -> Iterator[np.ndarray]:
        yield from _pictures(3)
        yield np.zeros((20, 20, 3), np.uint8)

    with pytest.raises(UnreadableImage, match="frame 3"):
        list(watch(pictures(), "fusion"))


def test_frames_that_are_not_numbers() -> None:
    film = np.zeros((3, 8, 8, 3), np.float32)
    film[1, 2, 2] = np.nan
    with pytest.raises(UnreadableImage, match="NaN"):
        list(watch(film, "fusion"))
    with pytest.raises(UnreadableImage, match="NaN"):
        list(watch(iter(film), "fusion"))


def test_a_film_of_no_frames() -> None:
    with pytest.raises(UnreadableImage):
        list(watch(iter([]), "fusion"))


def test_cuts_forget_the_past() -> None:
    data = pytest.importorskip("skimage.data")
    first, second = data.coffee()[:120, :160], data.chelsea()[:120, :160]
    film = np.stack([first] * 3 + [second] * 3)
    seen = list(watch(film, "frame-difference"))
    assert [moment.motion.cut for moment in seen if moment.motion] == [False] * 3 + [True] + [
        False
    ] * 2
    assert not any(moment.heat.any() for moment in seen)
    heat = clip_saliency(Image(film, "TYXC"), "fusion", {})
    assert heat.coordinates["T"] == tuple(moment.seconds for moment in seen)
    assert "cuts before frames 3" in heat.provenance.notes[0]
    alone = clip_saliency(Image(film[3:], "TYXC"), "fusion", {})
    assert np.allclose(heat.values[3:], alone.values, atol=1e-5)


def test_a_cut_after_the_first_frame_is_told_once() -> None:
    data = pytest.importorskip("skimage.data")
    first, second = data.coffee()[:120, :160], data.chelsea()[:120, :160]
    film = np.stack([first] + [second] * 2)
    seen = list(watch(film, "frame-difference"))
    assert [moment.motion.cut for moment in seen if moment.motion] == [False, True, False]
    assert not any(moment.heat.any() or moment.flow.any() for moment in seen)
    heat = clip_saliency(Image(film, "TYXC"), "fusion", {})
    assert "cuts before frames 1:" in heat.provenance.notes[0]


def test_flow_of_a_narrow_film_is_scaled_along_each_side() -> None:
    """A film of 40 x 2000 has a grid of 6 x 320: 6.67 of its rows are a row there, 6.25 columns."""
    film = np.random.default_rng(0).integers(0, 256, (2, 40, 2000, 3), np.uint8)
    for axis, expected in ((0, 40 / 6), (1, 2000 / 320)):

        def one(frame: np.ndarray, other: np.ndarray, axis: int = axis) -> np.ndarray:
            flow = np.zeros((*frame.shape[:2], 2))
            flow[..., axis] = -0.01
            return flow

        moment = list(watch(np.stack([film[0]] * 2), "flow-magnitude", flow=one))[1]
        assert moment.flow[20, 1000, axis] == pytest.approx(0.01 * expected, rel=1e-4)
        assert moment.flow[20, 1000, 1 - axis] == 0


def test_flow_is_in_pixels_of_the_film() -> None:
    clip = moving_clip(
        np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8),
        frames=3,
        size=(360, 640),
        camera="pan",
        objects=0,
        camera_speed=6.0,
        seed=1,
    )
    moments = list(watch(clip.film, "flow-magnitude"))
    assert moments[0].motion is not None
    assert moments[0].motion.size == (180, 320)
    for moment in moments:
        found = np.median(moment.flow, axis=(0, 1))
        assert np.allclose(found, np.median(clip.flow[0], axis=(0, 1)), atol=0.3)


def test_saliency_of_a_clip_is_what_watch_gives() -> None:
    film = np.stack(list(_pictures(6)))
    heat = hl.saliency(Image(film, "TYXC", name="block"), method="motion-contrast", scales=2)
    watched = np.stack([moment.heat for moment in watch(film, "motion-contrast", scales=2)])
    assert np.array_equal(heat.values, watched)
    assert heat.provenance.method == "motion-contrast"
    assert heat.provenance.parameters["scales"] == 2
    assert heat.provenance.parameters["flow"] == "dis"
    assert not heat.signed
    by_another = hl.saliency(Image(film, "TYXC"), method="motion-contrast", flow="farneback")
    assert not np.array_equal(by_another.values, heat.values)


def test_a_moving_model_refuses_a_still_picture() -> None:
    with pytest.raises(InvalidArgument, match="sees motion, and this is a still picture"):
        hl.saliency(np.zeros((8, 8, 3), np.uint8), method="fusion")


@pytest.mark.parametrize("method", ["motion-contrast", "fusion"])
def test_the_odd_direction_pops_out(method: str) -> None:
    for seed in range(3):
        display = popout("motion", frames=6, seed=seed)
        heat = hl.saliency(display.image, method=method)
        assert hits(heat, display).mean() >= 0.9
