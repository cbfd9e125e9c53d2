"""Windows over a large picture, and their maps put together row after row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.geometry import Placement
from heatlens.images.large.image import LargeImage
from heatlens.images.tiles import tents, window_starts
from heatlens.models.inputs.picture import prepared_picture
from heatlens.models.protocol import Model

__all__ = ["Seen", "Windows", "Woven", "batches"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """Where windows lie that cover a picture.

    Attributes:
        size: height and width of a window, in the picture's pixels.
        tops: first rows.
        lefts: first columns.
    """

    size: tuple[int, int]
    tops: tuple[int, ...]
    lefts: tuple[int, ...]

    @classmethod
    def over(
        cls, picture: tuple[int, int], window: int | tuple[int, int], overlap: float
    ) -> Windows:
        """Windows that overlap by at least `overlap` of their sides; none is larger than the picture.

        Raises:
            InvalidArgument: a window below 1, or an overlap outside of 0 to below 1.
            InvalidType: a window that is not of whole numbers.

        Example:
            >>> Windows.over((100, 250), 100, 0.25).lefts
            (0, 75, 150)
        """
        wanted = tuple(window) if isinstance(window, list | tuple) else (window, window)
        whole = [isinstance(n, int | np.integer) and not isinstance(n, bool) for n in wanted]
        if not all(whole):
            raise InvalidType(f"`window` is {window!r}; it is one or two whole numbers of pixels")
        if len(wanted) != 2 or min(wanted) < 1:
            raise InvalidArgument(f"`window` is {window!r}; it is one or two numbers of pixels")
        if not 0 <= overlap < 1:
            raise InvalidArgument(f"`overlap` is {overlap}; it lies from 0 to below 1")
        size = min(int(wanted[0]), picture[0]), min(int(wanted[1]), picture[1])
        starts = (window_starts(picture[axis], size[axis], overlap) for axis in (0, 1))
        tops, lefts = (tuple(axis) for axis in starts)
        return cls(size, tops, lefts)

    def __len__(self) -> int:
        return len(self.tops) * len(self.lefts)


@dataclass(frozen=True, eq=False)
class Seen:
    """Some windows of one row, as the model takes them.

    Attributes:
        batch: (N, C, h, w).
        lefts: first column of each, in the picture.
        placements: where each window's pixels lie in its input.
        notes: what a reader of the result has to know.
    """

    batch: Tensor
    lefts: tuple[int, ...]
    placements: tuple[Placement, ...]
    notes: tuple[str, ...]


def batches(
    model: Model,
    picture: LargeImage,
    windows: Windows,
    top: int,
    count: int,
    skip: float | None,
) -> Iterator[Seen]:
    """The windows whose first row is `top`, `count` at a time, without those that are empty.

    Args:
        model: its contract says how a picture is brought to its input.
        picture: read once for the whole row.
        windows: where they lie.
        top: first row.
        count: windows of a batch.
        skip: windows whose values differ by at most this share of the range are left out.
    """
    height, width = windows.size
    strip = picture.part(top, 0, height, picture.size[1])
    low, high = strip.value_range
    lefts = list(windows.lefts)
    if skip is not None:
        least = skip * (high - low)
        lefts = [x for x in lefts if _spread(strip.pixels[:, x : x + width]) > least]
    for start in range(0, len(lefts), count):
        some = lefts[start : start + count]
        crops = [strip.with_(pixels=strip.pixels[:, x : x + width].copy()) for x in some]
        ready = [prepared_picture(model, crop, "pad") for crop in crops]
        yield Seen(
            torch.cat([item.batch for item in ready]),
            tuple(some),
            tuple(item.placements[0] for item in ready),
            ready[0].notes,
        )


def _spread(pixels: npt.NDArray[Any]) -> float:
    """The largest difference of values within any channel."""
    channels = pixels.reshape(-1, pixels.shape[2] if pixels.ndim == 3 else 1)
    return float((channels.max(0).astype(np.float64) - channels.min(0)).max())


class Woven:
    """The rows of a map that windows still add to; those above them are finished.

    Args:
        width: columns of the picture.
        top: the first row of all.
        blended: whether a pixel's value is the mean over its windows, each weighted by a tent
            that is 1 in the window's middle, or the sum over them.
    """

    def __init__(self, width: int, *, top: int = 0, blended: bool) -> None:
        """Nothing yet."""
        self._width, self._blended = width, blended
        self._top = top
        self._sums: Floats | None = None
        self._weights = np.zeros((0, width), np.float32)

    def add(self, top: int, left: int, values: Floats, place: Placement) -> None:
        """A window's map (C, h, w), on the window's own pixels."""
        channels, height, width = values.shape
        if self._sums is None:
            self._sums = np.zeros((channels, 0, self._width), np.float32)
        missing = top + height - self._top - self._sums.shape[1]
        if missing > 0:
            self._sums = np.pad(self._sums, ((0, 0), (0, missing), (0, 0)))
            self._weights = np.pad(self._weights, ((0, missing), (0, 0)))
        rows = slice(top - self._top, top - self._top + height)
        columns = slice(left, left + width)
        if self._blended:
            down, across = tents(place)
            tent = (down[:, None] * across).astype(np.float32)
            self._sums[:, rows, columns] += values * tent
            self._weights[rows, columns] += tent
        else:
            self._sums[:, rows, columns] += values

    def finished(self, until: int) -> Floats:
        """Rows up to `until`, (C, rows, W), which are forgotten then."""
        count = until - self._top
        if self._sums is None:  # no window so far: all were empty
            self._top = until
            return np.zeros((1, count, self._width), np.float32)
        missing = max(0, count - self._sums.shape[1])
        sums = np.pad(self._sums[:, :count], ((0, 0), (0, missing), (0, 0)))
        if self._blended:
            weights = np.pad(self._weights[:count], ((0, missing), (0, 0)))
            sums /= np.where(weights > 0, weights, 1)
        self._sums, self._weights = self._sums[:, count:].copy(), self._weights[count:].copy()
        self._top = until
        return sums
