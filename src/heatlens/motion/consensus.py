"""The motion that most of a set of moved points share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.images.films.quiet import opencv
from heatlens.motion.homography import (
    SURE,
    THRESHOLD,
    bent,
    homography,
    missed,
    possible,
    sharpened,
    similarity,
)

__all__ = ["agreed"]

_SPREAD = 0.15
"""Least spread of points for a homography; of points all over the picture it is 1."""
_LEAST_SPREAD = 0.02
"""Likewise for a similarity."""
_USUAL = 0.04
"""How far a camera's matrix bends (turn in radians, zoom as a share) in a quick movement."""
_FINEST = 0.2
"""Least threshold in pixels: no tracker is better."""
_DEVIATIONS = 3.5
"""Standard deviations of the points' noise that lie within the threshold."""
_RIM = 0.125
"""Width of the picture's rim, as a share of its sides."""
_RIM_POINTS = 16
"""Followed points in the rim from which on they have a say."""
_RIM_AGREES = 0.3
"""Share of them that a camera's motion explains at least; of an object's motion it is less."""
_MOTIONS = 3
_LEAST = 0.12
"""Share of the points that a further motion is looked for among."""
_RIVAL = 0.8
"""Score of a second motion, as a share of the first one's, from which on neither is trusted."""
_TRUSTED = 0.25

Agreement = tuple[npt.NDArray[np.float64], float, int, str, bool, str]


def agreed(
    start: npt.NDArray[np.float32],
    end: npt.NDArray[np.float32],
    size: tuple[int, ...],
    seed: int,
) -> Agreement:
    """Fit the richest model that the points can carry to the motion of the ground.

    Motions are found one after the other, each among the points that the ones before left. The
    camera's is that with the largest product of points, spread, and share of the points in the
    picture's rim that it explains, for an object may have more texture than the ground around it,
    but does not reach as far; less where it would turn, zoom or shear more than cameras do from
    frame to frame, as a fit to two objects at once may. How far a point may lie beside its motion
    follows from how well points are followed (`noise`).

    Args:
        start: float32 (n, 2), (row, column) in the first frame.
        end: float32 (n, 2), where they are in the second.
        size: height and width of the frames.
        seed: of RANSAC.

    Returns:
        Matrix (3, 3) of (row, column, 1), share of inliers, n, the model's name, whether it is to
        be trusted, and why.
    """
    count = len(start)
    if count < 4:
        return np.eye(3), 0.0, count, "none", False, f"no texture to follow: {count} points"
    cv2 = opencv("camera motion")
    fine = min(max(_DEVIATIONS * noise(start, end), _FINEST), THRESHOLD)
    # A wide threshold would let one homography pass between the ground's motion and an object's;
    # it is the last resort, for scenes that are far from flat.
    tried = []
    for threshold in dict.fromkeys((fine, (fine * THRESHOLD) ** 0.5, THRESHOLD)):
        tried.append(_judged(cv2, start, end, size, seed, threshold))
        if tried[-1][4]:
            break
    return tried[-1] if tried[-1][4] else max(tried, key=lambda found: found[1])


def _judged(
    cv2: Any, start: Any, end: Any, size: tuple[int, ...], seed: int, threshold: float
) -> Agreement:
    """`agreed` with points that may lie `threshold` pixels beside their motion."""
    count = len(start)
    found = _motions(cv2, start, end, size, seed, threshold)
    if not found:
        found = [(0.0, "shift", *_shift(start, end, threshold))]
    found.sort(key=lambda motion: -motion[0])
    score, model, matrix, inside = found[0]
    if model == "homography" and _spread(start[inside], size) < _SPREAD:
        model, matrix = _simpler(cv2, start[inside], end[inside], size, threshold)
        inside = missed(matrix, start, end) < threshold
    share = float(inside.mean())
    told = f"{int(inside.sum())} of {count} points move as one ({model})"
    if inside.sum() < 4 or share < (_TRUSTED if model == "homography" else 0.5):
        return matrix, share, count, model, False, f"no common motion: only {told}"
    if model == "homography" and _in_rim(start, inside, size) < _RIM_AGREES:
        return matrix, share, count, model, False, f"the rim of the picture moves otherwise; {told}"
    if len(found) > 1 and found[1][0] > _RIVAL * score:
        return matrix, share, count, model, False, f"two motions of about equal weight; {told}"
    return matrix, share, count, model, True, told


def noise(start: npt.NDArray[np.float32], end: npt.NDArray[np.float32]) -> float:
    """Standard deviation, in pixels, of how points are followed, from neighbours that differ.

    Nearest neighbours mostly belong to one surface, whatever moves in the picture; the median of
    Rayleigh's distribution is 1.1774 standard deviations, those of a difference are sqrt(2) larger.

    Example:
        >>> points = np.random.default_rng(0).uniform(0, 300, (400, 2)).astype(np.float32)
        >>> jitter = np.random.default_rng(1).normal(0, 0.1, (400, 2)).astype(np.float32)
        >>> round(noise(points, points + [3, -2] + jitter), 2)
        0.1
    """
    from scipy.spatial import cKDTree

    nearest = cKDTree(start).query(start, 2)[1][:, 1]
    moved = (end - start).astype(np.float64)
    apart = np.linalg.norm(moved - moved[nearest], axis=1)
    return float(np.median(apart) / (1.1774 * np.sqrt(2)))


def _motions(
    cv2: Any, start: Any, end: Any, size: tuple[int, ...], seed: int, threshold: float
) -> list[tuple[float, str, npt.NDArray[np.float64], npt.NDArray[np.bool_]]]:
    """Up to three motions: score, "homography", matrix, and which points follow it."""
    rest = np.ones(len(start), bool)
    found: list[tuple[float, str, npt.NDArray[np.float64], npt.NDArray[np.bool_]]] = []
    while len(found) < _MOTIONS and rest.sum() >= max(SURE, _LEAST * len(start)):
        matrix, kept = homography(cv2, start[rest], end[rest], seed, threshold)
        if matrix is None or kept.sum() < SURE // 2:
            break
        matrix = sharpened(matrix, start[rest], end[rest], threshold)
        apart = missed(matrix, start, end)
        inside = rest & (apart < threshold)
        if inside.sum() < SURE:
            break
        if possible(matrix, size):
            score = float(inside.sum()) * _spread(start[inside], size)
            score *= _in_rim(start, inside, size) / (1 + (bent(matrix, size) / _USUAL) ** 2)
            found.append((score, "homography", matrix, inside))
        rest &= ~(inside | (apart < 2 * threshold))
    return found


def _in_rim(
    points: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_], size: tuple[int, ...]
) -> float:
    """Share of the points in the picture's rim that a motion explains; 1 where there are few."""
    place = (points + np.float32(0.5)) / np.array(size, np.float32)
    rim = (np.abs(place - np.float32(0.5)) > 0.5 - _RIM).any(1)
    return float(inside[rim].mean()) if rim.sum() >= _RIM_POINTS else 1.0


def _simpler(
    cv2: Any, start: Any, end: Any, size: tuple[int, ...], threshold: float
) -> tuple[str, npt.NDArray[np.float64]]:
    """A similarity, or a shift, of points that say nothing of the rest of the picture."""
    if _spread(start, size) >= _LEAST_SPREAD:
        matrix, _ = similarity(cv2, start, end)
        if matrix is not None and possible(matrix, size):
            return "similarity", matrix
    return "shift", _shift(start, end, threshold)[0]


def _shift(
    start: Any, end: Any, threshold: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The shift that most points agree with, refined to the mean of those."""
    moved = (end - start).astype(np.float64)
    apart = np.linalg.norm(moved[:, None] - moved[None], axis=2) < threshold
    inside = apart[apart.sum(1).argmax()]
    matrix = np.eye(3)
    matrix[:2, 2] = moved[inside].mean(0)
    return matrix, inside


def _spread(points: npt.NDArray[np.float32], size: tuple[int, ...]) -> float:
    """How far points lie apart: 12 sqrt(det covariance) / (height width); 1 for an even grid."""
    if len(points) < 3:
        return 0.0
    covariance = np.cov(points.T.astype(np.float64))
    return 12 * float(np.sqrt(max(np.linalg.det(covariance), 0.0))) / (size[0] * size[1])
