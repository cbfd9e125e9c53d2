"""A text whose words stand on the colour of their evidence, the value below each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render import words
from heatlens.render.bar import bar_for, draw_bar
from heatlens.render.drawing import Drawing
from heatlens.render.marked_words import MarkedWord, marked_words
from heatlens.render.page import MARGIN, SMALL, page_for
from heatlens.render.panel import Page, Panel, draw_panel
from heatlens.render.typography import INK, MUTED, font, width
from heatlens.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_sentence", "stretch_of"]

_WIDE, _SIZE = 5.6, 11.0
_BOX, _VALUE = 0.25, 0.15
_LINE = _BOX + _VALUE + 0.1
_PAD, _GAP = 0.05, 0.05
_PICTURE = 1.8
_MOST = 400
"""Words a figure shows; a page of print has about as many."""


def draw_sentence(heatmap: Heatmap, companion: Any, drawing: Drawing) -> Figure:
    """The figure of a map with axes "L"; see `heatlens.render.figure.plot`.

    Args:
        heatmap: evidence per word.
        companion: the picture that the words were held against, which is shown above them; the
            `Text` itself, which adds nothing; or None.
        drawing: everything else. "overlay" lays the colours of one sign over white, so that a word
            without evidence stands on white; "heatmap" shows them pure.

    Raises:
        InvalidType: something else beside the words.
        InvalidArgument: "panels" without a picture.
    """
    what = "words"
    drawing.check_style(what, "overlay", "heatmap", "panels")
    drawing.refuse(what, "index", "hotspots", "smooth")
    picture = _picture(companion)
    if drawing.look.style == "panels" and picture is None:
        raise InvalidArgument("the panels are the picture and the words: pass the picture too")
    if drawing.look.style == "heatmap":
        picture = None
    sign = drawing.sign or "auto"
    scale = drawing.scale_of(heatmap, sign)
    nothing = words.message(heatmap, scale)
    first, last = stretch_of(heatmap)
    # A scale about zero is pale there already: laid over white it would fade twice.
    pure = scale.symmetric or drawing.look.style == "heatmap"
    look = drawing.look.of("heatmap" if pure else "overlay")
    marked = marked_words(
        heatmap, scale, alpha=None if pure else look.alpha, threshold=look.threshold
    )[first:last]
    placed, lines = _placed(marked)
    made = heatmap.provenance
    bar = bar_for(scale, (heatmap,), words.unit([made])) if drawing.colour_bar else None
    bar = None if nothing else look.explained(bar, True)
    total = len(heatmap.values)
    caption = [
        f"{nothing[0].upper()}{nothing[1:]}." if nothing else "",
        words.part_shown([heatmap], scale),
        words.treatment(drawing.percentile, 0.0),
        f"Words {first + 1} to {last} of {total}, around the strongest."
        if last - first < total
        else "",
        *words.notes([made]),
    ]
    head = 0.0 if picture is None else _PICTURE + 0.16
    foot = 0.0 if bar is None else 0.62
    # The words themselves stand below: the subtitle need not say them again.
    spelled = "".join(heatmap.coordinates.get("L", ())).casefold()  # type: ignore[arg-type]
    repeated = spelled == "".join(made.image.split()).casefold()
    title, subtitle = drawing.headings(made.with_(image="") if repeated else made)
    high = lines * _LINE

    def body(page: Page, y: float) -> None:
        if picture is not None:
            _draw_picture(page, picture, y)
        y += head
        canvas = page.axes(MARGIN, y, _WIDE, high)
        canvas.set_label("words")
        canvas.set_axis_off()
        canvas.set(xlim=(0, _WIDE), ylim=(high, 0), autoscale_on=False)
        for item in placed:
            item.draw(canvas)
        if bar is not None:
            draw_bar(page.axes(MARGIN, y + high + 0.1, 3.4, 0.11), bar, 3.4, horizontal=True)

    return page_for(
        body, _WIDE, head + high + foot, title=title, subtitle=subtitle, caption=caption
    )


def stretch_of(heatmap: Heatmap, most: int = _MOST) -> tuple[int, int]:
    """Half-open range of the words to show: all, or `most` around the strongest of a long text.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> stretch_of(Heatmap(np.eye(1, 100, 60)[0], Provenance("x"), "L"), most=10)
        (55, 65)
    """
    count = len(heatmap.values)
    if count <= most:
        return 0, count
    strongest = int(np.argmax(np.abs(heatmap.values)))
    first = min(max(0, strongest - most // 2), count - most)
    return first, first + most


@dataclass(frozen=True)
class _Placed:
    """A word with the upper left corner and the width of its box, in inches."""

    marked: MarkedWord
    word: str
    x: float
    y: float
    wide: float

    def draw(self, axes: Any) -> None:
        from matplotlib.patches import Rectangle

        axes.add_patch(
            Rectangle(
                (self.x, self.y),
                self.wide,
                _BOX,
                facecolor=self.marked.ground,
                edgecolor="#dddddd" if self.marked.faint else self.marked.ground,
                linewidth=0.5,
            )
        )
        middle = self.x + self.wide / 2
        for line, y, size, colour in (
            (self.word, self.y + _BOX * 0.7, _SIZE, self.marked.ink),
            (self.marked.value, self.y + _BOX + _VALUE * 0.78, SMALL, MUTED),
        ):
            axes.text(
                middle,
                y,
                line,
                color=colour,
                fontproperties=font(size),
                horizontalalignment="center",
                verticalalignment="baseline",
                parse_math=False,
                usetex=False,
            )


def _placed(marked: list[MarkedWord]) -> tuple[list[_Placed], int]:
    """The words in lines of at most `_WIDE` inches, and how many lines there are."""
    placed, x, line = [], 0.0, 0
    for one in marked:
        word = _cut(one.word, _WIDE - 2 * _PAD)
        wide = max(width(word, _SIZE) + 2 * _PAD, width(one.value, SMALL) + 0.02)
        if x > 0 and x + wide > _WIDE:
            x, line = 0.0, line + 1
        placed.append(_Placed(one, word, x, line * _LINE, wide))
        x += wide + _GAP
    return placed, line + 1


def _cut(word: str, room: float) -> str:
    if width(word, _SIZE) <= room:
        return word
    kept = max(1, int(len(word) * room / width(word, _SIZE)) - 1)
    while kept > 1 and width(f"{word[:kept]}…", _SIZE) > room:
        kept -= 1
    return f"{word[:kept]}…"


def _picture(companion: Any) -> Image | None:
    """The picture to show above the words."""
    if companion is None or isinstance(companion, Text):
        return None
    if isinstance(companion, Image) and companion.axes in ("YX", "YXC"):
        return companion
    raise InvalidType(
        "a heatmap on words is drawn beside its Text, or the picture that they were held against; "
        f"got {type(companion).__name__}"
        + (f" with axes {companion.axes!r}" if isinstance(companion, Image) else "")
    )


def _draw_picture(page: Page, picture: Image, y: float) -> None:
    height, across = picture.size
    wide = min(_PICTURE * across / height, _WIDE)
    high = wide * height / across
    axes = page.axes(MARGIN, y, wide, min(high, _PICTURE))
    draw_panel(axes, Panel(picture.rgb(), picture.size))
    if picture.name and _WIDE - wide > 0.8:
        page.write(
            MARGIN + wide + 0.12, y + 0.02, _cut(picture.name, _WIDE - wide - 0.3), 8.0, False, INK
        )
