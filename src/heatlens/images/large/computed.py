"""A large map whose values are computed where they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.images.large.source import LargeSource

__all__ = ["ComputedSource"]


class ComputedSource(LargeSource):
    """Values that a function gives for any region.

    Args:
        size: height and width.
        function: `function(top, left, height, width) -> (height, width)`.
        tile: rows and columns that are best computed together.
        spacing: millimetres between rows and between columns.
        close: called when nothing more is asked for.
        path: the file that the values are computed from, which must not be written over.
    """

    channels, dtype = 1, np.dtype(np.float32)

    def __init__(
        self,
        size: tuple[int, int],
        function: Callable[[int, int, int, int], npt.NDArray[Any]],
        *,
        tile: tuple[int, int] = (512, 512),
        spacing: tuple[float, float] | None = None,
        close: Callable[[], None] | None = None,
        path: Path | None = None,
    ) -> None:
        """Nothing is computed yet."""
        self.levels, self.tile, self.spacing = (size,), tile, spacing
        self._function, self._close, self.path = function, close, path

    def region(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """The function's values."""
        return np.asarray(self._function(top, left, height, width), np.float32)[..., None]

    def close(self) -> None:
        """Tell the one who gave the function."""
        if self._close is not None:
            self._close()
