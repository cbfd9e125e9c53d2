"""Gradients of a network of Keras on torch, by autograd and without a graph of its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import NeedsGradient
from heatlens.models.checks import checked_output
from heatlens.models.keras.network import KerasNetwork
from heatlens.models.pytorch.randomness import random_state_kept
from heatlens.models.targets import Target

__all__ = ["TorchCalculus"]


class TorchCalculus:
    """Runs eagerly, so nothing is compiled and nothing is kept."""

    def __init__(self, network: KerasNetwork) -> None:
        """Keep the network."""
        self.network = network

    @property
    def device(self) -> torch.device:
        """Device of the first weight."""
        weights = self.network.variables()
        return weights[0].value.device if weights else torch.device("cpu")

    def forward(
        self, inputs: Sequence[Tensor], layers: tuple[str, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output and the layers' outputs."""
        with torch.no_grad(), random_state_kept():
            output, seen = self.network.run(inputs, layers)
        return output.detach(), {name: value.detach().clone() for name, value in seen.items()}

    def gradient(
        self, inputs: Sequence[Tensor], target: Target, start: str | None = None
    ) -> tuple[Tensor, Tensor]:
        """The batch, or what came out of `start`, and the gradient with respect to it."""
        with torch.inference_mode(False), torch.enable_grad(), random_state_kept():
            leaves = [inputs[0].detach().clone()]

            def begin(output: Tensor) -> Tensor:
                # A layer that runs twice counts with its last run.
                leaves[:] = [output.detach().requires_grad_()]
                return leaves[0].clone()

            if start is None:
                leaves[0].requires_grad_()
            # Without a graph of the weights nothing is kept for gradients that nobody wants.
            values = [variable.value.detach() for variable in self.network.variables()]
            output, seen = self.network.run(
                [leaves[0], *inputs[1:]],
                () if target.layer is None else (target.layer,),
                None if start is None else (start, begin),
                values,
            )
            output = output if target.layer is None else seen[target.layer]
            scores = target.scores(checked_output(output, len(inputs[0])))
            return leaves[0].detach(), _pulled(scores, leaves[0], start)


def _pulled(scores: Tensor, leaf: Tensor, start: str | None) -> Tensor:
    gradient: Any = None
    if scores.requires_grad:
        (gradient,) = torch.autograd.grad(scores.sum(), leaf, allow_unused=True)
    if gradient is None:
        of = "the input" if start is None else f"layer {start!r}"
        raise NeedsGradient(
            f"the target's score does not depend on {of} in a way that gradients can follow"
        )
    return gradient
