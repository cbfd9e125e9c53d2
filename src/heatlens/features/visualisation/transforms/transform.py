"""What transforms have in common: they move a picture's points, or change its values."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.transforms.draws import Chance
from heatlens.registry import Registry

__all__ = [
    "LARGEST",
    "TRANSFORMS",
    "Geometric",
    "Pixelwise",
    "RegisteredTransform",
    "Transform",
    "about_centre",
    "checked_number",
    "register",
    "shift",
]


LARGEST = 1024.0
"""Pixels of a border or a shift at most: beyond it no canvas is left in view."""


@dataclass(frozen=True)
class Geometric(ABC):
    """A transform that moves the points of a picture along straight lines."""

    @abstractmethod
    def matrix(self, chance: Chance, rows: int, size: tuple[int, int]) -> Tensor:
        """Where points go, (rows, 3, 3) float64: (x', y', 1) = M (x, y, 1).

        x is the column and y the row in pixels; (0, 0) is the centre of the first pixel.

        Args:
            chance: what each row's own draw comes from.
            rows: of the batch.
            size: height and width of the canvas.
        """


@dataclass(frozen=True)
class Pixelwise(ABC):
    """A transform that changes values where they are."""

    @abstractmethod
    def apply(self, pixels: Tensor, chance: Chance) -> Tensor:
        """The changed pictures, (n, c, h, w); each row with a draw of its own."""


Transform = Geometric | Pixelwise
Kind = TypeVar("Kind", bound=type[Transform])


@dataclass(frozen=True)
class RegisteredTransform:
    """A transform as the registry has it.

    Attributes:
        name: what users call it.
        make: the class; called with the strengths it gives a `Transform`.
        paper: where it comes from.
    """

    name: str
    make: Callable[..., Transform]
    paper: str

    @property
    def summary(self) -> str:
        """First sentence of the class's docstring."""
        return (inspect.getdoc(self.make) or "").split("\n\n")[0].replace("\n", " ")

    @property
    def strengths(self) -> dict[str, Any]:
        """Names and defaults of its strengths, in order."""
        known = inspect.signature(self.make).parameters.values()
        return {item.name: item.default for item in known}


TRANSFORMS: Registry[RegisteredTransform] = Registry(
    "transform", ("heatlens.features.visualisation.transforms",)
)
"""All transforms by name."""


def register(*, paper: str) -> Callable[[Kind], Kind]:
    """Register a transform under its class's name in small letters."""

    def decorate(kind: Kind) -> Kind:
        name = kind.__name__.lower()
        TRANSFORMS.add(name, RegisteredTransform(name, kind, paper))
        return kind

    return decorate


def checked_number(value: Any, what: str, low: float = 0, high: float = math.inf) -> float:
    """`value` as a finite number in low..high, or an `InvalidArgument` that says `what` it is."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high:
        bounds = f"from {low:g} on" if high == math.inf else f"in {low:g}..{high:g}"
        raise InvalidArgument(f"{what} is {value!r}; it must be a finite number {bounds}")
    return float(value)


def shift(x: Tensor, y: Tensor) -> Tensor:
    """Matrices that move points by x columns and y rows, (rows, 3, 3)."""
    matrix = torch.eye(3, dtype=x.dtype, device=x.device).repeat(len(x), 1, 1)
    matrix[:, 0, 2], matrix[:, 1, 2] = x, y
    return matrix


def about_centre(linear: Tensor, size: tuple[int, int]) -> Tensor:
    """Matrices (rows, 3, 3) of linear maps (rows, 2, 2) that leave the canvas's centre in place.

    Example:
        >>> about_centre(2 * torch.eye(2)[None], (3, 3))[0]
        tensor([[ 2.,  0., -1.],
                [ 0.,  2., -1.],
                [ 0.,  0.,  1.]])
    """
    centre = torch.tensor([(size[1] - 1) / 2, (size[0] - 1) / 2]).to(linear)
    matrix = torch.eye(3).to(linear).repeat(len(linear), 1, 1)
    matrix[:, :2, :2] = linear
    matrix[:, :2, 2] = centre - linear @ centre
    return matrix
