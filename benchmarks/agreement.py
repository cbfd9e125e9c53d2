"""How far two results are apart."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["correlation", "largest_difference"]


def largest_difference(one: Tensor, other: Tensor) -> float:
    """The largest difference within a row as a share of that row's largest magnitude.

    Example:
        >>> largest_difference(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 4.0]]))
        0.5
    """
    first, second = (tensor.detach().double().cpu().flatten(1) for tensor in (one, other))
    scale = second.abs().amax(1).clamp(min=1e-30)
    return float(((first - second).abs().amax(1) / scale).max())


def correlation(one: Tensor, other: Tensor) -> float:
    """The least of the rows' correlations.

    Example:
        >>> correlation(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[0.0, 2.0, 4.0]]))
        1.0
    """
    first, second = (tensor.detach().double().cpu().flatten(1) for tensor in (one, other))
    pairs = zip(first, second, strict=True)
    return min(round(float(torch.corrcoef(torch.stack(pair))[0, 1]), 9) for pair in pairs)
