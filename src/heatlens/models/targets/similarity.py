"""Likeness to another picture as a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.targets.base import Target

__all__ = ["Similarity", "pooled"]


@dataclass(frozen=True, eq=False)
class Similarity(Target):
    """Cosine similarity between the embedding of the input and a reference.

    Attributes:
        reference: embedding (D,) or (N, D); `heatlens.explain` also takes an `Image`, a path or
            an array here and computes its embedding first.
        layer: the layer whose output, averaged over its grid, is the embedding; None means the
            model's output itself.

    Example:
        >>> Similarity(torch.tensor([1.0, 0.0])).scores(torch.tensor([[3.0, 4.0]]))
        tensor([0.6000])
    """

    reference: Any
    name: str = ""

    @property
    def per_row(self) -> int | None:
        """The number of references, unless there is one for all."""
        if not isinstance(self.reference, Tensor) or self.reference.ndim < 2:
            return None
        return len(self.reference) if len(self.reference) > 1 else None

    def scores(self, output: Tensor) -> Tensor:
        """The cosine, in -1..1."""
        if not isinstance(self.reference, Tensor):
            raise InvalidType(
                f"Similarity to {type(self.reference).__name__}: give an embedding tensor here, or "
                "call explain(), which takes a picture"
            )
        embedding = pooled(output)
        reference = pooled(torch.atleast_2d(self.reference)).to(embedding)
        if reference.shape[1] != embedding.shape[1]:
            raise InvalidArgument(
                f"the reference has {reference.shape[1]} numbers, the model's embedding "
                f"{embedding.shape[1]}"
            )
        return torch.nn.functional.cosine_similarity(embedding, reference, dim=1)

    def take(self, rows: Tensor) -> Similarity:
        """The references of those rows."""
        if isinstance(self.reference, Tensor) and self.reference.ndim > 1:
            if len(self.reference) == 1:
                return self
            return replace(self, reference=self.reference[rows.to(self.reference.device)])
        return self

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """ "similarity to NAME"."""
        return f"similarity to {self.name or 'the reference'}"


def pooled(output: Tensor) -> Tensor:
    """An output as one vector per row: grids (N, C, h, w) and tokens (N, L, C) are averaged."""
    if output.ndim == 4:
        return output.mean((2, 3))
    if output.ndim == 3:
        return output.mean(1)
    if output.ndim != 2:
        raise InvalidArgument(f"an output of shape {tuple(output.shape)} is no embedding")
    return output
