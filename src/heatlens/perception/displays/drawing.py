"""Bars, drawn with soft edges from their distance function."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["draw_bar"]

Floats = npt.NDArray[np.float64]


def draw_bar(
    canvas: npt.NDArray[np.float32],
    cover: npt.NDArray[np.float32] | None,
    centre: Floats,
    length: float,
    width: float,
    angle: float,
    colour: Floats,
) -> None:
    """Paint a bar over a picture, in place; what lies outside of the picture is cut off.

    The share of a pixel that the bar covers is taken as clip(1/2 - d, 0, 1), d being the distance
    in pixels of the pixel's centre from the bar's edge, negative inside.

    Args:
        canvas: (H, W, 3) in 0..1; painted on.
        cover: (H, W), raised to the covered share if given.
        centre: (row, column) in pixels, pixel centres at whole numbers.
        length: pixels along the bar.
        width: pixels across.
        angle: radians from the horizontal, towards the top.
        colour: (3,) in 0..1.

    Example:
        >>> picture = np.zeros((3, 5, 3), np.float32)
        >>> draw_bar(picture, None, np.array([1.0, 2.0]), 3.0, 1.0, 0.0, np.ones(3))
        >>> picture[..., 0].tolist()[1]
        [0.0, 1.0, 1.0, 1.0, 0.0]
    """
    reach = math.hypot(length, width) / 2 + 1
    rows, columns = (
        slice(max(0, math.floor(middle - reach)), min(n, math.ceil(middle + reach) + 1))
        for middle, n in zip(centre, canvas.shape, strict=False)
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    down = np.arange(rows.start, rows.stop)[:, None] - centre[0]
    right = np.arange(columns.start, columns.stop)[None, :] - centre[1]
    along = np.abs(right * math.cos(angle) - down * math.sin(angle)) - length / 2
    across = np.abs(right * math.sin(angle) + down * math.cos(angle)) - width / 2
    outside = np.hypot(np.maximum(along, 0), np.maximum(across, 0))
    distance = outside + np.minimum(np.maximum(along, across), 0)
    share = np.clip(0.5 - distance, 0.0, 1.0).astype(np.float32)
    part = canvas[rows, columns]
    part += share[..., None] * (colour.astype(np.float32) - part)
    if cover is not None:
        np.maximum(cover[rows, columns], share, out=cover[rows, columns])
