"""What every target can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument

__all__ = ["Target", "class_count"]


@dataclass(frozen=True, eq=False)
class Target:
    """Base of all targets; the subclasses below are the ones to use."""

    layer: str | None = field(default=None, kw_only=True)

    #: whether the choice no longer depends on the model's output
    is_fixed = True

    @property
    def is_linear(self) -> bool:
        """Whether the score's slope is the same at every output of one shape."""
        return False

    @property
    def per_row(self) -> int | None:
        """For how many rows it has one choice each; None if one choice serves any number."""
        return None

    def scores(self, output: Tensor) -> Tensor:
        """One score per row: (N, ...) -> (N,)."""
        raise NotImplementedError(f"{type(self).__name__} does not define scores()")

    def bind(self, labels: Sequence[str]) -> Target:
        """Replace label names by indices."""
        return self

    def fixed(self, output: Tensor) -> Target:
        """Bind choices that depend on the output, so that they hold while the input changes."""
        return self

    def take(self, rows: Tensor) -> Target:
        """The target for `rows` (indices) of the batch it was fixed for."""
        return self

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """In words, for the given row."""
        return type(self).__name__


def class_count(output: Tensor) -> int:
    """Number of classes of a classification output, else an error that says what it is."""
    if not isinstance(output, Tensor):
        raise InvalidArgument(
            f"the model returned {type(output).__name__}; give a callable target that reads it"
        )
    if output.ndim == 4:
        raise InvalidArgument(
            f"the model's output {tuple(output.shape)} is a segmentation: give the target as "
            "heatlens.Region(class) or a callable"
        )
    if output.ndim != 2:
        raise InvalidArgument(
            f"the model's output {tuple(output.shape)} is not (N, classes): give a callable target"
        )
    if not bool(torch.isfinite(output.detach()).all()):
        raise InvalidArgument("the model's scores are NaN or infinite on this input")
    return output.shape[1]
