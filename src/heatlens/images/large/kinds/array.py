"""Arrays as large pictures: in memory, memory-mapped, or an `.npy` file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnreadableImage
from heatlens.images.large.source import LargeSource, register

__all__ = ["OPACITY", "ArraySource", "known_range", "open_npy"]

OPACITY = "four channels are read as RGBA: the fourth, opacity, is left out"
_COLOURS = (1, 3, 4)
_MOST = 64
"""Channels that a picture may have; more are taken for a volume."""


class ArraySource(LargeSource):
    """An array (H, W) or (H, W, C) that is sliced where it is asked; nothing is copied before.

    Args:
        array: the pixels.
        named: whether it is known that channels come last and that all are colours; else they are
            guessed as `read_image` guesses: of four the last is opacity, and left out.
    """

    def __init__(self, array: npt.NDArray[Any], *, named: bool = False) -> None:
        """Check that it is a picture."""
        if array.ndim not in (2, 3) or 0 in array.shape:
            raise UnreadableImage(
                f"a large picture has rows, columns and perhaps channels (last), got an array of "
                f"shape {array.shape}"
            )
        last = array.shape[-1]
        first = array.shape[0] in _COLOURS and last not in _COLOURS
        if array.ndim == 3 and first and not named:
            raise InvalidArgument(
                f"shape {array.shape}: channels come last, numpy.moveaxis(array, 0, -1)"
            )
        if array.ndim == 3 and last > _MOST and not named:
            raise InvalidArgument(
                f"shape {array.shape} would be a picture of {last} channels; a large picture has "
                f"(rows, columns, channels), of these up to {_MOST}: take one slice of a volume"
            )
        if array.dtype.kind not in "buif":
            raise UnreadableImage(f"pixels of type {array.dtype} are not numbers one can show")
        if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
            raise UnreadableImage("the array has masked pixels; fill them first, array.filled(...)")
        self._array = array if array.ndim == 3 else array[..., None]
        if not named and self._array.shape[2] == 4:
            self._array, self.notes = self._array[..., :3], (OPACITY,)
        height, width, self.channels = self._array.shape
        self.levels = ((height, width),)
        self.dtype = array.dtype.newbyteorder("=")
        self.value_range = known_range(array.dtype)

    def region(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """A slice, in the machine's byte order."""
        part = self._array[top : top + height, left : left + width]
        return np.array(part, self.dtype)


def known_range(dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """Black and white of a type that says them: bool, 8 and 16 bits without sign.

    Example:
        >>> known_range(np.dtype("uint16")), known_range(np.dtype("float32"))
        ((0.0, 65535.0), None)
    """
    if dtype.kind == "b":
        return 0.0, 1.0
    if dtype.kind == "u" and dtype.itemsize <= 2:
        return 0.0, 255.0 if dtype.itemsize == 1 else 65535.0
    return None


def _recognised(path: Path, head: bytes) -> int:
    return 2 if head.startswith(b"\x93NUMPY") else 0


@register("npy", recognises=_recognised, summary="NumPy's .npy files, memory-mapped")
def open_npy(path: Path, damaged: str) -> LargeSource:
    """Map an `.npy` file; its pages are read when they are looked at."""
    try:
        return ArraySource(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, OSError, EOFError) as error:
        if isinstance(error, UnreadableImage):
            raise
        raise UnreadableImage(f"{path} is a NumPy file that is damaged ({error})") from error
