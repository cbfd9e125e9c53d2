"""Lines of equal evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.render.colour import Scale, Sign, scale_for

__all__ = ["LEVELS", "Contour", "contours"]

LEVELS = (0.25, 0.5, 0.75)
"""Fractions of a scale's end at which lines are drawn by default."""


@dataclass(frozen=True, eq=False)
class Contour:
    """The lines along which a heatmap has one value.

    Attributes:
        value: the value, in the heatmap's unit.
        fraction: the same in units of the scale's end, negative for evidence against.
        lines: polylines (n, 2) of (y, x), pixel centres at whole numbers. They end at the
            border and at invalid pixels; all others are closed (first point = last point).
    """

    value: float
    fraction: float
    lines: tuple[npt.NDArray[np.float64], ...]


def contours(
    heatmap: Heatmap,
    levels: Sequence[float] = LEVELS,
    *,
    scale: Scale | None = None,
    sign: Sign = "positive",
) -> tuple[Contour, ...]:
    """Lines of equal evidence by linear interpolation between pixel centres.

    A map that changes from pixel to pixel has no lines that one can follow: smooth it first
    (`heatlens.render.display.smoothed`).

    Args:
        heatmap: a two-dimensional map; one that is a single pixel wide or high has no lines.
        levels: fractions of the scale's end, each above 0 and at most 1; on a signed scale
            they are drawn on both sides.
        scale: where the fractions refer to; by default the map's own.
        sign: what a scale of its own shows.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> ramp = Heatmap(np.tile(np.arange(5.0), (3, 1)), Provenance("by hand"))
        >>> [(line.value, line.lines[0][:, 1].tolist()) for line in contours(ramp, [0.5])]
        [(2.0, [2.0, 2.0, 2.0])]
    """
    from contourpy import contour_generator

    if heatmap.axes != "YX":
        raise InvalidArgument(f"contours need one picture; the map has axes {heatmap.axes!r}")
    if not levels or not all(0 < level <= 1 for level in levels):
        raise InvalidArgument(
            f"levels are {tuple(levels)}: fractions of the scale, above 0 and at most 1, are meant"
        )
    scale = scale_for(heatmap, sign=sign) if scale is None else scale
    if scale.empty or min(heatmap.size) < 2:
        return ()
    values = heatmap.values.astype(np.float64)
    hidden = False if heatmap.valid is None else ~heatmap.valid
    generator = contour_generator(z=np.ma.masked_array(values, hidden))
    sides = [side for side, end in ((-1, scale.low), (1, scale.high)) if side * end > 0]
    fractions = sorted({side * level for side in sides for level in levels})
    found = []
    for fraction in fractions:
        value = abs(fraction) * (scale.high if fraction > 0 else scale.low)
        lines = tuple(np.asarray(line)[:, ::-1] for line in generator.lines(value))
        found.append(Contour(value, fraction, lines))
    return tuple(found)
