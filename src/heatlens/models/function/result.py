"""What a function of somebody's own returned, as scores: one row for each row that went in.

returned                                taken as
array (N, ...) of any framework         itself
array (N,) of floats                    (N, 1), one score a row
array (N, ...) of whole numbers         the same as floats; (N,) looks like class numbers, an error
list of N numbers or N equal lists      the array that it spells
several outputs (dict, tuple)           the one that `output` names
anything else                           an error that says what it was and what helps
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.arrays import as_tensor, framework_of
from heatlens.models.pytorch.port import one_output

__all__ = ["finite_scores", "scores_of"]


def scores_of(result: Any, rows: int, who: str, output: str | int | None = None) -> Tensor:
    """The scores in what `who` returned, in memory of their own, (rows, ...).

    Args:
        result: what came back.
        rows: how many rows went in.
        who: what returned it, for the messages.
        output: which of several outputs, by name or place.

    Raises:
        InvalidType: no array of numbers.
        InvalidArgument: another number of rows, NaN or infinite values, class numbers.

    Example:
        >>> scores_of([0.25, 0.75], 2, "f")
        tensor([[0.2500],
                [0.7500]], dtype=torch.float64)
    """
    result = _chosen(result, who, output)
    scores = _tensor(result, who)
    if scores.is_complex():
        raise InvalidType(f"{who} returned complex numbers; return real scores")
    if scores.dtype == torch.bool:
        raise InvalidArgument(
            f"{who} returned {tuple(scores.shape)} values True or False, which are decisions; "
            "heatlens needs scores: return the numbers that were decided on, or those decisions "
            "as floats"
        )
    whole = not scores.is_floating_point()
    if whole and scores.ndim == 1:
        raise InvalidArgument(
            f"{who} returned {tuple(scores.shape)} whole numbers, which look like class numbers; "
            "heatlens needs scores: return probabilities or logits (predict_proba rather than "
            "predict), or whole numbers that are scores as floats"
        )
    scores = scores.detach().cpu()
    return finite_scores(scores.float() if whole else scores.clone(), rows, who)


def finite_scores(scores: Tensor, rows: int, who: str) -> Tensor:
    """Scores of which there is one row for each that went in, all finite; (N,) becomes (N, 1).

    Raises:
        InvalidArgument: they are not; the message names the first bad row.

    Example:
        >>> finite_scores(torch.zeros(3), 3, "f").shape
        torch.Size([3, 1])
    """
    if scores.ndim == 0 or len(scores) != rows:
        what = "one number" if scores.ndim == 0 else f"shape {tuple(scores.shape)}"
        raise InvalidArgument(
            f"{who} returned {what} for a batch of {rows}; it must return one row of scores for "
            f"each row that it is given, so ({rows}, classes)"
        )
    bad = ~torch.isfinite(scores.detach()).flatten(1 if scores.ndim > 1 else 0)
    rows_bad = bad.any(1) if bad.ndim > 1 else bad
    if bool(rows_bad.any()):
        first = int(rows_bad.nonzero()[0, 0])
        kind = "NaN" if bool(torch.isnan(scores.detach()[first]).any()) else "an infinite score"
        raise InvalidArgument(
            f"{who} returned {kind} in row {first} ({int(rows_bad.sum())} of {rows} rows are bad); "
            "is its input as it expects it (mean=, std=, value_range=, layout=), or does it take "
            "the logarithm of 0?"
        )
    return scores.unsqueeze(1) if scores.ndim == 1 else scores


def _chosen(result: Any, who: str, output: str | int | None) -> Any:
    """One output of several."""
    if output is not None:
        return one_output(result, output)
    if isinstance(result, Mapping):
        names = ", ".join(map(repr, result))
        raise InvalidType(
            f"{who} returned a dictionary with {names or 'nothing in it'}; say which one holds the "
            "scores: load_model(..., output=NAME)"
        )
    if isinstance(result, tuple):
        raise InvalidType(
            f"{who} returned a tuple of {len(result)}; say which one holds the scores: "
            "load_model(..., output=0)"
        )
    return result


def _tensor(result: Any, who: str) -> Tensor:
    helps = "return an array of scores (N, classes)"
    if isinstance(result, list):
        return torch.from_numpy(_spelled(result, who, helps))
    if framework_of(result) is not None and not isinstance(result, np.ndarray):
        return as_tensor(result, f"what {who} returned")
    if not hasattr(result, "__array__"):
        raise InvalidType(f"{who} returned {_kind(result)}; {helps}")
    array = np.asarray(result)
    if array.dtype.kind not in "fiubc":
        raise InvalidType(
            f"{who} returned an array of {array.dtype}; {helps}, of floats"
            + (" rather than names of classes" if array.dtype.kind in "USO" else "")
        )
    if array.dtype.kind in "iu":
        array = array.astype(np.int64)  # torch knows few unsigned kinds
    elif array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    # A copy: the function may hand out the same buffer each time, or memory in a foreign order.
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))


def _spelled(result: list[Any], who: str, helps: str) -> np.ndarray[Any, Any]:
    """The array that a list of numbers, or of equally long lists of numbers, spells."""
    if any(framework_of(item) is not None for item in result):
        raise InvalidType(
            f"{who} returned a list of {len(result)} arrays; {helps}: stack the rows "
            "(numpy.stack), or say which output counts: load_model(..., output=0)"
        )
    try:
        array = np.asarray(result)
    except ValueError as error:
        raise InvalidType(f"{who} returned a list of unequal parts; {helps}") from error
    if array.dtype.kind not in "fiub":
        inside = result[0]
        while isinstance(inside, list) and inside:
            inside = inside[0]
        raise InvalidType(
            f"{who} returned a list with {_kind(inside)} inside, not numbers; {helps}"
        )
    if array.ndim > 2:
        raise InvalidType(
            f"{who} returned lists nested {array.ndim} deep, shape {array.shape}; {helps}, or an "
            "array of that shape"
        )
    return array


def _kind(thing: Any) -> str:
    return "None" if thing is None else type(thing).__name__
