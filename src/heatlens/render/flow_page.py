"""A page with a title above and a caption below, and room for a drawing between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from heatlens.errors import InvalidArgument
from heatlens.render.panel import Page
from heatlens.render.typography import INK, MUTED, font, line_height, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MARGIN", "SMALL", "framed", "left_over", "share_of", "ticked"]

MARGIN = 0.14
SMALL = 7.0
_TITLE, _SUBTITLE = 10.0, 8.0
_DPI = 150
_ROUNDING = 1e-6


def framed(
    wide: float, high: float, *, title: str = "", subtitle: str = "", caption: Sequence[str] = ()
) -> tuple[Page, float]:
    """A page for a drawing of `wide` by `high` inches.

    Args:
        wide: width of the drawing; the page has a margin around it.
        high: height of the drawing.
        title: stands above, bold.
        subtitle: stands below the title.
        caption: paragraphs below the drawing.

    Returns:
        The page, and how far below its upper edge the drawing begins; its left is at `MARGIN`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from heatlens.render.shown import ShownFigure

    head = [
        *((line, _TITLE, True) for line in wrapped(title, wide, _TITLE, bold=True)),
        *((line, _SUBTITLE, False) for line in wrapped(subtitle, wide, _SUBTITLE)),
    ]
    foot = [line for part in caption for line in wrapped(part, wide, SMALL, most=5)]
    above = sum(line_height(size) for _, size, _ in head) + (0.08 if head else 0)
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
    y = size[1] - MARGIN - len(foot) * line_height(SMALL)
    for line in foot:
        page.write(MARGIN, y, line, SMALL, False, MUTED)
        y += line_height(SMALL)
    return page, MARGIN + above


def ticked(axes: Axes, label: str = "", beside: str = "") -> None:
    """Give a plot with numbers on its sides the type and the lines of all figures."""
    axes.grid(False)
    axes.minorticks_off()
    axes.tick_params(length=2.5, width=0.6, pad=2, color=MUTED, labelcolor=INK, direction="out")
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set_fontproperties(font(SMALL))
        tick.set_usetex(False)
    plain: dict[str, Any] = {
        "fontproperties": font(SMALL),
        "color": MUTED,
        "parse_math": False,
        "usetex": False,
    }
    axes.set_xlabel(label, labelpad=3, **plain)
    axes.set_ylabel(beside, labelpad=4, **plain)
    for side, spine in axes.spines.items():
        spine.set(linewidth=0.5, color=MUTED, visible=side in ("left", "bottom"))


def share_of(part: float) -> str:
    r"""A share in 0..1 in per cent, never rounded to nothing or to all.

    Example:
        >>> share_of(0.934), share_of(0.9999), share_of(0.0004), share_of(1.0)
        ('93\xa0%', '>99\xa0%', '<1\xa0%', '100\xa0%')
    """
    if 0 < part < 0.005:
        return "<1\u00a0%"
    if 0.995 <= part < 1 - 1e-9:
        return ">99\u00a0%"
    return f"{100 * part:.0f}\u00a0%"


def left_over(totals: Sequence[float], carried: float, names: Sequence[str]) -> list[str]:
    r"""How much of each side has no part in a plan that carries so much; empty if none has.

    Raises:
        InvalidArgument: a plan that carries more than there is.

    Example:
        >>> left_over((4.0, 1.0), 1.0, ("a", "b"))
        ['75\xa0% of the mass of a takes no part']
    """
    sentences = []
    for total, name in zip(totals, names, strict=True):
        rest = 1 - carried / total if total > 0 else -1.0
        if not rest >= -_ROUNDING:
            raise InvalidArgument(
                f"the plan carries {carried:g}, and {name} has a total of {total:g}; were the "
                "totals normalised as the plan was?"
            )
        if rest > _ROUNDING:
            sentences.append(f"{share_of(rest)} of the mass of {name} takes no part")
    return sentences
