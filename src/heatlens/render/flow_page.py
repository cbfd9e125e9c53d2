"""A page with a title above and a caption below, and room for a drawing between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from heatlens.errors import InvalidArgument
from heatlens.render.page import MARGIN, SMALL, framed
from heatlens.render.typography import INK, MUTED, font

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MARGIN", "SMALL", "framed", "left_over", "share_of", "ticked"]

_ROUNDING = 1e-6


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
