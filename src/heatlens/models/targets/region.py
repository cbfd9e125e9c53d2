"""A class of a semantic segmentation as a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.models.targets.base import Target
from heatlens.models.targets.classes import ClassIndex, Label

__all__ = ["Region"]


@dataclass(frozen=True, eq=False)
class Region(Target):
    """A class of a semantic segmentation: its mean logit over a region of the output.

    Attributes:
        index: class index or label.
        mask: bool (h, w) or (N, h, w), on the output's grid or any other (then the nearest cell
            counts); None means where the model itself puts the class.

    Raises:
        InvalidArgument: the region is empty, or the output is no segmentation.
    """

    index: int | str
    mask: Any = None
    scope: Tensor | None = None

    @property
    def is_fixed(self) -> bool:  # type: ignore[override]
        """Whether the region no longer moves with the output."""
        return self.scope is not None

    @property
    def is_linear(self) -> bool:
        """A mean of outputs, once the region is fixed."""
        return self.scope is not None

    def __post_init__(self) -> None:
        """Check the mask's shape as soon as it is there."""
        if self.mask is None:
            return
        mask = torch.as_tensor(self.mask)
        if mask.ndim not in (2, 3):
            raise InvalidArgument(f"a mask of shape {tuple(mask.shape)}; (h, w) or (N, h, w)")
        object.__setattr__(self, "mask", mask)

    @property
    def per_row(self) -> int | None:
        """The number of masks, unless there is one for all."""
        masks = self.mask if self.scope is None else self.scope
        if masks is None or masks.ndim == 2 or (self.scope is None and len(masks) == 1):
            return None
        return len(masks)

    def bind(self, labels: Sequence[str]) -> Region:
        """The label's class."""
        if isinstance(self.index, int):
            return self
        bound = cast(ClassIndex, Label(self.index).bind(labels))
        return replace(self, index=cast(int, bound.index))

    def scores(self, output: Tensor) -> Tensor:
        """Mean logit of the class inside the region."""
        region = self if self.scope is not None else self.fixed(output)
        scope = cast(Tensor, region.scope).to(output.dtype)
        logits = output[:, cast(int, self.index)]
        return (logits * scope).sum((1, 2)) / scope.sum((1, 2))

    def fixed(self, output: Tensor) -> Region:
        """The region as a bool tensor (N, h, w) on the output's grid."""
        if not isinstance(output, Tensor) or output.ndim != 4:
            shape = tuple(getattr(output, "shape", ()))
            raise InvalidArgument(
                f"a Region needs a segmentation output (N, classes, h, w), the model gave {shape}"
            )
        if isinstance(self.index, str):
            raise InvalidArgument(
                f"label {self.index!r}: this model knows no labels; give an index"
            )
        if not 0 <= self.index < output.shape[1]:
            raise InvalidArgument(
                f"class {self.index} is out of range: the output has {output.shape[1]} classes"
            )
        if self.mask is None:
            scope = output.detach().argmax(1) == self.index
        else:
            mask = self.mask.to(output)
            mask = mask.expand(len(output), *mask.shape[-2:]).unsqueeze(1)
            nearest = torch.nn.functional.interpolate(mask, output.shape[-2:], mode="nearest-exact")
            scope = nearest.squeeze(1) > 0
        empty = [row for row, inside in enumerate(scope.flatten(1).any(1).tolist()) if not inside]
        if empty:
            why = "the model sees that class nowhere" if self.mask is None else "the mask is empty"
            raise InvalidArgument(f"an empty region in row {empty[0]}: {why}")
        return replace(self, scope=scope)

    def take(self, rows: Tensor) -> Region:
        """The regions, or the masks that will make them, of those rows."""
        if self.scope is not None:
            return replace(self, scope=self.scope[rows.to(self.scope.device)])
        if self.per_row is not None:
            return replace(self, mask=self.mask[rows.to(self.mask.device)])
        return self

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """ "region of cat"."""
        name = (
            self.index if isinstance(self.index, str) else ClassIndex(self.index).describe(labels)
        )
        return f"region of {name}"
