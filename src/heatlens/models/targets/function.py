"""Any callable on the output as a target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.pytorch.randomness import random_state_kept
from heatlens.models.targets.base import Target

__all__ = ["OutputFunction", "Score"]

Score = Callable[[Any], Tensor]


@dataclass(frozen=True, eq=False)
class OutputFunction(Target):
    """Any callable from the model's output to one score per row.

    Example:
        >>> import torch
        >>> OutputFunction(lambda output: output.square().sum(1)).scores(torch.tensor([[3.0, 4.0]]))
        tensor([25.])
    """

    function: Score

    def scores(self, output: Tensor) -> Tensor:
        """What the callable says, checked to be one number a row."""
        with random_state_kept():
            scores = self.function(output)
        if not isinstance(scores, Tensor):
            raise InvalidType(
                f"the target callable returned {type(scores).__name__}, not a tensor of scores"
            )
        if isinstance(output, Tensor) and scores.shape != output.shape[:1]:
            raise InvalidArgument(
                f"the target callable returned shape {tuple(scores.shape)} for {len(output)} rows; "
                f"it must return ({len(output)},), one score a row"
            )
        return scores

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """The callable's own name."""
        return getattr(self.function, "__name__", type(self.function).__name__)
