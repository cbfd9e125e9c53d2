"""Random numbers for the rows of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from heatlens.errors import InvalidArgument

__all__ = ["Chance", "normal_like", "uniform"]

Chance = Generator | Sequence[Generator]
"""One generator for all rows, or one for each: then a row gets the same alone as among others."""


def uniform(
    chance: Chance, rows: int, low: float, high: float, columns: int | None = None
) -> Tensor:
    """Uniform numbers in low..high, (rows,) or (rows, columns), float64.

    Example:
        >>> uniform(torch.Generator().manual_seed(0), 2, 3.0, 3.0)
        tensor([3., 3.], dtype=torch.float64)
    """
    shape = () if columns is None else (columns,)
    if isinstance(chance, Generator):
        draws = _rand((rows, *shape), chance)
    else:
        draws = torch.stack([_rand(shape, one) for one in _each(chance, rows)])
    return low + (high - low) * draws


def normal_like(chance: Chance, pixels: Tensor) -> Tensor:
    """Standard normal numbers, shaped like the pixels and on their device."""
    if isinstance(chance, Generator):
        noise = torch.randn(
            pixels.shape, generator=chance, device=chance.device, dtype=pixels.dtype
        )
        return noise.to(pixels.device)
    rows = [
        torch.randn(pixels.shape[1:], generator=one, device=one.device, dtype=pixels.dtype)
        for one in _each(chance, len(pixels))
    ]
    return torch.stack(rows).to(pixels.device)


def _rand(shape: tuple[int, ...], generator: Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float64)


def _each(chance: Sequence[Generator], rows: int) -> Sequence[Generator]:
    if len(chance) != rows:
        raise InvalidArgument(f"{len(chance)} generators for {rows} rows; give one, or one a row")
    return chance
