"""The proof: a moving object is found under a moving camera, where background subtraction fails."""

import numpy as np
import pytest
import scipy.ndimage

from heatlens.motion.clips import CAMERAS, Clip, moving_clip
from heatlens.perception.moving.stream import watch
from heatlens.statistics import wilson_interval

cv2 = pytest.importorskip("cv2")
data = pytest.importorskip("skimage.data")

GROUNDS = ("astronaut", "coffee", "rocket")
GROWN = 5


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    cameras = [camera for camera in CAMERAS if camera != "still"]
    return [
        moving_clip(
            getattr(data, ground)(),
            frames=10,
            size=(180, 320),
            camera=camera,
            textures=[data.chelsea()],
            object_speed=2.0,
            seed=number,
        )
        for number, ground in enumerate(GROUNDS)
        for camera in cameras
    ]


def _hits(heat: np.ndarray, mask: np.ndarray) -> float:
    """Share of the hottest pixels, all that are as hot as the peak, that lie on the object."""
    grown = scipy.ndimage.binary_dilation(mask, iterations=GROWN)
    return float(grown[heat == heat.max()].mean())


@pytest.mark.parametrize("method", ["motion-contrast", "fusion"])
def test_the_peak_lies_on_the_object(clips: list[Clip], method: str) -> None:
    hits = [
        _hits(moment.heat, mask) > 0.5
        for clip in clips
        for moment, mask in zip(watch(clip.film, method), clip.masks, strict=True)
    ]
    assert len(hits) == 120
    interval = wilson_interval(sum(hits), len(hits))
    assert np.mean(hits) >= 0.95
    assert interval.low >= 0.9


def _background_subtraction(camera: str) -> list[float]:
    """MOG2 with 50 frames to learn the ground, its mask blurred so that it has a peak."""
    clip = moving_clip(
        data.coffee(),
        frames=60,
        size=(180, 320),
        camera=camera,
        textures=[data.chelsea()],
        object_speed=2.0,
        seed=1,
    )
    subtractor = cv2.createBackgroundSubtractorMOG2(detectShadows=False)
    masks = [subtractor.apply(frame).astype(np.float32) for frame in clip.film.pixels]
    return [
        _hits(cv2.GaussianBlur(foreground, (0, 0), 6), mask)
        for foreground, mask in zip(masks[50:], clip.masks[50:], strict=True)
    ]


def test_background_subtraction_needs_a_still_camera() -> None:
    assert np.mean(_background_subtraction("still")) > 0.9
    assert np.mean(_background_subtraction("pan")) < 0.7


def _disc_clip(camera: float) -> tuple[np.ndarray, list[np.ndarray]]:
    """A dark disc without texture, 20 pixels across, 3 pixels a frame, over a photograph."""
    photo = cv2.GaussianBlur(cv2.resize(data.astronaut(), (1400, 1400)), (0, 0), 0.7)
    rows, columns = np.mgrid[:360, :640]
    film, masks = [], []
    for t in range(8):
        left = 300 + round(camera * t)
        apart = np.hypot(rows - 120 - 2.1 * t, columns - 200 - 2.1 * t)
        cover = np.clip(10.5 - apart, 0, 1)[..., None]
        ground = photo[500:860, left : left + 640]
        film.append(np.rint(ground + cover * (20.0 - ground)).astype(np.uint8))
        masks.append(apart <= 10)
    return np.stack(film), masks


@pytest.mark.parametrize("camera", [0.0, 2.0, 8.0])
def test_a_small_dark_thing_without_texture_is_found(camera: float) -> None:
    film, masks = _disc_clip(camera)
    found = {
        method: np.mean(
            [
                _hits(moment.heat, mask) > 0.5
                for moment, mask in zip(watch(film, method), masks, strict=True)
            ]
        )
        for method in ("motion-contrast", "fusion")
    }
    assert found["motion-contrast"] >= 0.75
    assert found["fusion"] >= found["motion-contrast"] - 0.13


def test_a_still_film_shows_what_stands_out_at_rest() -> None:
    """The photograph stands still, but for the camera's noise: motion has no part in the heat."""
    rng = np.random.default_rng(0)
    photo = data.coffee()[:360:2, :640:2].astype(float)
    film = np.stack(
        [np.clip(np.rint(photo + rng.normal(0, 4, photo.shape)), 0, 255) for _ in range(5)]
    ).astype(np.uint8)
    for fused, still in zip(
        watch(film, "fusion"), watch(film, "image-signature", smoothing=0.5), strict=True
    ):
        found, expected = fused.heat / fused.heat.max(), still.heat / still.heat.max()
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.97


def test_without_taking_the_camera_out_the_ground_wins(clips: list[Clip]) -> None:
    pans = [clip for clip in clips if "pan" in clip.film.name]
    shares = {
        steady: np.mean(
            [
                _hits(moment.heat, mask)
                for clip in pans
                for moment, mask in zip(
                    watch(clip.film, "frame-difference", steady=steady), clip.masks, strict=True
                )
            ]
        )
        for steady in (True, False)
    }
    assert shares[True] > 0.9
    assert shares[False] < shares[True] - 0.2
