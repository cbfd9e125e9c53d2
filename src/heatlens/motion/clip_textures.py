"""What the ground and the objects of a made-up clip look like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["covering", "procedural", "smoothed"]

_LENS = 0.7
"""Standard deviation, in pixels of the film, of the blur that every lens has: without it, bilinear
samples of the same point in two frames would differ."""

Matrix = npt.NDArray[np.float64]


def covering(
    picture: npt.NDArray[np.uint8], views: list[Matrix], size: tuple[int, int]
) -> tuple[npt.NDArray[np.float32], list[Matrix]]:
    """The ground, scaled so that all views lie on it, and the views in its coordinates.

    Args:
        picture: uint8 (H, W, 3).
        views: homographies from each frame to the ground, which has no origin yet.
        size: height and width of a frame.
    """
    height, width = size
    corners = np.array(
        [[0, 0, 1], [0, width - 1, 1], [height - 1, 0, 1], [height - 1, width - 1, 1]], float
    )
    seen = np.concatenate([corners @ view.T for view in views])
    seen = seen[:, :2] / seen[:, 2:]
    low, high = seen.min(0) - 2, seen.max(0) + 2
    wanted = np.ceil(high - low).astype(int) + 1
    scale = max(wanted / np.array(picture.shape[:2]))
    ground = _scaled(picture, float(scale))
    room = (np.array(ground.shape[:2]) - wanted) / 2
    origin = np.eye(3)
    origin[:2, 2] = room - low
    return ground, [origin @ view for view in views]


def smoothed(picture: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.float32]:
    """A picture so scaled that its shorter side is `side`."""
    return _scaled(picture, side / min(picture.shape[:2]))


def procedural(diameter: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A made-up texture: patches in two colours that differ in hue and lightness.

    Args:
        diameter: of the object in pixels.
        rng: chooses colours and patches.
    """
    side = int(np.ceil(diameter * 1.4)) + 2
    noise = ndimage.gaussian_filter(rng.normal(size=(side, side)), max(diameter / 12, 1.2))
    noise = noise / (noise.std() or 1.0)
    share = 1 / (1 + np.exp(-3 * noise))
    dark = rng.uniform(0, 110, 3)
    bright = rng.uniform(130, 255, 3)
    fine = ndimage.gaussian_filter(rng.normal(size=(side, side)), 1.0)
    colours = dark + (bright - dark) * share[..., None] + 60 * fine[..., None]
    return np.clip(colours, 0, 255).astype(np.float32)


def _scaled(picture: npt.NDArray[np.uint8], scale: float) -> npt.NDArray[np.float32]:
    """Resized with anti-aliasing, then blurred as by a lens."""
    values = picture.astype(np.float32)
    if scale < 1:
        blur = 0.5 * np.sqrt(max(1 / scale**2 - 1, 0))
        values = ndimage.gaussian_filter(values, (blur, blur, 0), mode="nearest")
    shape = np.ceil(np.array(picture.shape[:2]) * scale).astype(int) + 1
    matrix = np.array([1 / scale, 1 / scale, 1.0])
    values = ndimage.affine_transform(
        values,
        matrix,
        offset=(0.5 / scale - 0.5, 0.5 / scale - 0.5, 0),
        output_shape=(*shape, 3),
        order=1,
        mode="nearest",
    )
    return np.asarray(
        ndimage.gaussian_filter(values, (_LENS, _LENS, 0), mode="nearest"), np.float32
    )
