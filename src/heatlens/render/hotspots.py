"""Hot regions of a heatmap: where the evidence is, as boxes, peaks and shares.

The threshold of "otsu" maximises the variance between the cold and the hot pixels,

    max_t  w_cold(t) w_hot(t) (mean_hot(t) - mean_cold(t))^2

over every value of the map, not over the edges of 256 bins, so that a spike of one pixel in a
weak map is found too. Otsu: A threshold selection method from gray-level histograms, IEEE
Transactions on Systems, Man, and Cybernetics 9(1), 1979.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap

__all__ = ["Hotspot", "hotspots", "otsu"]

Method = Literal["otsu", "quantile", "value"]
METHODS = ("otsu", "quantile", "value")


@dataclass(frozen=True, eq=False)
class Hotspot:
    """A connected region of strong evidence; all indices are of the heatmap's grid.

    Attributes:
        box: half-open bounds, (y0, x0, y1, x1); for a volume (z0, y0, x0, z1, y1, x1).
        peak: index of the highest value, the first one in reading order if tied.
        value: the value there, in the heatmap's unit.
        area: number of pixels.
        mass: sum of the values.
        share: the mass in units of the whole map's positive mass, 0..1.
        centroid: centre of the mass; pixel centres are at whole numbers.
        inside: True for the region's pixels, on the grid of the box.
    """

    box: tuple[int, ...]
    peak: tuple[int, ...]
    value: float
    area: int
    mass: float
    share: float
    centroid: tuple[float, ...]
    inside: npt.NDArray[np.bool_] = field(repr=False)

    @property
    def slices(self) -> tuple[slice, ...]:
        """The box as an index: `heatmap.values[spot.slices]`."""
        half = len(self.box) // 2
        return tuple(map(slice, self.box[:half], self.box[half:]))

    def mask(self, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        """True for the region's pixels, on a whole grid of `shape`."""
        full = np.zeros(shape, np.bool_)
        full[self.slices] = self.inside
        return full


def hotspots(
    heatmap: Heatmap,
    method: Method | str = "otsu",
    *,
    level: float | None = None,
    min_area: int = 1,
    most: int | None = None,
) -> list[Hotspot]:
    """Connected regions of strong evidence for the target, largest mass first.

    Only the positive part counts, and only valid pixels. Pixels that touch at an edge or a
    corner belong together (8 neighbours; 26 in a volume). Regions of equal mass come in the
    reading order of their first pixels.

    A map without evidence has no hot regions. Neither has a constant one, for nothing stands out
    in it, unless "value" names a level that it reaches.

    Args:
        heatmap: any map.
        method: "otsu" needs no level; "quantile" takes the pixels at or above the quantile
            `level` (default 0.95: the hottest twentieth, and all that ties with it) of the
            positive part; "value" takes those at or above `level`, in the heatmap's own unit.
        level: see `method`.
        min_area: leave out regions of fewer pixels.
        most: return at most so many (None: all).

    Raises:
        InvalidArgument: a level that the method cannot use.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> heat = Heatmap(np.array([[9, 8, 0, 0], [0, 0, 0, 3]]), Provenance("by hand"))
        >>> [(spot.box, spot.peak, spot.share) for spot in hotspots(heat, "value", level=2)]
        [((0, 0, 1, 2), (0, 0), 0.85), ((1, 3, 2, 4), (1, 3), 0.15)]
    """
    from scipy import ndimage

    if min_area < 1 or (most is not None and most < 0):
        raise InvalidArgument(
            f"min_area is {min_area} and most is {most}: at least 1 and at least 0 are meant"
        )
    positive = np.maximum(heatmap.values, 0)
    valid = np.ones(positive.shape, np.bool_) if heatmap.valid is None else heatmap.valid
    positive[~valid] = 0
    threshold = _threshold(positive[valid], method, level)
    if threshold is None:
        return []
    labels, count = ndimage.label(
        (positive >= threshold) & (positive > 0), structure=np.ones((3,) * positive.ndim)
    )
    if not count:
        return []
    flat = labels.ravel()
    areas = np.bincount(flat, minlength=count + 1)[1:]
    masses = np.bincount(flat, weights=positive.ravel(), minlength=count + 1)[1:]
    total = float(positive.sum(dtype=np.float64))
    boxes = ndimage.find_objects(labels)
    order = [k for k in np.argsort(-masses, kind="stable") if areas[k] >= min_area]
    return [_hotspot(positive, labels, int(k) + 1, boxes[k], total) for k in order[:most]]


def _threshold(
    values: npt.NDArray[np.float32], method: str, level: float | None
) -> np.float32 | float | None:
    """The lowest hot value among the positive part of the valid pixels; None if there is none."""
    if method not in METHODS:
        raise UnknownName("hotspot method", method, METHODS)
    if method == "value":
        if level is None or not level > 0 or not np.isfinite(level):
            raise InvalidArgument(
                f"level is {level}; 'value' needs a level above 0, in the heatmap's own unit"
            )
        return level
    if method == "otsu" and level is not None:
        raise InvalidArgument("'otsu' finds its own level; use 'value' or 'quantile' to set one")
    quantile = 0.95 if level is None else level
    if not 0 <= quantile <= 1:
        raise InvalidArgument(f"level is {quantile:g}; a quantile lies in 0..1")
    if not values.size or values.min() == values.max():
        return None
    if method == "otsu":
        return otsu(values)
    # "higher" takes a value of the map itself, so that rounding cannot cut a plateau off.
    return np.float32(np.quantile(values, quantile, method="higher"))


def otsu(values: npt.NDArray[np.float32]) -> np.float32:
    """The lowest value of the upper one of the two classes that Otsu's criterion tells apart.

    Args:
        values: finite numbers of any shape, not all equal.

    Example:
        >>> float(otsu(np.float32([0.0, 0.1, 0.2, 5.0, 6.0])))
        5.0
    """
    ordered = np.sort(values, axis=None)
    if not ordered.size or ordered[0] == ordered[-1]:
        raise InvalidArgument("Otsu's threshold needs at least two different values")
    # On 0..1, so that no square over- or underflows.
    unit = ordered.astype(np.float64) - float(ordered[0])
    unit /= unit[-1]
    sums = np.cumsum(unit)
    cold = np.flatnonzero(ordered[1:] > ordered[:-1])  # the last index of each possible cold class
    n_cold = cold + 1.0
    n_hot = ordered.size - n_cold
    gap = (sums[-1] - sums[cold]) / n_hot - sums[cold] / n_cold
    best = cold[np.argmax(n_cold * n_hot * gap**2)]
    return np.float32(ordered[best + 1])


def _hotspot(
    positive: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int32],
    label: int,
    box: tuple[slice, ...],
    total: float,
) -> Hotspot:
    start = np.array([axis.start for axis in box])
    inside = labels[box] == label
    values = np.where(inside, positive[box], 0)
    peak = np.unravel_index(int(np.argmax(values)), values.shape)
    exact = values.astype(np.float64)
    mass = float(exact.sum())
    others = [tuple(j for j in range(values.ndim) if j != i) for i in range(values.ndim)]
    centroid = [
        float(exact.sum(axis=other) @ np.arange(exact.shape[i])) / mass + int(start[i])
        for i, other in enumerate(others)
    ]
    inside.flags.writeable = False
    return Hotspot(
        box=(*(axis.start for axis in box), *(axis.stop for axis in box)),
        peak=tuple(int(i) for i in start + np.array(peak)),
        value=float(values[peak]),
        area=int(inside.sum()),
        mass=mass,
        share=min(mass / total, 1.0),
        centroid=tuple(centroid),
        inside=inside,
    )
