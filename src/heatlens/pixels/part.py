"""What a part of the chain is, and the registries that parts enter.

A part is a plain function with keyword-only parameters. It is asked for by its name, by
(name, parameters), or, once chosen, handed on as a `Chosen`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from heatlens.errors import InvalidArgument, InvalidType, did_you_mean
from heatlens.provenance import plain
from heatlens.registry import Registry

__all__ = [
    "CLUSTERINGS",
    "FEATURES",
    "MEASURES",
    "STEPS",
    "WEIGHTINGS",
    "Chosen",
    "Part",
    "chosen",
    "chosen_all",
    "register",
]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Part:
    """A registered part.

    Attributes:
        name: what users call it.
        function: the part itself; its keyword-only arguments are the parameters.
        range: what its values are, in words and numbers ("0..1").
        signed: whether its values can be below 0.
        paper: where it comes from, or "".
        rounding: of features, a standard deviation that rounding alone can reach where nothing is
            there: below it a feature counts as constant. 0 of functions of one's own, whose unit
            nobody knows.
        reach: from its parameters, how many pixels around one its value there depends on; None
            where that is the whole picture, or nobody knows.
        remarks: of features, notes on a picture that the numbers do not show; or None.
    """

    name: str
    function: Callable[..., Any]
    range: str = ""
    signed: bool = False
    paper: str = ""
    rounding: float = 0.0
    reach: Callable[[Mapping[str, Any]], int] | None = None
    remarks: Callable[[Any], tuple[str, ...]] | None = None

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")

    @property
    def parameters(self) -> dict[str, Any]:
        """Names and defaults of the parameters it takes."""
        return _parameters(self.function)


@dataclass(frozen=True)
class Chosen:
    """A part with its parameters, all of them, defaults included.

    Example:
        >>> chosen(FEATURES, ("gradient", {"sigma": 2.0})).words
        'gradient(sigma=2.0)'
    """

    part: Part
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *inputs: Any) -> Any:
        """The part's result for `inputs`."""
        return self.part.function(*inputs, **self.parameters)

    @property
    def words(self) -> str:
        """Name and parameters, as provenance keeps them; of a long array its digest."""
        inside = ", ".join(f"{name}={_said(value)}" for name, value in self.parameters.items())
        return f"{self.part.name}({inside})" if inside else self.part.name

    def same(self, other: Chosen) -> bool:
        """Whether both do the same, as far as can be told: a lambda is only like itself."""
        one, two = self.part.function, other.part.function
        named = "lambda" not in self.part.name
        return self.words == other.words and (one is two or named)


STEPS: Registry[Part] = Registry("preprocessing step", ("heatlens.pixels.preprocess",))
"""`(image) -> image`, float32 of range 0..1 unless the step says otherwise."""

FEATURES: Registry[Part] = Registry("pixel feature", ("heatlens.pixels.features",))
"""`(image) -> (H, W)` or, of vectors such as a colour, `(H, W, k)`, float32, finite."""

WEIGHTINGS: Registry[Part] = Registry("weighting", ("heatlens.pixels.weights",))
"""`(stack) -> Weights`."""

MEASURES: Registry[Part] = Registry("measure", ("heatlens.pixels.measures",))
"""`(question) -> Measured`; see `heatlens.pixels.measuring`."""

CLUSTERINGS: Registry[Part] = Registry("clustering", ("heatlens.pixels.groupings",))
"""`(points (H, W, d), k, seed) -> labels (H, W)`."""


def register(
    registry: Registry[Part],
    name: str | None = None,
    *,
    range: str = "",
    signed: bool = False,
    paper: str = "",
    rounding: float = 1e-7,
    reach: int | Callable[[Mapping[str, Any]], int] | None = None,
    remarks: Callable[[Any], tuple[str, ...]] | None = None,
) -> Callable[[Function], Function]:
    """Enter a function under `name`, by default its own with hyphens; see `Part`."""

    def enter(function: Function) -> Function:
        own = name or function.__name__.replace("_", "-")
        far = (lambda given: reach) if isinstance(reach, int) else reach
        registry.add(own, Part(own, function, range, signed, paper, rounding, far, remarks))
        return function

    return enter


def chosen(registry: Registry[Part], wanted: Any) -> Chosen:
    """A part by name, (name, parameters), as it was chosen before, or a function of one's own.

    Raises:
        UnknownName: no such part; the message names the nearest.
        InvalidArgument: a parameter that it does not have.
        InvalidType: none of these.

    Example:
        >>> chosen(FEATURES, ("gradient", {"sigm": 2}))
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: gradient has no parameter 'sigm'; did you mean 'sigma'? ...
    """
    if isinstance(wanted, Chosen):
        return wanted
    if isinstance(wanted, str):
        wanted = (wanted, {})
    if isinstance(wanted, tuple) and len(wanted) == 2 and isinstance(wanted[0], str):
        part, given = registry[wanted[0]], wanted[1]
        if not isinstance(given, Mapping):
            raise InvalidType(
                f"the parameters of {part.name} are {given!r}; expected a dictionary, as in "
                f"({part.name!r}, {{...}})"
            )
        return Chosen(part, _full(part, given))
    if callable(wanted):
        bound = isinstance(wanted, functools.partial) and not wanted.args
        function, given = (wanted.func, wanted.keywords) if bound else (wanted, {})
        name = getattr(function, "__name__", type(function).__name__).replace("_", "-")
        return Chosen(Part(name, function, "the caller's own", signed=True), dict(given))
    raise InvalidType(
        f"a {registry.kind} is asked for by name, (name, parameters) or a function, not by a "
        f"{type(wanted).__name__}, {wanted!r}"
    )


def chosen_all(registry: Registry[Part], wanted: Any) -> tuple[Chosen, ...]:
    """Several parts, in order; one name alone is a list of one."""
    one = isinstance(wanted, str | Chosen) or callable(wanted)
    pair = isinstance(wanted, tuple) and len(wanted) == 2 and isinstance(wanted[1], Mapping)
    if one or pair:
        wanted = (wanted,)
    if isinstance(wanted, Mapping):
        raise InvalidType(
            f"a {registry.kind} with parameters is asked for as (name, parameters), not in a "
            f"dictionary, {wanted!r}"
        )
    if not isinstance(wanted, Iterable):
        raise InvalidType(f"expected names of a {registry.kind}, got {wanted!r}")
    return tuple(chosen(registry, item) for item in wanted)


def _full(part: Part, given: Mapping[str, Any]) -> dict[str, Any]:
    known = part.parameters
    for name in given:
        if name not in known:
            near = did_you_mean(str(name), known)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise InvalidArgument(
                f"{part.name} has no parameter {name!r}{hint} It takes: {', '.join(known) or 'none'}"
            )
    return {**known, **given}


def _said(value: Any) -> str:
    if hasattr(value, "shape"):
        return repr(plain(value))
    return str(value.__name__) if callable(value) and hasattr(value, "__name__") else repr(value)


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return {
        name: item.default
        for name, item in inspect.signature(function).parameters.items()
        if item.kind is inspect.Parameter.KEYWORD_ONLY
    }
