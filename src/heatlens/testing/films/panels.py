"""Flat pieces of the world with a texture: walls, faces of cars, people, signs, the ground."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heatlens.testing.films.atlas import looked_up
from heatlens.testing.films.camera import NEAREST, Camera
from heatlens.testing.scenes.sources import Pixels
from heatlens.transport.threads import over_rows

NOBODY = -1
"""Owner of a pixel that shows no object."""

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A parallelogram in the world.

    Attributes:
        origin: its upper left corner in metres, (right, up, forward).
        across: from there to the upper right corner.
        down: from there to the lower left corner.
        texture: what `atlas` gives.
        shade: what the texture's colours are multiplied by.
        owner: number of the object that it belongs to.
        repeats: times the texture is laid across and down, mirrored; (1, 1) ends at the borders.
        one_sided: seen only from the side on which `across` points right.
        shadow: is not the object itself, but its shadow on the ground.
    """

    origin: Vector
    across: Vector
    down: Vector
    texture: Pixels
    shade: float = 1.0
    owner: int = NOBODY
    repeats: tuple[float, float] = (1.0, 1.0)
    one_sided: bool = False
    shadow: bool = False

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 3) in metres."""
        origin, across, down = (np.array(v) for v in (self.origin, self.across, self.down))
        return np.stack([origin, origin + across, origin + down, origin + across + down])


def paint(
    picture: Pixels,
    owners: NDArray[np.int16],
    shadows: NDArray[np.int16],
    camera: Camera,
    panels: Iterable[Panel],
    haze: Pixels,
    reach: float,
) -> None:
    """Paint panels one over the other, the first lowest.

    Args:
        picture: (H, W, 3) in 0..1, painted on.
        owners: (H, W), whom each pixel shows; painted on.
        shadows: (H, W), whose shadow each pixel shows; painted on.
        camera: that looks.
        panels: in the order in which they are painted.
        haze: (3,) colour that far things fade into.
        reach: metres over which they do by 63 %.
    """
    for panel in panels:
        box = _box(panel, camera)
        if box is None:
            continue
        inverse = camera.onto(panel.origin, panel.across, panel.down)
        if not np.isfinite(inverse).all():
            continue
        look = (panel.texture, panel.shade, panel.repeats, panel.owner, panel.shadow, haze, reach)
        _painted_by_all(picture, owners, shadows, inverse, box, look)


def _painted_by_all(
    picture: Pixels,
    owners: NDArray[np.int16],
    shadows: NDArray[np.int16],
    inverse: NDArray[np.float64],
    box: tuple[int, int, int, int],
    look: tuple[Any, ...],
) -> None:
    top, bottom, left, right = box

    def rows(start: int, stop: int) -> None:
        _paint(picture, owners, shadows, inverse, (top + start, top + stop, left, right), *look)

    over_rows(rows, bottom - top, least=max(1, 20_000 // (right - left)))


def _box(panel: Panel, camera: Camera) -> tuple[int, int, int, int] | None:
    """Rows and columns from and to that a panel can touch; None if it is out of sight."""
    height, width = camera.size
    corners = panel.corners
    where, depth = camera.seen(corners)
    if (depth <= NEAREST).all():
        return None
    if panel.one_sided:
        normal = np.cross(panel.across, panel.down)
        if normal @ (corners.mean(axis=0) - camera.place) >= 0:
            return None
    if (depth <= NEAREST).any():
        return 0, height, 0, width
    low, high = np.floor(where.min(axis=0)) - 1, np.ceil(where.max(axis=0)) + 2
    top, left = max(int(low[0]), 0), max(int(low[1]), 0)
    bottom, right = min(int(high[0]), height), min(int(high[1]), width)
    return (top, bottom, left, right) if top < bottom and left < right else None


@njit(cache=True, nogil=True, inline="always")
def _length(a: float, b: float) -> float:
    return math.sqrt(
        a * a + b * b
    )  # math.hypot guards against overflow and takes four times as long


@njit(cache=True, nogil=True, fastmath=True)
def _paint(
    picture: NDArray[np.float32],
    owners: NDArray[np.int16],
    shadows: NDArray[np.int16],
    inverse: NDArray[np.float64],
    box: tuple[int, int, int, int],
    texture: NDArray[np.float32],
    shade: float,
    repeats: tuple[float, float],
    owner: int,
    shadow: bool,
    haze: NDArray[np.float32],
    reach: float,
) -> None:
    top, bottom, left, right = box
    colour = np.empty(4, np.float32)
    for y in range(top, bottom):
        for x in range(left, right):
            nearness = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
            if nearness <= 0 or nearness * NEAREST > 1:
                continue
            depth = 1 / nearness
            u = (inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) * depth
            v = (inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) * depth
            wide = depth * _length(
                inverse[0, 0] - u * inverse[2, 0], inverse[0, 1] - u * inverse[2, 1]
            )
            high = depth * _length(
                inverse[1, 0] - v * inverse[2, 0], inverse[1, 1] - v * inverse[2, 1]
            )
            # A quarter of a pixel more than covered, so that two faces leave no gap at their edge.
            away = min(min(u, 1 - u) / wide, min(v, 1 - v) / high)
            coverage = min(max(away + 0.75, 0.0), 1.0)
            if coverage == 0:
                continue
            footprint = math.sqrt(wide * repeats[0] * high * repeats[1])
            looked_up(texture, u * repeats[0], v * repeats[1], footprint, colour)
            opacity = colour[3] * coverage
            clear = math.exp(-depth / reach)
            for channel in range(3):
                light = colour[channel] * coverage * shade
                light = light * clear + haze[channel] * opacity * (1 - clear)
                picture[y, x, channel] = picture[y, x, channel] * (1 - opacity) + light
            if shadow and opacity > 0.1:
                shadows[y, x] = owner
            elif opacity > 0.5:
                owners[y, x] = owner
                shadows[y, x] = NOBODY
