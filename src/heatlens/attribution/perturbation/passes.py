"""The scores of many changed copies of a batch, as many at once as memory holds.

Where parts of the input are replaced, one copy is

    x_k = x' + m_k (x - x')

with the keep mask m_k in 0..1, or a yes or no, and the baseline x'. Masks are made for the copies
that go through the network together and not before, so memory does not grow with their number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from heatlens.models.protocol import Model
from heatlens.models.targets import Target

__all__ = ["blended", "parts", "row_scores", "scores_under"]


def scores_under(
    model: Model,
    batch: Tensor,
    start: Tensor,
    target: Target,
    keep: Callable[[slice], Tensor],
    count: int,
    rows: Tensor | None = None,
) -> Tensor:
    """Score of each row through each of `count` masks.

    Args:
        model: that is asked.
        batch: (N, C, *grid), canonical.
        start: the baseline, shaped like `batch`.
        target: fixed.
        keep: gives the masks of a slice of 0..count, (k, n or 1, *grid), bool or 0..1.
        count: how many masks there are.
        rows: indices (n,) of the rows that are asked for; None is all.

    Returns:
        (n, count), float64.
    """
    chosen = torch.arange(len(batch)) if rows is None else rows
    here, there = (_taken(tensor, chosen) for tensor in (batch, start))
    return row_scores(
        model, here, target, lambda part: blended(there, here, keep(part)), count, chosen
    )


def row_scores(
    model: Model,
    batch: Tensor,
    target: Target,
    make: Callable[[slice], Tensor],
    count: int,
    rows: Tensor,
) -> Tensor:
    """Score of each of `count` changed copies of every row, (n, count), float64.

    Args:
        model: that is asked.
        batch: (n, C, *grid), the rows that are changed.
        target: fixed, for the batch that `rows` are indices into.
        make: gives the copies of a slice of 0..count, (k * n, C, *grid), the copies slowest.
        count: how many copies of each row there are.
        rows: (n,), which rows of the whole batch these are.
    """
    n = len(batch)
    if not count:
        return torch.empty((n, 0), dtype=torch.float64, device=batch.device)
    fit = model.rows(batch, gradient=False, wanted=n * count)
    found = []
    for part in parts(count, max(1, fit // n)):
        copies = part.stop - part.start
        output = model.predict(make(part), target.layer)
        scores = target.take(rows.repeat(copies)).scores(output)
        found.append(scores.detach().double().view(copies, n))
    return torch.cat(found).T


def parts(count: int, size: int) -> Iterator[slice]:
    """Slices of 0..count of at most `size`, as equal as can be.

    Example:
        >>> [(part.start, part.stop) for part in parts(5, 3)]
        [(0, 2), (2, 5)]
    """
    number = math.ceil(count / max(1, size))
    for part in range(number):
        yield slice(part * count // number, (part + 1) * count // number)


def blended(start: Tensor, batch: Tensor, keep: Tensor) -> Tensor:
    """x' + m (x - x') for every mask and row, the masks slowest, in one pass over memory.

    Args:
        start: (n, C, *grid).
        batch: (n, C, *grid).
        keep: (k, n or 1, *grid), bool or 0..1.

    Returns:
        (k * n, C, *grid), in the memory format of `batch`.

    Example:
        >>> x, nothing = torch.tensor([[[4.0, 8.0]]]), torch.zeros(1, 1, 2)
        >>> blended(nothing, x, torch.tensor([[[True, False]], [[False, True]]])).tolist()
        [[[4.0, 0.0]], [[0.0, 8.0]]]
    """
    shape = (len(keep) * len(batch), *batch.shape[1:])
    layout = torch.contiguous_format
    if batch.ndim == 4 and not batch.is_contiguous():
        layout = torch.channels_last
    out = torch.empty(shape, dtype=batch.dtype, device=batch.device, memory_format=layout)
    view, weight = out.unflatten(0, (len(keep), len(batch))), keep.unsqueeze(2)
    if keep.dtype == torch.bool:
        torch.where(weight, batch.unsqueeze(0), start.unsqueeze(0), out=view)
    else:
        torch.lerp(start.unsqueeze(0), batch.unsqueeze(0), weight.to(batch), out=view)
    return out


def _taken(tensor: Tensor, rows: Tensor) -> Tensor:
    return tensor if len(rows) == len(tensor) else tensor[rows.to(tensor.device)]
