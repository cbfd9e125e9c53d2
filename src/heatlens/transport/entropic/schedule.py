"""The sequence of blurs that an iteration runs through, from coarse to fine."""

from __future__ import annotations

import math

__all__ = ["blurs"]


def blurs(largest: float, smallest: float, scaling: float) -> list[float]:
    """A geometric sequence from `largest` down to `smallest`, steps no smaller than `scaling`.

    Example:
        >>> [round(blur, 9) for blur in blurs(8.0, 1.0, 0.5)]
        [8.0, 4.0, 2.0, 1.0]
        >>> blurs(0.5, 1.0, 0.5)
        [1.0]
    """
    if largest <= smallest:
        return [smallest]
    steps = math.ceil(math.log(largest / smallest) / -math.log(scaling) - 1e-9)
    return [smallest * (largest / smallest) ** (i / steps) for i in range(steps, -1, -1)]
