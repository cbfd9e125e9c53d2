"""Bars about zero, coloured by sign, with their standard errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatlens.heatmap import Heatmap
from heatlens.render.colour import Scale, colourise
from heatlens.render.panel import clear
from heatlens.render.ruler import round_values
from heatlens.render.typography import INK, MUTED, font, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_BARS", "MOST_WHISKERS", "draw_bars"]

MOST_BARS = 1500
"""Columns a figure can show; of more, each spans the extremes of several."""

MOST_WHISKERS = 80
"""Bars up to which each has its error as a line; more have a band."""

_UNSEEN = "#d9d9d9"

Floats = npt.NDArray[np.float64]


def draw_bars(axes: Axes, heatmap: Heatmap, scale: Scale, label: str, message: str) -> None:
    """Draw one bar for each value of a map along one axis, in cells and in its own unit.

    Args:
        axes: to be filled; x counts cells, the first one's centre is 0.
        heatmap: with one axis. Cells that are not valid are grey.
        scale: where the bars end, and which signs are shown.
        label: what the values are.
        message: stands across bars that show nothing.
    """
    axes.set_label("bars")
    clear(axes)
    values, error = _shown(heatmap, scale)
    count = len(values)
    ends = _ends(values, error, scale)
    axes.set(xlim=(-0.5, count - 0.5), ylim=ends, autoscale_on=False)
    if heatmap.valid is not None:
        for first, last in _runs(~heatmap.valid):
            axes.axvspan(
                first - 0.5, last - 0.5, facecolor=_UNSEEN, hatch="////", edgecolor="white"
            )
    if message:
        axes.text(
            0.5,
            0.72,
            message,
            transform=axes.transAxes,
            horizontalalignment="center",
            verticalalignment="center",
            color=INK,
            fontproperties=font(8),
            parse_math=False,
            usetex=False,
        )
    else:
        _draw_values(axes, values, error, scale)
    axes.axhline(0, color=INK, linewidth=0.7)
    ticks = [0.0] if message else round_values(*ends, 5)
    axes.set_yticks(ticks, labels=[number(tick) for tick in ticks])
    axes.yaxis.set_tick_params(length=2.5, width=0.6, pad=2, color=MUTED, labelcolor=INK)
    for tick_label in axes.get_yticklabels():
        tick_label.set_fontproperties(font(7))
        tick_label.set_parse_math(False)
        tick_label.set_usetex(False)
    axes.set_ylabel(label, fontproperties=font(7), color=MUTED, parse_math=False, usetex=False)
    axes.yaxis.labelpad = 4
    for name, spine in axes.spines.items():
        spine.set(linewidth=0.5, color="#9a9a9a", visible=name in ("left", "bottom"))


def _shown(heatmap: Heatmap, scale: Scale) -> tuple[Floats, Floats | None]:
    """Values on the scale, and their errors: NaN where a bar is cut off, hidden or not valid."""
    whole = heatmap.values.astype(np.float64)
    valid = np.ones(whole.shape, np.bool_) if heatmap.valid is None else heatmap.valid
    values = np.where(valid, np.clip(whole, scale.low, scale.high), 0)
    if heatmap.error is None:
        return values, None
    return values, np.where(valid & (values == whole), heatmap.error, np.nan)


def _draw_values(axes: Axes, values: Floats, error: Floats | None, scale: Scale) -> None:
    from matplotlib.collections import PolyCollection

    against, towards = _colours(scale)
    lower, upper, low_error, high_error, wide = _columns(values, error)
    centres = (np.arange(len(lower)) + 0.5) * wide - 0.5
    half = wide / 2 * (0.8 if len(values) <= 120 else 1.0)
    for heights, colour in ((upper, towards), (lower, against)):
        full = heights != 0
        x, y = centres[full], heights[full]
        corners = np.stack(
            [
                np.stack([x - half, np.zeros_like(y)], -1),
                np.stack([x - half, y], -1),
                np.stack([x + half, y], -1),
                np.stack([x + half, np.zeros_like(y)], -1),
            ],
            axis=1,
        )
        axes.add_collection(PolyCollection(list(corners), facecolors=[colour], linewidths=0))
    if low_error is None or high_error is None:
        return
    if len(values) <= MOST_WHISKERS:
        axes.vlines(centres, low_error, high_error, color=INK, linewidth=0.9)
    else:
        axes.fill_between(centres, low_error, high_error, color=INK, alpha=0.25, linewidth=0)


def _columns(
    values: Floats, error: Floats | None
) -> tuple[Floats, Floats, Floats | None, Floats | None, int]:
    """What each column spans below and above zero, its errors, and how many cells it stands for."""
    block = -(-len(values) // MOST_BARS)
    room = -len(values) % block

    def extreme(what: Floats, way: np.ufunc) -> Floats:
        blocks = np.pad(what, (0, room), mode="edge").reshape(-1, block)
        return np.asarray(way.reduce(blocks, axis=1))

    lower = np.minimum(extreme(values, np.minimum), 0)
    upper = np.maximum(extreme(values, np.maximum), 0)
    if error is None:
        return lower, upper, None, None, block
    low, high = extreme(values - error, np.fmin), extreme(values + error, np.fmax)
    return lower, upper, low, high, block


def _ends(values: Floats, error: Floats | None, scale: Scale) -> tuple[float, float]:
    """The vertical axis: from the least to the greatest that is shown, with zero inside."""
    if scale.empty:
        return -1.0, 1.0
    spread = np.zeros(values.shape) if error is None else np.nan_to_num(error)
    low, high = float(min((values - spread).min(), 0)), float(max((values + spread).max(), 0))
    spare = 0.04 * (high - low) or 1.0
    return (low - spare if low < 0 else low), (high + spare if high > 0 else high)


def _colours(scale: Scale) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What evidence against, and evidence for, is drawn in: legible on white."""
    name = scale.colour_map if scale.symmetric else "blue-red"
    dark = np.array([0.08, 0.92])
    against, towards = colourise(dark, name) / 255
    return tuple(against.tolist()), tuple(towards.tolist())


def _runs(marked: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open ranges of neighbours that are marked."""
    steps = np.diff(np.concatenate([[0], marked.astype(int), [0]]))
    firsts, lasts = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]
