"""An empty page as large as what will stand on it, with its words above and below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from heatlens.render.panel import Page
from heatlens.render.typography import INK, MUTED, line_height, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MARGIN", "SMALL", "page_for"]

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
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from heatlens.render.shown import ShownFigure

    inner = max(width, _NARROWEST)
    head = [
        *((line, _TITLE, True) for line in wrapped(title, inner, _TITLE, bold=True)),
        *((line, _SUBTITLE, False) for line in wrapped(subtitle, inner, _SUBTITLE)),
    ]
    foot = [line for part in caption for line in wrapped(part, inner, SMALL, most=5)]
    head_height = sum(line_height(size) for _, size, _ in head) + (0.06 if head else 0)
    foot_height = len(foot) * line_height(SMALL) + (0.07 if foot else 0)

    size = (inner + 2 * MARGIN, head_height + height + foot_height + 2 * MARGIN)
    figure = ShownFigure(figsize=size, dpi=_DPI, facecolor="white")
    figure.set_layout_engine("none")
    FigureCanvasAgg(figure)
    page = Page(figure, *size)
    y = MARGIN
    for line, points, bold in head:
        page.write(MARGIN, y, line, points, bold, INK if bold else MUTED)
        y += line_height(points)
    body(page, MARGIN + head_height)
    y = size[1] - MARGIN - len(foot) * line_height(SMALL)
    for line in foot:
        page.write(MARGIN, y, line, SMALL, False, MUTED)
        y += line_height(SMALL)
    return figure
