"""Random numbers of the planted cases: training and held-out cases never share a stream."""

from __future__ import annotations

from typing import Literal

import numpy as np

from heatlens.errors import InvalidArgument

__all__ = ["Split", "generator"]

Split = Literal["train", "test"]

_STREAMS = {"train": 0, "test": 1}


def generator(count: int, seed: int, split: Split) -> np.random.Generator:
    """A generator of its own for each seed and split; `count` is checked on the way.

    Example:
        >>> first, second = (generator(1, 0, split).random() for split in ("train", "test"))
        >>> first == second
        False
    """
    if count < 1:
        raise InvalidArgument(f"count is {count}; ask for at least one case")
    if split not in _STREAMS:
        raise InvalidArgument(f"split is {split!r}; it can be 'train' or 'test'")
    return np.random.default_rng((seed, _STREAMS[split]))
