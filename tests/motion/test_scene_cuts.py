"""Cuts between photographs are found; noise, flicker, exposure and fades are none."""

import numpy as np
import pytest
from skimage import data

from heatlens.images.area import reduced
from heatlens.motion.cuts import is_cut
from heatlens.motion.flow import optical_flow
from heatlens.motion.warp import warped

pytest.importorskip("cv2")
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")


def _fetched(frame: np.ndarray, other: np.ndarray) -> np.ndarray:
    return warped(other, optical_flow(frame, other))


def _photo(name: str) -> np.ndarray:
    return np.ascontiguousarray(getattr(data, name)()[20:200, 30:350])


@pytest.mark.parametrize("first", PHOTOS)
@pytest.mark.parametrize("second", PHOTOS)
def test_another_photograph_is_a_cut(first: str, second: str) -> None:
    frame, other = _photo(first), np.roll(_photo(second), 2, axis=1)
    assert is_cut(frame, _fetched(frame, other)) is (first != second)


CHANGES = {
    "night": lambda k, grey, rng: 30 + 0.15 * (grey - grey.mean()) + rng.normal(0, 15, grey.shape),
    "noise": lambda k, grey, rng: 90 + rng.normal(0, 30, grey.shape),
    "flicker": lambda k, grey, rng: 100 + 0.2 * (grey - grey.mean()) + 25 * (-1) ** k,
    "exposure": lambda k, grey, rng: 60 + 0.3 * grey + 50 * k,
    "fade": lambda k, grey, rng: grey * (1 - 0.6 * k),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_the_same_scene_in_another_light_is_no_cut(change: str) -> None:
    rng = np.random.default_rng(0)
    grey = _photo("coffee").mean(axis=2)
    frame, other = (
        np.clip(np.rint(CHANGES[change](k, grey, rng)), 0, 255).astype(np.uint8) for k in (0, 1)
    )
    assert not is_cut(frame, _fetched(frame, other))
    assert not is_cut(other, _fetched(other, frame))


def test_equals_the_formula() -> None:
    """A mixture a + t b of two scenes, against a least-squares fit: a cut from t on."""
    a, b = (_photo(name).astype(float).mean(2)[:176] for name in ("coffee", "rocket"))
    for t in np.linspace(0, 2, 21):
        frame = a + t * b
        p, q = (reduced(x, (22, 40)).ravel() for x in (frame, a))
        design = np.stack([q, np.ones_like(q)], axis=1)
        left = p - design @ np.linalg.lstsq(design, p, rcond=None)[0]
        assert is_cut(frame, a) == (left.var() > max(p.var() / 2, 1))


def test_an_inverted_picture_is_another() -> None:
    photo = _photo("coffee")
    assert is_cut(photo, 255 - photo)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (1, 400), (40, 40)], ids=str)
def test_frames_without_contrast_are_never_cut(size: tuple[int, int]) -> None:
    assert not is_cut(np.full(size, 9, np.uint8), np.full(size, 200, np.uint8))
