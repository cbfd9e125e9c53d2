"""`camera_motion`: the motion that the whole picture shares, as a homography.

Points with texture are followed from one frame to the next (pyramidal Lucas-Kanade, there and
back), and a homography is fitted to the majority by RANSAC, so that what moves by itself counts as
outlier. With few points or points on a small part of the picture a simpler model is fitted: a
similarity, a shift, none.

Bouguet: Pyramidal implementation of the Lucas Kanade feature tracker, Intel 2001. Raguram, Chum,
Pollefeys, Matas, Frahm: USAC, TPAMI 2013. Computed by OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.frozen import frozen
from heatlens.motion.consensus import agreed
from heatlens.motion.flow import Flow
from heatlens.motion.frames import grey_pair
from heatlens.motion.tracks import followed, textured
from heatlens.motion.warp import checked_flow

__all__ = ["CameraMotion", "camera_motion", "homography_flow"]


@dataclass(frozen=True, eq=False)
class CameraMotion:
    """Where the camera's motion takes each point from one frame to the next.

    Attributes:
        matrix: float64 (3, 3): (row, column, 1) of the first frame to the second, up to scale.
        inliers: share of the followed points that agree with it, 0..1.
        points: how many points were followed.
        model: "homography", "similarity", "shift" or "none".
        trusted: whether to build on it. A matrix that is not trusted is still the best guess, or
            the identity.
        reason: why (not), in words.
    """

    matrix: npt.NDArray[np.float64]
    inliers: float
    points: int
    model: str
    trusted: bool
    reason: str

    def __post_init__(self) -> None:
        """Make the matrix read-only."""
        object.__setattr__(self, "matrix", frozen(self.matrix, np.float64))

    def flow(self, size: tuple[int, int]) -> Flow:
        """The flow of a scene that stands still: float32 (H, W, 2), rows and columns.

        Args:
            size: height and width of the frames.
        """
        return homography_flow(self.matrix, size)

    def residual(self, flow: Flow) -> Flow:
        """What moves by itself: `flow` (H, W, 2) less the camera's."""
        known = checked_flow(flow)
        return known - self.flow((known.shape[0], known.shape[1]))


def camera_motion(
    before: Any, after: Any, *, flow: Flow | None = None, seed: int = 0
) -> CameraMotion:
    """The motion between two frames that most of the picture shares.

    Holds up where 40 % of the picture moves by itself, even with more texture than the ground: of
    the motions found, the one counts that is spread furthest over the picture and explains its rim.
    An object that moves within some three standard deviations of how well points are followed (a
    fifth of a pixel on clean films, more than one in strong noise) is not told from the ground.

    Args:
        before: a frame, as `optical_flow` takes it.
        after: the next frame, of the same size.
        flow: the optical flow between them, where it is known already: it is sampled at the points
            with texture, instead of following them.
        seed: of RANSAC.

    Returns:
        The motion. On frames without texture the identity, not trusted.

    Raises:
        InvalidType: a seed that is no whole number, a flow that is no array.
        InvalidArgument: frames of two sizes, a flow of another or with NaN, a seed below 0.
        UnreadableImage: NaN, infinite values, size zero.
        MissingDependency: without the extra `video`.

    Example:
        >>> black = np.zeros((40, 60), np.uint8)
        >>> motion = camera_motion(black, black)
        >>> motion.trusted, motion.reason
        (False, 'no texture to follow: 0 points')
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise InvalidType(f"seed is {seed!r}; it is a whole number")
    if seed < 0:
        raise InvalidArgument(f"seed is {seed}; it is from 0 on")
    first, second = grey_pair(before, after)
    start = textured(first)
    if flow is None:
        start, end = followed(first, second, start)
    else:
        known = checked_flow(flow, first.shape)
        rows, columns = start.astype(int).T
        end = start + known[rows, columns]
    return CameraMotion(*agreed(start, end, first.shape, seed))


def homography_flow(matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> Flow:
    """The displacement of every pixel under a homography of (row, column, 1).

    Points at infinity, which only degenerate matrices have within a picture, stay where they are.

    Example:
        >>> shift = np.array([[1.0, 0, 2], [0, 1, -3], [0, 0, 1]])
        >>> homography_flow(shift, (4, 5))[1, 1]
        array([ 2., -3.], dtype=float32)
    """
    height, width = size
    rows = np.arange(height, dtype=np.float64)[:, None]
    columns = np.arange(width, dtype=np.float64)[None, :]
    h = np.asarray(matrix, np.float64)
    flow = np.empty((height, width, 2), np.float32)
    if h[2, 0] == 0 and h[2, 1] == 0 and h[2, 2] != 0:
        h = h / h[2, 2]
        flow[..., 0] = (h[0, 0] - 1) * rows + h[0, 1] * columns + h[0, 2]
        flow[..., 1] = h[1, 0] * rows + (h[1, 1] - 1) * columns + h[1, 2]
        return flow
    depth = h[2, 0] * rows + h[2, 1] * columns + h[2, 2]
    near = np.abs(depth) < 1e-12
    depth[near] = 1.0
    flow[..., 0] = (h[0, 0] * rows + h[0, 1] * columns + h[0, 2]) / depth - rows
    flow[..., 1] = (h[1, 0] * rows + h[1, 1] * columns + h[1, 2]) / depth - columns
    flow[near] = 0
    return flow
