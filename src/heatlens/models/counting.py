"""Counting the rows that go through networks, whatever backend they are of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from heatlens.models.protocol import Passes

__all__ = ["count_backward", "count_forward", "counting"]

_counters: ContextVar[tuple[Passes, ...]] = ContextVar("heatlens_passes", default=())


@contextmanager
def counting() -> Iterator[Passes]:
    """Count rows sent forward and backward in this thread inside the `with` block."""
    passes = Passes()
    token = _counters.set((*_counters.get(), passes))
    try:
        yield passes
    finally:
        _counters.reset(token)


def count_forward(rows: int) -> None:
    """Note that so many rows went forward."""
    for passes in _counters.get():
        passes.forward += rows


def count_backward(rows: int) -> None:
    """Note that so many rows went backward."""
    for passes in _counters.get():
        passes.backward += rows
