"""Coefficients as bars with their intervals, the largest on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.render.colour import colourise
from heatlens.render.flow_page import ticked
from heatlens.render.page import MARGIN, SMALL, framed
from heatlens.render.panel import clear
from heatlens.render.ruler import round_values
from heatlens.render.typography import INK, MUTED, font, number, width, wrapped
from heatlens.surrogates.headline import caption_of, headline
from heatlens.surrogates.words import strongest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from heatlens.surrogates.stability import Coefficients
    from heatlens.surrogates.surrogate import Surrogate

__all__ = ["coefficient_picture"]

_POINTS = 7.5
_ROW = 0.21
_BARS = 3.6
_LONGEST = 3.2
_BELOW = 0.42
_BESIDE, _GREY = 0.42, "#8c8c8c"


def coefficient_picture(stand_in: Surrogate, most: int = 16) -> Figure:
    """Bars about zero for the `most` largest coefficients; red for more, blue for less.

    Of several classes each bar names the class whose score rises.
    """
    found = stand_in.coefficients
    if most < 1:
        raise InvalidArgument(f"most is {most}; at least 1 bar is shown")
    assert found is not None
    pairs = strongest(stand_in, most)
    several = len(found.labels) > 1
    names = []
    for row, column in pairs:
        text = (
            f"{stand_in.names[column]} → {found.labels[row]}" if several else stand_in.names[column]
        )
        names.append(wrapped(text, _LONGEST, _POINTS, most=1)[0])
    room = max([0.4, *(width(name, _POINTS) for name in names)]) + 0.1
    high = max(len(pairs), 1) * _ROW
    title, subtitle = headline(stand_in)
    caption = [*caption_of(stand_in), _key(found)]
    page, top = framed(room + _BARS, high + _BELOW, title=title, subtitle=subtitle, caption=caption)
    axes = page.axes(MARGIN + room, top, _BARS, high)
    axes.set_label("bars")
    clear(axes)
    _draw(axes, found, pairs, names)
    ticked(axes, _unit(stand_in, found))
    for label in axes.get_yticklabels():
        label.set_fontproperties(font(_POINTS))
        label.set_color(INK)
        label.set_parse_math(False)
    axes.yaxis.set_tick_params(length=0)
    axes.spines["left"].set_visible(False)
    return page.figure


def _unit(stand_in: Surrogate, found: Coefficients) -> str:
    if stand_in.kind == "number":
        of = f"change of {stand_in.what}"
    elif len(found.labels) == 1:
        of = f"change of the log odds of {found.labels[0]}"
    else:
        of = "change of the class's score"
    return f"{of} for one standard deviation"


def _key(found: Coefficients) -> str:
    """What the lines on the bars are."""
    at = f"{100 * found.confidence:g} %"
    if found.unpenalised is None:
        return f"Lines: intervals at {at} of the coefficients with {found.penalty}."
    return (
        f"Intervals at {at}: black of the coefficients with {found.penalty}, grey (below) "
        "of those without it, from the same resamples."
    )


def _draw(axes: Axes, found: Coefficients, pairs: list[tuple[int, int]], names: list[str]) -> None:
    if not pairs:
        axes.set(xlim=(-1, 1), ylim=(0.5, -0.5))
        axes.text(
            *(0, 0, "no feature has a coefficient"),
            horizontalalignment="center",
            color=MUTED,
            fontproperties=font(SMALL),
        )
        return
    values = [float(found.values[at]) for at in pairs]
    lows = [float(found.low[at]) for at in pairs]
    highs = [float(found.high[at]) for at in pairs]
    blue, red = (tuple(colour / 255) for colour in colourise(np.array([0.1, 0.9]), "blue-red"))
    places = range(len(pairs))
    axes.barh(places, values, height=0.66, color=[red if v > 0 else blue for v in values])
    axes.hlines(places, lows, highs, color=INK, linewidth=0.9)
    if found.unpenalised is not None:
        first, last = ([float(ends[at]) for at in pairs] for ends in found.unpenalised)
        beside = [place + _BESIDE for place in places]
        axes.hlines(beside, first, last, color=_GREY, linewidth=1.2)
        lows, highs = [*lows, *first], [*highs, *last]
    axes.axvline(0, color=INK, linewidth=0.7)
    low, high = min(*lows, *values, 0.0), max(*highs, *values, 0.0)
    spare = 0.03 * (high - low) or 1.0
    axes.set(xlim=(low - spare, high + spare), ylim=(len(pairs) - 0.4, -0.5), autoscale_on=False)
    ticks = round_values(low, high, 6)
    axes.set_xticks(ticks, labels=[number(tick) for tick in ticks])
    axes.set_yticks(list(places), labels=names)
