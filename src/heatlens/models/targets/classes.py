"""Targets that are classes: by index, by label, by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.models.targets.base import Target, class_count

__all__ = ["ClassIndex", "Label", "Predicted", "TopK"]


@dataclass(frozen=True, eq=False)
class ClassIndex(Target):
    """The score of one class, the same for all rows or one per row.

    Example:
        >>> ClassIndex(1).scores(torch.tensor([[5.0, 7.0], [2.0, 3.0]]))
        tensor([7., 3.])
        >>> ClassIndex((0, 1)).scores(torch.tensor([[5.0, 7.0], [2.0, 3.0]]))
        tensor([5., 3.])
    """

    index: int | tuple[int, ...]

    @property
    def per_row(self) -> int | None:
        """The number of indices, unless there is one for all."""
        return None if isinstance(self.index, int) else len(self.index)

    @property
    def is_linear(self) -> bool:
        """It is one of the outputs."""
        return True

    def scores(self, output: Tensor) -> Tensor:
        """The logit of the class."""
        classes = class_count(output)
        index = torch.as_tensor(self.index, device=output.device)
        if index.min() < 0 or index.max() >= classes:
            bad = int(index.min()) if index.min() < 0 else int(index.max())
            raise InvalidArgument(
                f"class {bad} is out of range: the model has {classes} classes, 0 to {classes - 1}"
            )
        if index.ndim and len(index) != len(output):
            raise InvalidArgument(
                f"{len(index)} class indices for a batch of {len(output)}: give one, or one a row"
            )
        return output.gather(1, index.expand(len(output)).unsqueeze(1)).squeeze(1)

    def take(self, rows: Tensor) -> Target:
        """Indices of those rows."""
        if isinstance(self.index, int):
            return self
        return replace(self, index=tuple(self.index[row] for row in rows.tolist()))

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """The label where known, else "class 3"."""
        index = self.index if isinstance(self.index, int) else self.index[row]
        return labels[index] if 0 <= index < len(labels) else f"class {index}"


@dataclass(frozen=True, eq=False)
class Label(Target):
    """The score of the class with this name."""

    name: str

    def scores(self, output: Tensor) -> Tensor:
        """Not to be had before `bind`."""
        raise InvalidArgument(
            f"label {self.name!r}: this model knows no labels; give labels= or a class index"
        )

    def bind(self, labels: Sequence[str]) -> Target:
        """The class whose label, or one of its comma-separated synonyms, is the name."""
        if not labels:
            raise InvalidArgument(
                f"label {self.name!r}: this model knows no labels; give labels= or a class index"
            )
        wanted = self.name.strip().casefold()
        matches = [i for i, label in enumerate(labels) if label.casefold() == wanted]
        if not matches:
            matches = [
                i
                for i, label in enumerate(labels)
                if wanted in (part.strip().casefold() for part in label.split(","))
            ]
        if not matches:
            raise UnknownName("label", self.name, labels)
        if len(matches) > 1:
            raise InvalidArgument(
                f"label {self.name!r} names {len(matches)} classes ({', '.join(map(str, matches))})"
                "; give the class index"
            )
        return ClassIndex(matches[0], layer=self.layer)

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """The name."""
        return self.name


@dataclass(frozen=True, eq=False)
class Predicted(Target):
    """The class that the model ranks first (`rank` 0), second (1), ... on the given input.

    Example:
        >>> Predicted().fixed(torch.tensor([[5.0, 7.0], [4.0, 3.0]])).index
        (1, 0)
    """

    rank: int = 0
    is_fixed = False

    def scores(self, output: Tensor) -> Tensor:
        """The logit of the class of that rank."""
        return self.fixed(output).scores(output)

    def fixed(self, output: Tensor) -> ClassIndex:
        """Those classes, by index."""
        classes = class_count(output)
        if not 0 <= self.rank < classes:
            raise InvalidArgument(f"rank {self.rank}: the model has {classes} classes")
        order = _ranking(output)[:, self.rank]
        return ClassIndex(tuple(order.tolist()), layer=self.layer)

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """ "predicted", until it is fixed."""
        return "predicted" if self.rank == 0 else f"predicted, rank {self.rank + 1}"


@dataclass(frozen=True, eq=False)
class TopK(Target):
    """The sum of the scores of the `count` classes that the model ranks first.

    Example:
        >>> TopK(2).scores(torch.tensor([[5.0, 7.0, 1.0]]))
        tensor([12.])
    """

    count: int
    classes: tuple[tuple[int, ...], ...] = ()

    @property
    def is_fixed(self) -> bool:  # type: ignore[override]
        """Whether the classes are chosen."""
        return bool(self.classes)

    @property
    def is_linear(self) -> bool:
        """A sum of outputs, once the classes are chosen."""
        return bool(self.classes)

    @property
    def per_row(self) -> int | None:
        """The number of rows that the classes are chosen for."""
        return len(self.classes) or None

    def scores(self, output: Tensor) -> Tensor:
        """The sum of the chosen logits."""
        chosen = self if self.classes else self.fixed(output)
        index = torch.tensor(chosen.classes, device=output.device)
        return output.gather(1, index).sum(1)

    def fixed(self, output: Tensor) -> TopK:
        """The classes of the `count` largest scores of each row."""
        classes = class_count(output)
        if not 1 <= self.count <= classes:
            raise InvalidArgument(f"top {self.count}: the model has {classes} classes")
        order = _ranking(output)[:, : self.count]
        return replace(self, classes=tuple(tuple(row) for row in order.tolist()))

    def take(self, rows: Tensor) -> TopK:
        """The classes of those rows."""
        if not self.classes:
            return self
        return replace(self, classes=tuple(self.classes[row] for row in rows.tolist()))

    def describe(self, labels: Sequence[str], row: int = 0) -> str:
        """The labels with plus signs."""
        if not self.classes:
            return f"top-{self.count}"
        return " + ".join(ClassIndex(index).describe(labels) for index in self.classes[row])


def _ranking(output: Tensor) -> Tensor:
    """Classes of each row from the best to the worst; of equal scores the first comes first."""
    return output.detach().argsort(dim=1, descending=True, stable=True)
