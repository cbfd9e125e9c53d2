"""What a constructor is: a function from a picture or a heatmap to a distribution, with a name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from heatlens.distributions.distribution import Distribution
from heatlens.errors import InvalidArgument, did_you_mean
from heatlens.registry import Registry

__all__ = ["KINDS", "Constructor", "constructors", "register"]

Function = TypeVar("Function", bound=Callable[..., Distribution])


@dataclass(frozen=True)
class Constructor:
    """A registered kind of distribution.

    Attributes:
        name: what users call it ("signature").
        function: `function(source, **parameters)`, where `source` is an `Image` or a `Heatmap`.
        unit: what distances are measured in, in words.
        takes: "images", "heatmaps" or both, for documentation.
        period: length of the circle on which the points lie; None for straight distances.
        opacity: whether transparent pixels count less.
    """

    name: str
    function: Callable[..., Distribution]
    unit: str
    takes: str
    period: float | None = None
    opacity: bool = True

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")

    @property
    def parameters(self) -> dict[str, Any]:
        """Names and defaults of the parameters it takes."""
        return dict(_keywords(self.function))

    def check(self, given: Mapping[str, Any]) -> None:
        """An `InvalidArgument` if a parameter is unknown; the nearest one is named."""
        known = self.parameters
        for name in given:
            if name not in known:
                near = did_you_mean(name, known, count=1)
                hint = f"; did you mean {near[0]!r}?" if near else "."
                raise InvalidArgument(
                    f"{self.name!r} has no parameter {name!r}{hint} It takes: "
                    f"{', '.join(known) or 'none'}"
                )


@cache
def _keywords(function: Callable[..., Distribution]) -> Mapping[str, Any]:
    signature = inspect.signature(function).parameters
    return {
        name: item.default
        for name, item in signature.items()
        if item.kind is inspect.Parameter.KEYWORD_ONLY
    }


KINDS: Registry[Constructor] = Registry("kind of distribution", ("heatlens.distributions.kinds",))
"""All constructors by name."""


def register(
    name: str,
    *,
    unit: str,
    takes: str = "images",
    period: float | None = None,
    opacity: bool = True,
) -> Callable[[Function], Function]:
    """Register a constructor under `name`; see `Constructor` for the arguments."""

    def decorate(function: Function) -> Function:
        KINDS.add(name, Constructor(name, function, unit, takes, period, opacity))
        return function

    return decorate


def constructors() -> list[Constructor]:
    """All kinds of distributions, by name.

    Example:
        >>> [kind.name for kind in constructors() if "heatmaps" in kind.takes]
        ['histogram', 'mass']
    """
    return list(KINDS.values())
