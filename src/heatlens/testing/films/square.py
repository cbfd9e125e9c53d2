"""`square`: what a camera on a mast sees of a town square in the course of a day."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from heatlens.testing.films.camera import Camera
from heatlens.testing.films.panels import NOBODY, Panel, paint
from heatlens.testing.films.passers import FOUNTAIN, passers
from heatlens.testing.films.scenery import (
    asphalt,
    basin,
    board,
    paving,
    plain,
    tree_texture,
    upright,
    water,
    window,
)
from heatlens.testing.films.street import StreetFilm, checked, part_of
from heatlens.testing.films.world import World
from heatlens.testing.scenes.sources import Pixels

FRAMES_PER_SECOND = 10.0

HOURS = (7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0, 21.0)
"""Of which the film keeps a part."""

WALL, STREET, WIDTH = 32.0, 27.5, 4.6
"""Metres from the mast to the house and to the middle of the street before it; the street's width."""

_HAZE = np.array([0.75, 0.78, 0.82], np.float32)


def square(frames: int = 400, *, size: tuple[int, int] = (360, 640), seed: int = 0) -> StreetFilm:
    """Watch a square with a fixed camera, ten frames a second, for a while of every second hour.

    In the morning most people walk to the right, in the evening to the left; at noon some stand
    at the fountain; cars pass behind. Light and shadows follow the sun, and the sensor is noisy.
    Paving, leaves, water and the pictures on the wall are photographs.

    Args:
        frames: of the film, in equal parts for `HOURS`; between two parts there is a cut.
        size: height and width in pixels.
        seed: of who walks where and when, the trees and the noise.

    Raises:
        InvalidArgument: an argument is out of its range.
        MissingDependency: scikit-image or scikit-learn is missing (extra ``scenes``).

    Example:
        >>> film = square(16, size=(90, 160))
        >>> [film.hour(index) for index in (0, 2, 15)]
        [7.0, 9.0, 21.0]
        >>> film.frame(5).pixels.shape
        (90, 160, 3)
    """
    checked(frames, size, seed)
    rng = np.random.default_rng([seed, 2])
    camera = Camera(size, 0.8 * size[1], (0.0, 6.8, 0.0), pitch=math.radians(24))

    def hour(seconds: float) -> float:
        index = min(max(round(seconds * FRAMES_PER_SECOND), 0), frames - 1)
        return HOURS[part_of(index, frames, len(HOURS))]

    standing = _standing(rng)
    world = World(
        camera=lambda seconds: camera,
        ground=_ground(),
        scenery=lambda camera: standing,
        light=lambda seconds: daylight(hour(seconds)),
        lines=lambda camera: {},
        noise=3.0,
        haze=_HAZE,
        reach=400.0,
    )
    things = passers(HOURS, frames / FRAMES_PER_SECOND, STREET, rng)
    return StreetFilm(frames, size, FRAMES_PER_SECOND, things, seed, HOURS, world)


def daylight(hour: float) -> Pixels:
    """What the sun, or the lamps at night, multiply red, green and blue by."""
    height = max(math.sin(math.pi * (hour - 5.5) / 15), 0.0)
    warm = np.array([1.0, 0.86, 0.68], np.float32)
    white = np.array([1.0, 1.0, 1.0], np.float32)
    colour: Pixels = warm * (1 - height) + white * height
    return colour * np.float32(0.5 + 0.55 * height**0.8)


@cache
def _painted(size: tuple[int, int], camera: Camera) -> Pixels:
    """The ground and the house, which nothing ever passes behind."""
    picture: Pixels = np.zeros((*size, 3), np.float32)
    nobody = np.full(size, NOBODY, np.int16)
    slabs = paving()
    near, far = STREET - WIDTH / 2, STREET + WIDTH / 2
    panels = [
        Panel((-40.0, 0.0, 40.0), (80.0, 0.0, 0.0), (0.0, 0.0, -40.0), slabs, 0.92,
              repeats=(80 / 3.2, 40 / 3.2)),
        Panel((-40.0, 0.0, far), (80.0, 0.0, 0.0), (0.0, 0.0, near - far), asphalt(),
              repeats=(32.0, 2.0)),
        *(
            Panel((-40.0, 0.0, edge + 0.15), (80.0, 0.0, 0.0), (0.0, 0.0, -0.3), plain((0.7, 0.69, 0.66)))
            for edge in (near, far)
        ),
        Panel((-40.0, 9.0, WALL), (80.0, 0.0, 0.0), (0.0, -9.0, 0.0), plain((0.78, 0.66, 0.52))),
        Panel((-40.0, 0.7, WALL - 0.01), (80.0, 0.0, 0.0), (0.0, -0.7, 0.0), plain((0.45, 0.4, 0.36))),
    ]  # fmt: skip
    panels += [window((right, WALL), 2.0, 2.1, 1.3) for right in (-15.5, -5.8, 5.8, 15.5)]
    boards = ((-10.6, "astronaut.png"), (0.0, "coffee.png"), (10.6, "chelsea.png"))
    panels += [panel for right, name in boards for panel in board((right, WALL), name, 3.0, 0.9)]
    paint(picture, nobody, nobody, camera, panels, _HAZE, 400.0)
    return picture


def _ground() -> Callable[[Pixels, Camera, float], None]:
    def put(picture: Pixels, camera: Camera, seconds: float) -> None:
        picture[:] = _painted(camera.size, camera)

    return put


def _standing(rng: np.random.Generator) -> list[Panel]:
    """The fountain and the trees, behind which people pass."""
    stone = plain((0.62, 0.59, 0.54))
    result = basin(FOUNTAIN, 1.9, 0.55, stone, water())
    for place in ((-11.5, 20.5), (11.5, 20.5)):
        leaves = tree_texture(int(rng.integers(1 << 30)))
        result.append(upright(place, 3.4, 3.9, leaves, shade=1.15))
    return result
