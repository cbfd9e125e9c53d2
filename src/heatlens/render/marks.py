"""Lines and boxes drawn over a picture, legible on any ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from heatlens.render.cielab import from_srgb
from heatlens.render.colour import Scale
from heatlens.render.contours import Contour
from heatlens.render.hotspots import Hotspot
from heatlens.render.typography import font

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_boxes", "draw_contours"]


def draw_contours(axes: Axes, contours: Sequence[Contour], scale: Scale, factor: float) -> None:
    """Draw each line in the colour of its value, haloed; evidence against is dashed.

    The stronger the evidence, the thicker the line.

    Args:
        axes: in pixels of the original.
        contours: in pixels of the displayed map.
        scale: gives the colours.
        factor: pixels of the original per pixel of the displayed map.
    """
    from matplotlib.collections import LineCollection

    for contour in contours:
        # The tints of a diverging map are too pale for lines: both sides take their end's colour.
        value = np.copysign(scale.high, contour.value) if scale.symmetric else contour.value
        colour = scale.colours(value) / 255
        halo = "white" if from_srgb(colour)[0] < 55 else "black"
        lines = [(line[:, ::-1] + 0.5) * factor - 0.5 for line in contour.lines]
        thick = 0.9 + 0.8 * abs(contour.fraction)
        for paint, more, alpha in ((halo, 1.3, 0.6), (tuple(colour), 0.0, 1.0)):
            axes.add_collection(
                LineCollection(
                    lines,
                    colors=[paint],
                    linewidths=thick + more,
                    alpha=alpha,
                    linestyles="dashed" if contour.fraction < 0 and not more else "solid",
                )
            )


def draw_boxes(axes: Axes, spots: Sequence[Hotspot]) -> None:
    """Draw the box, the peak and the number of each hot region, in pixels of the original."""
    from matplotlib.patches import Rectangle

    for rank, spot in enumerate(spots, 1):
        y0, x0, y1, x1 = spot.box
        for colour, thick in (("black", 2.4), ("white", 1.1)):
            axes.add_patch(
                Rectangle(
                    (x0 - 0.5, y0 - 0.5),
                    x1 - x0,
                    y1 - y0,
                    fill=False,
                    edgecolor=colour,
                    linewidth=thick,
                    joinstyle="miter",
                )
            )
        y, x = spot.peak
        axes.plot(x, y, "+", color="black", markersize=6, markeredgewidth=2.2)
        axes.plot(x, y, "+", color="white", markersize=5, markeredgewidth=1.0)
        inside = y0 < 0.06 * (axes.get_ylim()[0] + 0.5)  # no room above the box
        axes.annotate(
            str(rank),
            (x0 - 0.5, y0 - 0.5),
            xytext=(2.0, -3.0 if inside else 3.0),
            textcoords="offset points",
            horizontalalignment="left",
            verticalalignment="top" if inside else "bottom",
            color="black",
            fontproperties=font(6.5, bold=True),
            usetex=False,
            bbox={
                "boxstyle": "square,pad=0.2",
                "facecolor": "white",
                "alpha": 0.9,
                "linewidth": 0.0,
            },
        )
