"""Curves of dependence over the rows' own, and surfaces over two features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from heatlens.importance.bars import sentence
from heatlens.importance.subject import Floats, Ints
from heatlens.render.colour import colour_map
from heatlens.render.page import MARGIN, SMALL, page_for
from heatlens.render.panel import Page, clear
from heatlens.render.ruler import round_values
from heatlens.render.typography import INK, MUTED, font, line_height, number, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from heatlens.importance.dependence import PartialDependence

__all__ = ["dependence_figure"]

_WIDE, _HIGH, _SQUARE = 4.6, 2.7, 3.2
_CURVE, _OUTSIDE = "#1f5f94", "#ececec"


def dependence_figure(
    found: PartialDependence, *, title: str | None = None, most: int = 60
) -> Figure:
    """The figure of a `PartialDependence`; see `PartialDependence.plot`."""
    if title is None:
        title = f"{found.aim[:1].upper()}{found.aim[1:]}, by {' and '.join(found.names)}"
    if len(found.names) == 2:
        return _surface(found, title)
    return _curve(found, title, most)


def _curve(found: PartialDependence, title: str, most: int) -> Figure:
    own = found.individual
    lines = None
    if own is not None:
        step = max(1, -(-len(own) // max(1, most)))
        lines = own[::step]
    parts = [one for one in (found.low, found.high, lines) if one is not None]
    ends = min(float(one.min()) for one in parts), max(float(one.max()) for one in parts)
    spare = 0.05 * (ends[1] - ends[0]) or max(1e-3, 0.05 * abs(ends[1]))
    ends = ends[0] - spare, ends[1] + spare
    ticks = round_values(*ends, 5)
    left = max(width(number(tick), SMALL) for tick in ticks) + line_height(SMALL) + 0.16
    foot = 0.1 + 2 * line_height(SMALL)

    def body(page: Page, y: float) -> None:
        axes = page.axes(MARGIN + left, y, _WIDE, _HIGH)
        _draw_curve(axes, found, lines, ends)
        axes.set_yticks(ticks, labels=[number(tick) for tick in ticks])
        _letters(axes, found, page, MARGIN + left, y + _HIGH, ends)

    moved = ", each less its first value" if found.centred else ""
    caption = [
        f"Thick line: mean of {len(found.observed)} {found.what}s{moved}; band: its "
        f"{100 * found.confidence:.4g} % interval, at each point by itself.",
        "" if lines is None else f"Thin lines: {len(lines)} {found.what}s by themselves.",
        "" if found.relative else "Ticks below: deciles of the data.",
        "" if found.supported.all() else _outside(found),
        *map(sentence, found.notes),
    ]
    return page_for(body, left + _WIDE + 0.1, _HIGH + foot, title=title, caption=caption)


def _draw_curve(
    axes: Axes, found: PartialDependence, lines: Floats | None, ends: tuple[float, float]
) -> None:
    from matplotlib.collections import LineCollection

    axes.set_label("curve")
    clear(axes)
    grid = found.grids[0]
    span = float(grid[-1] - grid[0]) or 1.0
    sides = float(grid[0]) - 0.02 * span, float(grid[-1]) + 0.02 * span
    axes.set(xlim=sides, ylim=ends, autoscale_on=False)
    inside = np.flatnonzero(found.supported)
    if not found.supported.all():
        edges = _edges(found, inside, sides)
        for low, high in ((sides[0], edges[0]), (edges[1], sides[1])):
            if high > low:
                axes.axvspan(low, high, facecolor=_OUTSIDE, hatch="////", edgecolor="white")
    if lines is not None:
        own = [np.stack([grid, line], axis=1) for line in lines]
        axes.add_collection(LineCollection(own, colors=MUTED, linewidths=0.5, alpha=0.35))
    axes.fill_between(grid, found.low, found.high, color=_CURVE, alpha=0.22, linewidth=0)
    axes.plot(grid, found.average, color="white", linewidth=3.4)
    axes.plot(grid, found.average, color=_CURVE, linewidth=2.0)
    if len(grid) <= 12:
        axes.plot(grid, found.average, "o", color=_CURVE, markersize=3.5)


def _edges(
    found: PartialDependence, inside: Ints, sides: tuple[float, float]
) -> tuple[float, float]:
    """From where to where the data reach, on the axis."""
    if found.relative:
        if not len(inside):
            return sides[1], sides[1]
        return float(found.grids[0][inside[0]]), float(found.grids[0][inside[-1]])
    low, high = float(found.observed.min()), float(found.observed.max())
    return max(low, sides[0]), min(high, sides[1])


def _letters(
    axes: Axes,
    found: PartialDependence,
    page: Page,
    x: float,
    y: float,
    ends: tuple[float, float],
) -> None:
    """Ticks, deciles and words about a curve."""
    sides = axes.get_xlim()
    ticks = round_values(*sides, 7)
    axes.set_xticks(ticks, labels=[number(tick) for tick in ticks])
    _small(axes)
    axes.set_xlabel(_axis_words(found, 0), fontproperties=font(SMALL), color=MUTED)
    axes.set_ylabel(found.aim, fontproperties=font(SMALL), color=MUTED)
    axes.xaxis.labelpad, axes.yaxis.labelpad = 3, 4
    if not found.relative:
        shown = [one for one in found.deciles[0] if sides[0] <= one <= sides[1]]
        axes.vlines(shown, ends[0], ends[0] + 0.035 * (ends[1] - ends[0]), color=INK, linewidth=0.9)
    elif sides[0] < 0 < sides[1]:
        axes.axvline(0, color=INK, linewidth=0.6, linestyle=(0, (4, 3)))


def _surface(found: PartialDependence, title: str) -> Figure:
    across, up = found.grids
    low, high = float(found.average.min()), float(found.average.max())
    ticks = round_values(float(up[0]), float(up[-1]), 6)
    left = max(width(number(tick), SMALL) for tick in ticks) + line_height(SMALL) + 0.16
    foot = 0.12 + 2 * line_height(SMALL)
    steps = round_values(low, high, 5)
    bar = 0.16
    right = max(width(number(step), SMALL) for step in steps) + line_height(SMALL) + 0.22

    def body(page: Page, y: float) -> None:
        axes = page.axes(MARGIN + left, y, _SQUARE, _SQUARE)
        _draw_surface(axes, found, low, high)
        xticks = round_values(float(across[0]), float(across[-1]), 6)
        axes.set_xticks(xticks, labels=[number(tick) for tick in xticks])
        axes.set_yticks(ticks, labels=[number(tick) for tick in ticks])
        _small(axes)
        axes.set_xlabel(_axis_words(found, 0), fontproperties=font(SMALL), color=MUTED)
        axes.set_ylabel(_axis_words(found, 1), fontproperties=font(SMALL), color=MUTED)
        axes.xaxis.labelpad, axes.yaxis.labelpad = 3, 4
        scale = page.axes(MARGIN + left + _SQUARE + 0.14, y, bar, _SQUARE)
        scale.set_label("colour bar")
        clear(scale)
        scale.imshow(
            np.linspace(1, 0, 256)[:, None],
            aspect="auto",
            cmap=colour_map("viridis"),
            extent=(0, 1, low, high if high > low else low + 1),
        )
        scale.yaxis.tick_right()
        scale.yaxis.set_label_position("right")
        scale.set_yticks(steps, labels=[number(step) for step in steps])
        scale.set_ylabel(found.aim, fontproperties=font(SMALL), color=MUTED)
        scale.yaxis.labelpad = 4
        _small(scale)

    caption = [
        f"Mean of {len(found.observed)} {found.what}s; dots: where they are."
        if not found.relative
        else f"Mean of {len(found.observed)} {found.what}s.",
        "" if found.supported.all() else _outside(found),
        *map(sentence, found.notes),
    ]
    wide = left + _SQUARE + 0.14 + bar + right
    return page_for(body, wide, _SQUARE + foot, title=title, caption=caption)


def _draw_surface(axes: Axes, found: PartialDependence, low: float, high: float) -> None:
    axes.set_label("surface")
    clear(axes)
    across, up = (_cell_edges(grid) for grid in found.grids)
    axes.pcolormesh(
        across,
        up,
        found.average.T,
        cmap=colour_map("viridis"),
        vmin=low,
        vmax=high if high > low else low + 1,
    )
    axes.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]), autoscale_on=False)
    x, y = np.nonzero(~found.supported)
    if len(x):
        axes.plot(
            found.grids[0][x],
            found.grids[1][y],
            "x",
            color="white",
            markersize=3,
            markeredgewidth=0.8,
        )
    if not found.relative:
        axes.plot(
            *found.observed.T,
            "o",
            color="white",
            markersize=2.2,
            alpha=0.8,
            markeredgecolor=INK,
            markeredgewidth=0.3,
        )


def _cell_edges(grid: Floats) -> Floats:
    """Edges of cells about the values of a grid, one more than there are."""
    if len(grid) == 1:
        return np.array([grid[0] - 0.5, grid[0] + 0.5])
    middle = (grid[1:] + grid[:-1]) / 2
    return np.concatenate([[2 * grid[0] - middle[0]], middle, [2 * grid[-1] - middle[-1]]])


def _outside(found: PartialDependence) -> str:
    if len(found.names) == 2:
        return f"Crosses: no {found.what} of the data is near."
    if found.relative:
        return f"Hatched: more than half of the {found.what}s are moved beyond what the data have."
    return f"Hatched: beyond the data; no {found.what} has such a value."


def _axis_words(found: PartialDependence, axis: int) -> str:
    name, unit = found.names[axis], found.units[axis]
    if found.relative:
        return f"added to {name}{f' ({unit})' if unit else ''}"
    return f"{name} ({unit})" if unit else name


def _small(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_tick_params(length=2.5, width=0.6, pad=2, color=MUTED, labelcolor=INK)
        for label in axis.get_ticklabels():
            label.set_fontproperties(font(SMALL))
            label.set_parse_math(False)
            label.set_usetex(False)
        axis.label.set_parse_math(False)
    for name, spine in axes.spines.items():
        spine.set(linewidth=0.5, color="#9a9a9a", visible=name in ("left", "bottom"))
