"""What every kind of input becomes before a model sees it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

__all__ = ["Floats", "Prepared"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Prepared(ABC):
    """An input as a model takes it, and the way back.

    Attributes:
        batch: canonical, normalised; one row, or one for each tile.
        notes: what a reader of the result has to know, what the input's reader said included.
        axes: those of the heatmap.
        coordinates: of the heatmap.
        instead: what stands for "nothing there" where blurring means nothing; None elsewhere.
    """

    batch: Tensor
    notes: tuple[str, ...] = ()
    axes: str = "YX"
    coordinates: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    instead: Tensor | None = None

    @property
    def padded(self) -> float:
        """Share of the model's input that is border and not the input itself."""
        return 0.0

    @abstractmethod
    def back(self, maps: Tensor) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Maps (rows, *cells) on the input's own grid, and which of its places the model saw."""
