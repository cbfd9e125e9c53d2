"""Cars: a body and a cabin, boxes with painted faces that mirror a photograph."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heatlens.testing.films.atlas import atlas, photograph
from heatlens.testing.films.ink import Colour, Sheet
from heatlens.testing.films.panels import Panel, Vector
from heatlens.testing.scenes.sources import Pixels

LENGTH, WIDTH, HEIGHT = 4.2, 1.8, 1.5
"""Of a car, in metres."""

_BOTTOM, _WAIST = 0.28, 0.85  # where the body begins and where the cabin stands on it
_GLASS: Colour = (0.12, 0.15, 0.18)
_BLACK: Colour = (0.05, 0.05, 0.06)
_LIT = {"back": 0.82, "front": 0.95, "left": 0.72, "right": 0.9, "top": 1.12}


@dataclass(frozen=True, slots=True, eq=False)
class Car:
    """The textures of a car of one colour, see `car`."""

    faces: dict[str, Pixels]
    cabin: dict[str, Pixels]
    wheels: Pixels
    shadow: Pixels

    def panels(
        self, place: tuple[float, float], heading: float, owner: int, size: float = 1.0
    ) -> list[Panel]:
        """The car on the ground, in the order in which it is painted.

        Args:
            place: of its middle, metres (right, forward).
            heading: radians to the right of forward in which it drives.
            owner: number of the object.
            size: factor on all lengths.
        """
        sin, cos = math.sin(heading), math.cos(heading)
        length, width = LENGTH * size, WIDTH * size

        def at(along: float, aside: float, up: float) -> Vector:
            return (
                place[0] + along * sin + aside * cos,
                up * size,
                place[1] + along * cos - aside * sin,
            )

        def span(along: float, aside: float, up: float = 0.0) -> Vector:
            return along * sin + aside * cos, up * size, along * cos - aside * sin

        shadow = Panel(
            at(0.62 * length, -0.68 * width, 0.01), span(0, 1.36 * width), span(-1.24 * length, 0),
            self.shadow, 1.0, owner, shadow=True,
        )  # fmt: skip
        result = [shadow]
        boxes = (
            (self.faces, -0.5, 0.5, 0.5, _BOTTOM, _WAIST),
            (self.cabin, -0.44, 0.24, 0.43, _WAIST, HEIGHT),
        )
        for faces, rear, nose, side, low, high in boxes:
            back, front = rear * length, nose * length
            left, right = -side * width, side * width
            tall = low - high
            walls = {
                "top": (at(front, left, high), span(0, right - left), span(back - front, 0)),
                "back": (at(back, left, high), span(0, right - left), span(0, 0, tall)),
                "front": (at(front, right, high), span(0, left - right), span(0, 0, tall)),
                "left": (at(front, left, high), span(back - front, 0), span(0, 0, tall)),
                "right": (at(back, right, high), span(front - back, 0), span(0, 0, tall)),
            }
            result += [
                Panel(*wall, faces[name], _LIT[name], owner, one_sided=True)
                for name, wall in walls.items()
            ]
            if faces is self.faces:
                result += self._wheels(walls, owner, size)
        return result

    def _wheels(
        self, walls: dict[str, tuple[Vector, Vector, Vector]], owner: int, size: float
    ) -> list[Panel]:
        """Each side's two wheels as one panel from the ground to the middle of the body."""
        result = []
        for name in ("left", "right"):
            corner, across, _ = walls[name]
            high = 0.66 * size
            start = (corner[0], high, corner[2])
            down = (0.0, -high, 0.0)
            result.append(Panel(start, across, down, self.wheels, 1.0, owner, one_sided=True))
        return result


def car(colour: Colour, seed: int) -> Car:
    """Paint a car.

    Args:
        colour: of its paint.
        seed: of what its paint mirrors.
    """
    rng = np.random.default_rng(seed)
    names = ("back", "front", "left", "right", "top")
    faces = {name: atlas(_body(name, colour, rng)) for name in names}
    cabin = {name: atlas(_cabin(name, colour, rng)) for name in names}
    return Car(faces, cabin, atlas(_two_wheels(), 64), atlas(shadow(), 64))


def shadow(strength: float = 0.6) -> Pixels:
    """A soft dark spot that fills its texture."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    away = (y**4 + x**4) ** 0.25
    result = np.zeros((64, 64, 4), np.float32)
    result[..., 3] = strength * np.clip((1 - away) / 0.35, 0, 1)
    return result


def _mirrored(colour: Colour, rng: np.random.Generator) -> Pixels:
    """Paint that faintly mirrors a piece of a photograph: bright sky above, dark ground below."""
    photo = photograph("china.jpg")
    top, left = rng.integers(0, 200), rng.integers(0, 400)
    piece = photo[top : top + 128, left : left + 192].mean(axis=2, keepdims=True)
    fall = np.linspace(1.15, 0.75, len(piece), dtype=np.float32)[:, None, None]
    return np.clip(np.array(colour, np.float32) * fall * (0.75 + 0.5 * piece), 0, 1)


def _body(name: str, colour: Colour, rng: np.random.Generator) -> Pixels:
    sheet = Sheet(128, 128)
    sheet.box((0.5, 0.5), (0.5, 0.5), 0.06 if name == "top" else 0.12, (1, 1, 1))
    sheet.pixels[..., :3] *= atlas(_mirrored(colour, rng))[:, :128, :3]
    if name in ("back", "front"):
        lamp: Colour = (0.75, 0.05, 0.04) if name == "back" else (0.97, 0.96, 0.88)
        for side in (0.13, 0.87):
            sheet.box((0.3, side), (0.13, 0.09), 0.05, lamp)
        sheet.box((0.82, 0.5), (0.12, 0.5), 0.04, _BLACK)
        sheet.box((0.52, 0.5), (0.09, 0.16), 0.02, (0.93, 0.92, 0.85))
        for mark in np.linspace(0.39, 0.61, 6):
            sheet.box((0.52, float(mark)), (0.045, 0.013), 0.005, (0.1, 0.1, 0.2))
        if name == "front":
            sheet.box((0.25, 0.5), (0.08, 0.2), 0.03, _BLACK)
    elif name != "top":
        sheet.box((0.9, 0.5), (0.1, 0.5), 0.0, _BLACK)
        for door in (0.42, 0.68):
            sheet.box((0.42, door), (0.36, 0.004), 0.0, _BLACK)
            sheet.box((0.25, door + 0.06), (0.025, 0.025), 0.01, (0.8, 0.8, 0.8))
    return sheet.texture


def _cabin(name: str, colour: Colour, rng: np.random.Generator) -> Pixels:
    sheet = Sheet(128, 128)
    sheet.box((0.5, 0.5), (0.5, 0.5), 0.14, (1, 1, 1))
    sheet.pixels[..., :3] *= atlas(_mirrored(colour, rng))[:, :128, :3]
    if name == "top":
        return sheet.texture
    panes = (0.5,) if name in ("back", "front") else (0.26, 0.74)
    for pane in panes:
        half = 0.43 if len(panes) == 1 else 0.21
        sheet.box((0.55, pane), (0.38, half), 0.08, _GLASS)
    return sheet.texture


def _two_wheels() -> Pixels:
    sheet = Sheet(64, 384, 6.0)
    for middle in (1.15, 4.85):
        sheet.disc((0.5, middle), 0.5, _BLACK)
        sheet.disc((0.5, middle), 0.3, (0.55, 0.56, 0.58))
        sheet.disc((0.5, middle), 0.1, (0.25, 0.25, 0.27))
    return sheet.texture
