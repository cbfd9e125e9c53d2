"""What a framework has to offer to become a `Backend`: a few functions on torch tensors.

An engine knows one network in one framework. It takes and gives torch tensors in the network's own
layout, and nothing else: rows, layouts, memory, checks and counting are the `Backend`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from heatlens.errors import NeedsGradient
from heatlens.models.checks import checked_output
from heatlens.models.targets import Target

__all__ = ["Engine", "cotangent"]


class Engine(Protocol):
    """One network in one framework.

    `batch` is always float, contiguous, on the CPU unless `device` says otherwise, and in the
    network's own layout. What comes back is detached.

    Attributes:
        capabilities: of `heatlens.models.protocol.CAPABILITIES`.
        row_limit: most rows it takes at once; None is any number.
        device: where it wants its input.
        dtype: what it wants its input in.
    """

    @property
    def capabilities(self) -> frozenset[str]:
        """What it can do."""
        ...

    @property
    def row_limit(self) -> int | None:
        """Most rows at once."""
        ...

    @property
    def device(self) -> torch.device:
        """Where it wants its input."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """What it wants its input in."""
        ...

    def layers(self) -> tuple[str, ...]:
        """Names of layers whose output can be read, in the order in which they run."""
        ...

    def forward(
        self, batch: Tensor, layers: Sequence[str] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output, and the named layers' outputs, of one forward pass."""
        ...

    def gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Gradient of the sum of `target.scores(output)` with respect to the batch.

        `output` is that of `target.layer` where it names one.
        """
        ...

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """A layer's output and the gradient of the sum of scores with respect to it."""
        ...

    def with_random_head(self, seed: int) -> Engine | None:
        """The same network with the last weights drawn anew, keeping mean and spread.

        None where that cannot be done. The network itself is left alone.
        """
        ...


def cotangent(output: Tensor, target: Target, rows: int) -> Tensor:
    """d(sum of scores) / d(output), by which a framework pulls back to the input.

    Args:
        output: of the network.
        target: whose scores.
        rows: how many rows went in; a score of several rows mixed would give a map all the same.

    Raises:
        InvalidArgument: the output has another number of rows.
        NeedsGradient: the target's score does not depend on the output in a differentiable way.

    Example:
        >>> from heatlens.models.targets import ClassIndex
        >>> cotangent(torch.zeros(1, 3), ClassIndex(1), 1)
        tensor([[0., 1., 0.]])
    """
    checked_output(output, rows)
    with torch.inference_mode(False), torch.enable_grad():
        leaf = output.detach().clone().requires_grad_()
        scores = target.scores(leaf)
        if not scores.requires_grad:
            raise NeedsGradient(
                "the target's score does not depend on the output in a way that gradients can "
                "follow (a detached or non-differentiable operation in the target?)"
            )
        (slope,) = torch.autograd.grad(scores.sum(), leaf)
    return slope
