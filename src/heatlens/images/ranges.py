"""Which pixel values mean black and white, where nobody says."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnreadableImage

__all__ = ["native", "split_alpha"]

_LEVELS = (
    "all values are whole numbers within 0..255 and read as 8-bit levels, value_range (0, 255); "
    "give value_range= for another"
)


def native(
    pixels: npt.NDArray[Any], label: str = "the array", *, levels: bool = True
) -> tuple[npt.NDArray[Any], tuple[float, float], tuple[str, ...]]:
    """Pixels as uint8, uint16 or float32, their range, and notes on what was decided.

    uint8 and uint16 keep their type's range, booleans have (0, 1), floats within 0..1 have
    (0, 1). Whole numbers within 0..255 (and beyond 1) of any other type are 8-bit levels, (0, 255),
    so that a dark picture stays dark, unless `levels` is False. All else has its own minimum and
    maximum. Nothing is clipped.

    Raises:
        UnreadableImage: not numbers, or NaN or infinite values.

    Example:
        >>> native(np.array([[-5, 15]], np.int16))[1:]
        ((-5.0, 15.0), ("value_range is the data's own, -5 to 15; give value_range= for another",))
    """
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8), (0.0, 1.0), ()
    if pixels.dtype.kind not in "iuf":
        raise UnreadableImage(
            f"{label} holds {pixels.dtype} values, not numbers that can be shown; convert them to "
            "an integer or float type first"
        )
    if 0 in pixels.shape:
        raise UnreadableImage(f"{label} has size zero: shape {pixels.shape}")
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize <= 2:
        high = 255.0 if pixels.dtype.itemsize == 1 else 65535.0
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False), (0.0, high), ()
    low, high = float(pixels.min()), float(pixels.max())
    with np.errstate(over="ignore"):
        single = pixels.astype(np.float32, copy=False)
        if not (np.isfinite(low) and np.isfinite(high)):
            bad = int((~np.isfinite(pixels)).sum())
            raise UnreadableImage(
                f"{bad} of {pixels.size} pixel values of {label} are NaN or infinite; replace "
                "them first, for example with numpy.nan_to_num"
            )
        if not (np.isfinite(np.float32(low)) and np.isfinite(np.float32(high))):
            raise UnreadableImage(f"values of {label} exceed float32: {low:g} to {high:g}")
    if pixels.dtype.kind == "f" and low >= 0 and high <= 1:
        return single, (0.0, 1.0), ()
    if levels and low >= 0 and 1 < high <= 255 and _whole(pixels):
        return single, (0.0, 255.0), (_LEVELS,)
    low, high = float(np.float32(low)), float(np.float32(high))
    note = f"value_range is the data's own, {low:g} to {high:g}; give value_range= for another"
    return single, (low, high if high > low else low + max(1.0, abs(low))), (note,)


def _whole(pixels: npt.NDArray[Any]) -> bool:
    return pixels.dtype.kind != "f" or bool((pixels == np.rint(pixels)).all())


def split_alpha(
    pixels: npt.NDArray[Any], value_range: tuple[float, float]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32] | None]:
    """(H, W, C + 1) as (H, W, C) and (H, W) opacity in 0..1, None where all is opaque."""
    low, high = value_range
    alpha = (pixels[..., -1].astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return pixels[..., :-1], None if (alpha >= 1).all() else np.clip(alpha, 0, 1)
