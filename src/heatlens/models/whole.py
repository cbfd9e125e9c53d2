"""Batches for networks that take whole numbers: bytes of pixels, numbers of tokens."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["in_whole_numbers"]

_EXACT = 2**53
"""How far doubles count without a gap."""


def in_whole_numbers(batch: Tensor, dtype: torch.dtype) -> Tensor:
    """`batch` rounded, in a type of whole numbers; what is beyond its range goes to its end.

    A cast alone wraps around: 256 would be 0 in bytes.

    Example:
        >>> in_whole_numbers(torch.tensor([-1.0, 2.6, 257.0]), torch.uint8)
        tensor([  0,   3, 255], dtype=torch.uint8)
    """
    low, high = (0, 1) if dtype == torch.bool else (torch.iinfo(dtype).min, torch.iinfo(dtype).max)
    return batch.double().round().clamp(max(low, -_EXACT), min(high, _EXACT)).to(dtype)
