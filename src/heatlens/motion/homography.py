"""Homographies and similarities fitted to moved points, and what a camera can have done.

All matrices are of (row, column, 1), with a 1 in the last corner.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "SURE",
    "THRESHOLD",
    "bent",
    "homography",
    "missed",
    "possible",
    "sharpened",
    "similarity",
]

THRESHOLD = 1.0
"""Most pixels that a point may lie beside the model."""
SURE = 12
"""Points that a homography needs; four would fit anything."""
_ROUNDS = 6

Matrix = npt.NDArray[np.float64]


def homography(
    cv2: Any, start: Any, end: Any, seed: int, threshold: float = THRESHOLD
) -> tuple[Any, npt.NDArray[np.bool_]]:
    """The homography that most points agree with, by USAC, and which they are; None without one.

    Args:
        cv2: OpenCV.
        start: float32 (n, 2), (row, column).
        end: float32 (n, 2), where they are.
        seed: of the samples drawn.
        threshold: pixels that a point may lie beside the model.
    """
    settings = cv2.UsacParams()
    settings.randomGeneratorState = seed % (2**31 - 1)
    settings.threshold = threshold
    settings.confidence = 0.9999
    settings.maxIterations = 2000
    settings.isParallel = False
    settings.sampler = cv2.SAMPLING_UNIFORM
    settings.score = cv2.SCORE_METHOD_MSAC
    settings.loMethod = cv2.LOCAL_OPTIM_INNER_LO
    settings.loIterations = 10
    settings.loSampleSize = 20
    settings.final_polisher = cv2.LSQ_POLISHER
    settings.final_polisher_iterations = 3
    return _turned(*cv2.findHomography(start[:, ::-1].copy(), end[:, ::-1].copy(), settings))


def similarity(cv2: Any, start: Any, end: Any) -> tuple[Any, npt.NDArray[np.bool_]]:
    """The turn, zoom and shift that most points agree with, and which they are; else None."""
    affine, kept = cv2.estimateAffinePartial2D(
        start[:, ::-1].copy(), end[:, ::-1].copy(), ransacReprojThreshold=THRESHOLD
    )
    return _turned(None if affine is None else np.vstack([affine, [0, 0, 1]]), kept)


def sharpened(
    matrix: npt.NDArray[np.float64], start: Any, end: Any, threshold: float = THRESHOLD
) -> npt.NDArray[np.float64]:
    """Least squares once more, weighted so that points count that lie as close as most do.

    The threshold may let in points of an object whose motion is near the camera's, and the fit
    bends towards them where the ground is hidden. Tukey's biweight at 4.685 robust standard
    deviations (Huber: Robust Statistics, 1981) leaves them out.
    """
    middle, scale = start.mean(0), float(start.std()) or 1.0
    frame = np.array([[scale, 0, middle[0]], [0, scale, middle[1]], [0, 0, 1]])
    back = np.linalg.inv(frame)
    p = ((start - middle) / scale).astype(np.float64)
    q = ((end - middle) / scale).astype(np.float64)
    ones, none = np.ones(len(p)), np.zeros((len(p), 3))
    x = np.c_[p, ones]
    rows = np.concatenate(
        [np.c_[x, none, -q[:, :1] * x], np.c_[none, x, -q[:, 1:] * x]]
    )  # the direct linear transformation: two equations a point
    fitted = matrix
    for _ in range(_ROUNDS):
        apart = missed(fitted, start, end)
        close = apart[apart < threshold]
        if len(close) < SURE:
            return matrix
        # Distances in the plane are Rayleigh's; their median is 1.1774 standard deviations.
        cut = 4.685 * max(float(np.median(close)) / 1.1774, 0.02)
        root = np.clip(1 - (apart / cut) ** 2, 0, None)  # of the biweight
        depth = x @ (back @ fitted @ frame)[2]
        if (root > 0).sum() < SURE or (depth < 0.05).any():
            return matrix
        scaled = np.tile(root / depth, 2)[:, None] * rows
        solution = np.linalg.eigh(scaled.T @ scaled)[1][:, 0].reshape(3, 3)
        fitted = frame @ solution @ back
        if abs(fitted[2, 2]) < 1e-9:
            return matrix
        fitted = fitted / fitted[2, 2]
    return np.asarray(fitted)


def missed(matrix: npt.NDArray[np.float64], start: Any, end: Any) -> npt.NDArray[np.float64]:
    """How far the model lands from where each point is, in pixels."""
    moved = np.c_[start, np.ones(len(start))] @ matrix.T
    depth = np.where(moved[:, 2:] == 0, np.inf, moved[:, 2:])
    return np.asarray(np.linalg.norm(moved[:, :2] / depth - end, axis=1))


def _turned(matrix: Any, kept: Any) -> tuple[Any, npt.NDArray[np.bool_]]:
    """OpenCV's (x, y, 1) to (row, column, 1)."""
    if matrix is None or kept is None or not np.isfinite(matrix).all() or matrix[2, 2] == 0:
        return None, np.zeros(0, bool)
    order = [1, 0, 2]
    return (matrix / matrix[2, 2])[np.ix_(order, order)], kept[:, 0].astype(bool)


def possible(matrix: npt.NDArray[np.float64], size: tuple[int, ...]) -> bool:
    """Whether a camera can have done it: no corner behind it, nothing mirrored, no leap in size."""
    height, width = size
    corners = np.array([[0, 0, 1], [0, width, 1], [height, width, 1], [height, 0, 1]], float)
    moved = corners @ matrix.T
    if (moved[:, 2] <= 0.1).any():
        return False
    row, column = (moved[:, :2] / moved[:, 2:]).T
    area = (np.roll(row, -1) * column - row * np.roll(column, -1)).sum() / 2
    return bool(0.25 < area / (height * width) < 4)


def bent(matrix: npt.NDArray[np.float64], size: tuple[int, ...]) -> float:
    """The largest deviation of the corners from a mere shift, as a share of their distance."""
    height, width = size
    corners = np.array([[0, 0, 1], [0, width, 1], [height, width, 1], [height, 0, 1]], float)
    moved = corners @ matrix.T
    change = moved[:, :2] / moved[:, 2:] - corners[:, :2]
    apart = np.linalg.norm(change - change.mean(0), axis=1)
    return float(apart.max() / (np.hypot(height, width) / 2))
