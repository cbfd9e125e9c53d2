"""Pictures in a grid with titles, colour bars and a caption, everything placed in inches.

matplotlib's own layout engines give a colour bar the height of the axes and not of the picture,
and clip text that they did not expect. Here all text is measured first and the figure is made as
large as what stands on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heatlens.render.bar import Bar, draw_bar, label_lines, labels_of
from heatlens.render.page import MARGIN, SMALL, page_for
from heatlens.render.panel import Page, Panel, draw_panel
from heatlens.render.typography import INK, line_height, width, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["bar_room", "figure_of"]

_GAP, _BAR, _BAR_GAP = 0.16, 0.11, 0.07
_HEADING = 8.0
_MOST_ELONGATED = 40.0


def figure_of(
    panels: Sequence[Panel],
    *,
    title: str = "",
    subtitle: str = "",
    caption: Sequence[str] = (),
    bar: Bar | None = None,
    columns: int | None = None,
) -> Figure:
    """A figure with all `panels`, which share one size, and one common `bar` if given.

    Args:
        panels: at least one, in reading order.
        title: stands above, bold.
        subtitle: stands below the title.
        caption: paragraphs that stand below the pictures.
        bar: explains the colours of all panels.
        columns: pictures in a row; by default what makes a page about twice as wide as high.
    """
    grid = _Grid.of(panels, columns, bar)

    def body(page: Page, top: float) -> None:
        grid.draw(page, MARGIN, top, bar)

    return page_for(body, grid.width, grid.height, title=title, subtitle=subtitle, caption=caption)


@dataclass(frozen=True, eq=False)
class _Grid:
    """Where pictures, headings and bars lie; all in inches.

    Attributes:
        rows: the panels, row by row.
        headings: the lines above each.
        picture: height and width of each picture.
        flat: whether bars lie below the pictures, which are too low for bars at the side.
        cells: width of each column, with the room for its bars.
        below: height that each row needs for flat bars of its own.
        bar: width or, if flat, height that the common bar needs.
    """

    rows: list[list[Panel]]
    headings: list[list[list[str]]]
    picture: tuple[float, float]
    flat: bool
    cells: list[float]
    below: list[float]
    bar: float

    @classmethod
    def of(cls, panels: Sequence[Panel], columns: int | None, bar: Bar | None) -> _Grid:
        columns = min(columns or _columns(len(panels), panels[0].size), len(panels))
        rows = [list(panels[k : k + columns]) for k in range(0, len(panels), columns)]
        height, wide = _picture_size(panels[0].size, columns)
        flat = wide > 2.2 * height
        narrowest = 1.25 if len(panels) > 1 else 0.0
        cells = []
        for column in range(columns):
            bars = [row[column].bar for row in rows if column < len(row)]
            room = max(0.0 if flat or one is None else bar_room(one, height) for one in bars)
            cells.append(max(wide + room, narrowest))
        headings = [
            [wrapped(panel.title, cells[k], _HEADING, most=3) for k, panel in enumerate(row)]
            for row in rows
        ]
        below = [max(_flat_room(panel.bar) if flat else 0.0 for panel in row) for row in rows]
        common = 0.0
        if bar is not None:
            common = 0.5 if flat else bar_room(bar, height)
        return cls(rows, headings, (height, wide), flat, cells, below, common)

    @property
    def width(self) -> float:
        side = 0.0 if self.flat else self.bar
        return sum(self.cells) + (len(self.cells) - 1) * _GAP + side

    @property
    def height(self) -> float:
        rows = [self.above(k) + self.picture[0] + room for k, room in enumerate(self.below)]
        return sum(rows) + (len(rows) - 1) * _GAP + (self.bar if self.flat else 0.0)

    def above(self, row: int) -> float:
        """Height of the headings of a row."""
        lines = max(map(len, self.headings[row]))
        return lines * line_height(_HEADING) + (0.04 if lines else 0.0)

    def draw(self, page: Page, left: float, top: float, bar: Bar | None) -> None:
        height, wide = self.picture
        y = first = top + self.above(0)
        for row, panels in enumerate(self.rows):
            x = left
            for column, panel in enumerate(panels):
                for k, line in enumerate(self.headings[row][column]):
                    above = y - self.above(row) + k * line_height(_HEADING)
                    page.write(x, above, line, _HEADING, False, INK)
                draw_panel(page.axes(x, y, wide, height), panel)
                if panel.bar is not None and self.flat:
                    draw_bar(page.axes(x, y + height + 0.06, wide, 0.08), panel.bar, wide, True)
                elif panel.bar is not None:
                    beside = page.axes(x + wide + _BAR_GAP, y, _BAR, height)
                    draw_bar(beside, panel.bar, height)
                x += self.cells[column] + _GAP
            last = y + height
            if row + 1 < len(self.rows):
                y = last + self.below[row] + _GAP + self.above(row + 1)
        if bar is not None and self.flat:
            length = min(max(self.width, 3.0), 4.0)
            draw_bar(page.axes(left, last + self.below[-1] + 0.09, length, _BAR), bar, length, True)
        elif bar is not None:
            x = left + self.width - self.bar + _BAR_GAP
            draw_bar(page.axes(x, first, _BAR, last - first), bar, last - first)


def bar_room(bar: Bar, length: float) -> float:
    """Width in inches of a vertical bar `length` inches high, its tick labels and its label."""
    labels = max(width(label, SMALL) for label in labels_of(bar))
    lines = len(label_lines(bar, length))
    return _BAR_GAP + _BAR + 0.07 + labels + (lines * line_height(SMALL) + 0.04 if lines else 0.0)


def _flat_room(bar: Bar | None) -> float:
    """Height in inches of a horizontal bar with its tick labels and its label."""
    if bar is None:
        return 0.0
    return 0.3 + (line_height(SMALL) + 0.02 if bar.label else 0.0)


def _columns(count: int, size: tuple[int, int]) -> int:
    """How many pictures stand side by side: as many as keep the page about twice as wide."""
    if count <= 3 and size[1] <= 2.2 * size[0]:
        return count
    best = int((2.0 * count * size[0] / size[1]) ** 0.5 + 0.5)
    return max(1, min(count, 6, best))


def _picture_size(size: tuple[int, int], columns: int) -> tuple[float, float]:
    """Height and width in inches; equal aspect unless a side is 40 times the other."""
    longest = {1: 4.6, 2: 3.4, 3: 2.7}.get(columns, 2.2)
    aspect = min(max(size[1] / size[0], 1 / _MOST_ELONGATED), _MOST_ELONGATED)
    widest = max(longest, 7.2 / columns) if aspect > 2.2 else longest
    wide = min(widest, longest * aspect)
    return wide / aspect, wide
