"""What all parametrisations have in common: parameters, and the pixels they stand for."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import torch
from torch import Tensor

from heatlens.distributions.given import checked_seed, checked_whole
from heatlens.errors import InvalidArgument, InvalidType, did_you_mean
from heatlens.registry import Registry

__all__ = [
    "PARAMETRISATIONS",
    "Parametrisation",
    "RegisteredParametrisation",
    "checked_canvases",
    "checked_positive",
    "checked_start",
    "drawn",
    "leaf",
    "parametrised",
    "register",
]


@dataclass(frozen=True, eq=False)
class Parametrisation(ABC):
    """Canvases as a function of parameters; gradient ascent changes the parameters in place.

    Attributes:
        parameters: leaves that require a gradient, float32; the first axis counts the canvases.
        rate: a learning rate of Adam that suits these parameters.
    """

    parameters: list[Tensor]
    rate: float

    @abstractmethod
    def pixels(self) -> Tensor:
        """The pictures, (n, c, h, w) in 0..1, with torch's graph back to the parameters."""

    def selected(self, rows: Sequence[int]) -> Self:
        """Canvases like those of `rows`, with parameters of their own; a row may come twice."""
        return dataclasses.replace(
            self, parameters=[leaf(one[list(rows)]) for one in self.parameters]
        )


Make = Callable[..., Parametrisation]
Function = TypeVar("Function", bound=Make)


@dataclass(frozen=True)
class RegisteredParametrisation:
    """A parametrisation as the registry has it.

    Attributes:
        name: what users call it.
        make: `make(count, channels, size, **settings)` starts canvases.
        paper: where it comes from.
    """

    name: str
    make: Make
    paper: str

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return (inspect.getdoc(self.make) or "").split("\n\n")[0].replace("\n", " ")

    @property
    def settings(self) -> dict[str, Any]:
        """Names and defaults of what it can be told."""
        known = inspect.signature(self.make).parameters.values()
        return {item.name: item.default for item in known if item.kind is item.KEYWORD_ONLY}


PARAMETRISATIONS: Registry[RegisteredParametrisation] = Registry(
    "parametrisation", ("heatlens.features.visualisation.parametrisations",)
)
"""All parametrisations by name."""


def register(*, paper: str) -> Callable[[Function], Function]:
    """Register a function that starts canvases under its own name."""

    def decorate(function: Function) -> Function:
        name = function.__name__
        PARAMETRISATIONS.add(name, RegisteredParametrisation(name, function, paper))
        return function

    return decorate


def parametrised(
    name: str, count: int, channels: int, size: tuple[int, int], **settings: Any
) -> Parametrisation:
    """Canvases in the parametrisation called `name`.

    Args:
        name: one of `PARAMETRISATIONS`.
        count: how many canvases.
        channels: 3, or 1 for grey.
        size: height and width in pixels.
        settings: what this one can be told: `seed`, `start`, `device`, ...

    Raises:
        UnknownName: no parametrisation of this name.
        InvalidArgument: it has no such setting, or the value cannot be used.

    Example:
        >>> parametrised("fourier", 2, 3, (5, 7)).pixels().shape
        torch.Size([2, 3, 5, 7])
    """
    kind = PARAMETRISATIONS[name]
    for setting in settings:
        if setting not in kind.settings:
            near = did_you_mean(setting, kind.settings)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            takes = ", ".join(kind.settings)
            raise InvalidArgument(f"{name} has no setting {setting!r}{hint} It takes: {takes}")
    return kind.make(count, channels, size, **settings)


def checked_canvases(
    count: Any, channels: Any, size: Any, start: Any = None
) -> tuple[int, int, tuple[int, int]]:
    """Number of canvases, channels and (height, width), or an error that says what is wrong.

    With a `start`, its shape has to be theirs; see `checked_start` for its values.
    """
    count = checked_whole(count, "count")
    if isinstance(channels, bool) or channels not in (1, 3):
        raise InvalidArgument(f"channels is {channels!r}; 3 (colour) or 1 (grey)")
    if not isinstance(size, Sequence) or isinstance(size, str) or len(size) != 2:
        raise InvalidType(f"size is {size!r}; it is (height, width) in pixels")
    height, width = (checked_whole(side, "a side of size") for side in size)
    if start is not None:
        if not isinstance(start, Tensor):
            raise InvalidType(f"start is {type(start).__name__}; it is a tensor (n, c, h, w)")
        expected = (count, int(channels), height, width)
        if tuple(start.shape) != expected:
            raise InvalidArgument(
                f"start has the shape {tuple(start.shape)}; {expected} is needed: "
                "(count, channels, height, width)"
            )
    return count, int(channels), (height, width)


def checked_start(start: Tensor) -> Tensor:
    """The pictures to start from, as float32 of their own.

    Raises:
        InvalidArgument: a value that is no number, or not in 0..1.
    """
    values = start.detach().to(torch.float32, copy=True)
    low, high = (float(value) for value in values.aminmax())
    if not (low >= 0 and high <= 1):
        found = "values that are no numbers" if math.isnan(low + high) else f"{low:g} to {high:g}"
        raise InvalidArgument(f"start holds {found}; pixels in 0..1 are needed (8 bits: / 255)")
    return values


def checked_positive(value: Any, name: str) -> float:
    """`value` as a finite number above 0, or an `InvalidArgument`."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        raise InvalidArgument(f"{name} is {value!r}; it must be a finite number above 0")
    return float(value)


def drawn(count: int, seed: int, *shapes: tuple[int, ...], uniform: bool = False) -> list[Tensor]:
    """Standard normal numbers, or uniform ones in 0..1, one tensor (count, *shape) per shape.

    What a canvas gets depends on the seed and on its own index, not on how many there are; and
    not on the device, for it is drawn on the CPU.

    Example:
        >>> (one,), (two,) = drawn(1, 7, (3,)), drawn(2, 7, (3,))
        >>> bool((one[0] == two[0]).all()), bool((two[0] == two[1]).all())
        (True, False)
    """
    checked_seed(seed)
    draw = torch.rand if uniform else torch.randn
    canvases = []
    for index in range(count):
        digest = hashlib.blake2b(f"canvas {seed}:{index}".encode(), digest_size=8).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest, "little"))
        canvases.append([draw(shape, generator=generator) for shape in shapes])
    return [torch.stack(rows) for rows in zip(*canvases, strict=True)]


def leaf(values: Tensor, device: torch.device | str | None = None) -> Tensor:
    """The values as a parameter: on the device, without history, requiring a gradient."""
    return values.detach().to(device, copy=True).contiguous().requires_grad_()
