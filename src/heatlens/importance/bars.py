"""Bars with whiskers, one for each feature, the most important on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.importance.subject import Floats
from heatlens.render.page import MARGIN, SMALL, page_for
from heatlens.render.panel import Page, clear
from heatlens.render.ruler import round_values
from heatlens.render.typography import INK, MUTED, font, line_height, number, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from heatlens.importance.interaction_result import Interaction
    from heatlens.importance.result import Importance
    from heatlens.importance.shapley_result import ShapleyValues

__all__ = ["bar_figure", "importance_figure", "interaction_figure", "sentence", "shapley_figure"]

_WIDE, _BAR, _TWO_LINES = 4.2, 0.21, 0.34
_WORDS, _LONGEST = 7.5, 2.2
_TOWARDS, _AGAINST, _UNSURE = "#2b6ca3", "#b5482f", "#a9b4bd"


def importance_figure(found: Importance, *, most: int = 20, title: str | None = None) -> Figure:
    """Bars of an `Importance`; see `Importance.plot`."""
    score = found.unit.removeprefix("loss of ")
    loss = found.unit != score
    repeats = f", {found.repeats} permutations each" if found.repeats > 1 else ""
    return bar_figure(
        found.names,
        found.values,
        found.low,
        found.high,
        unit=found.unit,
        title=f"{found.measure[:1].upper()}{found.measure[1:]} importance"
        if title is None
        else title,
        subtitle=f"{found.n} {found.what}s{repeats}; unchanged: {number(found.baseline)} {score}"
        if loss
        else f"{found.n} {found.what}s",
        caption=(
            f"Whiskers: {100 * found.confidence:.4g} % intervals.",
            *map(sentence, found.notes),
        ),
        most=most,
    )


def interaction_figure(
    found: Interaction, *, squared: bool = False, most: int = 20, title: str | None = None
) -> Figure:
    """Bars of an `Interaction`; see `Interaction.plot`."""
    names = [f"{first} × {second}" for first, second in found.pairs]
    if squared:
        values, low, high = (np.nan_to_num(one) for one in (found.squared, found.low, found.high))
    else:
        values, low, high = found.strength, found.strength_low, found.strength_high
    unit = (
        "H²: share of what both do that only both do"
        if squared
        else f"what only both do (in {found.aim})"
    )
    return bar_figure(
        names,
        values,
        low,
        high,
        unit=unit,
        title="Interaction (H-statistic)" if title is None else title,
        subtitle=f"{found.n} {found.what}s; the {found.aim} varies by {number(found.spread)}",
        caption=(
            f"Whiskers: {100 * found.confidence:.4g} % bootstrap intervals.",
            *map(sentence, found.notes),
        ),
        most=most,
    )


def shapley_figure(
    found: ShapleyValues, row: int = 0, *, most: int = 20, title: str | None = None
) -> Figure:
    """Bars of one row of `ShapleyValues`."""
    if not 0 <= row < len(found):
        raise InvalidArgument(f"row {row}: there are {len(found)}, 0 to {len(found) - 1}")
    values, error = found.values[row], found.error[row]
    sampled = (f"Whiskers: standard errors of {found.orders} orders.",) if found.orders else ()
    base, end = number(float(found.base[row])), number(float(found.outputs[row]))
    return bar_figure(
        found.names,
        values,
        values - error,
        values + error,
        unit=f"adds to the {found.aim}",
        title=f"Shapley values of {found.what} {found.rows[row]}" if title is None else title,
        subtitle=f"from {base} without the features to {end} with them",
        caption=(*sampled, *map(sentence, found.notes)),
        most=most,
    )


def bar_figure(
    names: Sequence[str],
    values: Floats,
    low: Floats,
    high: Floats,
    *,
    unit: str,
    title: str,
    subtitle: str,
    caption: Sequence[str] = (),
    most: int = 20,
) -> Figure:
    """Horizontal bars about zero with whiskers, by size; grey where the interval holds 0.

    Args:
        names: f of them.
        values: (f,).
        low: (f,), where whiskers begin.
        high: (f,), where they end.
        unit: stands below the axis.
        title: above all.
        subtitle: below the title.
        caption: paragraphs below.
        most: bars, those of the largest size; the others are counted in words.

    Raises:
        InvalidArgument: `most` is not positive.

    Example:
        >>> one = np.ones(2)
        >>> drawn = bar_figure(("a", "b"), one, one, one, unit="x", title="", subtitle="")
        >>> [text.get_text() for text in drawn.axes[0].get_yticklabels()]
        ['a', 'b']
    """
    if most < 1:
        raise InvalidArgument(f"most is {most}; at least one bar has to be drawn")
    largest = np.argsort(-np.abs(values), kind="stable")[:most]
    shown = largest[np.argsort(-values[largest], kind="stable")]
    unsure = ((low <= 0) & (high >= 0) & (high > low))[shown].any()
    smaller = len(values) - len(shown)
    caption = (
        *caption,
        "Grey bars: 0 lies within the whiskers." if unsure else "",
        f"{smaller} smaller ones are not shown." if smaller else "",
    )
    left_side = max(_longest(names[k]) for k in shown) + 0.12
    lines = [_lines(names[k]) for k in shown]
    high_side = len(shown) * (_BAR if max(map(len, lines)) == 1 else _TWO_LINES)

    def body(page: Page, y: float) -> None:
        axes = page.axes(MARGIN + left_side, y, _WIDE, high_side)
        _draw(axes, ["\n".join(one) for one in lines], values[shown], low[shown], high[shown])
        axes.set_xlabel(unit, fontproperties=font(SMALL), color=MUTED, parse_math=False)
        axes.xaxis.labelpad = 3

    foot = 2 * line_height(SMALL) + 0.12
    return page_for(
        body,
        left_side + _WIDE + 0.1,
        high_side + foot,
        title=title,
        subtitle=subtitle,
        caption=caption,
    )


def sentence(note: str) -> str:
    """A note as it stands below a figure.

    Example:
        >>> sentence("no output changed")
        'No output changed.'
    """
    return f"{note[:1].upper()}{note[1:].rstrip('.')}."


def _draw(axes: Axes, names: Sequence[str], values: Floats, low: Floats, high: Floats) -> None:
    axes.set_label("bars")
    clear(axes)
    places = np.arange(len(names))
    sure = (low > 0) | (high < 0)
    colours = [
        (_TOWARDS if value > 0 else _AGAINST) if is_sure else _UNSURE
        for value, is_sure in zip(values, sure, strict=True)
    ]
    axes.barh(places, values, height=0.68, color=colours, linewidth=0)
    wide = high > low
    axes.hlines(places[wide], low[wide], high[wide], color=INK, linewidth=0.9)
    for end in (low, high):
        axes.vlines(end[wide], places[wide] - 0.17, places[wide] + 0.17, color=INK, linewidth=0.9)
    ends = (
        min(0.0, float(low.min()), float(values.min())),
        max(0.0, float(high.max()), float(values.max())),
    )
    spare = 0.04 * (ends[1] - ends[0]) or 1.0
    ends = (ends[0] - spare if ends[0] < 0 else 0.0), (ends[1] + spare if ends[1] > 0 else 0.0)
    axes.set(xlim=ends, ylim=(len(names) - 0.5, -0.5), autoscale_on=False)
    axes.axvline(0, color=INK, linewidth=0.7)
    ticks = round_values(*ends, 5)
    axes.set_xticks(ticks, labels=[number(tick) for tick in ticks])
    axes.set_yticks(places, labels=list(names))
    axes.xaxis.set_tick_params(length=2.5, width=0.6, pad=2, color=MUTED, labelcolor=INK)
    axes.yaxis.set_tick_params(length=0, pad=4, labelcolor=INK)
    for labels, size in ((axes.get_xticklabels(), SMALL), (axes.get_yticklabels(), _WORDS)):
        for label in labels:
            label.set_fontproperties(font(size))
            label.set_parse_math(False)
            label.set_usetex(False)
    for name, spine in axes.spines.items():
        spine.set(linewidth=0.5, color="#9a9a9a", visible=name == "bottom")


def _longest(name: str) -> float:
    return max(width(line, _WORDS) for line in _lines(name))


def _lines(name: str) -> list[str]:
    """`name` in one line or two, broken at its sign of multiplication or the space next to half.

    Example:
        >>> _lines("a × b"), _lines(f"{'brightness ' * 3}× {'hue ' * 8}".strip())[0]
        (['a × b'], 'brightness brightness brightness ×')
    """
    if width(name, _WORDS) <= _LONGEST or " " not in name:
        return [_shortened(name)]
    first, times, second = name.partition(" × ")
    if times:
        return [_shortened(f"{first} ×"), _shortened(second)]
    spaces = [k for k, letter in enumerate(name) if letter == " "]
    middle = min(spaces, key=lambda k: abs(k - len(name) / 2))
    return [_shortened(name[:middle]), _shortened(name[middle + 1 :])]


def _shortened(name: str) -> str:
    """`name`, cut in its middle where it is wider than there is room."""
    if width(name, _WORDS) <= _LONGEST:
        return name
    kept = len(name)
    while kept > 4 and width(name, _WORDS) * kept / len(name) > _LONGEST:
        kept -= 1
    return f"{name[: kept // 2]}…{name[len(name) - kept // 2 :]}"
