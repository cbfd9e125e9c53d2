"""An empty page as large as what will stand on it, with its words above and below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from heatlens.render.panel import Page
from heatlens.render.typography import INK, MUTED, line_height, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MARGIN", "SMALL", "framed", "page_for"]

MARGIN, SMALL = 0.14, 7.0
"""Inches around everything; points of the small print."""

_TITLE, _SUBTITLE = 10.0, 8.0
_NARROWEST = 3.0
_DPI = 150


def page_for(
    body: Callable[[Page, float], None],
    width: float,
    height: float,
    *,
    title: str = "",
    subtitle: str = "",
    caption: Sequence[str] = (),
) -> Figure:
    """A page with words above and below a body of `width` x `height` inches.

    Args:
        body: draws on the page, from `MARGIN` from its left and so many inches from its top.
        width: of the body.
        height: of the body.
        title: stands above, bold.
        subtitle: stands below the title.
        caption: paragraphs that stand below the body.

    Example:
        >>> figure = page_for(lambda page, top: None, 4.0, 2.0, title="gradcam")
        >>> round(float(figure.get_figwidth()), 2), [text.get_text() for text in figure.texts]
        (4.28, ['gradcam'])
    """
    inner = max(width, _NARROWEST)
    page, _ = framed(
        inner, height, title=title, subtitle=subtitle, caption=caption, below_words=0.06, body=body
    )
    return page.figure


def framed(
    wide: float,
    high: float,
    *,
    title: str = "",
    subtitle: str = "",
    caption: Sequence[str] = (),
    below_words: float = 0.08,
    body: Callable[[Page, float], None] | None = None,
) -> tuple[Page, float]:
    """A page for a drawing of `wide` by `high` inches.

    Args:
        wide: width of the drawing; the page has a margin around it.
        high: height of the drawing.
        title: stands above, bold.
        subtitle: stands below the title.
        caption: paragraphs below the drawing.
        below_words: inches between the words above, if there are any, and the drawing.
        body: draws at once, before the caption; see `page_for`.

    Returns:
        The page, and how far below its upper edge the drawing begins; its left is at `MARGIN`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from heatlens.render.shown import ShownFigure

    head = [
        *((line, _TITLE, True) for line in wrapped(title, wide, _TITLE, bold=True)),
        *((line, _SUBTITLE, False) for line in wrapped(subtitle, wide, _SUBTITLE, most=8)),
    ]
    foot = [line for part in caption for line in wrapped(part, wide, SMALL, most=5)]
    above = sum(line_height(size) for _, size, _ in head) + (below_words if head else 0)
    below = len(foot) * line_height(SMALL) + (0.07 if foot else 0)
    size = (wide + 2 * MARGIN, above + high + below + 2 * MARGIN)
    figure = ShownFigure(figsize=size, dpi=_DPI, facecolor="white")
    figure.set_layout_engine("none")
    FigureCanvasAgg(figure)
    page = Page(figure, *size)
    y = MARGIN
    for line, points, bold in head:
        page.write(MARGIN, y, line, points, bold, INK if bold else MUTED)
        y += line_height(points)
    if body is not None:
        body(page, MARGIN + above)
    y = size[1] - MARGIN - len(foot) * line_height(SMALL)
    for line in foot:
        page.write(MARGIN, y, line, SMALL, False, MUTED)
        y += line_height(SMALL)
    return page, MARGIN + above
