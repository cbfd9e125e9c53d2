"""Who crosses the square: people on their ways and cars on the street, by the hour."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.films import cars, people
from heatlens.testing.films.panels import Panel
from heatlens.testing.films.world import Thing

FOUNTAIN = (0.0, 15.5)
"""Where it stands, metres (right, forward)."""

_WAYS = {
    "to work": ((-13.0, 9.0), (-3.0, 10.5), (4.5, 14.5), (15.0, 22.0)),
    "along the wall": ((-20.0, 23.5), (20.0, 23.5)),
    "across": ((7.0, 7.0), (4.8, 14.0), (3.5, 19.0), (-3.0, 22.5), (-17.0, 21.5)),
}
"""Corners of the ways, metres (right, forward), walked in either direction."""

_BUSY = {  # hour: people on the three ways, part of the first that goes home, standing, cars
    7.0: (5, 1, 1, 0.0, 0, 2),
    9.0: (6, 1, 2, 0.1, 0, 1),
    11.0: (2, 3, 3, 0.5, 2, 1),
    13.0: (2, 3, 4, 0.5, 4, 0),
    15.0: (2, 4, 2, 0.5, 3, 1),
    17.0: (6, 2, 1, 0.9, 1, 2),
    19.0: (4, 2, 1, 1.0, 0, 1),
    21.0: (3, 2, 1, 1.0, 0, 0),
}

_PACE = 1.9  # metres a second, a brisk walk
_DRIVE = 5.0

Route = NDArray[np.float64]


def passers(
    hours: tuple[float, ...], seconds: float, street: float, rng: np.random.Generator
) -> tuple[Thing, ...]:
    """Everyone who is seen during a film.

    Args:
        hours: of its equal parts.
        seconds: that the film takes.
        street: metres to the middle of the street.
        rng: draws who comes when.
    """
    wardrobe = [people.person(rng) for _ in range(12)]
    colours = ((0.75, 0.12, 0.1), (0.9, 0.9, 0.88), (0.13, 0.27, 0.55), (0.85, 0.7, 0.15))
    garage = [cars.car(colour, number) for number, colour in enumerate(colours)]
    each = seconds / len(hours)
    result: list[Thing] = []
    count = {"person": 0, "car": 0}

    def named(kind: str) -> str:
        count[kind] += 1
        return f"{kind} {count[kind]}"

    for part, hour in enumerate(hours):
        begins, ends = part * each, (part + 1) * each
        *walkers, homeward, standing, driving = _BUSY[hour]
        for way, number in zip(_WAYS.values(), walkers, strict=True):
            for _ in range(int(number)):
                back = rng.random() < (homeward if way is _WAYS["to work"] else 0.5)
                route = np.array(way[::-1] if back else way) + rng.uniform(-0.9, 0.9, 2)
                starts = begins + rng.uniform(-0.75, 0.45) * _seconds(route, _PACE)
                look = wardrobe[rng.integers(len(wardrobe))]
                pace = _PACE * float(rng.uniform(0.85, 1.15))
                result.append(
                    _walker(named("person"), look, route, starts, pace, (begins, ends), hour)
                )
        for _ in range(int(standing)):
            angle = float(rng.uniform(math.pi, 2 * math.pi))
            place = (FOUNTAIN[0] + 2.6 * math.cos(angle), FOUNTAIN[1] + 2.6 * math.sin(angle))
            look = wardrobe[rng.integers(len(wardrobe))]
            result.append(_stander(named("person"), look, place, (begins, ends), hour))
        for turn in range(int(driving)):
            side = 1.0 if rng.random() < 0.5 else -1.0
            # They keep to the right, seen the way they drive.
            route = np.array(
                [(-24.0 * side, street - 1.1 * side), (24.0 * side, street - 1.1 * side)]
            )
            starts = begins + (turn + rng.uniform(-0.4, 0.1)) / int(driving) * each
            body = garage[rng.integers(len(garage))]
            result.append(_driver(named("car"), body, route, starts, (begins, ends)))
    return tuple(result)


def shadow(hour: float) -> tuple[float, float]:
    """How far the shadow falls for each metre of height, metres (right, forward)."""
    course = math.pi * (hour - 5.5) / 15
    height = max(math.sin(course), 0.0)
    length = min(0.5 / max(height, 0.05), 1.6) if height > 0.08 else 0.1
    return -math.cos(course) * length, 0.35 * length


def _seconds(route: Route, pace: float) -> float:
    return float(np.linalg.norm(np.diff(route, axis=0), axis=1).sum() / pace)


def _along(route: Route, walked: float) -> tuple[float, float, bool] | None:
    """Place after some metres and whether the way leads right; None before and after the way."""
    steps = np.linalg.norm(np.diff(route, axis=0), axis=1)
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    if not 0 <= walked <= reached[-1]:
        return None
    right, forward = (float(np.interp(walked, reached, route[:, axis])) for axis in (0, 1))
    return right, forward, bool(route[-1, 0] > route[0, 0])


def _within(
    part: tuple[float, float], route: Route, starts: float, pace: float
) -> Callable[[float], tuple[float, float, bool] | None]:
    def at(seconds: float) -> tuple[float, float, bool] | None:
        # A frame at the very end of a part belongs to the next one, whatever rounding says.
        if not part[0] - 1e-6 <= seconds < part[1] - 1e-6:
            return None
        return _along(route, (seconds - starts) * pace)

    return at


def _walker(
    name: str, look: people.Person, route: Route, starts: float, pace: float,
    part: tuple[float, float], hour: float,
) -> Thing:  # fmt: skip
    at = _within(part, route, starts, pace)

    def place(seconds: float) -> tuple[float, float, float] | None:
        where = at(seconds)
        return None if where is None else (where[0], people.HEIGHT / 2, where[1])

    def panels(seconds: float, owner: int) -> list[Panel]:
        where = at(seconds)
        if where is None:
            return []
        walked = (seconds - starts) * pace
        return look.panels(where[:2], walked, where[2], owner, sun=shadow(hour))

    return Thing(name, "person", place, panels)


def _stander(
    name: str,
    look: people.Person,
    where: tuple[float, float],
    part: tuple[float, float],
    hour: float,
) -> Thing:
    at = _within(part, np.array([where, (where[0] + 1e9, where[1])]), part[0], 0.0)

    def panels(seconds: float, owner: int) -> list[Panel]:
        if at(seconds) is None:
            return []
        sun = shadow(hour)
        return look.panels(where, 0.0, where[0] < FOUNTAIN[0], owner, walking=False, sun=sun)

    return Thing(
        name,
        "person",
        lambda seconds: None if at(seconds) is None else (where[0], people.HEIGHT / 2, where[1]),
        panels,
        still=True,
    )


def _driver(
    name: str, look: cars.Car, route: Route, starts: float, part: tuple[float, float]
) -> Thing:
    at = _within(part, route, starts, _DRIVE)

    def place(seconds: float) -> tuple[float, float, float] | None:
        where = at(seconds)
        return None if where is None else (where[0], cars.HEIGHT / 2, where[1])

    def panels(seconds: float, owner: int) -> list[Panel]:
        where = at(seconds)
        if where is None:
            return []
        heading = math.pi / 2 if where[2] else -math.pi / 2
        return look.panels(where[:2], heading, owner)

    return Thing(name, "car", place, panels)
