"""What the engine knows of a network of JAX: a pure function of its weights and its input."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from heatlens.models.jax.watch import Watch

__all__ = ["EVALUATING", "FunctionNetwork", "Network", "evaluation_flags", "input_names"]

EVALUATING: Mapping[str, bool] = {
    "train": False,
    "training": False,
    "is_training": False,
    "deterministic": True,
    "inference": True,
    "use_running_average": True,
}
"""The usual names by which a network is told whether it is being trained, and the answer here."""


class Network(Protocol):
    """A network as a pure function.

    Attributes:
        name: what it is called.
        layered: whether it consists of layers that can be watched. Such a network is a function of
            its weights and its input alone, so it is compiled; what a plain function computes with
            besides, nobody knows.
        inputs: names of the inputs; empty if they cannot be known.
    """

    name: str
    layered: bool
    inputs: tuple[str, ...]

    def weights(self) -> Any:
        """What it computes with, as it is now: arrays, in a structure that says all the rest."""
        ...

    def run(
        self,
        weights: Any,
        given: tuple[tuple[Any, ...], dict[str, Any]],
        wanted: Sequence[str] | None,
        shifts: Mapping[str, Any],
    ) -> tuple[Any, dict[str, Any], list[str]]:
        """What it returns, the wanted layers' outputs (None: all), and the order of all layers.

        Args:
            weights: as `weights()` gave them.
            given: arguments by place and by name, each with the batch as its first axis.
            wanted: names of layers.
            shifts: what is added to the outputs of layers, by name.
        """
        ...


class FunctionNetwork:
    """A plain function of a batch; nothing of its inside can be seen.

    It is called as its owner would call it. What it reads from outside (weights of a closure) is
    read in each call, unless the owner's own `jax.jit` has taken it in as it was when first traced.
    """

    layered = False

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        """Take `function` from a batch (N, ...) to scores (N, ...)."""
        self.function, self.name = function, name
        self.inputs = input_names(function)

    def weights(self) -> Any:
        """None: the function holds them itself."""
        return ()

    def run(
        self,
        weights: Any,
        given: tuple[tuple[Any, ...], dict[str, Any]],
        wanted: Sequence[str] | None,
        shifts: Mapping[str, Any],
    ) -> tuple[Any, dict[str, Any], list[str]]:
        """See `Network.run`."""
        watch = Watch(wanted, shifts)
        arguments, named = given
        return self.function(*arguments, **named), watch.seen, watch.order


def input_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the arrays that a function takes; flags of training and keys are not among them.

    Example:
        >>> input_names(lambda image, text, *, train=True: None)
        ('image', 'text')
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return tuple(
        item.name
        for item in parameters
        if item.kind in kinds
        and item.name not in EVALUATING
        and item.name not in ("key", "rngs", "state")
        and item.default in (inspect.Parameter.empty, None)
    )


def evaluation_flags(function: Callable[..., Any]) -> dict[str, bool]:
    """The arguments that tell a function that it is not being trained.

    Example:
        >>> evaluation_flags(lambda x, train: x)
        {'train': False}
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    return {name: value for name, value in EVALUATING.items() if name in parameters}
