"""What the evidence is for: one mechanism that turns a model's output into one score per row.

Every target has `scores(output) -> (N,)`, differentiable. Some have to look first: a label needs
the model's labels (`bind`), "predicted" needs an output (`fixed`), and a target with one choice
per row must follow when rows are repeated or split (`take`). A target with a `layer` is read from
that layer's output instead of the model's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.models.pytorch.randomness import random_state_kept

__all__ = [
    "ClassIndex",
    "Difference",
    "Label",
    "OutputFunction",
    "Predicted",
    "Region",
    "Similarity",
    "Target",
    "TopK",
    "as_target",
]

Score = Callable[[Any], Tensor]


@dataclass(frozen=True, eq=False)
class Target:
    """Base of all targets; the subclasses below are the ones to use."""

    layer: str | None = field(default=None, kw_only=True)

    #: whether the choice no longer depends on the model's output
    is_fixed = True

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

    def scores(self, output: Tensor) -> Tensor:
        """The logit of the class."""
        classes = _classes(output)
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
        classes = _classes(output)
        if not 0 <= self.rank < classes:
            raise InvalidArgument(f"rank {self.rank}: the model has {classes} classes")
        order = output.detach().topk(self.rank + 1, dim=1).indices[:, self.rank]
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
        classes = _classes(output)
        if not 1 <= self.count <= classes:
            raise InvalidArgument(f"top {self.count}: the model has {classes} classes")
        order = output.detach().topk(self.count, dim=1).indices
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


@dataclass(frozen=True, eq=False)
class Difference(Target):
    """Why this class rather than that one: score of `first` minus score of `second`.

    Example:
        >>> Difference(1, 0).scores(torch.tensor([[5.0, 7.0]]))
        tensor([2.])
    """

    first: Any
    second: Any

    def __post_init__(self) -> None:
        """Both sides may be anything that `as_target` takes; one pass must be able to give both."""
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


@dataclass(frozen=True, eq=False)
class OutputFunction(Target):
    """Any callable from the model's output to one score per row.

    Example:
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


def as_target(spec: Any) -> Target:
    """Whatever names a target, as a `Target`.

    Args:
        spec: a `Target`; a class index; a label; "predicted"; "top-3"; "cat - dog" (difference of
            two labels or indices); a list or tensor with one class index per row; or a callable
            on the output.

    Raises:
        InvalidType: anything else.

    Example:
        >>> as_target("top-2")
        TopK(layer=None, count=2, classes=())
    """
    if isinstance(spec, Target):
        return spec
    if isinstance(spec, bool):
        raise InvalidType("a target cannot be True or False; give a class index or a label")
    if isinstance(spec, int):
        return ClassIndex(spec)
    if isinstance(spec, str):
        return _from_words(spec)
    if callable(spec):
        return OutputFunction(spec)
    if hasattr(spec, "tolist"):
        spec = spec.tolist()
        if isinstance(spec, int):
            return ClassIndex(spec)
    if isinstance(spec, Sequence) and spec and all(type(item) is int for item in spec):
        return ClassIndex(tuple(spec))
    raise InvalidType(
        f"{spec!r} is no target: give a class index, a label, 'predicted', 'top-3', 'a - b', one "
        "index per row, a callable on the output, or a heatlens target"
    )


def pooled(output: Tensor) -> Tensor:
    """An output as one vector per row: grids (N, C, h, w) and tokens (N, L, C) are averaged."""
    if output.ndim == 4:
        return output.mean((2, 3))
    if output.ndim == 3:
        return output.mean(1)
    if output.ndim != 2:
        raise InvalidArgument(f"an output of shape {tuple(output.shape)} is no embedding")
    return output


def _from_words(words: str) -> Target:
    text = words.strip()
    if text == "predicted":
        return Predicted()
    if text.startswith("top-") and text[4:].isdecimal():
        return TopK(int(text[4:]))
    if text.isdecimal():
        return ClassIndex(int(text))
    first, dash, second = text.partition(" - ")
    return Difference(first, second) if dash else Label(text)


def _classes(output: Tensor) -> int:
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
