"""A decision tree as a picture: from left to right, one line for each answer."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

import numpy as np

from heatlens.render.flow_page import share_of
from heatlens.render.page import MARGIN, framed
from heatlens.render.panel import clear
from heatlens.render.typography import INK, MUTED, font, line_height, number, width, wrapped
from heatlens.surrogates.grown_tree import LEAF, GrownTree
from heatlens.surrogates.headline import caption_of, headline
from heatlens.surrogates.rules import question

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from heatlens.surrogates.surrogate import Surrogate

__all__ = ["tree_picture"]

_POINTS, _SMALL = 7.5, 6.5
_PAD, _GAP = 0.06, 0.1
_BAR = 0.055
_LONGEST, _SHORTEST = 1.75, 0.7
_BETWEEN, _ROWS = 0.42, 0.09
_INDENT = 0.4
_WIDEST = 8.5
"""Inches up to which questions stand beside each other; longer chains stand below each other."""

_EDGE = "#8c8c8c"

Colour = tuple[float, float, float]
Point = tuple[float, float]


def tree_picture(stand_in: Surrogate, tree: GrownTree) -> Figure:
    """Boxes with questions, and at the ends what is answered, of how many pictures, how surely.

    The bar below a box shows the classes among its pictures. A short tree grows from left to
    right, a long one downwards, as its rules are written.
    """
    depth = dict(tree.walk())
    boxes = {node: _Box(stand_in, tree, node) for node in depth}
    places = _across(tree, boxes, depth)
    downwards = max(x + boxes[node].wide for node, (x, _) in places.items()) > _WIDEST
    if downwards:
        boxes = {node: _Box(stand_in, tree, node, flat=True) for node in depth}
        places = _below(boxes, depth)
    wide = max(5.0, *(x + boxes[node].wide + 0.02 for node, (x, _) in places.items()))
    high = max(y + boxes[node].high / 2 + 0.02 for node, (_, y) in places.items())
    title, subtitle = headline(stand_in)
    page, top = framed(wide, high, title=title, subtitle=subtitle, caption=caption_of(stand_in))
    axes = page.axes(MARGIN, top, wide, high)
    axes.set_label("tree")
    clear(axes)
    axes.set(xlim=(0, wide), ylim=(high, 0), autoscale_on=False)
    axes.set_axis_off()
    for node, (x, y) in places.items():
        boxes[node].draw(axes, x, y)
        if tree.feature[node] == LEAF:
            continue
        for child, word in ((int(tree.right[node]), "yes"), (int(tree.left[node]), "no")):
            end = places[child]
            if downwards:
                _line(axes, [(x + 0.14, y + boxes[node].high / 2), (x + 0.14, end[1]), end], word)
            else:
                bend = end[0] - 0.7 * _BETWEEN
                start = (x + boxes[node].wide, y)
                _line(axes, [start, (bend, y), (bend, end[1]), end], word)
    return page.figure


def _across(tree: GrownTree, boxes: dict[int, _Box], depth: dict[int, int]) -> dict[int, Point]:
    """Left edge and middle of each box: a column for each depth, no two answers side by side."""
    columns = [
        max(boxes[node].wide for node in boxes if depth[node] == level)
        for level in range(max(depth.values()) + 1)
    ]
    lefts = np.concatenate([[0.0], np.cumsum(np.array(columns) + _BETWEEN)])
    middle: dict[int, float] = {}
    at = 0.0
    for node in boxes:
        if tree.feature[node] == LEAF:
            middle[node] = at + boxes[node].high / 2
            at += boxes[node].high + _ROWS
    for node in reversed(list(boxes)):
        if tree.feature[node] != LEAF:
            middle[node] = (middle[int(tree.left[node])] + middle[int(tree.right[node])]) / 2
    # A question may be higher than the answers beside it.
    lift = min(middle[node] - boxes[node].high / 2 for node in boxes) - 0.02
    return {node: (float(lefts[depth[node]]) + 0.01, middle[node] - lift) for node in boxes}


def _below(boxes: dict[int, _Box], depth: dict[int, int]) -> dict[int, Point]:
    """Left edge and middle of each box: one below the other, indented by depth."""
    places, at = {}, 0.02
    for node, box in boxes.items():
        places[node] = (depth[node] * _INDENT + 0.01, at + box.high / 2)
        at += box.high + _ROWS
    return places


class _Box:
    """A node's words, and how much room they take, in inches."""

    def __init__(
        self, stand_in: Surrogate, tree: GrownTree, node: int, *, flat: bool = False
    ) -> None:
        self.flat = flat
        self.leaf = tree.feature[node] == LEAF
        self.shares = tree.value[node] if stand_in.kind == "classes" else None
        value = tree.value[node]
        best = int(value.argmax())
        self.small = [f"{share_of(tree.rows[node] / tree.rows[0])} of the pictures"]
        if not self.leaf:
            head = f"{question(stand_in, tree, node)}?"
        elif self.shares is not None:
            head = stand_in.labels[best]
            self.small.append(f"network agrees on {share_of(value[best])}")
        else:
            head = number(float(value[0]))
        self.colours = _colours(len(stand_in.labels))
        self.fill: Colour = (1.0, 1.0, 1.0)
        if self.leaf:
            self.fill = (
                _pale(self.colours[best])
                if self.shares is not None
                else _level(tree, float(value[0]))
            )
        room = _LONGEST if not flat else 2 * _LONGEST
        self.lines = wrapped(head, room, _POINTS, bold=self.leaf, most=1 if flat else 3)
        if flat:
            self.small = ["; ".join(self.small)]
        self.head_wide = max(width(line, _POINTS, self.leaf) for line in self.lines)
        small_wide = max(width(line, _SMALL) for line in self.small)
        beside = self.head_wide + _GAP + small_wide
        self.wide = 2 * _PAD + (beside if flat else max(self.head_wide, small_wide, _SHORTEST))
        below = 0 if flat else len(self.small) * line_height(_SMALL)
        bar = _BAR if self.shares is not None else 0
        self.high = len(self.lines) * line_height(_POINTS) + below + 2 * _PAD + bar

    def draw(self, axes: Axes, left: float, middle: float) -> None:
        """The box with its left edge at `left` and its middle `middle` below the top."""
        from matplotlib.patches import Rectangle

        top = middle - self.high / 2
        axes.add_patch(
            Rectangle(
                (left, top),
                self.wide,
                self.high,
                facecolor=self.fill,
                edgecolor=_EDGE,
                linewidth=0.7,
            )
        )
        y = top + _PAD
        for line in self.lines:
            _text(axes, left + _PAD, y, line, _POINTS, INK, self.leaf)
            y += line_height(_POINTS)
        right = left + _PAD
        if self.flat:
            right += self.head_wide + _GAP
            y -= line_height(_POINTS) - 0.98 * (_POINTS - _SMALL) / 72
        for line in self.small:
            _text(axes, right, y, line, _SMALL, MUTED)
            y += line_height(_SMALL)
        if self.shares is None:
            return
        x = left
        for share, colour in zip(self.shares, self.colours, strict=True):
            axes.add_patch(
                Rectangle(
                    (x, top + self.high - _BAR),
                    self.wide * share,
                    _BAR,
                    facecolor=colour,
                    linewidth=0,
                )
            )
            x += self.wide * float(share)


def _line(axes: Axes, points: list[Point], word: str) -> None:
    """From a question to what follows; the word stands on the last part."""
    axes.plot(
        [x for x, _ in points],
        [y for _, y in points],
        color=_EDGE,
        linewidth=0.7,
        solid_joinstyle="miter",
    )
    x, y = points[-2]
    _text(axes, x + 0.03, y - line_height(_SMALL) + 0.01, word, _SMALL, MUTED)


def _text(
    axes: Axes, x: float, y: float, line: str, size: float, colour: str, bold: bool = False
) -> None:
    axes.text(
        x,
        y + 0.98 * size / 72,
        line,
        color=colour,
        fontproperties=font(size, bold),
        verticalalignment="baseline",
        parse_math=False,
        usetex=False,
    )


def _colours(count: int) -> list[Colour]:
    """Colours of classes, round the wheel; every other one darker, so that neighbours differ."""
    return [
        colorsys.hls_to_rgb(i / max(count, 2), 0.42 if i % 2 and count > 6 else 0.56, 0.6)
        for i in range(count)
    ]


def _pale(colour: Colour) -> Colour:
    """So light that dark text can be read on it."""
    r, g, b = (0.3 * part + 0.7 for part in colour)
    return r, g, b


def _level(tree: GrownTree, value: float) -> Colour:
    """From white to blue between the least and the greatest answer."""
    answers = tree.value[tree.feature == LEAF, 0]
    span = float(np.ptp(answers)) or 1.0
    share = (value - float(answers.min())) / span
    return (1 - 0.4 * share, 1 - 0.22 * share, 1.0)
