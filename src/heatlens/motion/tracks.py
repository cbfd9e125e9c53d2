"""Points with texture, spread over the picture, and where they go."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.images.films.quiet import opencv

__all__ = ["followed", "textured"]

_POINTS = 400
_CLEAREST = 640
"""Texture is looked for on a picture with at most this longer side."""
_TEXTURE = 1e-4
"""Least smaller eigenvalue of the structure tensor, of grey in 0..1; noise of one level of 255 has
some 1e-5."""
_BORDER = 3
_WINDOW = 11
_AGAIN = 0.5
"""Pixels that a point may miss its start by, followed there and back."""

_CHANGE = 30.0
"""Levels of 0..255 by which the surroundings of a point may differ from frame to frame, in mean."""


def textured(frame: npt.NDArray[np.uint8], count: int = _POINTS) -> npt.NDArray[np.float32]:
    """The point with most texture of each cell of a grid.

    Texture is the smaller eigenvalue of the structure tensor (Shi and Tomasi, CVPR 1994): a point
    on a straight edge has none, for it could slide along it.

    Args:
        frame: uint8 (H, W).
        count: about how many cells.

    Returns:
        float32 (n, 2), (row, column); none from cells without texture.

    Example:
        >>> textured(np.zeros((40, 60), np.uint8)).shape
        (0, 2)
    """
    step = max(1, -(-max(frame.shape) // _CLEAREST))
    seen = frame[::step, ::step]
    height, width = seen.shape
    if min(height, width) < 2 * _BORDER + 2:
        return np.empty((0, 2), np.float32)
    cv2 = opencv("camera motion")
    strength = np.array(cv2.cornerMinEigenVal(np.ascontiguousarray(seen), 5, ksize=3))
    inner = strength[_BORDER : height - _BORDER, _BORDER : width - _BORDER]
    side = max(int(np.sqrt(inner.size / count)), 4)
    side = min(side, *inner.shape)
    down, across = inner.shape[0] // side, inner.shape[1] // side
    top = (inner.shape[0] - down * side) // 2
    left = (inner.shape[1] - across * side) // 2
    cells = inner[top : top + down * side, left : left + across * side]
    cells = cells.reshape(down, side, across, side).swapaxes(1, 2).reshape(down * across, -1)
    best = cells.argmax(1)
    found = cells[np.arange(len(cells)), best] >= _TEXTURE
    cell = np.arange(len(cells))
    rows = cell // across * side + best // side + _BORDER + top
    columns = cell % across * side + best % side + _BORDER + left
    return np.stack([rows[found], columns[found]], 1).astype(np.float32) * np.float32(step)


def followed(
    before: npt.NDArray[np.uint8],
    after: npt.NDArray[np.uint8],
    points: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The points that can be followed to the next frame and back, and where they are there.

    Args:
        before: uint8 (H, W).
        after: uint8 (H, W).
        points: float32 (n, 2), (row, column).

    Returns:
        Two arrays float32 (m, 2), m at most n: positions in `before` and in `after`.
    """
    if not len(points):
        return points, points
    cv2 = opencv("camera motion")
    start = np.ascontiguousarray(points[:, None, ::-1])
    options = {
        "winSize": (_WINDOW, _WINDOW),
        "maxLevel": max(int(np.log2(min(before.shape) / 40) + 0.5), 0),
        "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.02),
    }
    end, there, change = cv2.calcOpticalFlowPyrLK(before, after, start, None, **options)
    again, back, _ = cv2.calcOpticalFlowPyrLK(after, before, end, None, **options)
    missed = np.linalg.norm((again - start)[:, 0], axis=1)
    good = (there[:, 0] == 1) & (back[:, 0] == 1) & (missed < _AGAIN)
    good &= change[:, 0] < _CHANGE
    limits = np.array(before.shape[::-1])
    good &= ((end[:, 0] >= 0) & (end[:, 0] <= limits - 1)).all(1)
    return points[good], np.ascontiguousarray(end[good, 0, ::-1])
