"""Rows that cannot share a call: what each takes of the parameters, and their results as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor

from heatlens.attribution.method import Attribution
from heatlens.errors import InvalidArgument
from heatlens.models.arrays import as_tensor, framework_of

__all__ = ["columns_of", "joined", "parameters_of"]


def parameters_of(
    parameters: Mapping[str, Any], row: int, rows: int, axes: int, grid: int
) -> dict[str, Any]:
    """The parameters as they are for one row.

    Args:
        parameters: of the whole call: a baseline, a map of features and a result to go on from
            may have one entry a row; seconds are shared out.
        row: which one.
        rows: how many there are.
        axes: of the input, rows included.
        grid: how many of them the grid has.

    Raises:
        InvalidArgument: another number of entries than rows.

    Example:
        >>> parameters_of({"baseline": torch.eye(2), "seconds": 3.0}, 1, 2, axes=2, grid=1)
        {'baseline': tensor([[0., 1.]]), 'seconds': 1.5}
    """
    own = dict(parameters)
    for name, full in (("baseline", (axes,)), ("features", (grid + 1, grid + 2))):
        value = own.get(name)
        if framework_of(value) is None or cast(Any, value).ndim not in full:
            continue
        array = as_tensor(value, name)
        if len(array) not in (1, rows):
            raise InvalidArgument(
                f"{name} has shape {tuple(array.shape)}, so {len(array)} rows; the inputs have "
                f"{rows}: give one for all, or one a row"
            )
        own[name] = array if len(array) == 1 else array[row : row + 1]
    seconds = own.get("seconds")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0:
        own["seconds"] = seconds / rows
    resume = own.get("resume")
    if isinstance(resume, Attribution) and resume.state is not None:
        if not isinstance(resume.state, tuple) or len(resume.state) != rows:
            raise InvalidArgument(
                "resume is a result of another call: the other inputs differ from row to row, so "
                f"{rows} rows are run one by one, and those of resume were not"
            )
        own["resume"] = replace(resume, state=resume.state[row])
    return own


def columns_of(features: Any, rows: int, grid: int) -> list[Tensor] | None:
    """Which of all rows' features each row has, (k,) each; None unless there is a map a row.

    Example:
        >>> columns_of(torch.tensor([[3, 5], [5, 9]]), rows=2, grid=1)
        [tensor([0, 1]), tensor([1, 2])]
    """
    if framework_of(features) is None or features.ndim not in (grid + 1, grid + 2):
        return None
    labels = as_tensor(features, "features").unique(return_inverse=True)[1]
    return [labels[row].unique() for row in range(rows)] if len(labels) == rows else None


def joined(parts: Sequence[Attribution], columns: Sequence[Tensor] | None = None) -> Attribution:
    """Attributions of single rows as that of a batch.

    A feature that a row does not have is worth nothing to it. The state is one for each row.

    Args:
        parts: one a row.
        columns: which features each row has; None is the first ones.
    """
    first = parts[0]
    info: dict[str, Any] = {}
    for key, value in first.info.items():
        values = [part.info[key] for part in parts]
        if key == "feature_values":
            info[key] = _table(values, columns)
            info["features"] = info[key].shape[1]
        elif isinstance(value, Tensor) and value.ndim and len(value) == 1:
            info[key] = torch.cat(values)
        elif key.endswith("_passes"):
            info[key] = sum(values) / len(values)
        elif key == "stopped":
            info[key] = ", ".join(dict.fromkeys(values))
        elif key == "features":
            info[key] = max(values)
        else:
            info[key] = value
    errors = [part.error for part in parts]
    states = tuple(part.state for part in parts)
    return Attribution(
        torch.cat([part.values for part in parts]),
        None if any(error is None for error in errors) else torch.cat(cast(list[Tensor], errors)),
        info,
        None if first.state is None else states,
    )


def _table(values: Sequence[Tensor], columns: Sequence[Tensor] | None) -> Tensor:
    """Rows (1, k) of features as (N, features)."""
    if columns is None:
        columns = [torch.arange(value.shape[1]) for value in values]
    count = 1 + max(int(places.max()) for places in columns)
    table = values[0].new_zeros((len(values), count))
    for row, (value, places) in enumerate(zip(values, columns, strict=True)):
        table[row, places.to(table.device)] = value[0]
    return table
