"""Ticks along an axis of time or frequency: round values, where they lie among the cells.

Cells are drawn equally wide whatever they span, as they are computed: on a mel axis 1 kHz lies
where its band lies. Only the ticks know seconds and Hz.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatlens.heatmap import Heatmap
from heatlens.render.typography import INK, MUTED, font, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Ruler", "draw_ruler", "places_along", "round_values", "ruler_for"]

_SMALL = 7.0
_UNEVEN = 1.5
"""Ratio of the widest to the narrowest cell from which round values are spaced as 1, 2, 5."""

_NAMES = {
    "T": ("time", "s", "frame"),
    "Z": ("depth", "mm", "slice"),
    "F": ("frequency", "Hz", "frequency band"),
}


@dataclass(frozen=True)
class Ruler:
    """What stands along an axis.

    Attributes:
        title: what is counted, with its unit.
        positions: of the ticks, in cells (the first cell's centre is 0).
        labels: of the ticks.
    """

    title: str
    positions: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def widest(self) -> float:
        """Width of the widest label in inches."""
        return max((width(label, _SMALL) for label in self.labels), default=0.0)


def places_along(heatmap: Heatmap, axis: str) -> npt.NDArray[np.float64] | None:
    """The coordinates along `axis` if they rise or fall throughout; else None."""
    given = heatmap.coordinates.get(axis)
    if given is None:
        return None
    places = np.asarray(given, np.float64)
    steps = np.diff(places)
    steady = np.isfinite(places).all() and bool((steps > 0).all() or (steps < 0).all())
    return places if steady else None


def ruler_for(heatmap: Heatmap, axis: str, most: int = 6) -> Ruler:
    """Round seconds, millimetres or Hz along `axis`; the cells' numbers, from 1, where there are none.

    Args:
        heatmap: with an axis "T", "Z" or "F".
        axis: which.
        most: at most about so many ticks.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> seconds = {"T": [0.0, 0.25, 0.5, 0.75, 1.0]}
        >>> heat = Heatmap(np.ones(5), Provenance("x"), "T", coordinates=seconds)
        >>> ruler_for(heat, "T", 3)
        Ruler(title='time (s)', positions=(0.0, 2.0, 4.0), labels=('0', '0.5', '1'))
    """
    name, unit, cell = _NAMES[axis]
    count = heatmap.values.shape[heatmap.axes.index(axis)]
    places = places_along(heatmap, axis)
    if places is None:
        numbers = [k for k in round_values(1, count, most) if k == int(k)]
        return Ruler(cell, tuple(k - 1 for k in numbers), tuple(f"{k:g}" for k in numbers))
    scale, title = 1.0, f"{name} ({unit})"
    if axis == "F" and np.abs(places).max() >= 2000:
        scale, title = 1000.0, f"{name} (kHz)"
    ordered, cells = places / scale, np.arange(count, dtype=np.float64)
    if count > 1 and ordered[0] > ordered[-1]:
        ordered, cells = ordered[::-1], cells[::-1]
    steps = np.diff(ordered)
    uneven = axis == "F" and count > 2 and float(steps.max()) > _UNEVEN * float(steps.min())
    values = _geometric(ordered) if uneven else round_values(ordered[0], ordered[-1], most)
    positions = np.interp(values, ordered, cells)
    kept = _apart(positions, count / most * 0.7)
    return Ruler(
        title,
        tuple(float(positions[k]) for k in kept),
        tuple(f"{values[k]:.6g}".replace("-", "−") for k in kept),
    )


def draw_ruler(axes: Axes, ruler: Ruler, *, upright: bool, labels: bool = True) -> None:
    """Put the ticks along the bottom of `axes`, or up its left side; titles have to be placed."""
    axis = axes.yaxis if upright else axes.xaxis
    axis.set_ticks(ruler.positions, labels=ruler.labels if labels else [""] * len(ruler.labels))
    axis.set_tick_params(length=2.5, width=0.6, pad=2, color=MUTED, labelcolor=INK, direction="out")
    for label in axis.get_ticklabels():
        label.set_fontproperties(font(_SMALL))
        label.set_parse_math(False)
        label.set_usetex(False)
    if labels:
        axis.set_label_text(
            ruler.title, fontproperties=font(_SMALL), color=MUTED, parse_math=False, usetex=False
        )
        axis.labelpad = 3


def round_values(low: float, high: float, most: int) -> list[float]:
    """About `most` round values between both ends, or the one value there is.

    Example:
        >>> round_values(-0.3, 1.1, 4)
        [0.0, 0.5, 1.0]
    """
    from matplotlib.ticker import MaxNLocator

    if low == high:
        return [low]
    ticks = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    margin = 1e-9 * (high - low)
    return [float(tick) for tick in ticks if low - margin <= tick <= high + margin]


def _geometric(ordered: npt.NDArray[np.float64]) -> list[float]:
    """All of ..., 0.1, 0.2, 0.5, 1, 2, 5, ... between both ends."""
    positive = ordered[ordered > 0]
    if not positive.size:
        return round_values(ordered[0], ordered[-1], 5)
    powers = range(int(np.floor(np.log10(positive[0]))), int(np.log10(positive[-1])) + 2)
    every = [float(f"{digit}e{power}") for power, digit in itertools.product(powers, (1, 2, 5))]
    inside = [value for value in every if ordered[0] <= value <= ordered[-1]]
    return inside if len(inside) > 1 else round_values(ordered[0], ordered[-1], 5)


def _apart(positions: npt.NDArray[np.float64], least: float) -> list[int]:
    """Indices of positions that lie at least `least` cells apart."""
    kept: list[int] = []
    for k, position in enumerate(positions):
        if not kept or abs(position - positions[kept[-1]]) >= least:
            kept.append(k)
    return kept
