"""Pixels in blocks: what is computed in double precision fits in memory."""

from __future__ import annotations

__all__ = ["blocks"]

_BLOCK = 1 << 18


def blocks(rows: int) -> list[slice]:
    """Slices that together are all rows, in their order.

    Example:
        >>> blocks(1000)
        [slice(0, 1000, None)]
    """
    return [slice(start, min(start + _BLOCK, rows)) for start in range(0, rows, _BLOCK)]
