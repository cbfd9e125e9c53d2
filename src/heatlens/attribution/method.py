"""What a method is: a function, what it needs of a model, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torch import Tensor

from heatlens.errors import InvalidArgument, NeedsGradient, UnsupportedMethod
from heatlens.models.protocol import CAPABILITIES, Model, Passes
from heatlens.parameters import checked_parameters, parameters_of, summary_of
from heatlens.registry import Registry

__all__ = ["METHODS", "Attribution", "Method", "methods", "register"]

Function = TypeVar("Function", bound=Callable[..., "Attribution | Tensor"])


@dataclass(frozen=True, eq=False)
class Attribution:
    """What a method returns inside.

    Attributes:
        values: (N, C, *grid) or (N, 1, *grid) for pixel-level methods, the latter where all
            channels are changed together; (N, 1, h, w) for CAMs; signed, unnormalised.
        error: standard error of each value, shaped like `values`, for sampling methods.
        info: what else the method knows. A tensor with N rows holds one entry per row
            (`completeness_gap`); anything else holds for all (`layer`).
        state: what a sampling method goes on from when it is given this result as `resume=`.
    """

    values: Tensor
    error: Tensor | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    state: Any = None


@dataclass(frozen=True)
class Method:
    """A registered attribution method.

    Attributes:
        name: what users call it.
        function: `function(model, batch, target, **parameters)`.
        family: "gradient", "cam", ...
        needs: the model's capabilities it uses.
        cost: passes per row from the parameters, known before it runs.
        paper: where it comes from.
        level: "pixel" or "layer".
        channels: how `explain` reduces (N, C, H, W) to a map unless asked otherwise; may depend
            on the parameters.
        signed: whether negative values mean evidence against; may depend on the parameters.
        fixed_target: whether "predicted" has to be resolved by a pass of its own, before.
        quick: parameters that make it cheap enough to be run again for a check of trust.
        each: what there is one pass of, where only the input says how many there are.
    """

    name: str
    function: Callable[..., Attribution | Tensor]
    family: str
    needs: frozenset[str]
    cost: Callable[[Mapping[str, Any]], Passes]
    paper: str
    level: str
    channels: str | Callable[[Mapping[str, Any]], str]
    signed: bool | Callable[[Mapping[str, Any]], bool]
    fixed_target: bool
    quick: Mapping[str, Any]
    each: str = "channel"

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return summary_of(self.function)

    @property
    def parameters(self) -> dict[str, Any]:
        """Names and defaults of the parameters it takes."""
        return parameters_of(self.function)

    @property
    def passes(self) -> str:
        """Forward + backward passes per picture with default parameters, in words."""
        cost = self.cost(self.parameters)
        if math.isnan(cost.forward):
            return f"one per {self.each}"
        return f"{cost.forward:g} + {cost.backward:g}"

    def reduction(self, parameters: Mapping[str, Any]) -> str:
        """The channel reduction that suits the method with these parameters."""
        full = {**self.parameters, **parameters}
        return self.channels(full) if callable(self.channels) else self.channels

    def is_signed(self, parameters: Mapping[str, Any]) -> bool:
        """Whether its values can be evidence against, with these parameters."""
        full = {**self.parameters, **parameters}
        return self.signed(full) if callable(self.signed) else self.signed

    def check(self, model: Model, given: Mapping[str, Any]) -> dict[str, Any]:
        """The full parameters, or an error if one is unknown or the model lacks a capability."""
        full = checked_parameters(self.name, given, self.parameters)
        missing = self.needs - model.capabilities
        if missing:
            able = [item.name for item in METHODS.values() if item.needs <= model.capabilities]
            hints = getattr(model, "hints", {})  # of a `Backend`
            helps = "".join(f"; {hints[name]}" for name in sorted(missing) if name in hints)
            kind = NeedsGradient if "gradient" in " ".join(missing) else UnsupportedMethod
            raise kind(
                f"{self.name} needs {', '.join(sorted(missing))}, which {model.name} cannot give; "
                f"methods that work: {', '.join(able) or 'none'}{helps}"
            )
        return full


METHODS: Registry[Method] = Registry(
    "method",
    (
        "heatlens.attribution.gradient",
        "heatlens.attribution.cam",
        "heatlens.attribution.perturbation",
    ),
)
"""All attribution methods by name."""


def register(
    name: str | None = None,
    *,
    family: str,
    needs: set[str],
    cost: Callable[[Mapping[str, Any]], Passes],
    paper: str,
    level: str = "pixel",
    channels: str | Callable[[Mapping[str, Any]], str] = "sum",
    signed: bool | Callable[[Mapping[str, Any]], bool] = True,
    fixed_target: bool = False,
    quick: Mapping[str, Any] | None = None,
    each: str = "channel",
) -> Callable[[Function], Function]:
    """Register a method under `name`, by default the function's with hyphens.

    See `Method` for the arguments.
    """
    unknown = needs - set(CAPABILITIES)
    if unknown:
        raise InvalidArgument(f"no model has the capabilities {unknown}; see CAPABILITIES")

    def decorate(function: Function) -> Function:
        own = name or function.__name__.replace("_", "-")
        METHODS.add(
            own,
            Method(
                name=own,
                function=function,
                family=family,
                needs=frozenset(needs),
                cost=cost,
                paper=paper,
                level=level,
                channels=channels,
                signed=signed,
                fixed_target=fixed_target,
                quick=dict(quick or {}),
                each=each,
            ),
        )
        return function

    return decorate


def methods() -> list[Method]:
    """All attribution methods, by name.

    Example:
        >>> [method.name for method in methods() if method.family == "gradient"]
        ['gradient', 'input-x-gradient', 'integrated-gradients', 'smoothgrad']
    """
    return list(METHODS.values())
