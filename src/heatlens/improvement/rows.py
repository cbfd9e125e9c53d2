"""Batches to train on or to measure with: inputs, labels, and where the right reasons lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["Batches", "again", "checked_rows"]

Batches = Iterable[tuple[Any, Any, Any]]
"""Batches of inputs (N, C, H, W) as the network takes them, labels (N,), masks (N, H, W)."""


def again(data: Any, name: str) -> Batches:
    """`data`, if it can be gone through more than once.

    Raises:
        InvalidType: a generator, which is used up after the first time, or nothing iterable.
    """
    if isinstance(data, Iterator):
        raise InvalidType(
            f"{name} is a {type(data).__name__}, which is used up after one pass; give a list, a "
            "DataLoader, or an object whose __iter__ starts anew"
        )
    if not isinstance(data, Iterable):
        raise InvalidType(
            f"{name} is {type(data).__name__}; batches (inputs, labels, masks) are meant"
        )
    return data


def checked_rows(batch: Any, name: str, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """One batch on the device: inputs float32, labels int64, masks float32 in 0..1.

    Raises:
        InvalidType: no triple.
        InvalidArgument: sizes that differ, no row, or values that cannot be used.

    Example:
        >>> rows = (torch.zeros(2, 3, 4, 4), torch.tensor([0, 1]), torch.ones(2, 4, 4, dtype=bool))
        >>> [tuple(part.shape) for part in checked_rows(rows, "data", torch.device("cpu"))]
        [(2, 3, 4, 4), (2,), (2, 4, 4)]
    """
    if not isinstance(batch, tuple | list) or len(batch) != 3:
        size = f" of {len(batch)}" if isinstance(batch, tuple | list) else ""
        raise InvalidType(
            f"{name} gives a {type(batch).__name__}{size}; (inputs, labels, masks) are meant"
        )
    inputs, labels, masks = (torch.as_tensor(part) for part in batch)
    if masks.ndim == 4 and masks.shape[1] == 1:
        masks = masks[:, 0]
    n = len(inputs) if inputs.ndim else 0
    if not n or inputs.ndim != 4 or labels.shape != (n,) or masks.shape != (n, *inputs.shape[2:]):
        raise InvalidArgument(
            f"{name} gives inputs {tuple(inputs.shape)}, labels {tuple(labels.shape)} and masks "
            f"{tuple(masks.shape)}; (N, C, H, W), (N,) and (N, H, W) are meant"
        )
    if labels.is_floating_point() or labels.min() < 0:
        raise InvalidArgument(f"{name}: labels are class numbers from 0 on, not {labels.dtype}")
    inputs, masks = inputs.to(device, torch.float32), masks.to(device, torch.float32)
    if not bool(torch.isfinite(inputs).all()):
        raise InvalidArgument(f"{name}: inputs hold NaN or infinite values")
    if not bool(((masks >= 0) & (masks <= 1)).all()):
        raise InvalidArgument(f"{name}: masks lie in 0..1, 1 where the right reasons are")
    return inputs, labels.to(device, torch.long), masks
