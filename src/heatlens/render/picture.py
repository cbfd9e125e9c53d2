"""A heatmap over a picture, or over one slice of a volume or frame of a film."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.render import words
from heatlens.render.bar import bar_for
from heatlens.render.cells import input_panel, panel_of
from heatlens.render.display import part_of, place_of, slice_of, smoothed, view
from heatlens.render.drawing import Drawing, boxed
from heatlens.render.layout import figure_of
from heatlens.render.strip import draw_strip

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_picture"]


def draw_picture(heatmap: Heatmap, image: Any, drawing: Drawing) -> Figure:
    """The figure of a map with axes "YX", "ZYX" or "TYX"; see `heatlens.render.figure.plot`."""
    look = drawing.look
    if look.style == "strip":
        return draw_strip(heatmap, image, drawing)
    if look.style == "panels" and image is None:
        raise InvalidArgument("the panels are heatmap, input and overlay: pass the image too")
    whole = drawing.scale_of(heatmap)
    flat, image, index = slice_of(heatmap, image, drawing.index, whole)
    flat = smoothed(flat, drawing.smooth, drawing.sign or "positive")
    scale = drawing.scale_of(flat) if drawing.smooth else whole
    seen = view(flat, image)
    spots = boxed(flat) if drawing.hotspots else None
    one = part_of(heatmap, whole)
    made = heatmap.provenance
    pure = bar_for(scale, (flat,), words.unit([made]))
    bar = None if words.message(flat, scale) or not drawing.colour_bar else pure
    if look.style == "panels":
        cells = [
            panel_of(seen, scale, look.of("heatmap"), spots, title="heatmap", bar=bar, place=one),
            input_panel(seen),
            panel_of(seen, scale, look.of("overlay"), spots, title="overlay", place=one),
        ]
        bar = None
    else:
        cells = [panel_of(seen, scale, look, spots, place=one)]
        bar = look.explained(bar, image)
    place = "" if index is None else f"{place_of(heatmap, index)} of {len(heatmap.values)}"
    heading, below = drawing.headings(made, place)
    caption = [
        words.part_shown([heatmap if index is None else flat], scale),
        words.treatment(drawing.percentile, drawing.smooth),
        words.spots_line(spots),
        *words.notes([made]),
    ]
    return figure_of(cells, title=heading, subtitle=below, caption=caption, bar=bar)
