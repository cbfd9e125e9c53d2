"""The filters that AIM looks through, learned once; README.md says from what."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file

__all__ = ["filters"]


@cache
def filters() -> torch.Tensor:
    """(filters, 3, 21, 21) float32 for pixels in 0..1; each without a mean.

    Example:
        >>> filters().shape
        torch.Size([54, 3, 21, 21])
    """
    stored = load_file(Path(__file__).with_name("filters.safetensors"))["filters"].float()
    # In float16 the weights no longer sum to 0, and plain ground would give an answer.
    return stored - stored.mean(dim=(1, 2, 3), keepdim=True)
