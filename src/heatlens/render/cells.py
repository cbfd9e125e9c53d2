"""One picture of a figure: a view of a heatmap drawn in one of the styles."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.render import words
from heatlens.render.bar import Bar
from heatlens.render.colour import Scale
from heatlens.render.contours import LEVELS, contours
from heatlens.render.display import View
from heatlens.render.hotspots import Hotspot
from heatlens.render.marks import draw_boxes, draw_contours
from heatlens.render.overlay import blend, hatched, opacity
from heatlens.render.panel import Panel

__all__ = ["STYLES", "Look", "Style", "input_panel", "panel_of"]

Style = Literal["overlay", "heatmap", "panels", "contours", "strip"]
STYLES: tuple[Style, ...] = ("overlay", "heatmap", "panels", "contours", "strip")

_NOTHING = 225
"""The grey of a heatmap that shows no evidence: not a colour of any scale's low end."""


@dataclass(frozen=True)
class Look:
    """How the pictures of a figure are drawn; see `heatlens.render.figure.plot`."""

    style: Style
    alpha: float
    threshold: float
    desaturate: float | None
    levels: Sequence[float] | None

    def __post_init__(self) -> None:
        """Check the style and the numbers, also those that the style does not use."""
        if self.style not in STYLES:
            raise UnknownName("style", str(self.style), STYLES)
        opacity(np.zeros(1), Scale(0, 1), self.alpha, self.threshold)
        if self.desaturate is not None and not 0 <= self.desaturate <= 1:
            raise InvalidArgument(f"desaturate is {self.desaturate:g}; it lies in 0..1")

    def of(self, style: Style) -> Look:
        """The same look in another style."""
        return dataclasses.replace(self, style=style)

    def explained(self, bar: Bar | None, image: object) -> Bar | None:
        """The bar with the colours as they are seen: an overlay's are mixed, contours marked."""
        if bar is None or (image is None and self.style != "contours"):
            return bar
        if self.style == "overlay":
            return dataclasses.replace(bar, alpha=self.alpha, threshold=self.threshold)
        if self.style != "contours":
            return bar
        ends = (bar.scale.low, bar.scale.high)
        marks = {end * level for end in ends if end for level in self.levels or LEVELS}
        return dataclasses.replace(bar, marks=tuple(sorted(marks)))


def input_panel(view: View) -> Panel:
    """The picture itself."""
    if view.rgb is None:
        raise InvalidArgument("there is no picture to show")
    return Panel(view.rgb, view.size, "input")


def panel_of(
    view: View,
    scale: Scale,
    look: Look,
    spots: Sequence[Hotspot] | None = None,
    *,
    title: str = "",
    bar: Bar | None = None,
    place: str = "",
) -> Panel:
    """Draw the view's heatmap; without a picture, the colours stand alone.

    `place` is "slice" or "frame" for one of several, others of which show something.
    """
    heat = view.heatmap
    nothing = words.message(heat, scale, place)
    if view.rgb is None or look.style == "heatmap":
        rgb = scale.colours(heat.values)
        if nothing:
            rgb = np.full_like(rgb, _NOTHING)
    elif look.style == "overlay":
        rgb = blend(
            view.rgb,
            heat.values,
            scale,
            alpha=look.alpha,
            threshold=look.threshold,
            desaturate=look.desaturate,
        )
    else:
        rgb = view.rgb
    if heat.valid is not None:
        rgb = hatched(rgb, heat.valid)
    marks = []
    if look.style == "contours" and not nothing:
        factor = view.size[0] / heat.size[0]
        lines = contours(heat, look.levels or LEVELS, scale=scale)
        marks.append(functools.partial(draw_contours, contours=lines, scale=scale, factor=factor))
    if spots:
        marks.append(functools.partial(draw_boxes, spots=spots))
    return Panel(rgb, view.size, title, None if nothing else bar, nothing, tuple(marks))
