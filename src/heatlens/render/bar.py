"""The colour bar: real values beside the colours that the pictures really show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatlens.heatmap import Heatmap
from heatlens.render.colour import Scale
from heatlens.render.overlay import blend
from heatlens.render.typography import INK, MUTED, font, number, width, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Bar", "bar_for", "draw_bar", "label_lines", "labels_of", "ticks_of"]

_STEPS, _SMALL = 512, 7
_BETWEEN = 0.06
"""Inches between two labels."""


@dataclass(frozen=True)
class Bar:
    """A colour bar to be drawn.

    Attributes:
        scale: the scale, not empty.
        label: what the values are.
        alpha: opacity of the overlay whose colours the bar explains, over white; None for
            colours that are shown pure.
        threshold: the overlay's threshold.
        marks: values to mark with a line (the contours').
        beyond: whether some values lie below the low end, and above the high one.
    """

    scale: Scale
    label: str = ""
    alpha: float | None = None
    threshold: float = 0.0
    marks: tuple[float, ...] = ()
    beyond: tuple[bool, bool] = (False, False)


def bar_for(scale: Scale, heatmaps: tuple[Heatmap, ...], label: str = "") -> Bar | None:
    """The bar of `scale`, which says where values of `heatmaps` lie beyond it; None if empty.

    An end that is zero because only one sign is shown cuts nothing off.
    """
    if scale.empty:
        return None
    below = scale.low != 0 and any(float(heat.values.min()) < scale.low for heat in heatmaps)
    above = scale.high != 0 and any(float(heat.values.max()) > scale.high for heat in heatmaps)
    return Bar(scale, label, beyond=(below, above))


def ticks_of(scale: Scale, marks: tuple[float, ...] = ()) -> list[float]:
    """Round values between the scale's ends, and the ends themselves."""
    from matplotlib.ticker import MaxNLocator

    span = scale.high - scale.low
    round_ones = marks or MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]).tick_values(
        scale.low, scale.high
    )
    ends = [scale.low, scale.high]
    if scale.symmetric or (scale.low < 0 < scale.high):
        ends.append(0.0)
    between = [
        float(tick)
        for tick in round_ones
        if scale.low < tick < scale.high and min(abs(tick - end) for end in ends) > 0.1 * span
    ]
    return sorted({*ends, *between})


def labels_of(bar: Bar) -> list[str]:
    """What stands at the ticks."""
    return [_label(tick, bar) for tick in ticks_of(bar.scale, bar.marks)]


def label_lines(bar: Bar, length: float, most: int = 2) -> list[str]:
    """What the values are, in at most `most` lines along a bar of `length` inches."""
    return wrapped(bar.label, length, _SMALL, most=most)


def draw_bar(axes: Axes, bar: Bar, length: float, horizontal: bool = False) -> None:
    """Draw `bar` so that it fills `axes`, whose data coordinates are the real values.

    What the values are takes two lines beside an upright bar of few inches `length`; of the
    ticks of a horizontal one those are left out whose labels would touch another.
    """
    scale = bar.scale
    axes.set_label("colour bar")
    axes.grid(False)
    axes.minorticks_off()
    colours = _colours(bar)
    ends = (scale.low, scale.high)
    across = (0.0, 1.0)
    axes.imshow(
        colours[None] if horizontal else colours[:, None],
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(*ends, *across) if horizontal else (*across, *ends),
    )
    ticks, labels = ticks_of(scale, bar.marks), labels_of(bar)
    if horizontal:
        kept = _apart(ticks, labels, scale, length)
        ticks, labels = [ticks[k] for k in kept], [labels[k] for k in kept]
    axis, other = (axes.xaxis, axes.yaxis) if horizontal else (axes.yaxis, axes.xaxis)
    other.set_ticks([])
    axis.set_ticks(ticks, labels=labels)
    if not horizontal:
        axes.yaxis.tick_right()
        axes.yaxis.set_label_position("right")
    axis.set_tick_params(length=2.5, width=0.6, pad=2, color=MUTED, labelcolor=INK, direction="out")
    for tick_label in axis.get_ticklabels():
        tick_label.set_fontproperties(font(_SMALL))
        tick_label.set_parse_math(False)
        tick_label.set_usetex(False)
    if horizontal:  # the outer labels end where the bar does
        axis.get_ticklabels()[0].set_horizontalalignment("left")
        axis.get_ticklabels()[-1].set_horizontalalignment("right")
    label = "\n".join(label_lines(bar, length, most=1 if horizontal else 2))
    axis.set_label_text(
        label, fontproperties=font(_SMALL), color=MUTED, parse_math=False, usetex=False
    )
    axis.labelpad = 4
    for mark in bar.marks:
        line = axes.axvline if horizontal else axes.axhline
        line(mark, color=INK, linewidth=0.8)
    for spine in axes.spines.values():
        spine.set(linewidth=0.5, color=MUTED, visible=True)


def _apart(ticks: list[float], labels: list[str], scale: Scale, length: float) -> list[int]:
    """Indices of the ticks whose labels do not touch: the ends, zero, then the others."""
    last = len(ticks) - 1
    spans = []
    for k, (tick, label) in enumerate(zip(ticks, labels, strict=True)):
        wide = width(label, _SMALL)
        before = 0.0 if k == 0 else wide if k == last else wide / 2
        start = length * float(scale.position(tick)) - before
        spans.append((start - _BETWEEN / 2, start + wide + _BETWEEN / 2))
    kept: list[int] = []
    for k in sorted(range(last + 1), key=lambda k: (k not in (0, last), ticks[k] != 0, k)):
        if all(spans[k][1] <= spans[j][0] or spans[j][1] <= spans[k][0] for j in kept):
            kept.append(k)
    return sorted(kept)


def _colours(bar: Bar) -> npt.NDArray[np.uint8]:
    centres = (np.arange(_STEPS) + 0.5) / _STEPS
    values = bar.scale.low * (1 - centres) + bar.scale.high * centres
    if bar.alpha is None:
        return bar.scale.colours(values)
    white = np.full((_STEPS, 3), 255, np.uint8)
    return blend(white, values, bar.scale, alpha=bar.alpha, threshold=bar.threshold)


def _label(tick: float, bar: Bar) -> str:
    if bar.beyond[0] and tick == bar.scale.low:
        return f"≤ {number(tick)}"
    if bar.beyond[1] and tick == bar.scale.high:
        return f"≥ {number(tick)}"
    return number(tick)
