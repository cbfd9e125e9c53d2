"""Changes of a picture or a map that can be made larger and larger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["CHANGES", "Change", "changed"]

Pixels = npt.NDArray[Any]
"""A picture (H, W, 3) in 0..1, or a map (H, W)."""
Change = Callable[[Pixels, float, np.random.Generator], Pixels]


def _shift(pixels: Pixels, amount: float, _: np.random.Generator) -> Pixels:
    offset = (amount * 0.6, amount * 0.8)
    return _sampled(pixels, np.eye(2), offset)


def _turn(pixels: Pixels, degrees: float, _: np.random.Generator) -> Pixels:
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(pixels.shape[:2]) - 1) / 2
    return _sampled(pixels, matrix, middle - matrix @ middle)


def _sampled(pixels: Pixels, matrix: Pixels, offset: Any) -> Pixels:
    planes = np.moveaxis(np.atleast_3d(pixels), 2, 0)
    moved = [ndimage.affine_transform(p, matrix, offset, order=1, mode="nearest") for p in planes]
    return np.stack(moved, axis=-1).reshape(pixels.shape)


def _deform(pixels: Pixels, amount: float, generator: np.random.Generator) -> Pixels:
    """A smooth random field of displacements whose mean length is `amount` pixels."""
    field = generator.normal(size=(2, *pixels.shape[:2]))
    field = np.stack([ndimage.gaussian_filter(one, 12) for one in field])
    field *= amount / np.hypot(*field).mean()
    places = np.indices(pixels.shape[:2]) + field
    planes = np.moveaxis(np.atleast_3d(pixels), 2, 0)
    moved = [ndimage.map_coordinates(p, places, order=1, mode="nearest") for p in planes]
    return np.stack(moved, axis=-1).reshape(pixels.shape)


def _blur(pixels: Pixels, sigma: float, _: np.random.Generator) -> Pixels:
    blurred: Pixels = ndimage.gaussian_filter(pixels, (sigma, sigma, 0)[: pixels.ndim])
    return blurred


def _noise(pixels: Pixels, deviation: float, generator: np.random.Generator) -> Pixels:
    """Gaussian, of the range of a photograph or the peak of a map; clipped as a camera clips."""
    top = 1.0 if pixels.ndim == 3 else float(pixels.max())
    noisy = pixels + deviation * top * generator.normal(size=pixels.shape)
    return np.clip(noisy, 0, 1 if pixels.ndim == 3 else np.inf)


CHANGES: dict[str, tuple[Change, str, float]] = {
    "shift": (_shift, "16 pixels", 16.0),
    "rotation": (_turn, "40 degrees", 40.0),
    "deformation": (_deform, "8 pixels on average", 8.0),
    "blur": (_blur, "a standard deviation of 8 pixels", 8.0),
    "noise": (_noise, "a standard deviation of .4 of the range", 0.4),
}
"""Name, function, the largest change in words and as a number."""


def changed(pixels: Pixels, change: str, steps: int, seed: int) -> list[Pixels]:
    """One draw of whatever is random, more and more of it."""
    function, _, most = CHANGES[change]
    amounts = most * np.arange(1, steps + 1) / steps
    return [function(pixels, amount, np.random.default_rng(seed)) for amount in amounts]
