"""From bin to bin: on a line the area between the cumulated curves is the distance.

    W_1(a, b) = integral |A(t) - B(t)| dt,   A, B the cumulated shares

so the picture of the curves is the picture of the distance. Vallender: Calculation of the
Wasserstein distance between probability distributions on the line, 1974.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.render.flow_page import MARGIN, SMALL, framed, ticked
from heatlens.render.typography import INK, font, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["histogram_flow"]

Floats = npt.NDArray[np.float64]

_FIRST, _SECOND, _BETWEEN = "#1f69be", "#cd5514", "#c9b458"
_WIDE, _HISTOGRAM, _CURVES, _ROOM, _LEFT = 4.6, 1.6, 1.5, 0.34, 0.48

_MOST_BARS = 64
"""More would be too thin to see; the curves below show every value."""


def histogram_flow(
    first_values: Any,
    first_weights: Any,
    second_values: Any,
    second_weights: Any,
    *,
    unit: str = "grey levels",
    distance: float | None = None,
    p: float = 1,
    distance_unit: str = "",
    names: tuple[str, str] = ("first", "second"),
    title: str = "",
    subtitle: str = "",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw two histograms facing each other, and below them their cumulated curves.

    Both are drawn as shares of their total. The shaded area is W1 of the shares, in `unit`,
    exactly; if `distance` is another one, the caption says so.

    Args:
        first_values: where the bins lie on the line (n,), in any order.
        first_weights: mass of each (n,).
        second_values: the other's bins (m,); they may be others.
        second_weights: their mass (m,).
        unit: of the values, and so of the area.
        distance: what the title names; by default W1 of the shares, the shaded area.
        p: exponent of `distance`.
        distance_unit: its unit, if it is not `unit` ("grey levels x mass").
        names: of both.
        title: stands above, bold; by default the distance.
        subtitle: stands below it.
        notes: sentences to add to the caption.

    Raises:
        InvalidArgument: values and weights that do not belong together, negative ones, or none.

    Example:
        >>> figure = histogram_flow([0, 10], [1, 1], [0, 10], [1, 3])
        >>> figure.texts[0].get_text()
        'W1 = 2.5 grey levels'
    """
    from matplotlib.ticker import PercentFormatter

    sides = [
        _checked(first_values, first_weights, names[0]),
        _checked(second_values, second_weights, names[1]),
    ]
    edges, heights = _cumulated(sides)
    area = float(np.abs(heights[0] - heights[1]) @ np.diff(edges))
    stated = area if distance is None else distance
    meant = f"the distance W1: {number(area)} {unit}"
    if p != 1 or abs(stated - area) > 1e-6 * max(area, stated):
        other = f"W{p:g} = {number(stated)} {distance_unit or unit}"
        meant = f"W1 of the shares: {number(area)} {unit}, not {other}"
    span = float(edges[-1] - edges[0]) or 1.0
    narrow = _bin_width(sides) or 0.02 * span
    bars, bin_width = _bars(sides, narrow, float(edges[0]), span)
    together = round(bin_width / narrow)
    page, top = framed(
        _WIDE,
        _HISTOGRAM + _CURVES + 2 * _ROOM,
        title=title or f"W{p:g} = {number(stated)} {distance_unit or unit}",
        subtitle=subtitle,
        caption=(
            *([f"Above: a bar is {together} neighbouring values."] if together > 1 else []),
            "Below: which share lies at or under each value. The shaded area between the two "
            f"curves is {meant}.",
            *notes,
        ),
    )
    ends = (float(edges[0]) - 0.75 * bin_width, float(edges[-1]) + 0.75 * bin_width)
    x, wide = MARGIN + _LEFT, _WIDE - _LEFT
    upper = page.axes(x, top, wide, _HISTOGRAM)
    upper.set_label("histograms")
    highest = 100 * max(float(weights.max()) for _, weights in bars)
    for (values, weights), sign, colour, name in zip(
        bars, (1, -1), (_FIRST, _SECOND), names, strict=True
    ):
        upper.bar(values, sign * 100 * weights, bin_width * 0.92, color=colour, linewidth=0)
        _named(upper, 0.97 if sign > 0 else 0.03, name, colour)
    upper.axhline(0, color=INK, linewidth=0.6)
    upper.set(xlim=ends, ylim=(-1.2 * highest, 1.2 * highest))
    upper.yaxis.set_major_locator(_few_ticks())
    upper.yaxis.set_major_formatter(lambda share, _: f"{number(abs(share))} %")
    ticked(upper, "", "share")
    lower = page.axes(x, top + _HISTOGRAM + _ROOM, wide, _CURVES)
    lower.set_label("cumulated")
    t = np.concatenate([[ends[0]], edges, [ends[1]]])
    curves = [np.concatenate([[0.0], 100 * h, [100.0, 100.0]]) for h in heights]
    lower.fill_between(
        t, curves[0], curves[1], step="post", color=_BETWEEN, alpha=0.75, linewidth=0
    )
    for curve, colour in zip(curves, (_FIRST, _SECOND), strict=True):
        lower.step(t, curve, where="post", color=colour, linewidth=1.3)
    lower.set(xlim=ends, ylim=(0, 103))
    lower.yaxis.set_major_locator(_few_ticks())
    lower.yaxis.set_major_formatter(PercentFormatter(symbol=" %", decimals=0))
    ticked(lower, unit, "cumulated share")
    return page.figure


def _checked(values: Any, weights: Any, name: str) -> tuple[Floats, Floats]:
    """Values in order and their shares, which sum to 1."""
    where = np.asarray(values, np.float64).ravel()
    mass = np.asarray(weights, np.float64).ravel()
    if where.shape != mass.shape or not len(where):
        raise InvalidArgument(f"{name} has {len(where)} values and {len(mass)} weights")
    if not (np.isfinite(where).all() and np.isfinite(mass).all() and mass.min() >= 0):
        raise InvalidArgument(f"values and weights of {name} are finite, and no weight is negative")
    if not mass.sum() > 0:
        raise InvalidArgument(f"{name} has no mass: all {len(mass)} weights are 0")
    order = np.argsort(where, kind="stable")
    return where[order], mass[order] / mass.sum()


def _cumulated(sides: list[tuple[Floats, Floats]]) -> tuple[Floats, list[Floats]]:
    """All values in order (k,), and for each side the share at or below, up to the next (k - 1,)."""
    edges = np.unique(np.concatenate([values for values, _ in sides]))
    heights = []
    for values, weights in sides:
        below = np.concatenate([[0.0], np.cumsum(weights)])
        heights.append(below[np.searchsorted(values, edges[:-1], side="right")])
    return edges, heights


def _bin_width(sides: list[tuple[Floats, Floats]]) -> float:
    """The narrowest distance between two values of a side; 0 if each has only one."""
    gaps = [np.diff(np.unique(values)) for values, _ in sides]
    return min((float(gap.min()) for gap in gaps if len(gap)), default=0.0)


def _bars(
    sides: list[tuple[Floats, Floats]], width: float, low: float, span: float
) -> tuple[list[tuple[Floats, Floats]], float]:
    """What the bars show: neighbours together where there would be too many; and their width."""
    together = int(np.ceil((span / width + 1) / _MOST_BARS))
    if together < 2:
        return sides, width
    count = int(np.ceil((span / width + 1) / together))
    ends = low - width / 2 + width * together * np.arange(count + 1)
    ends[-1] = max(ends[-1], low + span + width)
    middles = (ends[:-1] + ends[1:]) / 2
    grouped = [(middles, np.histogram(values, ends, weights=w)[0]) for values, w in sides]
    return grouped, width * together


def _named(axes: Axes, height: float, name: str, colour: str) -> None:
    axes.text(
        0.995,
        height,
        name,
        transform=axes.transAxes,
        color=colour,
        fontproperties=font(SMALL + 0.5, bold=True),
        horizontalalignment="right",
        verticalalignment="top" if height > 0.5 else "bottom",
        parse_math=False,
        usetex=False,
        bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "alpha": 0.8, "linewidth": 0},
    )


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])
