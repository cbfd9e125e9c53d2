"""What a drive meets: cars, a person, signs."""

from __future__ import annotations

import math

import numpy as np

from heatlens.testing.films.cars import HEIGHT, car
from heatlens.testing.films.panels import Panel
from heatlens.testing.films.people import person
from heatlens.testing.films.road import LANE, Road
from heatlens.testing.films.scenery import SIGN_HEIGHT, drawn_digit, plain, sign, sign_texture
from heatlens.testing.films.world import Thing
from heatlens.testing.scenes.sources import Pixels

_SIGNS = (26.0, 47.0)  # metres along the road
_CROSSING = 62.0


def cars_on(road: Road, rng: np.random.Generator) -> list[Thing]:
    """One ahead, a little faster than the camera, and one that comes."""
    colours = [(0.72, 0.1, 0.09), (0.12, 0.25, 0.55), (0.85, 0.85, 0.83), (0.15, 0.35, 0.2)]
    picked = rng.permutation(len(colours))[:2]

    def driven(name: str, number: int, start: float, speed: float, lane: float) -> Thing:
        look = car(colours[picked[number]], int(rng.integers(1 << 30)))

        def forward(seconds: float) -> float:
            return start + speed * seconds

        def place(seconds: float) -> tuple[float, float, float]:
            z = forward(seconds)
            return float(road.centre(z)) + lane, HEIGHT / 2, z

        def panels(seconds: float, owner: int) -> list[Panel]:
            right, _, z = place(seconds)
            turned = road.heading(z) + (math.pi if speed < 0 else 0.0)
            return look.panels((right, z), turned, owner)

        return Thing(name, "car", place, panels)

    return [
        driven("car ahead", 0, 15.0, 10.5, LANE / 2),
        driven("car coming", 1, 68.0, -11.0, -LANE / 2),
    ]


def person_crossing(road: Road, rng: np.random.Generator) -> Thing:
    """Waits beside the road, and crosses it from right to left after the car has passed."""
    look, start, pace = person(rng), 2.6, 1.4
    verge = float(road.centre(_CROSSING)) + LANE + 1.2

    def walked(seconds: float) -> float:
        return max(seconds - start, 0.0) * pace

    def panels(seconds: float, owner: int) -> list[Panel]:
        along = walked(seconds)
        where = (verge - along, _CROSSING)
        return look.panels(where, along, rightward=False, owner=owner, walking=seconds >= start)

    return Thing(
        "person", "person", lambda seconds: (verge - walked(seconds), 0.875, _CROSSING), panels
    )


def signs_along(road: Road, rng: np.random.Generator) -> list[Thing]:
    """Two on the right verge, with different digits."""
    said = rng.permutation(10)[:2]
    pole = plain((0.55, 0.56, 0.58))
    result = []
    for name, forward, digit in zip(("sign near", "sign far"), _SIGNS, said, strict=True):
        face = sign_texture(drawn_digit(int(digit), rng))
        right = float(road.centre(forward)) + LANE + 1.5
        result.append(_standing(name, (right, forward), face, pole, int(digit)))
    return result


def _standing(
    name: str, where: tuple[float, float], face: Pixels, pole: Pixels, digit: int
) -> Thing:
    return Thing(
        name,
        "sign",
        lambda seconds: (where[0], SIGN_HEIGHT, where[1]),
        lambda seconds, owner: sign(where, face, pole, owner),
        digit,
    )
