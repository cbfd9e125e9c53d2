"""A winding road with painted lines: its course, and how it is painted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heatlens.testing.films.atlas import looked_up
from heatlens.testing.films.camera import NEAREST, Camera
from heatlens.testing.scenes.sources import Pixels
from heatlens.transport.threads import over_rows

LANE = 3.5
"""Width of a lane in metres; there are two."""

LINE = 0.15
"""Width of a painted line in metres."""

DASH, PERIOD = 3.0, 9.0
"""Length of a dash of the middle line and distance from dash to dash, in metres."""

PAINT = 0.86
"""Brightness of the lines."""


@dataclass(frozen=True, slots=True)
class Road:
    """The course of a road: right = sway sin(forward / bend + phase).

    Attributes:
        sway: metres to either side.
        bend: metres of road for one radian.
        phase: in radians.
    """

    sway: float
    bend: float
    phase: float

    def centre(self, forward: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the middle of the road lies, metres to the right."""
        return np.asarray(self.sway * np.sin(np.asarray(forward) / self.bend + self.phase))

    def heading(self, forward: float) -> float:
        """Direction of the road, in radians to the right."""
        return math.atan(self.sway / self.bend * math.cos(forward / self.bend + self.phase))

    def lines(self, camera: Camera, reach: float = 60.0) -> dict[str, NDArray[np.float64]]:
        """Where the middle of each painted line appears.

        Args:
            camera: that looks.
            reach: metres ahead up to which.

        Returns:
            "left", "middle" and "right": (n, 2) rows and columns inside the picture, from near
            to far. The middle one is dashed, and its gaps are part of it here.
        """
        forward = camera.place[2] + np.geomspace(1.0, reach, 400)
        result = {}
        for name, offset in (("left", -LANE), ("middle", 0.0), ("right", LANE)):
            side = self.centre(forward) + offset
            where, _ = camera.seen(np.stack([side, np.zeros_like(side), forward], axis=-1))
            inside = np.isfinite(where).all(axis=1)
            inside &= ((where >= 0) & (where <= np.array(camera.size) - 1)).all(axis=1)
            result[name] = where[inside]
        return result


def paint_ground(
    picture: Pixels,
    camera: Camera,
    road: Road,
    asphalt: Pixels,
    grass: Pixels,
    haze: Pixels,
    reach: float,
) -> None:
    """Paint the ground from the horizon down: grass, asphalt, lines.

    Args:
        picture: (H, W, 3) in 0..1, painted on.
        camera: that looks.
        road: that winds through the grass.
        asphalt: texture of 2.5 m, see `atlas`.
        grass: texture of 6 m.
        haze: (3,) colour of what is far.
        reach: metres over which things fade into it by 63 %.
    """
    inverse = camera.onto((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    course = (road.sway, road.bend, road.phase)

    def rows(start: int, stop: int) -> None:
        _paint_ground(picture, inverse, course, asphalt, grass, haze, reach, start, stop)

    over_rows(rows, len(picture), least=32)


@njit(cache=True, nogil=True, inline="always")
def _length(a: float, b: float) -> float:
    return math.sqrt(
        a * a + b * b
    )  # math.hypot guards against overflow and takes four times as long


@njit(cache=True, nogil=True, fastmath=True)
def _overlap(offset: float, half: float, footprint: float) -> float:
    """Share of a pixel `footprint` wide that a line `half` to either side covers."""
    inside = min(offset + footprint / 2, half) - max(offset - footprint / 2, -half)
    return min(max(inside / footprint, 0.0), 1.0)


@njit(cache=True, nogil=True, fastmath=True)
def _paint_ground(
    picture: NDArray[np.float32],
    inverse: NDArray[np.float64],
    course: tuple[float, float, float],
    asphalt: NDArray[np.float32],
    grass: NDArray[np.float32],
    haze: NDArray[np.float32],
    reach: float,
    start: int,
    stop: int,
) -> None:
    width = picture.shape[1]
    sway, bend, phase = course
    ground = np.empty(4, np.float32)
    tar = np.empty(4, np.float32)
    for y in range(start, stop):
        for x in range(width):
            nearness = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
            if nearness <= 1 / 600.0 or nearness * NEAREST > 1:
                continue
            depth = 1 / nearness
            right = (inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) * depth
            forward = (inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) * depth
            wide = depth * _length(
                inverse[0, 0] - right * inverse[2, 0], inverse[0, 1] - right * inverse[2, 1]
            )
            high = depth * _length(
                inverse[1, 0] - forward * inverse[2, 0], inverse[1, 1] - forward * inverse[2, 1]
            )
            offset = right - sway * math.sin(forward / bend + phase)
            sharp = math.sqrt(wide * high)  # between what is seen across and along
            paved = _overlap(offset, LANE + 0.45, wide)
            ground[:] = 0
            if paved < 1:
                looked_up(grass, right / 6, forward / 6, sharp / 6, ground)
            if paved > 0:
                looked_up(asphalt, right / 2.5, forward / 2.5, sharp / 2.5, tar)
                # Tyres polish two tracks in each lane.
                track = abs(abs(abs(offset) - LANE / 2) - 0.75)
                worn = 1 - 0.12 * math.exp(-((track / 0.3) ** 2))
                edge = _overlap(abs(offset) - LANE, LINE / 2, wide)
                along = _overlap((forward % PERIOD) - PERIOD / 2, DASH / 2, high)
                line = min(edge + _overlap(offset, LINE / 2, wide) * along, 1.0)
                for channel in range(3):
                    colour = tar[channel] * worn * (1 - line) + PAINT * line
                    ground[channel] = ground[channel] * (1 - paved) + colour * paved
            clear = math.exp(-depth / reach)
            for channel in range(3):
                picture[y, x, channel] = ground[channel] * clear + haze[channel] * (1 - clear)
