"""Several slices of a volume or frames of a film side by side, on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.render import words
from heatlens.render.bar import bar_for
from heatlens.render.cells import panel_of
from heatlens.render.display import (
    hottest_slice,
    part_of,
    place_of,
    slice_of,
    smoothed,
    spread,
    view,
)
from heatlens.render.drawing import Drawing, boxed
from heatlens.render.layout import figure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_strip"]

_MOST = 8


def draw_strip(heatmap: Heatmap, image: Any, drawing: Drawing) -> Figure:
    """Up to eight slices, evenly spaced and the hottest among them, numbered, with one bar.

    Args:
        heatmap: a map with axes "ZYX" or "TYX".
        image: the volume or film, a single picture that lies behind all, or None.
        drawing: everything else.

    Raises:
        InvalidArgument: a map of one picture, or `index`, which picks a single slice.
    """
    if len(heatmap.axes) != 3:
        raise InvalidArgument(
            "a strip shows the slices of a volume or the frames of a film; the heatmap has axes "
            f"{heatmap.axes!r}"
        )
    drawing.refuse("a strip, which shows several slices", "index")
    shows = drawing.scale_of(heatmap)
    count, hottest = len(heatmap.values), hottest_slice(heatmap, shows)
    part = part_of(heatmap, shows)
    sign = drawing.sign or "positive"
    shown = []
    for index in spread(heatmap, _MOST, hottest):
        flat, under, _ = slice_of(heatmap, image, index)
        shown.append((index, smoothed(flat, drawing.smooth, sign), under))
    whole = heatmap
    if drawing.smooth:  # the scale is that of what is drawn
        whole = heatmap.with_(
            values=np.stack([flat.values for _, flat, _ in shown]),
            valid=None if heatmap.valid is None else heatmap.valid[[k for k, _, _ in shown]],
            error=None,
            coordinates={},
        )
    scale = drawing.scale_of(whole)
    look = drawing.look.of("overlay")
    cells = []
    for index, flat, under in shown:
        name = place_of(heatmap, index)
        title = f"{name}, hottest" if index == hottest and part else name
        spots = boxed(flat) if drawing.hotspots else None
        cells.append(panel_of(view(flat, under), scale, look, spots, title=title, place=part))
    flats = tuple(flat for _, flat, _ in shown)
    bar = bar_for(scale, flats, words.unit([heatmap.provenance])) if drawing.colour_bar else None
    if all(words.message(flat, scale) for flat in flats):
        bar = None
    kind = "frames" if heatmap.axes[0] == "T" else "slices"
    heading, below = drawing.headings(heatmap.provenance, f"{len(shown)} of {count} {kind}")
    caption = [
        words.part_shown([heatmap], scale),
        words.treatment(drawing.percentile, drawing.smooth),
        *words.notes([heatmap.provenance]),
    ]
    return figure_of(
        cells,
        title=heading,
        subtitle=below,
        caption=caption,
        bar=look.explained(bar, image),
        columns=min(len(cells), 4),
    )
