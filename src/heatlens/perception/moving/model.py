"""What a model of saliency for films is, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from heatlens.parameters import checked_parameters, parameters_of, summary_of
from heatlens.perception.moving.motion import Motion
from heatlens.registry import Registry

__all__ = ["MOVING", "MovingModel", "Watcher", "register"]

Map = npt.NDArray[np.float32]


class Watcher(Protocol):
    """A model of saliency in the middle of a film: it remembers what it needs of the past."""

    def see(self, frame: npt.NDArray[np.uint8], motion: Motion) -> Map | None:
        """Look at the next frame.

        Args:
            frame: (H, W, 3) RGB.
            motion: what moved since the frame before, on its own, smaller grid.

        Returns:
            The map of the frame that came `delay` frames before this one: (h, w), finite, >= 0,
            on any grid that covers the picture from edge to edge. None while there is none yet.
        """
        ...

    def rest(self) -> list[Map]:
        """The maps still owed when the film is over, oldest first: `delay` of them, if seen."""
        ...


Start = TypeVar("Start", bound=type)


@dataclass(frozen=True)
class MovingModel:
    """A registered model of what the eye sees first in a film.

    Attributes:
        name: what users call it.
        start: `start(**parameters) -> Watcher`, one for each film.
        family: what it goes by: "motion", "temporal spectrum", "fusion", ...
        paper: where it comes from.
        delay: frames after a frame that the model waits for, of its parameters.
        top: the highest value its maps can take; None where there is no such bound.
        least: a value below which noise lies: a film in which nothing is hotter is not drawn as if
            something were.
        unit: what its values are, in words.
    """

    name: str
    start: Callable[..., Watcher]
    family: str
    paper: str
    delay: Callable[[Mapping[str, Any]], int]
    top: float | None
    unit: str
    least: float

    @property
    def summary(self) -> str:
        """First sentence of the class's docstring."""
        return summary_of(self.start)

    @property
    def parameters(self) -> dict[str, Any]:
        """Names and defaults of the parameters it takes."""
        return parameters_of(self.start)

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The full parameters, or an error in words; see `checked_parameters`."""
        return checked_parameters(self.name, given, self.parameters)


MOVING: Registry[MovingModel] = Registry(
    "saliency model for films", ("heatlens.perception.moving.models",)
)
"""All models of saliency for films, by name."""


def register(
    name: str,
    *,
    family: str,
    paper: str,
    unit: str,
    top: float | None = None,
    least: float = 0.0,
    delay: Callable[[Mapping[str, Any]], int] = lambda parameters: 0,
) -> Callable[[Start], Start]:
    """Register a class of `Watcher` under `name`; see `MovingModel` for the arguments."""

    def decorate(start: Start) -> Start:
        MOVING.add(name, MovingModel(name, start, family, paper, delay, top, unit, least))
        return start

    return decorate
