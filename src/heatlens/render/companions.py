"""What stands above evidence over time: the film's frames, or the sound's waveform."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.heatmap import Heatmap
from heatlens.render.page import SMALL
from heatlens.render.panel import Page, Panel, clear, draw_panel
from heatlens.render.sound_picture import cells_of, edges
from heatlens.render.typography import INK, MUTED, line_height, width
from heatlens.sound import Sound

__all__ = ["FrameRow", "Waveform"]

_GAP, _LINES = 0.06, 0.16
_TALLEST = 1.1
_MARK = "#c2410c"


@dataclass(frozen=True, eq=False)
class FrameRow:
    """Frames of a film in a row, each tied to its place on the axis below.

    Attributes:
        chosen: which frames stand there.
        frame: gives the pixels of a frame, uint8 (H, W, 3).
        size: height and width of a frame in pixels.
        hottest: which frame is marked; None for none.
    """

    chosen: Sequence[int]
    frame: Callable[[int], npt.NDArray[np.uint8]]
    size: tuple[int, int]
    hottest: int | None

    def height(self, wide: float, count: int) -> float:
        """Inches that the row needs over an axis `wide` inches long."""
        return line_height(SMALL) + self._picture(wide)[0] + _LINES

    def draw(self, page: Page, x: float, y: float, wide: float, count: int) -> None:
        """Draw the row with its upper left corner at (x, y)."""
        from matplotlib.lines import Line2D

        high, across = self._picture(wide)
        slot = wide / len(self.chosen)
        top = y + line_height(SMALL)
        for k, index in enumerate(self.chosen):
            left = x + k * slot + (slot - across) / 2
            hot = index == self.hottest
            name = f"{index + 1}"
            page.write(
                left + (across - width(name, SMALL, hot)) / 2,
                y,
                name,
                SMALL,
                hot,
                _MARK if hot else MUTED,
            )
            axes = page.axes(left, top, across, high)
            draw_panel(axes, Panel(self.frame(index), self.size))
            if hot:
                for spine in axes.spines.values():
                    spine.set(linewidth=2.0, color=_MARK)
            place = x + (index + 0.5) / count * wide
            page.figure.add_artist(
                Line2D(
                    [(left + across / 2) / page.width, place / page.width],
                    [
                        1 - (top + high + 0.02) / page.height,
                        1 - (top + high + _LINES - 0.01) / page.height,
                    ],
                    color=_MARK if hot else MUTED,
                    linewidth=1.2 if hot else 0.6,
                )
            )

    def _picture(self, wide: float) -> tuple[float, float]:
        """Height and width of each picture in inches."""
        room = wide / len(self.chosen) - _GAP
        aspect = self.size[1] / self.size[0]
        high = min(room / aspect, _TALLEST)
        return high, high * aspect


@dataclass(frozen=True, eq=False)
class Waveform:
    """The least and greatest sample of a sound in each cell of the axis below.

    Attributes:
        low: (T,) in -1..1.
        high: (T,) likewise.
    """

    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]

    @classmethod
    def of(cls, heatmap: Heatmap, sound: Sound) -> Waveform:
        """Take the extremes of the samples around each moment of `heatmap` (axes "T").

        Raises:
            InvalidArgument: moments without seconds.
        """
        seconds, _ = cells_of(heatmap)
        samples = sound.samples
        ends = np.clip(np.rint(edges(seconds) * sound.rate).astype(int), 0, len(samples))
        low, high = np.zeros((2, len(seconds)), np.float32)
        for k, (one, other) in enumerate(itertools.pairwise(ends)):
            part = samples[min(one, other) : max(one, other)]
            if part.size:
                low[k], high[k] = part.min(), part.max()
        return cls(low, high)

    def height(self, wide: float, count: int) -> float:
        """Inches that the waveform needs."""
        return line_height(SMALL) + 0.78

    def draw(self, page: Page, x: float, y: float, wide: float, count: int) -> None:
        """Draw it with its upper left corner at (x, y)."""
        top = y + line_height(SMALL)
        page.write(x, y, "the sound's samples", SMALL, False, MUTED)
        axes = page.axes(x, top, wide, 0.7)
        axes.set_label("waveform")
        clear(axes)
        places = np.arange(count)
        axes.fill_between(
            places, self.low, self.high, step="mid", color=INK, alpha=0.75, linewidth=0.4
        )
        loudest = max(float(self.high.max()), -float(self.low.min()), 1e-9)
        axes.set(xlim=(-0.5, count - 0.5), ylim=(-1.05 * loudest, 1.05 * loudest))
        for spine in axes.spines.values():
            spine.set(linewidth=0.5, color="#9a9a9a", visible=True)
