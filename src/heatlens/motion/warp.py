"""Moving a picture along a flow, and knowing where that means nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.motion.flow import Flow

__all__ = ["checked_flow", "occluded", "sampled", "warped"]


def warped(array: Any, flow: Flow, *, outside: float | str = "edge") -> npt.NDArray[np.float32]:
    """What stands, in `array`, where the flow leads: backward warping, bilinear.

        out(p) = array(p + flow(p))

    With the flow from frame 0 to frame 1 this takes frame 1 back onto frame 0's pixels. NaN and
    infinite values spread to the points between them and their neighbours, no further.

    Args:
        array: (H, W) or (H, W, C) numbers.
        flow: (H, W, 2), rows and columns, pixels.
        outside: what is taken for points beyond the picture's outermost pixel centres: "edge", the
            nearest pixel, or a number.

    Returns:
        float32, shaped like `array`.

    Raises:
        InvalidType: no real numbers.
        InvalidArgument: sizes that differ, or a flow that is not finite.

    Example:
        >>> ramp = np.arange(4, dtype=np.float32)[None].repeat(2, 0)
        >>> right = np.zeros((2, 4, 2), np.float32)
        >>> right[..., 1] = 0.5
        >>> warped(ramp, right)[0]
        array([0.5, 1.5, 2.5, 3. ], dtype=float32)
    """
    values = np.asarray(array)
    if values.dtype.kind not in "buif":
        raise InvalidType(f"warped takes (H, W) or (H, W, C) real numbers, not {values.dtype}")
    if values.ndim not in (2, 3):
        raise InvalidArgument(f"warped takes (H, W) or (H, W, C) numbers, not {values.shape}")
    checked = checked_flow(flow, values.shape[:2])
    if outside != "edge" and isinstance(outside, str):
        raise InvalidArgument(f"outside is {outside!r}; it can be 'edge' or a number")
    return _gathered(values, checked, outside, relative=True)


def sampled(
    array: npt.NDArray[Any], positions: Flow, *, outside: float | str = "edge"
) -> npt.NDArray[np.float32]:
    """The values at given positions, bilinear.

    Args:
        array: (H, W) or (H, W, C) numbers.
        positions: float32 (h, w, 2), (row, column) of `array` for each pixel of the result.
        outside: as in `warped`.

    Returns:
        float32 (h, w) or (h, w, C).

    Example:
        >>> sampled(np.array([[0.0, 4.0]]), np.array([[[0.0, 0.25]]], np.float32))
        array([[1.]], dtype=float32)
    """
    return _gathered(array, positions, outside, relative=False)


def _gathered(
    values: npt.NDArray[Any], positions: Flow, outside: float | str, *, relative: bool
) -> npt.NDArray[np.float32]:
    planes = np.ascontiguousarray(values, np.float32)
    planes = planes[..., None] if values.ndim == 2 else planes
    result = np.empty((*positions.shape[:2], planes.shape[-1]), np.float32)
    fill = 0.0 if isinstance(outside, str) else float(outside)
    _bilinear(planes, positions, relative, isinstance(outside, str), fill, result)
    return result[..., 0] if values.ndim == 2 else result


def occluded(
    forward: Flow, backward: Flow, *, relative: float = 0.01, absolute: float = 0.5
) -> npt.NDArray[np.bool_]:
    """Pixels of the first frame that are not to be found in the second.

    Where the way there and back does not end where it began, the point was covered, or one of the
    flows is wrong; so is a point that leaves the picture. True where

        |f(p) + b(p + f(p))|^2 > relative (|f(p)|^2 + |b(p + f(p))|^2) + absolute

    Sundaram, Brox, Keutzer: Dense Point Trajectories by GPU-Accelerated Large Displacement Optical
    Flow, ECCV 2010, eq. 5, with its constants.

    Args:
        forward: (H, W, 2) from the first frame to the second.
        backward: (H, W, 2) from the second to the first.
        relative: share of the squared lengths that is allowed.
        absolute: squared pixels that are allowed.

    Returns:
        bool (H, W).

    Example:
        >>> still = np.zeros((2, 3, 2), np.float32)
        >>> occluded(still, still).any()
        np.False_
    """
    there = checked_flow(forward)
    back = warped(checked_flow(backward, there.shape[:2]), there)
    gap = ((there + back) ** 2).sum(2)
    allowed = relative * ((there**2).sum(2) + (back**2).sum(2)) + absolute
    height, width = there.shape[:2]
    row = np.arange(height, dtype=np.float32)[:, None] + there[..., 0]
    column = np.arange(width, dtype=np.float32)[None] + there[..., 1]
    away = (row < -0.5) | (row > height - 0.5) | (column < -0.5) | (column > width - 0.5)
    return np.asarray((gap > allowed) | away)


def checked_flow(flow: Any, size: tuple[int, ...] | None = None) -> Flow:
    """`flow` as float32 (H, W, 2).

    Raises:
        InvalidType: no array of numbers.
        InvalidArgument: another shape, or values that are NaN or infinite.
    """
    try:
        checked = np.ascontiguousarray(flow, np.float32)
    except (TypeError, ValueError):
        raise InvalidType(
            f"a flow is an array (H, W, 2) of numbers, not {type(flow).__name__}"
        ) from None
    if checked.ndim != 3 or checked.shape[-1] != 2 or 0 in checked.shape:
        raise InvalidArgument(f"a flow is (H, W, 2), rows and columns; this one is {checked.shape}")
    if size is not None and checked.shape[:2] != tuple(size):
        raise InvalidArgument(
            f"the flow is {checked.shape[0]} x {checked.shape[1]} pixels, the picture "
            f"{size[0]} x {size[1]}"
        )
    if not np.isfinite(checked).all():
        raise InvalidArgument("the flow has values that are NaN or infinite")
    return checked


@njit(cache=True, nogil=True)
def _bilinear(array, positions, relative, edge, fill, out):  # type: ignore[no-untyped-def]
    height, width, depth = array.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            row, column = np.float64(positions[y, x, 0]), np.float64(positions[y, x, 1])
            if relative:
                row += y
                column += x
            if not edge and (row < 0 or column < 0 or row > height - 1 or column > width - 1):
                for c in range(depth):
                    out[y, x, c] = fill
                continue
            row = min(max(row, 0.0), height - 1.0)
            column = min(max(column, 0.0), width - 1.0)
            top, left = int(row), int(column)
            low, right = min(top + 1, height - 1), min(left + 1, width - 1)
            down, across = row - top, column - left
            for c in range(depth):
                # A neighbour without weight has no say, even if it is infinite or no number.
                value = array[top, left, c] * (1 - across)
                if across > 0:
                    value += array[top, right, c] * across
                if down > 0:
                    below = array[low, left, c] * (1 - across)
                    if across > 0:
                        below += array[low, right, c] * across
                    value = value * (1 - down) + below * down
                out[y, x, c] = value
