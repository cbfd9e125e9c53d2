"""A short window of frames around the present one, seen by one camera."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heatlens.images.area import reduced_size
from heatlens.images.films.quiet import opencv
from heatlens.perception.moving.motion import Motion

__all__ = ["Window", "as_seen", "chained", "reduced_grey"]

Array = npt.NDArray[np.float32]


class Window:
    """The last frames, and for each that has its neighbours, the window around it.

    At both ends of a film the window is mirrored in time. With `steady`, the frames are warped to
    where the present frame's camera would have seen them, by the product of the camera's motions
    between; a cut ends the window on its side.

    Args:
        half: frames on each side.
        steady: whether the camera's motion is taken out.
    """

    def __init__(self, half: int, *, steady: bool) -> None:
        """Begin without a past."""
        self._half, self._steady = half, steady
        self._frames: deque[tuple[Array, Motion]] = deque(maxlen=2 * half + 1)
        self._seen = 0
        self._given = 0

    def add(self, picture: Array, motion: Motion) -> Array | None:
        """Take the next picture, (h, w); the window of the one `half` before, once complete.

        Returns:
            (2 half + 1, h, w), the present one in the middle.
        """
        self._frames.append((picture, motion))
        self._seen += 1
        if self._seen <= self._half:
            return None
        return self._around(self._given)

    def rest(self) -> list[Array]:
        """The windows of the last pictures, which have no future."""
        return [self._around(place) for place in range(self._given, self._seen)]

    def _around(self, place: int) -> Array:
        first = self._seen - len(self._frames)
        last = self._seen - 1
        begin, end = self._scene(place, first, last)
        order = [_mirrored(place + k, begin, end) for k in range(-self._half, self._half + 1)]
        views = {k: self._view(k, place) for k in set(order)}
        self._given = place + 1
        return np.stack([views[k] for k in order])

    def _scene(self, place: int, first: int, last: int) -> tuple[int, int]:
        """The stretch around `place` without a cut."""
        begin, end = place, place
        while begin > first and not self._at(begin)[1].cut:
            begin -= 1
        while end < last and not self._at(end + 1)[1].cut:
            end += 1
        return begin, end

    def _at(self, place: int) -> tuple[Array, Motion]:
        return self._frames[place - self._seen + len(self._frames)]

    def _view(self, place: int, present: int) -> Array:
        """Picture `place` as the camera of `present` would have seen it."""
        picture = self._at(place)[0]
        if place == present or not self._steady:
            return picture
        way = chained(
            [self._at(k)[1] for k in range(min(place, present) + 1, max(place, present) + 1)],
            picture.shape,
        )
        if place > present:
            way = np.asarray(np.linalg.inv(way), np.float64)
        return as_seen(picture, way, self._at(present)[0])


def chained(motions: Sequence[Motion], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """The way from the last of some frames to the frame before the first of them.

    Args:
        motions: of frames in a row.
        shape: of the pictures that will be warped.

    Returns:
        (3, 3) of (x, y, 1), in pixels of a grid of `shape`.
    """
    way = np.eye(3)
    for motion in motions:
        way = way @ _matrix(motion, shape)
    return way


def as_seen(picture: Array, way: npt.NDArray[np.float64], elsewhere: Array) -> Array:
    """A picture as the camera of another frame would have seen it, bilinear.

    Args:
        picture: (h, w).
        way: (3, 3) from (x, y, 1) of that frame to this picture.
        elsewhere: (h, w), what is put where this picture saw nothing: that frame itself, so that
            nothing seems to have changed there.
    """
    cv2 = opencv("saliency of films")
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = picture.shape[1], picture.shape[0]
    seen = elsewhere.copy()
    # OpenCV leaves what lies outside of the picture as it is in `seen`.
    cv2.warpPerspective(picture, way, size, seen, flags, cv2.BORDER_TRANSPARENT)
    return seen


def _matrix(motion: Motion, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """The camera's motion to the frame before, of (x, y, 1), on a grid of `shape`."""
    height, width = shape[0] / motion.size[0], shape[1] / motion.size[1]
    # Grids are aligned edge to edge: the centre of the first pixel lies half a pixel inside.
    onto = np.array([[width, 0, (width - 1) / 2], [0, height, (height - 1) / 2], [0, 0, 1]])
    order = [1, 0, 2]
    matrix = motion.camera.matrix[np.ix_(order, order)]
    return np.asarray(onto @ matrix @ np.linalg.inv(onto), np.float64)


def _mirrored(place: int, begin: int, end: int) -> int:
    """`place` reflected into begin..end, as often as it takes: -1 is 1."""
    if begin == end:
        return begin
    period = 2 * (end - begin)
    away = (place - begin) % period
    return begin + min(away, period - away)


def reduced_grey(frame: npt.NDArray[np.uint8], longest: int) -> Array:
    """Brightness in 0..1 (ITU-R BT.601), the longer side averaged down to `longest` pixels."""
    cv2 = opencv("saliency of films")
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    height, width = reduced_size((frame.shape[0], frame.shape[1]), longest)
    if (height, width) == grey.shape:
        return np.asarray(grey, np.float32)
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.float32)
