"""A film of a street and all that is known of it: `StreetFilm`, one frame at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.image import Image
from heatlens.testing.films.camera import Camera
from heatlens.testing.films.panels import NOBODY, Panel, paint
from heatlens.testing.films.world import Thing, World
from heatlens.testing.scenes.sources import Pixels

LARGEST_CLIP = 500_000_000
"""Bytes of the largest film that `StreetFilm.clip` puts into memory."""


@dataclass(frozen=True, slots=True, eq=False)
class StreetFrame:
    """One frame and its truth.

    Attributes:
        index: number of the frame.
        seconds: since the film began.
        pixels: (H, W, 3) uint8.
        owners: (H, W) int16, the number of the object that each pixel shows; -1 for none.
        shadows: (H, W) int16, likewise for the shadows on the ground.
        lines: painted lines of the road, see `Road.lines`; empty where there is no road.
        names: of the objects, by their numbers.
    """

    index: int
    seconds: float
    pixels: NDArray[np.uint8]
    owners: NDArray[np.int16]
    shadows: NDArray[np.int16]
    lines: Mapping[str, NDArray[np.float64]]
    names: tuple[str, ...]

    def mask(self, *names: str, shadows: bool = False) -> NDArray[np.bool_]:
        """(H, W), pixels that show any of the named objects, or their `shadows` too.

        Raises:
            UnknownName: no object is called so.
        """
        for name in names:
            if name not in self.names:
                raise UnknownName("object", name, self.names)
        numbers = [self.names.index(name) for name in names]
        shown: NDArray[np.bool_] = np.isin(self.owners, numbers)
        return shown | np.isin(self.shadows, numbers) if shadows else shown


@dataclass(frozen=True, eq=False)
class StreetFilm:
    """A generated film: frames are rendered when asked for, and always the same.

    Attributes:
        count: frames.
        size: height and width in pixels.
        frames_per_second: of the film.
        things: the objects, in the order of their numbers.
        seed: of everything in it.
        hours: of the day, one for each of the equal parts that the film is cut from.
    """

    count: int
    size: tuple[int, int]
    frames_per_second: float
    things: tuple[Thing, ...]
    seed: int
    hours: tuple[float, ...]
    world: World = field(repr=False)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[StreetFrame]:
        return (self.frame(index) for index in range(self.count))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the objects."""
        return tuple(thing.name for thing in self.things)

    @property
    def moving(self) -> tuple[str, ...]:
        """Names of the objects that move by themselves."""
        return tuple(thing.name for thing in self.things if thing.moves)

    def hour(self, index: int) -> float:
        """Hour of the day at a frame."""
        return self.hours[part_of(index, self.count, len(self.hours))]

    @property
    def parts(self) -> tuple[range, ...]:
        """The frames of each hour; between two parts there is a cut."""
        number = len(self.hours)
        starts = [-(-part * self.count // number) for part in range(number + 1)]
        return tuple(range(*ends) for ends in pairwise(starts))

    def frame(self, index: int) -> StreetFrame:
        """Render one frame.

        Args:
            index: 0 up to `count` - 1; negative from the end.

        Raises:
            InvalidArgument: there is no such frame.
        """
        if not -self.count <= index < self.count:
            raise InvalidArgument(f"frame {index} of a film of {self.count} frames")
        index %= self.count
        seconds, world = index / self.frames_per_second, self.world
        camera = world.camera(seconds)
        picture: Pixels = np.zeros((*self.size, 3), np.float32)
        owners, shadows = np.full((2, *self.size), NOBODY, np.int16)
        world.ground(picture, camera, seconds)
        panels = self._panels(camera, seconds)
        paint(picture, owners, shadows, camera, panels, world.haze, world.reach)
        picture *= world.light(seconds)
        rng = np.random.default_rng([self.seed, index])
        noise = rng.standard_normal(self.size, np.float32) * np.float32(world.noise)
        levels = np.clip(picture * 255 + noise[..., None] + 0.5, 0, 255.5).astype(np.uint8)
        lines = world.lines(camera)
        return StreetFrame(index, seconds, levels, owners, shadows, lines, self.names)

    def tracks(self) -> NDArray[np.float64]:
        """Where the middle of each object is, (frames, objects, 2) rows and columns.

        NaN while it is not there or out of the picture; what hides behind another counts as seen.
        """
        result = np.full((self.count, len(self.things), 2), np.nan)
        for index in range(self.count):
            seconds = index / self.frames_per_second
            camera = self.world.camera(seconds)
            for number, thing in enumerate(self.things):
                place = thing.place(seconds)
                if place is not None:
                    result[index, number] = camera.seen(place)[0]
        with np.errstate(invalid="ignore"):
            outside = (result < 0) | (result > np.array(self.size) - 1)
        result[outside.any(axis=-1)] = np.nan
        return result

    def film(self) -> Iterator[NDArray[np.uint8]]:
        """The frames' pixels one by one, for whatever takes a film as an iterable of arrays."""
        return (frame.pixels for frame in self)

    def clip(self) -> Image:
        """The whole film in memory, axes `TYXC`.

        Raises:
            InvalidArgument: it takes more than `LARGEST_CLIP` bytes.
        """
        needed = self.count * self.size[0] * self.size[1] * 3
        if needed > LARGEST_CLIP:
            raise InvalidArgument(
                f"{self.count} frames of {self.size[0]} x {self.size[1]} take {needed / 1e6:.0f} MB; "
                "iterate over `film()`, or ask for fewer or smaller frames"
            )
        pixels = np.empty((self.count, *self.size, 3), np.uint8)
        for index, frame in enumerate(self):
            pixels[index] = frame.pixels
        return Image(pixels, "TYXC")

    def _panels(self, camera: Camera, seconds: float) -> list[Panel]:
        """All panels from far to near; those of one object stay together, in their order."""
        groups = [[panel] for panel in self.world.scenery(camera)]
        groups += [thing.panels(seconds, number) for number, thing in enumerate(self.things)]
        groups = [group for group in groups if group]
        return [
            panel for group in sorted(groups, key=lambda g: -_depth(g, camera)) for panel in group
        ]


def part_of(index: int, count: int, parts: int) -> int:
    """Which of `parts` equal parts of a film of `count` frames a frame is in."""
    return index * parts // count


def _depth(group: Sequence[Panel], camera: Camera) -> float:
    """Metres before the camera of the middle of the last panel, the first is often a shadow."""
    _, depth = camera.seen(group[-1].corners.mean(axis=0))
    return float(depth)


def checked(frames: int, size: tuple[int, int], seed: int) -> None:
    """Refuse films that cannot be made.

    Raises:
        InvalidArgument: no frames, a picture below 32 pixels, a negative seed.
    """
    if frames < 1:
        raise InvalidArgument(f"`frames` is {frames}; a film has at least one")
    if len(size) != 2 or min(size) < 32:
        raise InvalidArgument(f"`size` is {size}; it is (height, width), both at least 32 pixels")
    if seed < 0:
        raise InvalidArgument(f"`seed` is {seed}; it cannot be negative")
