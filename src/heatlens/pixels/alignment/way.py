"""What an alignment is: where the first picture's pixels lie in the second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Alignment", "AlignmentWay"]


@dataclass(frozen=True, eq=False)
class Alignment:
    """A plane projective map from the first picture's pixels to the second's.

    Attributes:
        matrix: (3, 3), from (column, row, 1) of the first to that of the second, up to scale;
            OpenCV's order.
        info: what the way reported (shift, matches).
        notes: what to know before it is believed.
        least: how well local contrasts have to correlate before it is believed.
    """

    matrix: npt.NDArray[np.float64]
    info: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    least: float = 0.5


AlignmentWay = Callable[[npt.NDArray[np.float32], npt.NDArray[np.float32]], Alignment]
"""From two grey pictures (H, W) and (h, w) in 0..1."""
