"""How a benchmark is to be run."""

from __future__ import annotations

import time
from collections.abc import Callable
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
        processor_time: count this process's own time instead of the wall's: for a machine that
            is not quiet, with one thread.
    """

    device: str = "cpu"
    rounds: int = 7
    threads: int = 2
    seed: int = 0
    size: Size = "default"
    processor_time: bool = False

    @property
    def clock(self) -> Callable[[], float]:
        return time.process_time if self.processor_time else time.perf_counter

    @property
    def synchronise(self) -> Callable[[], object]:
        """Waits for the device."""
        if self.device != "cuda":
            return lambda: None
        import torch

        return torch.cuda.synchronize

    def of(self, *, quick: Value, default: Value, full: Value) -> Value:
        """The value for this size."""
        return {"quick": quick, "default": default, "full": full}[self.size]

    def at_most(self, rounds: int) -> int:
        """The number of rounds, capped for a case that is slow."""
        return min(self.rounds, rounds)
