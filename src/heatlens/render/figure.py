"""Figures of heatmaps, with titles, real values and honest scales.

Pictures show the evidence *for* the target unless `sign` asks for more. Colours are never
stretched over a map that shows nothing: it is drawn without colour, marked "no evidence", and
gets no colour bar. Very large pictures are averaged over blocks for display; what is measured
(scale, hot regions) is measured on all pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render import words
from heatlens.render.bar import bar_for
from heatlens.render.cells import Look, Style, input_panel, panel_of
from heatlens.render.colour import Scale, Sign, scale_for
from heatlens.render.display import slice_of, smoothed, view
from heatlens.render.files import encode, format_of, read_provenance, read_provenances, save_figure
from heatlens.render.hotspots import Hotspot
from heatlens.render.hotspots import hotspots as find_hotspots
from heatlens.render.layout import figure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "compare",
    "panels",
    "plot",
    "png",
    "read_provenance",
    "read_provenances",
    "save_figure",
    "save_picture",
]

_MOST_BOXES, _LEAST_SHARE = 5, 0.01


def plot(
    heatmap: Heatmap,
    image: Image | None = None,
    *,
    style: Style = "overlay",
    sign: Sign = "positive",
    colour_map: str | None = None,
    scale: Scale | None = None,
    percentile: float | None = None,
    smooth: float = 0.0,
    alpha: float = 0.75,
    threshold: float = 0.0,
    desaturate: float | None = None,
    levels: Sequence[float] | None = None,
    hotspots: bool = False,
    index: int | None = None,
    title: str | None = None,
    colour_bar: bool = True,
) -> Figure:
    """Draw one heatmap.

    Args:
        heatmap: any map. Of a volume or film one slice is drawn, on the scale of the whole.
        image: the picture it belongs to, of the same size. Without one, "overlay" is "heatmap".
        style: "overlay" (opacity follows the evidence), "heatmap" (colours alone), "panels"
            (heatmap, input and overlay side by side) or "contours" (lines of equal evidence).
        sign: "positive" shows the evidence for the target, "negative" that against it,
            "signed" both about zero, "auto" both if there is any against.
        colour_map: a name; by default viridis for one sign and blue-red for both.
        scale: what the colours mean, instead of `sign`, `colour_map` and the map's own range.
        percentile: end the scale at this percentile of what is shown; a map of single hot
            pixels (a gradient's) may need 99 to be visible. The bar says "≥" then.
        smooth: Gaussian (pixels) to average what is shown with, also for such maps.
        alpha: opacity of the strongest evidence in an overlay, 0..1.
        threshold: an overlay leaves out evidence below this fraction of the scale.
        desaturate: how much of the picture's own colour to take away under an overlay, 0..1;
            by default 0.6 if both signs are shown, else nothing.
        levels: where contours lie, as fractions of the scale; a quarter, half, three quarters.
        hotspots: whether to box and number the hottest regions: at most five, and beyond the
            first only those with a hundredth of the positive mass.
        index: which slice of a volume; by default the one with the most evidence.
        title: instead of method, target, score and names; "" for none.
        colour_bar: whether to draw the bar with the real values.

    Returns:
        A matplotlib figure that pyplot does not know of: nothing has to be closed.

    Raises:
        InvalidArgument: sizes that differ, an unknown name, a number outside of its range, or
            "panels" without a picture.

    Example:
        >>> import numpy as np
        >>> from heatlens.provenance import Provenance
        >>> figure = plot(Heatmap(np.eye(8), Provenance("by hand")))
        >>> [axes.get_label() for axes in figure.axes]
        ['picture', 'colour bar']
    """
    look = Look(style, alpha, threshold, desaturate, levels)
    if style == "panels" and image is None:
        raise InvalidArgument("the panels are heatmap, input and overlay: pass the image too")
    given = scale is not None
    if given and (colour_map is not None or percentile is not None):
        raise InvalidArgument("the scale says it all: leave `colour_map` and `percentile` out")
    flat, image, index = slice_of(heatmap, image, index)
    flat = smoothed(flat, smooth, sign)
    if scale is None:
        whole = flat if smooth else heatmap
        scale = scale_for(whole, sign=sign, percentile=percentile, colour_map=colour_map)
    seen = view(flat, image)
    spots = _boxed(flat) if hotspots else None
    made = heatmap.provenance
    pure = bar_for(scale, (flat,), words.unit([made]))
    bar = None if words.message(flat, scale) or not colour_bar else pure
    if style == "panels":
        cells = [
            panel_of(seen, scale, look.of("heatmap"), spots, title="heatmap", bar=bar),
            input_panel(seen),
            panel_of(seen, scale, look.of("overlay"), spots, title="overlay"),
        ]
        bar = None
    else:
        cells = [panel_of(seen, scale, look, spots)]
        bar = look.explained(bar, image)
    heading, below = title, ""
    if heading is None:
        heading, below = words.title(made), words.subtitle(made, index, len(heatmap.values))
    caption = [
        words.part_shown([heatmap if index is None else flat], scale),
        words.treatment(percentile, smooth),
        words.spots_line(spots),
        *words.notes([made]),
    ]
    return figure_of(cells, title=heading, subtitle=below, caption=caption, bar=bar)


def panels(heatmap: Heatmap, image: Image, **parameters: Any) -> Figure:
    """The three-panel figure: heatmap with real values, input, overlay; see `plot`."""
    return plot(heatmap, image, style="panels", **parameters)


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

    All other parameters are those of `plot`.

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
        spots = _boxed(heat) if hotspots else None
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


def png(
    heatmap: Heatmap, image: Image | None = None, *, dpi: int = 110, **parameters: Any
) -> bytes:
    """`plot` as the bytes of a PNG that carries the provenance; for notebooks and web pages."""
    return encode(plot(heatmap, image, **parameters), "png", (heatmap.provenance,), dpi=dpi)


def save_picture(
    heatmap: Heatmap,
    path: str | PathLike[str],
    image: Image | None = None,
    *,
    dpi: int = 200,
    **parameters: Any,
) -> Path:
    """Write `plot` as PNG or SVG with the provenance inside; `read_provenance` reads it back.

    A picture is for looking: to keep the values, `heatmap.save("map.npz")` or `.tif`.
    """
    format_of(path)
    return save_figure(plot(heatmap, image, **parameters), path, heatmap.provenance, dpi=dpi)


def _boxed(heatmap: Heatmap) -> list[Hotspot]:
    """The hottest region, and up to four more that are not mere specks."""
    spots = find_hotspots(heatmap, most=_MOST_BOXES)
    return spots[:1] + [spot for spot in spots[1:] if spot.share >= _LEAST_SHARE]


def _check_comparable(
    heatmaps: Sequence[Heatmap], titles: Sequence[str] | None, style: str, columns: int | None
) -> None:
    if not heatmaps:
        raise InvalidArgument("there is no heatmap to compare")
    if style == "panels":
        raise InvalidArgument("'panels' shows one map; compare with 'overlay' or 'heatmap'")
    if any(heat.axes != "YX" for heat in heatmaps):
        raise InvalidArgument("only two-dimensional maps are compared; take one slice of each")
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
