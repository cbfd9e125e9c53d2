"""How a benchmark is to be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

__all__ = ["Settings", "Size"]

Value = TypeVar("Value")
Size = Literal["quick", "default", "full"]


@dataclass(frozen=True)
class Settings:
    """What the command line said.

    Attributes:
        device: "cpu" or "cuda".
        rounds: how often each contender runs after the warm-up.
        threads: torch's, and those of every child process.
        seed: of the weights and the input.
        size: "quick" looks whether all runs, "default" takes minutes, "full" is the size that
            the issue names even where it takes an hour.
    """

    device: str = "cpu"
    rounds: int = 7
    threads: int = 2
    seed: int = 0
    size: Size = "default"

    def of(self, *, quick: Value, default: Value, full: Value) -> Value:
        """The value for this size."""
        return {"quick": quick, "default": default, "full": full}[self.size]

    def at_most(self, rounds: int) -> int:
        """The number of rounds, capped for a case that is slow."""
        return min(self.rounds, rounds)
