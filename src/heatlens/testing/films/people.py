"""People on foot: figures of shaded limbs that swing as they walk."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heatlens.testing.films.atlas import atlas
from heatlens.testing.films.ink import Colour, Sheet
from heatlens.testing.films.panels import Panel
from heatlens.testing.scenes.sources import Pixels

HEIGHT, WIDTH = 1.75, 0.875
"""Of a person's panel, in metres."""

PHASES = 8
"""Pictures of one double step."""

STRIDE = 1.4
"""Metres walked in one double step."""

_SKIN: tuple[Colour, ...] = ((0.93, 0.76, 0.64), (0.72, 0.52, 0.4), (0.45, 0.31, 0.23))
_TOPS: tuple[Colour, ...] = (
    (0.8, 0.13, 0.12), (0.15, 0.3, 0.65), (0.9, 0.75, 0.2), (0.2, 0.45, 0.25),
    (0.92, 0.92, 0.9), (0.12, 0.12, 0.14), (0.5, 0.25, 0.5), (0.85, 0.45, 0.15),
)  # fmt: skip
_LEGS: tuple[Colour, ...] = (
    (0.13, 0.15, 0.22),
    (0.1, 0.1, 0.1),
    (0.3, 0.25, 0.2),
    (0.25, 0.3, 0.42),
)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """The pictures of one walking person.

    Attributes:
        steps: a texture for each phase of a double step, walking to the right.
        shadows: the same figures, black and half clear.
        standing: how the person stands still, and the shadow of that.
    """

    steps: tuple[Pixels, ...]
    shadows: tuple[Pixels, ...]
    standing: tuple[Pixels, Pixels]

    def panels(
        self,
        place: tuple[float, float],
        walked: float,
        rightward: bool,
        owner: int,
        *,
        walking: bool = True,
        sun: tuple[float, float] = (0.5, 0.3),
    ) -> list[Panel]:
        """The person and the shadow on the ground, which falls to `sun` metres per metre of height.

        Args:
            place: of the feet, metres (right, forward).
            walked: metres since the start, which set the legs.
            rightward: whether the way leads to the right.
            owner: number of the object.
            walking: or standing still.
            sun: (right, forward) of the shadow.
        """
        number = int(walked / STRIDE * PHASES) % PHASES
        figure, dark = (self.steps[number], self.shadows[number]) if walking else self.standing
        side = 1.0 if rightward else -1.0
        left = place[0] - side * WIDTH / 2
        across = (side * WIDTH, 0.0, 0.0)
        tip = (left + sun[0] * HEIGHT, 0.01, place[1] + sun[1] * HEIGHT)
        fallen = (-sun[0] * HEIGHT, 0.0, -sun[1] * HEIGHT)
        return [
            Panel(tip, across, fallen, dark, 1.0, owner, shadow=True),
            Panel((left, HEIGHT, place[1]), across, (0.0, -HEIGHT, 0.0), figure, 1.0, owner),
        ]


def person(rng: np.random.Generator) -> Person:
    """Dress a person at random."""
    skin = _SKIN[rng.integers(len(_SKIN))]
    top = _TOPS[rng.integers(len(_TOPS))]
    legs = _LEGS[rng.integers(len(_LEGS))]
    hair: Colour = ((0.12, 0.09, 0.07), (0.35, 0.22, 0.12), (0.75, 0.62, 0.4))[rng.integers(3)]
    drawn = [_drawn(2 * math.pi * n / PHASES, skin, top, legs, hair) for n in range(PHASES)]
    still = _drawn(None, skin, top, legs, hair)
    return Person(
        tuple(atlas(picture) for picture in drawn),
        tuple(atlas(_fallen(picture), 64) for picture in drawn),
        (atlas(still), atlas(_fallen(still), 64)),
    )


def _fallen(picture: Pixels) -> Pixels:
    result = np.zeros_like(picture)
    result[..., 3] = 0.45 * picture[..., 3]
    return result


def _drawn(phase: float | None, skin: Colour, top: Colour, legs: Colour, hair: Colour) -> Pixels:
    """One picture of a person, in units of the height; `phase` in radians, None at rest."""
    swing = 0.0 if phase is None else math.sin(phase)
    rest = 0.03 if phase is None else 0.0
    sheet = Sheet(128, 64, 0.5)
    middle, shoulder, hip, sole = 0.25, 0.24, 0.51, 0.96

    def dimmed(colour: Colour) -> Colour:
        return colour[0] * 0.75, colour[1] * 0.75, colour[2] * 0.75

    def leg(forward: float, colour: Colour) -> None:
        knee = (0.74, middle + 0.6 * forward + 0.02)
        lift = 0.03 * max(-forward, 0) / 0.13
        foot = (sole - lift, middle + forward)
        sheet.limb((hip, middle), knee, 0.047, colour)
        sheet.limb(knee, foot, 0.036, colour)
        sheet.limb(foot, (foot[0], foot[1] + 0.045), 0.025, (0.08, 0.06, 0.05))

    def arm(forward: float, colour: Colour) -> None:
        elbow = (0.37, middle + 0.4 * forward)
        hand = (0.49, middle + forward + 0.015)
        sheet.limb((shoulder, middle), elbow, 0.03, colour)
        sheet.limb(elbow, hand, 0.025, colour)
        sheet.disc(hand, 0.026, skin)

    leg(-0.13 * swing - rest, dimmed(legs))
    arm(0.1 * swing - 2 * rest, dimmed(top))
    leg(0.13 * swing + rest, legs)
    sheet.limb((shoulder + 0.02, middle), (hip - 0.02, middle), 0.075, top)
    sheet.limb((0.16, middle), (0.19, middle), 0.03, skin)
    sheet.disc((0.095, middle), 0.062, hair)
    sheet.disc((0.108, middle + 0.012), 0.053, skin)
    arm(-0.1 * swing + 2 * rest, top)
    return sheet.texture
