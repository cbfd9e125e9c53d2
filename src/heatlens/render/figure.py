"""Figures of heatmaps, with titles, real values and honest scales.

Pictures show the evidence *for* the target unless `sign` asks for more. Colours are never
stretched over a map that shows nothing: it is drawn without colour, marked "no evidence", and
gets no colour bar. Very large pictures are averaged over blocks for display; what is measured
(scale, hot regions) is measured on all pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render.cells import Look, Style
from heatlens.render.colour import Scale, Sign
from heatlens.render.comparing import compare
from heatlens.render.drawing import Drawing
from heatlens.render.files import encode, format_of, read_provenance, read_provenances, save_figure
from heatlens.render.picture import draw_picture
from heatlens.render.sentence import draw_sentence
from heatlens.render.series import draw_series
from heatlens.render.spectrogram import draw_spectrogram
from heatlens.sound import Sound
from heatlens.text import Text

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

_DRAWN_BY: dict[str, Callable[[Heatmap, Any, Drawing], Figure]] = {
    "YX": draw_picture,
    "ZYX": draw_picture,
    "TYX": draw_picture,
    "FT": draw_spectrogram,
    "T": draw_series,
    "Z": draw_series,
    "F": draw_series,
    "L": draw_sentence,
}


def plot(
    heatmap: Heatmap,
    image: Image | Sound | Text | None = None,
    *,
    style: Style = "overlay",
    sign: Sign | None = None,
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

    | axes | what is drawn | `image` | styles |
    |---|---|---|---|
    | "YX" | the map over its picture | an `Image` | all but "strip" |
    | "ZYX", "TYX" | one slice or frame, or a strip of them, on the scale of the whole | the volume or film | all |
    | "FT" | frequency upwards, time along, over the sound's own spectrogram | a `Sound` | all but "strip" |
    | "T" | bars about zero, below frames of the film or the waveform | a film or `Sound` | overlay, heatmap, panels |
    | "Z" | bars about zero, below slices of the volume | a volume | overlay, heatmap, panels |
    | "F" | bars about zero | none | overlay, heatmap |
    | "L" | the words on the colour of their evidence, below the picture they were held against | a picture or `Text` | overlay, heatmap, panels |

    Args:
        heatmap: any map.
        image: what it belongs to, of the same size. Without it, "overlay" is "heatmap".
        style: "overlay" (opacity follows the evidence), "heatmap" (colours alone), "panels"
            (heatmap, input and overlay beside each other), "contours" (lines of equal evidence)
            or "strip" (up to eight slices or frames, the hottest among them).
        sign: "positive" shows the evidence for the target, "negative" that against it,
            "signed" both about zero, "auto" both if there is any against. By default "positive",
            and "auto" along one axis: bars and words show both.
        colour_map: a name; by default viridis for one sign and blue-red for both.
        scale: what the colours mean, instead of `sign`, `colour_map` and the map's own range.
        percentile: end the scale at this percentile of what is shown; a map of single hot
            pixels (a gradient's) may need 99 to be visible. The bar says "≥" then.
        smooth: Gaussian (pixels, cells or frames) to average what is shown with, also for such
            maps; not for words.
        alpha: opacity of the strongest evidence in an overlay, 0..1.
        threshold: an overlay leaves out evidence below this fraction of the scale.
        desaturate: how much of the picture's own colour to take away under an overlay, 0..1;
            by default 0.6 if both signs are shown, else nothing.
        levels: where contours lie, as fractions of the scale; a quarter, half, three quarters.
        hotspots: whether to box and number the hottest regions: at most five, and beyond the
            first only those with a hundredth of the positive mass.
        index: which slice or frame; by default the one with the most evidence.
        title: instead of method, target, score and names; "" for none.
        colour_bar: whether to draw the bar with the real values.

    Returns:
        A matplotlib figure that pyplot does not know of: nothing has to be closed.

    Raises:
        InvalidArgument: sizes that differ, an unknown name, a number outside of its range, or
            "panels" without a picture, or a parameter that means nothing for these axes.
        InvalidType: not what a map with these axes is drawn over, as a picture for a sound's.

    Example:
        >>> import numpy as np
        >>> from heatlens.provenance import Provenance
        >>> figure = plot(Heatmap(np.eye(8), Provenance("by hand")))
        >>> [axes.get_label() for axes in figure.axes]
        ['picture', 'colour bar']
    """
    drawing = Drawing(
        Look(style, alpha, threshold, desaturate, levels),
        sign,
        colour_map,
        scale,
        percentile,
        smooth,
        hotspots,
        index,
        title,
        colour_bar,
    )
    return _DRAWN_BY[heatmap.axes](heatmap, image, drawing)


def panels(heatmap: Heatmap, image: Image | Sound, **parameters: Any) -> Figure:
    """The three-panel figure: heatmap with real values, input, overlay; see `plot`."""
    return plot(heatmap, image, style="panels", **parameters)


def png(
    heatmap: Heatmap,
    image: Image | Sound | Text | None = None,
    *,
    dpi: int = 110,
    **parameters: Any,
) -> bytes:
    """`plot` as the bytes of a PNG that carries the provenance; for notebooks and web pages."""
    return encode(plot(heatmap, image, **parameters), "png", (heatmap.provenance,), dpi=dpi)


def save_picture(
    heatmap: Heatmap,
    path: str | PathLike[str],
    image: Image | Sound | Text | None = None,
    *,
    dpi: int = 200,
    **parameters: Any,
) -> Path:
    """Write `plot` as PNG or SVG with the provenance inside; `read_provenance` reads it back.

    A picture is for looking: to keep the values, `heatmap.save("map.npz")` or `.tif`.
    """
    format_of(path)
    return save_figure(plot(heatmap, image, **parameters), path, heatmap.provenance, dpi=dpi)
