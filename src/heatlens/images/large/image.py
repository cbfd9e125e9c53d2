"""A picture that stays where it is: read by the region, or streamed once from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import ImageTooLarge, InvalidArgument, UnreadableImage
from heatlens.image import Image
from heatlens.images.area import reduced_size
from heatlens.images.large.averaging import Progress, averaged_unit
from heatlens.images.large.regions import (
    checked_block,
    checked_level,
    checked_limit,
    checked_region,
)
from heatlens.images.large.source import LargeSource
from heatlens.images.large.streaming import streamed
from heatlens.images.large.value_range import checked_range, coarse, measured_range

__all__ = ["LargeImage", "Progress"]


class LargeImage:
    """A picture too large for memory; a context manager, which closes its file.

    Args:
        source: where the pixels lie; see `open_large`.
        name: what to call it.
        value_range: the values that mean black and white; None is what the source says.

    Example:
        >>> from heatlens.images.large import open_large
        >>> with open_large(np.arange(12, dtype=np.uint8).reshape(3, 4)) as large:
        ...     large.size, large.region(1, 2, 2, 2).tolist()
        ((3, 4), [[6, 7], [10, 11]])
    """

    def __init__(
        self,
        source: LargeSource,
        name: str = "",
        value_range: tuple[float, float] | None = None,
    ) -> None:
        """Take over a source; nothing is decoded."""
        self.source, self.name = source, name
        self._range = checked_range(value_range) or source.value_range
        self._closed = False

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.source.levels[0]

    @property
    def levels(self) -> tuple[tuple[int, int], ...]:
        """Height and width of the picture itself and of its smaller copies in the file."""
        return self.source.levels

    @property
    def channels(self) -> int:
        """Number of colour channels; opacity is not one of them."""
        return self.source.channels

    @property
    def axes(self) -> str:
        """ "YX" for one channel, else "YXC": what `region` gives."""
        return "YX" if self.channels == 1 else "YXC"

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.source.dtype

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Millimetres between rows and between columns, where the file says."""
        return self.source.spacing

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of a result has to know; damaged tiles met so far among them."""
        return (*self.source.notes, *self.source.damage())

    @property
    def value_range(self) -> tuple[float, float]:
        """The values that mean black and white; of floats found by one pass over the pixels."""
        if self._range is None:
            bands = (band for _, band in self.rows())
            self._range = measured_range(bands, self.dtype, self._label)
        return self._range

    def region(
        self, top: int, left: int, height: int, width: int, level: int = 0
    ) -> npt.NDArray[Any]:
        """Part of the picture, in its native range.

        Args:
            top: first row, in pixels of the level.
            left: first column, in pixels of the level.
            height: rows.
            width: columns.
            level: 0 is the picture itself, 1 its first smaller copy; see `levels`.

        Returns:
            (height, width), or (height, width, channels) where there are several.

        Raises:
            InvalidArgument: no such level, or a region that does not lie inside of it.
            UnreadableImage: a damaged tile; the message says which.
        """
        self._open()
        size = checked_level(level, self.levels, self._label)
        what = f"level {level} of {self._label}"
        top, left, height, width = checked_region((top, left, height, width), size, what)
        try:
            return self._shaped(self.source.region(level, top, left, height, width))
        except MemoryError as error:
            raise ImageTooLarge(
                f"{height} x {width} pixels of {self._label} do not fit in memory: ask for less, "
                "or read it by the band, rows()"
            ) from error

    def rows(self, block: int | None = None) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Stream the picture once: (first row, full-width band), from top to bottom.

        The next band is decoded by other threads meanwhile. Memory: two bands, of at most 128 MiB
        each.

        Args:
            block: rows of a band, rounded up to whole tiles; None is about 512.

        Raises:
            InvalidArgument, InvalidType: a `block` that is no number of rows; said at once.
        """
        self._open()
        checked_block(block)
        return ((top, self._shaped(band)) for top, band in streamed(self.source, block))

    def reduced(self, longest: int | None, progress: Progress | None = None) -> Image:
        """The picture in 0..1, its longer side averaged down to `longest` pixels; streamed.

        Each new pixel is the mean over the area of level 0 that it covers, as
        `heatlens.perception.channels.seen` computes it of a picture in memory.

        Args:
            longest: pixels along the longer side; None, or more than there are, is the whole
                picture, which then has to fit.
            progress: called after each band.

        Raises:
            ImageTooLarge: the result would have more pixels than the limit for pictures.
        """
        size = reduced_size(self.size, longest)
        checked_limit(size, self._label)
        unit = averaged_unit(self.rows(), self.size, size, self.source, self.value_range, progress)
        try:
            image = Image(self._shaped(unit), self.axes, (0.0, 1.0), self.name)
        except UnreadableImage as error:
            raise UnreadableImage(f"{self._label}: {error}") from error
        return image.with_(metadata={"notes": self.notes} if self.notes else {})

    def image(self, level: int = 0) -> Image:
        """A whole level in memory, in its native range.

        Raises:
            ImageTooLarge: more pixels than the limit for pictures.
        """
        size = checked_level(level, self.levels, self._label)
        checked_limit(size, self._label)
        return self.part(0, 0, *size, level)

    def part(self, top: int, left: int, height: int, width: int, level: int = 0) -> Image:
        """A region as an `Image`, in its native range; see `region`.

        Values so far from zero that single precision would blur them come in 0..1 instead.
        """
        pixels, value_range = self.region(top, left, height, width, level), self.value_range
        if pixels.dtype not in (np.uint8, np.uint16):
            if self.dtype != np.float32 and coarse(value_range):
                low, high = value_range
                pixels, value_range = (pixels - np.float64(low)) / (high - low), (0.0, 1.0)
            pixels = pixels.astype(np.float32)
        return Image(pixels, self.axes, value_range, self.name)

    def close(self) -> None:
        """Close the file; reading afterwards is an error."""
        self._closed = True
        self.source.close()

    def __enter__(self) -> LargeImage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        height, width = self.size
        return (
            f"LargeImage({self.name!r}, {self.axes} {height} x {width}, {self.channels} channels, "
            f"{self.dtype}, {len(self.levels)} levels)"
        )

    @property
    def _label(self) -> str:
        return self.name or "the picture"

    def _open(self) -> None:
        if self._closed:
            raise InvalidArgument(f"{self._label} is closed; open it again, or read inside `with`")

    def _shaped(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return pixels[..., 0] if self.channels == 1 else pixels
