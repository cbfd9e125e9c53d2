"""Where something lies in a picture, in words: the nine cells of a 3 x 3 grid."""

from __future__ import annotations

__all__ = ["PLACES", "place"]

PLACES = (
    *("top left", "top", "top right"),
    *("left", "centre", "right"),
    *("bottom left", "bottom", "bottom right"),
)
"""In reading order."""


def place(row: float, column: float) -> str:
    """The cell of a point, 0..1 from the top and 0..1 from the left.

    Example:
        >>> place(0.1, 0.2), place(0.5, 0.5), place(0.5, 0.9), place(1.0, 0.5)
        ('top left', 'centre', 'right', 'bottom')
    """
    down, right = (min(2, max(0, int(3 * share))) for share in (row, column))
    return PLACES[3 * down + right]
