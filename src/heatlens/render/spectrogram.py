"""A heatmap over frequency and time: low below, high above, seconds along, the sound behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.render import words
from heatlens.render.bar import bar_for, draw_bar
from heatlens.render.cells import input_panel, panel_of
from heatlens.render.display import smoothed, view
from heatlens.render.drawing import Drawing, boxed
from heatlens.render.layout import bar_room
from heatlens.render.page import MARGIN, SMALL, page_for
from heatlens.render.panel import Page, Panel, draw_panel
from heatlens.render.ruler import Ruler, draw_ruler, places_along, ruler_for
from heatlens.render.sound_picture import RANGE, beyond, sound_picture
from heatlens.render.typography import INK, line_height
from heatlens.sound import Sound

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_spectrogram"]

_WIDE, _LOWEST, _HIGHEST = 5.0, 1.2, 2.6
_GAP, _HEADING, _BAR = 0.12, 8.0, 0.11


def draw_spectrogram(heatmap: Heatmap, sound: Any, drawing: Drawing) -> Figure:
    """The figure of a map with axes "FT"; see `heatlens.render.figure.plot`.

    Args:
        heatmap: cells are drawn alike in size; `coordinates` say their seconds and Hz.
        sound: the `Sound` that was explained, or None.
        drawing: everything else.

    Raises:
        InvalidType: a picture or something else in place of the sound.
        InvalidArgument: "panels" without the sound, or a sound behind a map without Hz or seconds.
    """
    look = drawing.look
    drawing.check_style(
        "a sound's heatmap over frequency and time", "overlay", "heatmap", "panels", "contours"
    )
    drawing.refuse("a sound", "index", levels=False)
    if sound is not None and not isinstance(sound, Sound):
        raise InvalidType(
            "a heatmap over frequency and time is drawn over its heatlens.Sound; got "
            f"{type(sound).__name__}"
        )
    if look.style == "panels" and sound is None:
        raise InvalidArgument("the panels are heatmap, sound and overlay: pass the Sound too")
    flat = smoothed(_upright(heatmap), drawing.smooth, drawing.sign or "positive")
    under = None if sound is None else sound_picture(heatmap, sound)
    scale = drawing.scale_of(flat)
    seen = view(flat, under)
    spots = boxed(flat) if drawing.hotspots else None
    made = heatmap.provenance
    bar = bar_for(scale, (flat,), words.unit([made])) if drawing.colour_bar else None
    if words.message(flat, scale):
        bar = None
    if look.style == "panels":
        panels = [
            panel_of(seen, scale, look.of("heatmap"), spots, title="heatmap", bar=bar),
            Panel(
                input_panel(seen).rgb,
                seen.size,
                f"the sound's level, black {RANGE:g} dB below its loudest",
            ),
            panel_of(seen, scale, look.of("overlay"), spots, title="overlay"),
        ]
    else:
        panels = [panel_of(seen, scale, look, spots, bar=look.explained(bar, under))]
    heading, below = drawing.headings(made)
    caption = [
        words.part_shown([heatmap], scale),
        words.treatment(drawing.percentile, drawing.smooth, "cells"),
        words.spots_line(spots),
        "" if sound is None else beyond(heatmap, sound),
        *words.notes([made]),
    ]
    up = ruler_for(heatmap, "F", 5)
    if not _falls(heatmap):  # rows are drawn from the highest band down
        last = heatmap.values.shape[0] - 1
        up = Ruler(up.title, tuple(last - k for k in up.positions), up.labels)
    return _stacked(panels, up, ruler_for(heatmap, "T", 8), heading, below, caption)


def _upright(heatmap: Heatmap) -> Heatmap:
    """The same cells as rows of a picture, the highest frequency first."""
    step = 1 if _falls(heatmap) else -1
    return heatmap.with_(
        values=heatmap.values[::step],
        error=None if heatmap.error is None else heatmap.error[::step],
        valid=None if heatmap.valid is None else heatmap.valid[::step],
        axes="YX",
        coordinates={},
    )


def _falls(heatmap: Heatmap) -> bool:
    hertz = places_along(heatmap, "F")
    return hertz is not None and bool(hertz[0] > hertz[-1])


def _stacked(
    panels: list[Panel], up: Ruler, along: Ruler, title: str, subtitle: str, caption: list[str]
) -> Figure:
    """The panels below each other over one axis of time."""
    height = min(max(_WIDE * panels[0].size[0] / panels[0].size[1], _LOWEST), _HIGHEST)
    if len(panels) > 1:
        height = max(_LOWEST, 0.75 * height)
    left = up.widest + line_height(SMALL) + 0.14
    bars = [panel.bar for panel in panels if panel.bar is not None]
    right = max((bar_room(bar, height) for bar in bars), default=0.1)
    above = [line_height(_HEADING) + 0.03 if panel.title else 0.0 for panel in panels]
    foot = 2 * line_height(SMALL) + 0.1
    total = sum(above) + len(panels) * height + (len(panels) - 1) * _GAP + foot
    x = MARGIN + left

    def body(page: Page, y: float) -> None:
        for k, (panel, room) in enumerate(zip(panels, above, strict=True)):
            if panel.title:
                page.write(x, y, panel.title, _HEADING, False, INK)
            y += room
            axes = page.axes(x, y, _WIDE, height)
            draw_panel(axes, panel)
            draw_ruler(axes, up, upright=True)
            draw_ruler(axes, along, upright=False, labels=k == len(panels) - 1)
            if panel.bar is not None:
                draw_bar(page.axes(x + _WIDE + 0.07, y, _BAR, height), panel.bar, height)
            y += height + _GAP

    return page_for(
        body, left + _WIDE + right, total, title=title, subtitle=subtitle, caption=caption
    )
