"""Alignment by an affine map or a homography: matched corners, then the pixels themselves.

1. ORB corners of both pictures, matched where each is the other's nearest (Rublee et al. 2011);
   the map that most of them agree on within 3 pixels (RANSAC).
2. Refined by maximising the correlation of local contrast (ECC; Evangelidis, Psarakis 2008). What
   makes the correlation worse, or leaves the corners that agreed, is not taken.
3. Where too few corners agree, ECC stands alone: on small pictures from sixteen turns, from the
   best of them on whole ones. Then it has to fit better before it is believed.

Computed by OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.optional import needed
from heatlens.pixels.alignment.contrast import correlation, local_contrast, reach
from heatlens.pixels.alignment.way import Alignment

__all__ = ["affine", "homography"]

Grey = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

_FEATURES, _REPROJECTION, _ROUNDS = 4000, 3.0, 5000
_LEAST = 8
"""Matches that have to agree before the corners are believed."""

_KEPT = 0.9
"""Share of these that have to agree after refining too."""

_TURNS, _SMALL, _NARROW = 16, 256, 32
_ALONE = 0.9
"""Correlation of local contrast from which on a map is believed that no corners speak for."""


@dataclass(frozen=True, eq=False)
class _Corners:
    """A map that corners agree on, or None, and those that do, (n, 2) of each picture."""

    matrix: Matrix | None = None
    first: Grey = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    second: Grey = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    info: dict[str, Any] = field(default_factory=dict)


def affine(first: Grey, second: Grey) -> Alignment:
    """Shift, rotation, scale and shear."""
    return _matched(first, second, homography=False)


def homography(first: Grey, second: Grey) -> Alignment:
    """As `affine`, with perspective: a plane seen from elsewhere, or a camera that turned."""
    return _matched(first, second, homography=True)


def _matched(first: Grey, second: Grey, homography: bool) -> Alignment:
    cv2 = needed("cv2", "aligning two pictures", extra="pixels")
    corners = _by_corners(cv2, first, second, homography)
    if corners.matrix is not None:
        found = _refined(cv2, first, second, corners.matrix, homography, corners)
        refined = found is not corners.matrix
        return Alignment(found, {**corners.info, "refined": refined})
    start = _turned(cv2, first, second)
    if start is None:
        raise InvalidArgument(
            f"the pictures could not be aligned: {corners.info.get('matches that agree', 0)} "
            f"corners agree on a map, {_LEAST} are needed, and fitting the grey levels led nowhere. "
            "Do they show the same thing? align='translation' needs no corners"
        )
    found = _refined(cv2, first, second, start, homography, corners)
    note = "too few corners matched; aligned by the grey levels alone"
    return Alignment(found, {**corners.info, "refined": True}, (note,), _ALONE)


def _refined(
    cv2: Any, first: Grey, second: Grey, start: Matrix, homography: bool, corners: _Corners
) -> Matrix:
    """The start, or what local contrast and then grey levels make better."""
    a, b = local_contrast(first), local_contrast(second)
    best, fit = start, _correlation(cv2, a, b, start)
    least = _KEPT * len(corners.first)
    for pair, margin in (((a, b), reach(first)), ((_stretched(first), _stretched(second)), 0)):
        found = _by_levels(cv2, *pair, best, homography, margin)
        if found is None or _agreeing(found, corners) < least:
            continue
        now = _correlation(cv2, a, b, found)
        if now >= fit - 1e-4:
            best, fit = found, now
    return best


def _agreeing(matrix: Matrix, corners: _Corners) -> int:
    """How many of the corners that agreed still do."""
    moved = np.column_stack([corners.first, np.ones(len(corners.first))]) @ matrix.T
    off = np.linalg.norm(moved[:, :2] / moved[:, 2:] - corners.second, axis=1)
    return int((off <= _REPROJECTION).sum())


def _turned(cv2: Any, first: Grey, second: Grey) -> Matrix | None:
    """The best affine map found from several turns about the middle, on reduced pictures."""
    sides = (*first.shape, *second.shape)
    share = min(1.0, max(_SMALL / max(sides), _NARROW / min(sides)))
    small = [
        cv2.resize(each, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        if share < 1
        else each
        for each in (first, second)
    ]
    a, b = (local_contrast(each) for each in small)
    levels = (_stretched(small[0]), _stretched(small[1]))
    (x, y), (u, v) = ([(n - 1) / 2 for n in each.shape[::-1]] for each in small)
    best, found = 0.0, None
    for angle in 2 * np.pi * np.arange(_TURNS) / _TURNS:
        c, s = np.cos(angle), np.sin(angle)
        start = np.array([[c, -s, u - c * x + s * y], [s, c, v - s * x - c * y], [0, 0, 1]])
        for pair, margin in ((levels, 0), ((a, b), reach(small[0]))):
            matrix = _by_levels(cv2, *pair, start, False, margin)
            if matrix is not None and (fit := _correlation(cv2, a, b, matrix)) > best:
                best, found = fit, matrix
    if found is None:
        return None
    scale = np.array([[share, 0, (share - 1) / 2], [0, share, (share - 1) / 2], [0, 0, 1]])
    return np.asarray(np.linalg.inv(scale) @ found @ scale)


def _by_corners(cv2: Any, first: Grey, second: Grey, homography: bool) -> _Corners:
    found = []
    for picture in (first, second):
        levels = np.rint(_stretched(picture) * 255).astype(np.uint8)
        found.append(cv2.ORB_create(_FEATURES, fastThreshold=7).detectAndCompute(levels, None))
    (corners, words), (others, other_words) = found
    if words is None or other_words is None:
        return _Corners(info={"matches": 0})
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(words, other_words)
    if len(pairs) < _LEAST:
        return _Corners(info={"matches": len(pairs)})
    a = np.array([corners[pair.queryIdx].pt for pair in pairs], np.float32)
    b = np.array([others[pair.trainIdx].pt for pair in pairs], np.float32)
    if homography:
        matrix, agree = cv2.findHomography(a, b, cv2.RANSAC, _REPROJECTION, maxIters=_ROUNDS)
    else:
        matrix, agree = cv2.estimateAffine2D(
            a, b, method=cv2.RANSAC, ransacReprojThreshold=_REPROJECTION, maxIters=_ROUNDS
        )
        matrix = None if matrix is None else np.vstack([matrix, [0, 0, 1]])
    count = 0 if agree is None else int(agree.sum())
    info = {"matches": len(pairs), "matches that agree": count}
    if matrix is None or count < _LEAST or not np.isfinite(matrix).all():
        return _Corners(info=info)
    agreed = agree.ravel() > 0
    return _Corners(np.asarray(matrix, np.float64), a[agreed], b[agreed], info)


def _by_levels(
    cv2: Any, a: Grey, b: Grey, start: Matrix, homography: bool, margin: int
) -> Matrix | None:
    """ECC on two pictures but for `margin` pixels at their edges; None if it does not converge."""
    motion = cv2.MOTION_HOMOGRAPHY if homography else cv2.MOTION_AFFINE
    rows = 3 if homography else 2
    start = start / start[2, 2]
    inner = [_inner(each, margin) for each in (a, b)]
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    mask = inner[0] & cv2.warpPerspective(inner[1], start, a.shape[::-1], flags=flags)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-6)
    try:
        _, found = cv2.findTransformECC(
            np.ascontiguousarray(a), np.ascontiguousarray(b),
            start[:rows].astype(np.float32), motion, stop, mask, 5,
        )  # fmt: skip
    except cv2.error:
        return None
    matrix = np.eye(3)
    matrix[:rows] = found
    return matrix if np.isfinite(matrix).all() else None


def _inner(picture: Grey, margin: int) -> npt.NDArray[np.uint8]:
    """1 but for `margin` pixels at the edges."""
    height, width = picture.shape
    return np.pad(np.ones((height - 2 * margin, width - 2 * margin), np.uint8), margin)


def _correlation(cv2: Any, a: Grey, b: Grey, matrix: Matrix) -> float:
    """Of what both show; -1 where that is less than a fifth of the first."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (a.shape[1], a.shape[0])
    moved = cv2.warpPerspective(b, matrix, size, flags=flags)
    seen = cv2.warpPerspective(np.ones_like(b), matrix, size, flags=flags) > 0.999
    return correlation(a, moved, seen) if seen.mean() > 0.2 else -1.0


def _stretched(picture: Grey) -> Grey:
    """The 1st to the 99th percentile over 0..1: dark and pale pictures have corners too."""
    low, high = np.percentile(picture, [1, 99])
    return np.asarray(np.clip((picture - low) / max(high - low, 1e-6), 0, 1), np.float32)
