"""A lower and an upper end, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from heatlens.errors import InvalidArgument

__all__ = ["Interval", "check_confidence"]


@dataclass(frozen=True)
class Interval:
    """Where a figure lies, with the confidence that it was made for.

    Attributes:
        low: lower end, in the figure's unit; may be minus infinity.
        high: upper end, not below `low`; may be infinite.

    Raises:
        InvalidArgument: an end is NaN, or the upper one lies below the lower one.

    Example:
        >>> low, high = found = Interval(-0.25, 0.5)
        >>> print(found, found.percent(), found.holds(0), sep="; ")
        −0.25 to 0.50; −25 to 50 %; True
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Check the order of the ends."""
        if isnan(self.low) or isnan(self.high) or self.low > self.high:
            raise InvalidArgument(
                f"an interval from {self.low} to {self.high}; the lower end comes first, and "
                "neither is NaN"
            )

    def __iter__(self) -> Iterator[float]:
        """The lower end, then the upper one."""
        return iter((self.low, self.high))

    @property
    def width(self) -> float:
        """Upper end less the lower one."""
        return self.high - self.low

    def holds(self, x: float) -> bool:
        """Whether `x` lies in it, the ends included."""
        return self.low <= x <= self.high

    def __str__(self) -> str:
        """ "0.25 to 0.75"."""
        return _signed(f"{self.low:.2f} to {self.high:.2f}")

    def percent(self) -> str:
        """In per cent, "25 to 75 %"."""
        return _signed(f"{100 * self.low:.0f} to {100 * self.high:.0f} %")


def check_confidence(confidence: float) -> float:
    """The confidence, if it lies between 0 and 1.

    Raises:
        InvalidArgument: it does not.

    Example:
        >>> check_confidence(0.95)
        0.95
    """
    if not 0 < confidence < 1:
        raise InvalidArgument(f"confidence is {confidence!r}; a number between 0 and 1, like 0.95")
    return float(confidence)


def _signed(text: str) -> str:
    """With a true minus."""
    return text.replace("-", "\u2212")
