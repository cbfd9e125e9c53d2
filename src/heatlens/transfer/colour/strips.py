"""Loops over colours on all cores, strip by strip; the result does not depend on their number."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["cores", "in_strips"]

_STRIP = 1 << 15
"""Colours that one thread takes at a time."""


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_strips(
    loop: Callable[..., npt.NDArray[Any]], colours: npt.NDArray[Any], *rest: Any
) -> npt.NDArray[Any]:
    """`loop(colours, *rest)`, whose rows depend on those of the colours (m, 3) one by one.

    Example:
        >>> in_strips(np.add, np.zeros((2, 3)), 1.0).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    if len(colours) <= _STRIP:
        return loop(colours, *rest)
    strips = [colours[i : i + _STRIP] for i in range(0, len(colours), _STRIP)]
    with ThreadPoolExecutor(min(cores(), len(strips))) as pool:
        return np.concatenate(list(pool.map(lambda strip: loop(strip, *rest), strips)))
