"""Does a map point at what is known to be there? Hits, mass on the object, and null maps.

The null maps know nothing of any model: a method that does not beat them has shown nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from heatlens.errors import InvalidArgument

__all__ = [
    "NULL_MAPS",
    "Localisation",
    "centre_map",
    "edge_map",
    "localisation",
    "mass_gain",
    "peak_distance",
    "random_map",
]

Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Localisation:
    """How maps of many pictures agree with the masks of their objects.

    Attributes:
        hit_rate: share of maps whose hottest point lies within the tolerance of the object.
        gain: mean over maps of the object's share of the positive mass over its share of area;
            1 is what a constant map gets.
        gain_of_3: share of maps with a gain of at least 3.
        count: number of maps.
    """

    hit_rate: float
    gain: float
    gain_of_3: float
    count: int


def localisation(
    maps: Iterable[Map], masks: Iterable[Mask], tolerance: float = 0.0
) -> Localisation:
    """Hit rate and mass gain over pairs of a map and a mask (H, W).

    Args:
        maps: signed maps; only positive values count.
        masks: where the object is.
        tolerance: in pixels; half a cell of the grid is fair to a map made on that grid.

    Example:
        >>> mask = np.zeros((8, 8), bool)
        >>> mask[2:4, 2:4] = True
        >>> localisation([mask.astype(np.float32)], [mask])
        Localisation(hit_rate=1.0, gain=16.0, gain_of_3=1.0, count=1)
    """
    pairs = list(zip(maps, masks, strict=True))
    if not pairs:
        raise InvalidArgument("there is no map to measure")
    hits = [peak_distance(values, mask) <= tolerance for values, mask in pairs]
    gains = np.array([mass_gain(values, mask) for values, mask in pairs])
    return Localisation(
        float(np.mean(hits)), float(gains.mean()), float((gains >= 3).mean()), len(pairs)
    )


def peak_distance(values: Map, mask: Mask) -> float:
    """Pixels from the hottest point to the nearest pixel of the object; infinite without evidence.

    Raises:
        InvalidArgument: an empty mask, at which nothing could point.
    """
    _check(values, mask)
    if values.max() <= 0:
        return float("inf")
    away = ndimage.distance_transform_edt(~mask)
    return float(away.flat[int(values.argmax())])


def mass_gain(values: Map, mask: Mask) -> float:
    """The object's share of the positive mass over its share of the area; 0 without evidence.

    Raises:
        InvalidArgument: an empty mask.
    """
    _check(values, mask)
    positive = np.clip(values.astype(np.float64), 0, None)
    total = positive.sum()
    return float(positive[mask].sum() / total / mask.mean()) if total > 0 else 0.0


def centre_map(image: npt.NDArray[np.uint8], index: int) -> Map:
    """A Gaussian in the middle, deviation a quarter of each side: photographers centre things."""
    rows, columns = (
        np.exp(-0.5 * ((np.arange(side) - (side - 1) / 2) / (side / 4)) ** 2)
        for side in image.shape[:2]
    )
    return np.outer(rows, columns).astype(np.float32)


def edge_map(image: npt.NDArray[np.uint8], index: int) -> Map:
    """Magnitude of the Sobel gradient, the largest of the channels."""
    pixels = image.astype(np.float32)
    slopes = [ndimage.sobel(pixels, axis) for axis in (0, 1)]
    magnitude: Map = np.hypot(*slopes).max(-1).astype(np.float32)
    return magnitude


def random_map(image: npt.NDArray[np.uint8], index: int) -> Map:
    """Uniform noise on a 12 x 12 grid, enlarged; as coarse as a CAM, and blind."""
    cells = np.random.default_rng(index).random((12, 12))
    height, width = image.shape[:2]
    fine: Map = ndimage.zoom(
        cells, (height / 12, width / 12), order=1, grid_mode=True, mode="nearest"
    )
    return fine.astype(np.float32)


NULL_MAPS: dict[str, Callable[[npt.NDArray[np.uint8], int], Map]] = {
    "centre Gaussian": centre_map,
    "edge map": edge_map,
    "random map": random_map,
}
"""Maps (H, W) from a picture (H, W, 3) and its number that use no model."""


def _check(values: Map, mask: Mask) -> None:
    if values.shape != mask.shape:
        raise InvalidArgument(f"a map {values.shape} and a mask {mask.shape} differ in size")
    if not mask.any():
        raise InvalidArgument("the mask is empty: no map can point at nothing")
