"""From one value per pixel and channel to one value per pixel."""

from __future__ import annotations

from torch import Tensor

from heatlens.errors import InvalidArgument

__all__ = ["REDUCTIONS", "reduce_channels"]

REDUCTIONS = ("max-abs", "sum", "mean-abs", "norm")
"""Ways to reduce channels; only "sum" keeps the sign."""


def reduce_channels(values: Tensor, by: str) -> Tensor:
    """Reduce (N, C, *grid) to (N, *grid).

    "max-abs" is the largest magnitude (Simonyan et al. 2013), "sum" the signed sum (keeps
    completeness), "mean-abs" the mean magnitude, "norm" the Euclidean length.

    Example:
        >>> import torch
        >>> value = torch.tensor([3.0, -4.0]).view(1, 2, 1, 1)
        >>> [reduce_channels(value, by).item() for by in REDUCTIONS]
        [4.0, -1.0, 3.5, 5.0]
    """
    if by == "max-abs":
        return values.abs().amax(1)
    if by == "sum":
        return values.sum(1)
    if by == "mean-abs":
        return values.abs().mean(1)
    if by == "norm":
        return values.square().sum(1).sqrt()
    raise InvalidArgument(f"channels is {by!r}; it can be {', '.join(REDUCTIONS)}")
