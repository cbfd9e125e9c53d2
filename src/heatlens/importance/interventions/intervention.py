"""What an intervention is: a named feature of pictures that can be replaced.

Interventions on pixels work on pixels in 0..1, before the network's own normalisation, and keep
them there; those on layers work on the layer's output, in PyTorch networks.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.registry import Registry

__all__ = [
    "KINDS",
    "Intervention",
    "Kind",
    "LayerIntervention",
    "PictureIntervention",
    "Property",
]

Own = TypeVar("Own", bound="Intervention")


@dataclass(frozen=True, eq=False)
class Kind:
    """What a kind of intervention does, for the documentation, and how its name makes it.

    Attributes:
        summary: the feature in words.
        written: how it is asked for, in Markdown.
        permuted: what is taken from another picture.
        ablated: what it is on average, or gone.
        curve: whether it is a number that partial dependence can move.
        make: from nothing to one or several; None where it takes more than a name.
    """

    summary: str
    written: str
    permuted: str
    ablated: str
    curve: bool = False
    make: Callable[[], tuple[Intervention, ...]] | None = None


KINDS: Registry[Kind] = Registry("feature of pictures", ("heatlens.importance.interventions",))
"""Kinds of interventions by name."""


class Intervention(ABC):
    """A named feature of pictures.

    Attributes:
        name: of the feature.
        unit: of its number.
        usual: what stands for "not there", learnt from the data set; None before.
    """

    name: str
    unit: str = ""
    usual: Tensor | None = None

    def learned(self: Own, usual: Tensor) -> Own:
        """A copy that knows what is usual in a data set: the mean of `state` over its pictures."""
        known = copy.copy(self)
        known.usual = usual
        return known

    def facing(self: Own, original: Tensor) -> Own:
        """Itself, or a copy bound to unchanged pictures where it has to see them.

        Args:
            original: (n, C, h, w) before anything was changed about them.
        """
        return self

    def state(self, given: Tensor) -> Tensor | None:
        """What is averaged over the data set, (n, ...); None if nothing has to be."""
        return None

    def measure(self, given: Tensor) -> Tensor | None:
        """The feature as one number a picture, (n,); None if it is none."""
        return None

    def set_to(self, given: Tensor, value: Tensor) -> Tensor:
        """`given` with the number at `value` (n,), as near as it can be had.

        Raises:
            InvalidArgument: the feature has no number.
        """
        raise InvalidArgument(
            f"{self.name!r} has no single number that could be set; take one that has, such as "
            "'brightness'"
        )

    @abstractmethod
    def ablate(self, given: Tensor, rows: Tensor) -> Tensor:
        """`given` with the feature as it is on average, or gone.

        Args:
            given: (n, ...) pixels in 0..1, or outputs of the layer.
            rows: (n,), numbers of the pictures in the data set.
        """

    @abstractmethod
    def permute(self, given: Tensor, donors: Tensor, rows: Tensor) -> Tensor:
        """`given` with the feature of `donors`, which is shaped alike."""

    def _known(self) -> Tensor:
        if self.usual is None:
            raise InvalidArgument(
                f"{self.name!r} has not seen a data set yet, whose mean it is to be replaced by; "
                "learned() tells it"
            )
        return self.usual


class PictureIntervention(Intervention):
    """A feature of pixels: `given` is (n, C, h, w) in 0..1."""


class LayerIntervention(Intervention):
    """A feature of what a layer puts out: `given` is that output.

    Attributes:
        layer: dotted name of the layer.
        axis: of the channels in the output; found by the network's grid where None.
    """

    layer: str
    axis: int | None = None

    def channel_axis(self, given: Tensor) -> int:
        """Axis of the channels: as said, else 1, or the last of tokens (n, tokens, channels)."""
        if self.axis is not None:
            return self.axis % given.ndim
        return given.ndim - 1 if given.ndim == 3 else 1

    def state(self, given: Tensor) -> Tensor | None:
        """The output itself: its mean over the data set is what is usual."""
        return given


class Property(PictureIntervention):
    """A feature of pixels that is one number: measured and set."""

    def state(self, given: Tensor) -> Tensor | None:
        """The number."""
        return self.measure(given)

    @abstractmethod
    def measure(self, given: Tensor) -> Tensor:
        """The number of each picture, (n,)."""

    @abstractmethod
    def set_to(self, given: Tensor, value: Tensor) -> Tensor:
        """Pictures with that number."""

    def ablate(self, given: Tensor, rows: Tensor) -> Tensor:
        """Pictures with the number that is usual."""
        return self.set_to(given, self._known().to(given).expand(len(given)))

    def permute(self, given: Tensor, donors: Tensor, rows: Tensor) -> Tensor:
        """Pictures with the numbers of others."""
        return self.set_to(given, self.measure(donors))


def reached(
    change: Callable[[Tensor], Tensor],
    measure: Callable[[Tensor], Tensor],
    value: Tensor,
    first: Tensor,
    low: Tensor,
    high: Tensor,
    *,
    tolerance: float = 1e-4,
) -> Tensor:
    """Changed pictures whose measure is `value`, for a measure that rises with the strength.

    Pixels end at black and white, so the strength that arithmetic asks for may not do; then the
    one that does is found by bisection, for each picture by itself.

    Args:
        change: from strengths (n,) to pictures (n, C, h, w).
        measure: from pictures to numbers (n,).
        value: wanted, (n,).
        first: strengths that would do without the ends.
        low: strengths that are too weak.
        high: strengths that are too strong, or the strongest there are.
        tolerance: up to which `first` is good enough.
    """
    made = change(first)
    off = (measure(made) - value).abs() > tolerance
    if not bool(off.any()):
        return made
    for _ in range(24):
        middle = (low + high) / 2
        weak = measure(change(middle)) < value
        low, high = torch.where(weak, middle, low), torch.where(weak, high, middle)
    return change(torch.where(off, (low + high) / 2, first))
