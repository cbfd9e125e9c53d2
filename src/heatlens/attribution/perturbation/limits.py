"""When a sampling method stops: by samples, by its error, by passes or by the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from heatlens.errors import InvalidArgument

if TYPE_CHECKING:
    from heatlens.attribution.perturbation.anytime import Sampling

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Whichever comes first.

    Attributes:
        samples: the most that are drawn, those of a result that is gone on with included.
        tolerance: a row stops when the largest standard error of its values is at most this
            share of its largest value.
        budget: forward passes per row, those of a result that is gone on with included. The few
            passes by which it is confirmed come on top.
        seconds: wall time of this call. A call makes the few samples that an error needs even if
            they take longer.

    Example:
        >>> Limits(10, tolerance=-1)
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: tolerance is -1; a share of the largest value, such as
        0.05, or None
    """

    samples: int
    tolerance: float | None = None
    budget: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        if not _whole(self.samples) or self.samples < 1:
            raise InvalidArgument(
                f"samples is {self.samples!r}; it must be a whole number of at least 1"
            )
        if self.tolerance is not None and not (_number(self.tolerance) and self.tolerance > 0):
            raise InvalidArgument(
                f"tolerance is {self.tolerance!r}; a share of the largest value, such as 0.05, or "
                "None"
            )
        if self.budget is not None and not (_whole(self.budget) and self.budget >= 1):
            raise InvalidArgument(
                f"budget is {self.budget!r}; a whole number of forward passes, or None"
            )
        if self.seconds is not None and not (_number(self.seconds) and self.seconds > 0):
            raise InvalidArgument(f"seconds is {self.seconds!r}; a positive number, or None")

    def draws(self, sampling: Sampling) -> tuple[int, str]:
        """The most draws that the samples and the budget allow, and which of them it is.

        Raises:
            InvalidArgument: that is too few for anything to be estimated.
        """
        needed = sampling.least * sampling.samples
        if self.samples < needed:
            raise InvalidArgument(f"samples is {self.samples}; at least {needed} are needed here")
        most, reason = self.samples // sampling.samples, "samples"
        if self.budget is not None and sampling.passes:
            affordable = (self.budget - sampling.fixed) // sampling.passes
            if affordable < sampling.least:
                needed = sampling.fixed + sampling.least * sampling.passes
                raise InvalidArgument(
                    f"budget is {self.budget}; at least {needed} passes are needed here"
                )
            if affordable < most:
                most, reason = affordable, "budget"
        return most, reason

    def allows(self, passes: int, samples: int) -> bool:
        """Whether so many passes, for so many samples, can be made whatever the clock says."""
        affordable = self.budget is None or passes <= self.budget
        return affordable and samples <= self.samples and self.seconds is None

    def is_met(self, values: Tensor, error: Tensor) -> Tensor:
        """Which rows (n,) are as precise as the tolerance asks."""
        if self.tolerance is None:
            return values.new_zeros(len(values)).bool()
        largest = values.abs().flatten(1).amax(1)
        return error.flatten(1).amax(1) <= self.tolerance * largest


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return real and math.isfinite(value)
