"""Leave torch's random state as it was."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["random_state_kept", "seeded"]

_lock = threading.Lock()
_drawing = threading.Lock()
_inside = 0
_saved: list[torch.Tensor] = []


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Restore torch's global random state, if it moved, when the last block in any thread ends.

    Blocks of several threads overlap, so the state is saved by the first that enters and
    restored by the last that leaves.
    """
    global _inside, _saved
    with _lock:
        if _inside == 0:
            _saved = _states()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _restore(_saved)
                _saved = []


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from torch's CPU generator, seeded, inside the block; leave it as it was.

    One block at a time: threads that drew from it together would get other numbers each time.
    """
    with _drawing, random_state_kept():
        torch.default_generator.manual_seed(seed)
        yield


def _states() -> list[torch.Tensor]:
    states = [torch.get_rng_state()]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        states += torch.cuda.get_rng_state_all()
    return states


def _restore(saved: list[torch.Tensor]) -> None:
    now = _states()
    if not torch.equal(now[0], saved[0]):
        torch.set_rng_state(saved[0])
    for device, (before, after) in enumerate(zip(saved[1:], now[1:], strict=False)):
        if not torch.equal(before, after):
            torch.cuda.set_rng_state(before, device)
