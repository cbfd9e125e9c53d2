"""Why this rather than that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.models.targets.base import Target

__all__ = ["Difference"]


@dataclass(frozen=True, eq=False)
class Difference(Target):
    """Why this class rather than that one: score of `first` minus score of `second`.

    Example:
        >>> import torch
        >>> Difference(1, 0).scores(torch.tensor([[5.0, 7.0]]))
        tensor([2.])
    """

    first: Any
    second: Any

    def __post_init__(self) -> None:
        """Both sides may be anything that `as_target` takes; one pass must be able to give both."""
        from heatlens.models.targets.spec import as_target  # which knows differences itself

        object.__setattr__(self, "first", as_target(self.first))
        object.__setattr__(self, "second", as_target(self.second))
        sides = {self.first.layer, self.second.layer}
        layer = self.layer or self.first.layer
        if len(sides) > 1 or not sides <= {None, layer}:
            raise InvalidArgument(
                "both sides of a difference must be read from the same layer, not from "
                f"{self.first.layer or 'the output'} and {self.second.layer or 'the output'}"
            )
        object.__setattr__(self, "layer", layer)
        counts = {self.first.per_row, self.second.per_row} - {None}
        if len(counts) > 1:
            raise InvalidArgument(
                "the sides of a difference have one choice a row each, for different numbers of "
                f"rows: {self.first.per_row} and {self.second.per_row}"
            )

    @property
    def is_fixed(self) -> bool:  # type: ignore[override]
        """Whether both sides are."""
        return bool(self.first.is_fixed and self.second.is_fixed)

    @property
    def is_linear(self) -> bool:
        """Whether both sides are."""
        return bool(self.first.is_linear and self.second.is_linear)

    @property
    def per_row(self) -> int | None:
        """That of the sides."""
        count: int | None = self.first.per_row or self.second.per_row
        return count

    def scores(self, output: Tensor) -> Tensor:
        """The difference of the two scores."""
        return cast(Tensor, self.first.scores(output) - self.second.scores(output))

    def bind(self, labels: Sequence[str]) -> Difference:
        """Bind both sides."""
        return replace(self, first=self.first.bind(labels), second=self.second.bind(labels))

    def fixed(self, output: Tensor) -> Difference:
        """Fix both sides."""
        return replace(self, first=self.first.fixed(output), second=self.second.fixed(output))

    def take(self, rows: Tensor) -> Difference:
        """Both sides of those rows."""
        return replace(self, first=self.first.take(rows), second=self.second.take(rows))

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """ "tabby - tiger cat"."""
        return f"{self.first.describe(labels, row)} - {self.second.describe(labels, row)}"
