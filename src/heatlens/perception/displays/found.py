"""Whether a map finds the odd item of a display."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.perception.displays.display import Display
from heatlens.perception.metrics.given import as_array

__all__ = ["hit", "hits"]

_RULES = ("peak", "item")


def hit(heat: Heatmap | npt.ArrayLike, display: Display, rule: str = "peak") -> bool:
    """Whether the map of a still display finds its odd item.

    Args:
        heat: (h, w), finite, on any grid that covers the picture from edge to edge.
        display: a still one.
        rule: "peak": the highest value lies on the odd item grown by half an item. Where several
            pixels tie for the highest, every one has to; a flat map finds nothing.
            "item": the mean within half an item of the odd one is above that of every other.

    Raises:
        UnknownName: no such rule.
        InvalidArgument: the display is a clip, or the map is not finite or not flat.
        InvalidType: the map is not of numbers.

    Example:
        >>> from heatlens.perception.displays import popout
        >>> display = popout("size", seed=1)
        >>> hit(display.mask, display), hit(~display.mask, display)
        (True, False)
    """
    if display.mask.ndim != 2:
        raise InvalidArgument("the display is a clip; ask `hits` frame by frame")
    return bool(hits(heat, display, rule)[0])


def hits(
    heat: Heatmap | npt.ArrayLike, display: Display, rule: str = "peak"
) -> npt.NDArray[np.bool_]:
    """`hit` for each frame of a clip: (T,); of a still one entry.

    Args:
        heat: (T, h, w), or (h, w) for a still.
        display: still or clip.
        rule: see `hit`.
    """
    if rule not in _RULES:
        raise UnknownName("rule of a hit", rule, _RULES)
    values = as_array(heat.values if isinstance(heat, Heatmap) else heat, "map")
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == np.bool_):
        raise InvalidType(f"a map of {values.dtype} values; expected real numbers")
    if values.ndim != display.mask.ndim or 0 in values.shape:
        expected = "(h, w)" if display.mask.ndim == 2 else "(T, h, w)"
        raise InvalidArgument(f"a map of shape {values.shape}; this display takes {expected}")
    if not np.isfinite(values).all():
        raise InvalidArgument(
            f"{int((~np.isfinite(values)).sum())} values of the map are not finite"
        )
    maps = values.reshape(-1, *values.shape[-2:])
    areas = display.area.reshape(-1, *display.area.shape[-2:])
    if len(maps) != len(areas):
        raise InvalidArgument(f"{len(maps)} maps for a clip of {len(areas)} frames")
    if rule == "peak":
        found = [_peak(one, area) for one, area in zip(maps, areas, strict=True)]
    else:
        places = display.positions.reshape(len(maps), -1, 2)
        found = [
            _item(one, place, display, area.shape)
            for one, place, area in zip(maps, places, areas, strict=True)
        ]
    return np.array(found, np.bool_)


def _peak(values: npt.NDArray[Any], area: npt.NDArray[np.bool_]) -> bool:
    tied = np.argwhere(values == values.max())
    row, column = _pixels(tied, values.shape, area.shape).T
    return bool(area[row, column].all())


def _pixels(
    cells: npt.NDArray[Any], grid: tuple[int, ...], size: tuple[int, ...]
) -> npt.NDArray[np.intp]:
    """The pixels below the centres of cells, both grids being aligned edge to edge."""
    places = (cells + 0.5) * np.array(size) / np.array(grid) - 0.5
    return np.clip(np.rint(places), 0, np.array(size) - 1).astype(np.intp)


def _item(
    values: npt.NDArray[Any], places: npt.NDArray[Any], display: Display, size: tuple[int, ...]
) -> bool:
    """Means over discs around the items, on the map's own grid."""
    scale = np.array(values.shape) / np.array(size)
    rows = (np.arange(values.shape[0]) + 0.5) / scale[0] - 0.5
    columns = (np.arange(values.shape[1]) + 0.5) / scale[1] - 0.5
    means = np.empty(len(places))
    for index, (row, column) in enumerate(places):
        near = np.hypot((rows - row)[:, None], (columns - column)[None, :]) <= display.item / 2
        # On a coarse grid no cell's centre may lie so near: then the nearest one speaks.
        means[index] = (
            values[near].mean()
            if near.any()
            else values[np.abs(rows - row).argmin(), np.abs(columns - column).argmin()]
        )
    return bool(means[display.odd] > np.delete(means, display.odd).max())
