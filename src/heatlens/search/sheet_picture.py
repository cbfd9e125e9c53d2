"""The result sheet as a picture: the query first, then each hit with rank, distance and name."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.render.files import save_figure
from heatlens.render.layout import figure_of
from heatlens.render.panel import Panel
from heatlens.search.sheet import Answer, Shown, distance_of, facts, pixels, ranks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MOST", "save_sheet", "sheet"]

MOST = 59
"""Hits on a sheet at most: ten rows, the query included."""

_COLUMNS = 6
_SIDE = 256
_GROUND = 238
_QUERY = "#0f766e"


def sheet(answer: Answer) -> Figure:
    """Draw the query and the hits, at most 59 of them.

    Returns:
        A figure that pyplot does not know of.

    Example:
        >>> there = Shown("a.jpg", np.ones(1), np.zeros((1, 3)))
        >>> figure = sheet(Answer(there, [there], "signature", "CIELAB units", 1, True))
        >>> [text.get_text() for text in figure.texts][1:3]
        ['query: a.jpg', '1: 0 CIELAB units, a.jpg']
    """
    hits = answer.hits[:MOST]
    told = ranks([hit.distance for hit in answer.hits])
    panels = [_panel(answer.query, f"query: {answer.query.name}", (_framed,))]
    for rank, hit in zip(told, hits, strict=False):
        panels.append(_panel(hit, f"{rank}: {distance_of(answer, hit)}, {hit.name}"))
    caption = list(facts(answer))
    if len(answer.hits) > len(hits):
        caption.append(f"The first {len(hits)} of {len(answer.hits):,} hits are shown.")
    return figure_of(
        panels,
        title=f"nearest to {answer.query.name}" + (f" in {answer.index}" if answer.index else ""),
        caption=[" ".join(caption)],
        columns=min(_COLUMNS, len(panels)),
    )


def save_sheet(answer: Answer, path: str | PathLike[str], *, dpi: int = 130) -> Path:
    """Write `sheet` as PNG; the folder has to exist."""
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise InvalidArgument(f"a result sheet is written as .png, not as {target.name!r}")
    return save_figure(sheet(answer), target, dpi=dpi)


def _panel(shown: Shown, title: str, marks: tuple[Any, ...] = ()) -> Panel:
    there = pixels(shown)
    square = np.full((_SIDE, _SIDE, 3), _GROUND, np.uint8)
    if there is None:
        return Panel(square, (_SIDE, _SIDE), title, None, "no thumbnail", marks)
    fitted = _fitted(there)
    top, left = ((_SIDE - n) // 2 for n in fitted.shape[:2])
    square[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return Panel(square, (_SIDE, _SIDE), title, marks=marks)


def _fitted(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """As large as the square allows; what is tiny keeps its pixels."""
    from PIL import Image as Pillow

    ratio = _SIDE / max(picture.shape[:2])
    height, width = (max(1, round(n * ratio)) for n in picture.shape[:2])
    way = Pillow.Resampling.NEAREST if ratio >= 4 else Pillow.Resampling.LANCZOS
    return np.asarray(Pillow.fromarray(picture).resize((width, height), way))


def _framed(axes: Axes) -> None:
    """The frame that tells the query from the hits."""
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor=_QUERY, linewidth=5)
    )
