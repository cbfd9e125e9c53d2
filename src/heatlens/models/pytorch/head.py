"""The last layer that a score depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from heatlens.models.pytorch.capture import listening, observable

__all__ = ["last_that_matters"]

_HEADS = 8
"""How many of the last layers are asked whether a score depends on them."""


def last_that_matters(
    network: nn.Module, forward: Callable[[], object], scores: Callable[[], Tensor]
) -> nn.Module | None:
    """The layer with a matrix of weights that runs last of those the score depends on.

    Args:
        network: whose weights do not require gradients; it is left as it is.
        forward: one pass, without a graph.
        scores: the scores of one pass, (N,), with a graph.
    """
    order: list[nn.Module] = []
    parts = observable(network)
    if not isinstance(network, torch.jit.ScriptModule):
        parts = {"": network, **parts}
    weighted = {name: part for name, part in parts.items() if _has_matrix(part)}

    def note(name: str, output: Tensor) -> None:
        order.append(weighted[name])

    with listening(weighted, note):
        forward()
    last = list(dict.fromkeys(reversed(order)))[:_HEADS]
    for part, slope in zip(last, _slopes(last, scores), strict=True):
        if slope is not None and bool(slope.any()):
            return part
    return None


def _has_matrix(part: nn.Module) -> bool:
    weight = part._parameters.get("weight")
    return isinstance(weight, Tensor) and weight.ndim >= 2 and weight.is_floating_point()


def _slopes(layers: Sequence[nn.Module], scores: Callable[[], Tensor]) -> Sequence[Tensor | None]:
    """Of the sum of scores with respect to each layer's weights; None where it hangs on none."""
    weights = [cast(nn.Parameter, part.weight).requires_grad_() for part in layers]
    try:
        found = scores()
        if not weights or not found.requires_grad:
            return [None] * len(layers)
        return torch.autograd.grad(found.sum(), weights, allow_unused=True)
    finally:
        for weight in weights:
            weight.requires_grad_(False)
