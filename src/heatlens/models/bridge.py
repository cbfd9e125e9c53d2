"""Torch's graph carried across a network of another framework.

Forward, the engine gives the outputs; backward, it pulls each output's cotangent back to the
input, and the sum is what torch goes on with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import UnsupportedMethod
from heatlens.models.counting import count_backward, count_forward
from heatlens.models.engine import Engine
from heatlens.models.targets import OutputFunction

__all__ = ["across"]


def across(engine: Engine, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Outputs of layers by name ("" is the network's own), with a graph back to `batch`.

    Args:
        engine: one that gives gradients.
        batch: in the network's own layout, on the engine's device; may hang on a graph.
        layers: each costs a backward pass, unless no gradient comes to it.

    Example:
        >>> from heatlens.models.load import load_model
        >>> def double(batch):
        ...     return 2 * batch.flatten(1)
        >>> model = load_model(double, framework="torch", layout="NCHW", input_size=1)
        >>> x = torch.ones(1, 1, 1, 1, requires_grad=True)
        >>> model.traced(x, [""])[""].square().sum().backward()
        >>> x.grad.item()
        8.0
    """
    crossing: Any = _Crossing
    outputs = crossing.apply(batch, engine, tuple(layers))
    return dict(zip(layers, outputs, strict=True))


class _Crossing(torch.autograd.Function):
    """The engine's network as one operation of torch; its slopes have no slopes."""

    @staticmethod
    def forward(ctx: Any, batch: Tensor, engine: Engine, layers: tuple[str, ...]) -> Any:
        output, seen = engine.forward(batch.detach(), tuple(name for name in layers if name))
        count_forward(len(batch))
        ctx.save_for_backward(batch)
        ctx.engine, ctx.layers = engine, layers
        ctx.set_materialize_grads(False)
        return tuple(seen[name] if name else output for name in layers)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor | None) -> Any:
        (batch,) = ctx.saved_tensors
        total: Tensor | None = None
        for name, slope in zip(ctx.layers, slopes, strict=True):
            if slope is not None:
                pulled = ctx.engine.gradient(batch.detach(), _along(slope, name or None))
                count_backward(len(batch))
                total = pulled if total is None else total + pulled
        if total is None:
            return None, None, None
        once: Any = _Once
        slope = total.to(batch)
        # With create_graph, somebody wants slopes of this slope: they are to fail, not to be 0.
        return (once.apply(slope, batch) if torch.is_grad_enabled() else slope), None, None


class _Once(torch.autograd.Function):
    """A slope whose own slope nobody here knows."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, batch: Tensor) -> Tensor:
        return slope.clone()

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        raise UnsupportedMethod(
            "slopes of slopes (create_graph=True) do not cross into another framework; penalise "
            "gradients in the network's own, or in PyTorch"
        )


def _along(slope: Tensor, layer: str | None) -> OutputFunction:
    """The target whose gradient with respect to the output is `slope`."""

    def scores(output: Tensor) -> Tensor:
        return (output * slope.to(output)).flatten(1).sum(1)

    return OutputFunction(scores, layer=layer)
