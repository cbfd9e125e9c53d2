"""One picture on a page: its pixels, what is drawn over it, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatlens.render.bar import Bar
from heatlens.render.typography import INK, font

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Page", "Panel", "draw_panel"]


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a figure.

    Attributes:
        rgb: pixels, uint8 (h, w, 3).
        size: height and width of the original, in whose pixels `marks` draw.
        title: stands above it.
        bar: a colour bar of its own.
        message: stands across it ("no evidence").
        marks: draw lines and boxes.
    """

    rgb: npt.NDArray[np.uint8]
    size: tuple[int, int]
    title: str = ""
    bar: Bar | None = None
    message: str = ""
    marks: tuple[Callable[[Axes], None], ...] = ()


@dataclass(frozen=True, eq=False)
class Page:
    """Places things in inches from the upper left corner."""

    figure: Figure
    width: float
    height: float

    def axes(self, x: float, y: float, wide: float, high: float) -> Axes:
        """Axes with the upper left corner at (x, y)."""
        return self.figure.add_axes(
            (
                x / self.width,
                1 - (y + high) / self.height,
                wide / self.width,
                high / self.height,
            )
        )

    def write(self, x: float, y: float, line: str, size: float, bold: bool, colour: str) -> None:
        """A line whose top left corner is at (x, y); `size` in points."""
        self.figure.text(
            x / self.width,
            1 - (y + 0.98 * size / 72) / self.height,
            line,
            color=colour,
            fontproperties=font(size, bold),
            verticalalignment="baseline",
            parse_math=False,
            usetex=False,
        )


def clear(axes: Axes) -> None:
    """Take away what the user's rcParams may have put on new axes."""
    axes.grid(False)
    axes.minorticks_off()
    axes.set_xticks([])
    axes.set_yticks([])


def draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw `panel` so that it fills `axes`, in pixels of the original."""
    axes.set_label("picture")
    clear(axes)
    height, wide = panel.size
    axes.imshow(
        panel.rgb,
        origin="upper",
        aspect="auto",  # the box has the picture's proportions already
        interpolation="antialiased",
        extent=(-0.5, wide - 0.5, height - 0.5, -0.5),
    )
    axes.set(xlim=(-0.5, wide - 0.5), ylim=(height - 0.5, -0.5), autoscale_on=False)
    for mark in panel.marks:
        mark(axes)
    for spine in axes.spines.values():
        spine.set(linewidth=0.5, color="#9a9a9a", visible=True)
    if panel.message:
        axes.text(
            0.5,
            0.5,
            panel.message,
            transform=axes.transAxes,
            horizontalalignment="center",
            verticalalignment="center",
            color=INK,
            fontproperties=font(8),
            parse_math=False,
            usetex=False,
            bbox={
                "boxstyle": "round,pad=0.4",
                "facecolor": "white",
                "alpha": 0.88,
                "linewidth": 0.0,
            },
        )
