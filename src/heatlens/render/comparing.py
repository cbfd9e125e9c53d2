"""Several heatmaps of one picture side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render import words
from heatlens.render.bar import bar_for
from heatlens.render.cells import Look, Style, input_panel, panel_of
from heatlens.render.colour import Sign, scale_for
from heatlens.render.display import smoothed, view
from heatlens.render.drawing import boxed
from heatlens.render.layout import figure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["compare"]


def compare(
    heatmaps: Sequence[Heatmap],
    image: Image | None = None,
    titles: Sequence[str] | None = None,
    *,
    common_scale: bool = True,
    style: Style = "overlay",
    sign: Sign = "positive",
    colour_map: str | None = None,
    percentile: float | None = None,
    smooth: float = 0.0,
    alpha: float = 0.75,
    threshold: float = 0.0,
    desaturate: float | None = None,
    levels: Sequence[float] | None = None,
    hotspots: bool = False,
    show_input: bool = True,
    columns: int | None = None,
    title: str = "",
    colour_bar: bool = True,
) -> Figure:
    """Draw several maps of one picture side by side: methods, classes, layers, seeds.

    All other parameters are those of `heatlens.render.figure.plot`.

    Args:
        heatmaps: maps of one size, two-dimensional.
        image: their picture.
        titles: one for each; by default what tells the maps apart.
        common_scale: one scale and one bar for all, so that equal colours are equal values.
            Methods have different units; with False each has a scale and a bar of its own,
            only places can be compared then, and the caption says so.
        style: "overlay", "heatmap" or "contours".
        sign: which part is shown; "auto" is decided for all maps together on a common scale.
        colour_map: a name.
        percentile: where the scale ends; of all maps together on a common scale.
        smooth: Gaussian to average what is shown with, in pixels.
        alpha: opacity of the strongest evidence.
        threshold: fraction of the scale below which an overlay shows nothing.
        desaturate: how much of the picture's own colour to take away.
        levels: where contours lie.
        hotspots: whether to box the hottest regions.
        show_input: whether the picture itself comes first.
        columns: pictures in a row.
        title: stands above all.
        colour_bar: whether to draw bars.

    Raises:
        InvalidArgument: no map, sizes or numbers that do not match, or style "panels".
    """
    look = Look(style, alpha, threshold, desaturate, levels)
    _check_comparable(heatmaps, titles, style, columns)
    made = [heat.provenance for heat in heatmaps]
    names = list(titles) if titles is not None else words.headings(made)
    drawn = [smoothed(heat, smooth, sign) for heat in heatmaps]
    scale = common = scale_for(*drawn, sign=sign, percentile=percentile, colour_map=colour_map)
    cells = []
    for heat, name in zip(drawn, names, strict=True):
        bar = None
        if not common_scale:
            scale = scale_for(heat, sign=sign, percentile=percentile, colour_map=colour_map)
            bar = look.explained(bar_for(scale, (heat,)), image) if colour_bar else None
        spots = boxed(heat) if hotspots else None
        cells.append(panel_of(view(heat, image), scale, look, spots, title=name, bar=bar))
    if image is not None and show_input:
        cells.insert(0, input_panel(view(heatmaps[0], image)))
    shared = None
    if colour_bar and common_scale:
        shared = look.explained(bar_for(common, tuple(drawn), words.unit(made)), image)
    caption = [
        words.scales_line(made, common_scale),
        words.part_shown(heatmaps, common),
        words.treatment(percentile, smooth),
        *words.notes(made),
    ]
    return figure_of(cells, title=title, caption=caption, bar=shared, columns=columns)


def _check_comparable(
    heatmaps: Sequence[Heatmap], titles: Sequence[str] | None, style: str, columns: int | None
) -> None:
    if not heatmaps:
        raise InvalidArgument("there is no heatmap to compare")
    if style in ("panels", "strip"):
        raise InvalidArgument(f"{style!r} shows one map; compare with 'overlay' or 'heatmap'")
    others = sorted({heat.axes for heat in heatmaps} - {"YX"})
    if others:
        raise InvalidArgument(
            f"only maps of one picture each (axes 'YX') are compared, and there are some with axes "
            f"{', '.join(map(repr, others))}: take one slice of each, or plot them one by one"
        )
    sizes = {heat.size for heat in heatmaps}
    if len(sizes) > 1:
        raise InvalidArgument(
            f"the maps have different sizes, {sorted(sizes)}: bring them onto one grid with "
            "`resized` first"
        )
    if titles is not None and len(titles) != len(heatmaps):
        raise InvalidArgument(f"there are {len(titles)} titles for {len(heatmaps)} heatmaps")
    if columns is not None and columns < 1:
        raise InvalidArgument(f"columns is {columns}; at least 1 is meant")
