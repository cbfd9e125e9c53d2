"""A pinhole camera over flat ground: where a point of the world appears in the picture.

World: metres, (right, up, forward); the ground is up = 0. Picture: (row, column), pixel centres at
whole numbers. With R the rotation of the camera, c its place and f the focal length in pixels,

    (right, down, forward) = R (point - c)
    row = (H - 1) / 2 + f down / forward        column = (W - 1) / 2 + f right / forward

Hartley, Zisserman: Multiple View Geometry, 2nd ed. 2004, section 6.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

NEAREST = 0.3
"""Metres before the camera below which nothing is drawn."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Camera:
    """Where a camera stands and looks.

    Attributes:
        size: height and width of the picture in pixels.
        focal: focal length in pixels.
        place: (right, up, forward) in metres.
        yaw: radians to the right of straight ahead.
        pitch: radians below the horizontal.
        roll: radians clockwise.
    """

    size: tuple[int, int]
    focal: float
    place: tuple[float, float, float]
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def rotation(self) -> Points:
        """(3, 3): from world directions to the camera's right, down and forward."""
        sin, cos = np.sin, np.cos
        to_right = [
            [cos(self.yaw), 0, -sin(self.yaw)],
            [0, 1, 0],
            [sin(self.yaw), 0, cos(self.yaw)],
        ]
        downward = [
            [1, 0, 0],
            [0, -cos(self.pitch), -sin(self.pitch)],
            [0, -sin(self.pitch), cos(self.pitch)],
        ]
        tilt = [
            [cos(self.roll), sin(self.roll), 0],
            [-sin(self.roll), cos(self.roll), 0],
            [0, 0, 1],
        ]
        turned: Points = np.array(tilt) @ np.array(downward) @ np.array(to_right)
        return turned

    @property
    def intrinsic(self) -> Points:
        """(3, 3): from the camera's right, down, forward to (column, row, 1) times the depth."""
        height, width = self.size
        return np.array(
            [[self.focal, 0, (width - 1) / 2], [0, self.focal, (height - 1) / 2], [0, 0, 1.0]]
        )

    def seen(self, points: ArrayLike) -> tuple[Points, Points]:
        """Where points appear, and how deep they lie.

        Args:
            points: (..., 3) in metres.

        Returns:
            (..., 2) rows and columns, NaN for what lies behind the camera, and (...) depths in
            metres.

        Example:
            >>> ahead = Camera((101, 201), 100.0, (0.0, 1.5, 0.0))
            >>> where, depth = ahead.seen([2.0, 1.5, 10.0])
            >>> where.tolist(), float(depth)
            ([50.0, 120.0], 10.0)
        """
        local = (np.asarray(points, np.float64) - self.place) @ self.rotation.T
        depth = local[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            flat = np.where(depth > NEAREST, self.focal / depth, np.nan)
        height, width = self.size
        rows = (height - 1) / 2 + flat * local[..., 1]
        columns = (width - 1) / 2 + flat * local[..., 0]
        return np.stack([rows, columns], axis=-1), depth

    def onto(self, origin: ArrayLike, across: ArrayLike, down: ArrayLike) -> Points:
        """The homography from pixels to a plane.

        Args:
            origin: (3,) point of the plane with the coordinates u = v = 0.
            across: (3,) from there to u = 1.
            down: (3,) from there to v = 1.

        Returns:
            (3, 3) that turns (column, row, 1) into (u, v, 1) / depth. All NaN where the plane
            is seen edge on.

        Example:
            >>> ahead = Camera((101, 201), 100.0, (0.0, 1.5, 0.0))
            >>> found = ahead.onto([0, 1.5, 10], [1, 0, 0], [0, -1, 0]) @ [120, 60, 1]
            >>> (found / found[2]).round(6).tolist(), round(1 / float(found[2]), 6)
            ([2.0, 1.0, 1.0], 10.0)
        """
        start = np.asarray(origin, np.float64) - self.place
        plane = np.stack([np.asarray(across, float), np.asarray(down, float), start], axis=1)
        forward = self.intrinsic @ self.rotation @ plane
        if abs(np.linalg.det(forward)) < 1e-9:
            return np.full((3, 3), np.nan)
        return np.linalg.inv(forward)
