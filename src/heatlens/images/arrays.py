"""Arrays and tensors as pictures: which axis is which, and where the opacity is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnreadableImage
from heatlens.image import AXES, Image
from heatlens.images.ranges import native, split_alpha

__all__ = ["from_array", "is_array"]

_COLOURS = (1, 3, 4)
"""Lengths of an axis that can be channels where nobody says: grey, RGB, RGBA."""


def is_array(source: Any) -> bool:
    """Whether `source` is a NumPy array, a torch tensor or offers NumPy's array protocol."""
    return isinstance(source, (np.ndarray, np.generic)) or (
        hasattr(source, "__array__") and not isinstance(source, type)
    )


def from_array(
    source: Any, axes: str | None = None, value_range: tuple[float, float] | None = None
) -> Image:
    """An array or tensor as an `Image`; see `heatlens.images.read.read_image` for the rules.

    Raises:
        InvalidArgument: `axes` that do not fit, or a layout that has two readings.
        UnreadableImage: NaN or infinite values, objects, size zero, one dimension.

    Example:
        >>> from_array(np.zeros((3, 8, 9), np.float32)).size
        (8, 9)
    """
    array, channels_first = _as_numpy(source)
    if isinstance(source, np.ma.MaskedArray) and np.ma.is_masked(source):
        raise UnreadableImage("the array has masked pixels; fill them first, array.filled(...)")
    layout = axes or _guess(array.shape, channels_first)
    pixels, canonical = _arranged(array, layout)
    alpha = None
    notes: tuple[str, ...] = ()
    pixels, real_range, about = native(pixels)
    if axes is None and canonical == "YXC" and pixels.shape[-1] == 4:
        pixels, alpha = split_alpha(pixels, real_range)
        notes = ("four channels were read as RGBA; axes='YXC' keeps them as they are",)
    if value_range is None:
        notes += about
    if canonical.endswith("C") and pixels.shape[-1] == 1:
        pixels, canonical = pixels[..., 0], canonical[:-1]
    return Image(
        np.ascontiguousarray(pixels),
        canonical,
        value_range or real_range,
        alpha=alpha,
        metadata={"notes": notes} if notes else {},
    )


def _as_numpy(source: Any) -> tuple[npt.NDArray[Any], bool]:
    """The data as a NumPy array, and whether channels come first by convention."""
    if type(source).__module__.split(".")[0] == "torch" or hasattr(source, "detach"):
        tensor = source.detach().cpu()
        if str(tensor.dtype) == "torch.bfloat16":  # NumPy has no such type
            tensor = tensor.float()
        return np.asarray(tensor.numpy()), True
    return np.asarray(source), False


def _guess(shape: tuple[int, ...], channels_first: bool) -> str:
    if len(shape) == 2:
        return "YX"
    if len(shape) == 3:
        first, last = shape[0] in _COLOURS, shape[-1] in _COLOURS
        if first and (channels_first or not last):
            return "CYX"
        if last:
            return "YXC"
        raise InvalidArgument(
            f"shape {shape} has no axis of 1, 3 or 4 channels; say what the axes are: axes='YXC' "
            "or 'CYX' for many channels, 'ZYX' for a volume, 'TYX' for frames"
        )
    if len(shape) == 4:
        raise InvalidArgument(
            f"shape {shape} has four dimensions: of a batch give one picture at a time "
            "(batch[0]); of a volume or film say the axes, axes='TYXC' or 'ZYXC'"
        )
    raise UnreadableImage(f"a picture has 2 to 4 dimensions, this array has shape {shape}")


def _arranged(array: npt.NDArray[Any], axes: str) -> tuple[npt.NDArray[Any], str]:
    """The array with its axes in the order that `Image` has them."""
    for canonical in AXES:
        if sorted(canonical) == sorted(axes):
            break
    else:
        raise InvalidArgument(f"axes {axes!r} are not {', '.join(AXES)} in any order")
    if array.ndim != len(axes):
        raise InvalidArgument(
            f"axes {axes!r} name {len(axes)} dimensions, the array has shape {array.shape}"
        )
    return array.transpose([axes.index(letter) for letter in canonical]), canonical
