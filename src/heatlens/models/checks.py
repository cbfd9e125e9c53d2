"""What every backend checks of its input and of its output."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.layout import canonical

__all__ = ["checked", "checked_output"]


def checked(batch: Tensor, layout: str) -> Tensor:
    """A canonical batch, detached, or an error that says what is wrong with it.

    Args:
        batch: as a caller gave it.
        layout: the network's own, for the words of the error.

    Raises:
        InvalidType: no tensor, or not floating.
        InvalidArgument: a wrong number of axes, an empty axis, NaN or infinite values.
    """
    if not isinstance(batch, Tensor):
        raise InvalidType(
            f"attribute() takes a batch of tensors, got {type(batch).__name__}; for pictures use "
            "explain()"
        )
    if not batch.is_floating_point():
        raise InvalidType(
            f"the batch is {batch.dtype}; it must be floating, already as the model takes it. For "
            "pictures use explain()"
        )
    if batch.ndim < 2 or 0 in batch.shape:
        raise InvalidArgument(
            f"the batch has shape {tuple(batch.shape)}; expected "
            f"({', '.join(canonical(layout))}), none of them 0"
        )
    batch = batch.detach()
    if not _is_finite(batch):
        raise InvalidArgument("the batch has NaN or infinite values")
    if batch.is_inference():
        with torch.inference_mode(False):
            batch = batch.clone()  # gradients cannot pass the caller's own tensor
    return batch


def checked_output(output: Tensor, rows: int) -> Tensor:
    """A network's output as float32, one row for each row that went in.

    Raises:
        InvalidArgument: another number of rows.
    """
    if output.ndim == 0 or len(output) != rows:
        raise InvalidArgument(
            f"the network returned shape {tuple(output.shape)} for a batch of {rows}; the first "
            "axis must be the batch"
        )
    return output if output.dtype == torch.float64 else output.float()


def _is_finite(batch: Tensor) -> bool:
    # A sum is finite only if all its terms are, and takes a tenth of the time of looking at each.
    # It may overflow where they are: then look.
    return math.isfinite(float(batch.sum())) or bool(torch.isfinite(batch).all())
