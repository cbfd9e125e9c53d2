"""What all objectives have in common, and their algebra."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.registry import Registry

if TYPE_CHECKING:
    from heatlens.features.activations.reading import Reading
    from heatlens.features.visualisation.objectives.anatomy import Anatomy

__all__ = [
    "OBJECTIVES",
    "Objective",
    "Outputs",
    "Read",
    "RegisteredObjective",
    "register",
]

Outputs = Mapping[str, Tensor]
"""What layers say of the canvases, by name; "" is the network's own output."""


Kind = TypeVar("Kind", bound="type[Objective]")


@dataclass(frozen=True, eq=False)
class Objective(ABC):
    """A number for each canvas, that ascent makes large.

    Objectives are added, subtracted and multiplied, with each other and with numbers.

    Example:
        >>> from heatlens.features.visualisation.objectives.channel import Channel
        >>> print(Channel("layer4", 12) - 0.5 * Channel("layer4", 7))
        layer4:12 - 0.5 * layer4:7
    """

    @property
    @abstractmethod
    def layers(self) -> tuple[str, ...]:
        """Layers whose outputs it is computed from; "" is the network's own."""

    @property
    def between(self) -> bool:
        """Whether a canvas's number hangs on the other canvases of the batch."""
        return False

    @abstractmethod
    def values(self, outputs: Outputs) -> Tensor:
        """One number a canvas, (n,), from outputs of n rows, as the network has them."""

    @abstractmethod
    def __str__(self) -> str:
        """In words, as short as a person would write it."""

    def bound(self, anatomy: Anatomy) -> Objective:
        """The same for one network and canvas size, its names and numbers checked."""
        return self

    def __add__(self, other: Any) -> Objective:
        return _Sum(self, _as_term(other))

    def __radd__(self, other: Any) -> Objective:
        return _Sum(_as_term(other), self)

    def __sub__(self, other: Any) -> Objective:
        return _Sum(self, _as_term(other), sign=-1)

    def __rsub__(self, other: Any) -> Objective:
        return _Sum(_as_term(other), self, sign=-1)

    def __mul__(self, other: Any) -> Objective:
        return _Product(_as_term(other), self)

    def __rmul__(self, other: Any) -> Objective:
        return _Product(_as_term(other), self)

    def __neg__(self) -> Objective:
        return _Product(_Constant(-1.0), self)


@dataclass(frozen=True)
class RegisteredObjective:
    """An objective as the registry has it.

    Attributes:
        name: of the class.
        make: the class; called with the layer or the target first.
        words: how one writes it as words; empty where only the object says it.
        paper: where it comes from.
    """

    name: str
    make: Callable[..., Objective]
    words: str
    paper: str

    @property
    def summary(self) -> str:
        """First sentence of the class's docstring."""
        return (inspect.getdoc(self.make) or "").split("\n\n")[0].replace("\n", " ")


OBJECTIVES: Registry[RegisteredObjective] = Registry(
    "objective", ("heatlens.features.visualisation.objectives",)
)
"""All objectives by name."""


def register(*, paper: str, words: str = "", between: bool = False) -> Callable[[Kind], Kind]:
    """Register an objective under its class's name."""

    def decorate(kind: Kind) -> Kind:
        name = kind.__name__
        OBJECTIVES.add(name, RegisteredObjective(name, kind, words, paper))
        return kind

    return decorate


@dataclass(frozen=True, eq=False)
class Read(Objective, ABC):
    """An objective on one layer.

    Attributes:
        layer: its name.
        reading: how it is read; known once the objective is bound.
    """

    layer: str
    reading: Reading | None = field(default=None, kw_only=True)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer."""
        return (self.layer,)

    def bound(self, anatomy: Anatomy) -> Objective:
        """With the layer's reading."""
        return replace(self, reading=anatomy.reading(self.layer))

    def units(self, outputs: Outputs) -> Tensor:
        """The layer's output as (n, channels, *grid)."""
        if self.reading is None:
            raise InvalidArgument(f"{self} is not bound to a network: use its bound()")
        return self.reading.units(outputs[self.layer])


@dataclass(frozen=True, eq=False)
class _Constant(Objective):
    number: float

    @property
    def layers(self) -> tuple[str, ...]:
        return ()

    def values(self, outputs: Outputs) -> Tensor:
        like = next(iter(outputs.values()))
        return like.new_full((len(like),), self.number)

    def __str__(self) -> str:
        return f"{self.number:g}"


@dataclass(frozen=True, eq=False)
class _Sum(Objective):
    first: Objective
    second: Objective
    sign: int = 1

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.first.layers, *self.second.layers)))

    @property
    def between(self) -> bool:
        return self.first.between or self.second.between

    def values(self, outputs: Outputs) -> Tensor:
        return self.first.values(outputs) + self.sign * self.second.values(outputs)

    def bound(self, anatomy: Anatomy) -> Objective:
        return replace(self, first=self.first.bound(anatomy), second=self.second.bound(anatomy))

    def __str__(self) -> str:
        second = str(self.second)
        if self.sign < 0 and isinstance(self.second, _Sum):
            second = f"({second})"
        return f"{self.first} {'-' if self.sign < 0 else '+'} {second}"


@dataclass(frozen=True, eq=False)
class _Product(Objective):
    first: Objective
    second: Objective

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.first.layers, *self.second.layers)))

    @property
    def between(self) -> bool:
        return self.first.between or self.second.between

    def values(self, outputs: Outputs) -> Tensor:
        return self.first.values(outputs) * self.second.values(outputs)

    def bound(self, anatomy: Anatomy) -> Objective:
        return replace(self, first=self.first.bound(anatomy), second=self.second.bound(anatomy))

    def __str__(self) -> str:
        if isinstance(self.first, _Constant) and self.first.number == -1:
            inner = _bracketed(self.second)
            return f"-({inner})" if inner.startswith("-") else f"-{inner}"
        return f"{_bracketed(self.first)} * {_bracketed(self.second)}"


def _bracketed(term: Objective) -> str:
    return f"({term})" if isinstance(term, _Sum) else str(term)


def _as_term(other: Any) -> Objective:
    if isinstance(other, Objective):
        return other
    if isinstance(other, bool) or not isinstance(other, int | float):
        raise InvalidType(f"{other!r} can neither be added to an objective nor multiplied with one")
    if not math.isfinite(other):
        raise InvalidArgument(f"{other!r} is no factor of an objective; it must be finite")
    return _Constant(float(other))
