"""`drive`: what a camera behind the windscreen sees on a country road."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from heatlens.testing.films.camera import Camera
from heatlens.testing.films.panels import NOBODY, Panel, paint
from heatlens.testing.films.road import LANE, Road, paint_ground
from heatlens.testing.films.scenery import (
    asphalt,
    country,
    grass,
    tree_texture,
    upright,
)
from heatlens.testing.films.street import StreetFilm, checked
from heatlens.testing.films.traffic import cars_on, person_crossing, signs_along
from heatlens.testing.films.world import World
from heatlens.testing.scenes.sources import Pixels

FRAMES_PER_SECOND = 25.0
SPEED = 9.0
"""Metres a second that the camera drives until it brakes."""

_BRAKES = 3.6  # seconds, where the person comes near
_SLOWEST = 2.5
_HAZE = np.array([0.78, 0.83, 0.88], np.float32)
_REACH = 180.0


def drive(frames: int = 125, *, size: tuple[int, int] = (360, 640), seed: int = 0) -> StreetFilm:
    """Drive along a winding road, 25 frames a second.

    A car drives ahead, one comes towards the camera, a person steps onto the road; two round
    signs say a handwritten digit. Grass, gravel, trees, hills and the digits are photographs.

    Args:
        frames: of the film; after 125, five seconds, the road is empty but for its trees.
        size: height and width in pixels.
        seed: of the bends, the shake, the colours, the digits and the noise.

    Raises:
        InvalidArgument: an argument is out of its range.
        MissingDependency: scikit-image or scikit-learn is missing (extra ``scenes``).

    Example:
        >>> film = drive(50, size=(90, 160))
        >>> film.names
        ('car ahead', 'car coming', 'person', 'sign near', 'sign far')
        >>> frame = film.frame(0)
        >>> frame.pixels.shape, bool(frame.mask("car ahead").any())
        ((90, 160, 3), True)
    """
    checked(frames, size, seed)
    rng = np.random.default_rng([seed, 1])
    road = Road(float(rng.uniform(4, 7)), 60.0, float(rng.uniform(0, 2 * math.pi)))
    world = World(
        camera=_camera(road, size, rng),
        ground=_ground(road),
        scenery=_trees(road, rng),
        light=lambda seconds: np.ones(3, np.float32),
        lines=road.lines,
        noise=2.0,
        haze=_HAZE,
        reach=_REACH,
    )
    things = (*cars_on(road, rng), person_crossing(road, rng), *signs_along(road, rng))
    return StreetFilm(frames, size, FRAMES_PER_SECOND, things, seed, (12.0,), world)


def travelled(seconds: float) -> float:
    """Metres that the camera has driven: `SPEED`, and from a point on less and less."""
    steady = min(seconds, _BRAKES)
    rest = seconds - steady
    return SPEED * steady + _SLOWEST * rest + (SPEED - _SLOWEST) * (1 - math.exp(-rest))


def _camera(
    road: Road, size: tuple[int, int], rng: np.random.Generator
) -> Callable[[float], Camera]:
    """In the right lane, shaken by the road."""
    rates, phases = rng.uniform(1.5, 9, (3, 3)), rng.uniform(0, 2 * math.pi, (3, 3))
    amplitudes = np.array([0.0009, 0.0014, 0.0012]) / np.sqrt(rates / 3).T

    def at(seconds: float) -> Camera:
        forward = travelled(seconds)
        yaw, pitch, roll = (amplitudes.T * np.sin(2 * math.pi * rates * seconds + phases)).sum(1)
        place = (float(road.centre(forward)) + LANE / 2, 1.3, forward)
        heading = road.heading(forward + 6)
        return Camera(
            size, 0.9 * size[1], place, heading + float(yaw), 0.045 + float(pitch), float(roll)
        )

    return at


@cache
def _surfaces() -> tuple[Pixels, Pixels, Pixels]:
    """Asphalt, grass, and the country at the horizon."""
    return asphalt(), grass(), country()


def _ground(road: Road) -> Callable[[Pixels, Camera, float], None]:
    """The country at the horizon, which no driving brings nearer, and the ground before it."""
    away, width, height, below = 500.0, 1050.0, 187.0, 4.0

    def put(picture: Pixels, camera: Camera, seconds: float) -> None:
        tar, blades, view = _surfaces()
        nobody = np.full(camera.size, NOBODY, np.int16)
        left, _, forward = camera.place
        # More than once, mirrored, so that no bend of the road looks past its end.
        origin = (left - 2.3 * width, height - below, forward + away)
        panel = Panel(origin, (5 * width, 0.0, 0.0), (0.0, -height, 0.0), view, repeats=(5.0, 1.0))
        picture[:] = view[:8, :1024, :3].mean(axis=(0, 1))
        paint(picture, nobody, nobody, camera, [panel], _HAZE, 1e9)
        paint_ground(picture, camera, road, tar, blades, _HAZE, _REACH)

    return put


def _trees(road: Road, rng: np.random.Generator) -> Callable[[Camera], list[Panel]]:
    """Trees on both sides, at random."""
    kinds = [tree_texture(int(rng.integers(1 << 30))) for _ in range(4)]
    trees = []
    for side in (-1, 1):
        forward = float(rng.uniform(6, 12))
        while forward < 220:
            height = float(rng.uniform(4, 7.5))
            right = float(road.centre(forward)) + side * float(rng.uniform(7.5, 13))
            shade = float(rng.uniform(0.8, 1.1))
            texture = kinds[rng.integers(len(kinds))]
            trees.append(upright((right, forward), 0.9 * height, height, texture, shade=shade))
            forward += float(rng.uniform(5, 14))
    return lambda camera: [tree for tree in trees if 0.5 < tree.origin[2] - camera.place[2] < 150]
