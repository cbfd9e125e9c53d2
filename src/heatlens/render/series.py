"""Evidence along one axis: bars about zero for each frame, moment, slice or frequency.

Both signs are drawn unless one is asked for: height says here what colour says of a picture, and
nothing is gained by leaving a half out.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render import words
from heatlens.render.bars import MOST_BARS, MOST_WHISKERS, draw_bars
from heatlens.render.colour import Scale
from heatlens.render.companions import FrameRow, Waveform
from heatlens.render.display import smoothed, spread
from heatlens.render.drawing import Drawing
from heatlens.render.page import MARGIN, SMALL, page_for
from heatlens.render.panel import Page
from heatlens.render.ruler import draw_ruler, round_values, ruler_for
from heatlens.render.sound_picture import beyond
from heatlens.render.typography import line_height, number, width
from heatlens.sound import Sound

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_series"]

_WIDE, _HIGH = 5.6, 1.8
_MOST_FRAMES = 8
_WHOLES = {"T": ("film", "frames"), "Z": ("volume", "slices")}
"""What evidence along an axis can stand below, and what that consists of."""


def draw_series(heatmap: Heatmap, companion: Any, drawing: Drawing) -> Figure:
    """The figure of a map with axes "T", "Z" or "F"; see `heatlens.render.figure.plot`.

    Args:
        heatmap: evidence per frame, moment, slice or frequency.
        companion: over "T", the film (axes "TYX" or "TYXC") of as many frames, whose pictures
            stand above, or the `Sound`, whose waveform does; over "Z", the volume (axes "ZYX" or
            "ZYXC") of as many slices; or None.
        drawing: everything else.

    Raises:
        InvalidType: something else beside it, or anything beside a map of frequencies.
        InvalidArgument: a film or volume of another length, a sound beside a map without seconds.
    """
    what = "evidence along one axis"
    drawing.check_style(what, "overlay", "heatmap", "panels")
    drawing.refuse(what, "index", "hotspots")
    if drawing.look.style == "panels" and companion is None:
        raise InvalidArgument("the panels are the input and its evidence: pass it too")
    sign = drawing.sign or "auto"
    flat = smoothed(heatmap, drawing.smooth, sign)
    scale = drawing.scale_of(flat, sign)
    above = None if companion is None else _above(flat, companion, scale)
    if drawing.look.style == "heatmap":
        above = None
    made = heatmap.provenance
    title, subtitle = drawing.headings(made)
    count = len(flat.values)
    caption = [
        words.part_shown([flat], scale),
        _beyond(flat, scale),
        words.treatment(drawing.percentile, drawing.smooth, "places"),
        _error_line(flat, scale),
        beyond(heatmap, companion) if isinstance(above, Waveform) else "",
        *words.notes([made]),
    ]
    if count > MOST_BARS:
        caption.insert(0, f"Each column spans the extremes of {-(-count // MOST_BARS)} places.")
    along = ruler_for(heatmap, heatmap.axes, 8)
    ticks = round_values(scale.low, scale.high, 5)
    left = max(width(number(tick), SMALL) for tick in ticks) + line_height(SMALL) + 0.2
    head = 0.0 if above is None else above.height(_WIDE, count)
    foot = 2 * line_height(SMALL) + 0.1
    x = MARGIN + left

    def body(page: Page, y: float) -> None:
        if above is not None:
            above.draw(page, x, y, _WIDE, count)
        axes = page.axes(x, y + head, _WIDE, _HIGH)
        draw_bars(axes, flat, scale, words.unit([made]), words.message(flat, scale))
        draw_ruler(axes, along, upright=False)

    return page_for(
        body,
        left + _WIDE + 0.1,
        head + _HIGH + foot,
        title=title,
        subtitle=subtitle,
        caption=caption,
    )


def _above(heatmap: Heatmap, companion: Any, scale: Scale) -> FrameRow | Waveform:
    """What stands above the bars; of a film or volume the one with the tallest bar is marked."""
    count = len(heatmap.values)
    whole, parts = _WHOLES.get(heatmap.axes, ("", ""))
    if heatmap.axes == "T" and isinstance(companion, Sound):
        return Waveform.of(heatmap, companion)
    if not whole or not isinstance(companion, Image):
        beside = f"its {whole}{' or Sound' if heatmap.axes == 'T' else ''}" if whole else "nothing"
        raise InvalidType(
            f"a heatmap with axes {heatmap.axes!r} is drawn beside {beside}; got "
            f"{type(companion).__name__}"
        )
    if not companion.axes.startswith(heatmap.axes):
        raise InvalidType(
            f"the picture has axes {companion.axes!r}; evidence per {parts[:-1]} is drawn beside "
            f"its {whole}, axes '{heatmap.axes}YX' or '{heatmap.axes}YXC'"
        )
    if len(companion.pixels) != count:
        raise InvalidArgument(
            f"the heatmap has {count} {parts}, the {whole} {len(companion.pixels)}: is it the "
            f"{whole} that was explained?"
        )
    strength = scale.strength(heatmap.values)
    hottest = int(np.argmax(strength)) if strength.any() else None
    frame = functools.partial(_frame, companion)
    chosen = spread(heatmap, _MOST_FRAMES, hottest or 0)
    return FrameRow(chosen, frame, companion.size, hottest)


def _frame(film: Image, index: int) -> Any:
    flat = film.with_(
        pixels=film.pixels[index], axes=film.axes[1:], alpha=None, spacing=None, affine=None
    )
    return flat.rgb()


def _beyond(heatmap: Heatmap, scale: Scale) -> str:
    """A sentence on bars that are cut off."""
    shown = heatmap.values if heatmap.valid is None else heatmap.values[heatmap.valid]
    cut = (scale.high > 0) * (shown > scale.high) + (scale.low < 0) * (shown < scale.low)
    count = int(np.count_nonzero(cut))
    return f"{count} of {shown.size} bars reach beyond the scale and are cut off." if count else ""


def _error_line(heatmap: Heatmap, scale: Scale) -> str:
    if heatmap.error is None or words.message(heatmap, scale):
        return ""
    marks = "Whiskers" if heatmap.values.size <= MOST_WHISKERS else "Grey band"
    return f"{marks}: one standard error on either side."
