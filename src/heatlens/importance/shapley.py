"""Shapley values of named features, row by row: what each adds to what the model says of a row.

    v_x(S) = mean over b of f(x with the features outside of S taken from row b)

the interventional game (Janzing, Minorics, Bloebaum: Feature relevance quantification in explainable
AI, AISTATS 2020), with b a background sample. Of a linear model it is w_j (x_j - mean_b b_j). The
values of a row add up to f(x) less the background's mean. Lundberg, Lee: A Unified Approach to
Interpreting Model Predictions, NIPS 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.importance.aim import Aim, Output, aim_of, reads_of
from heatlens.importance.coalitions import MOST_EXACT, Shares, exact_shares, sampled_shares
from heatlens.importance.cost import check_cost
from heatlens.importance.shapley_result import ShapleyValues
from heatlens.importance.subject import Floats, Ints, Progress, Subject, told_correlation
from heatlens.importance.subjects import is_pictures, subject_of

__all__ = ["shapley_values"]

_ROWS, _PICTURES = 100, 8
_AT_ONCE = 1 << 16
"""Changed rows that are asked for together."""

_NUMBERS, _MOST = 1 << 22, 20
"""Worths that are kept at once, 32 MB; features of which all coalitions can be tried."""


def shapley_values(
    model: Any,
    data: Any,
    *,
    target: Any = None,
    output: Output | None = None,
    features: Any = None,
    rows: Sequence[int] | Ints | None = None,
    background: int | str | None = None,
    samples: int | Literal["all"] | None = None,
    tolerance: float | None = None,
    seconds: float | None = None,
    seed: int = 0,
    names: Sequence[str] | None = None,
    fit: str | None = None,
    progress: Progress | None = None,
) -> ShapleyValues:
    """What each named feature adds to what the model says of each row.

    By all coalitions of f features it takes about rows x 2^f x background evaluations, by sampled
    orders rows x (f - 1) x samples x background; `heatlens.importance.cost.evaluations_of` says
    how many exactly. More than ten million by all coalitions, or 200,000 of pictures, are refused
    unless samples="all" asks for them.

    Args:
        model: a scikit-learn estimator or a callable on arrays; or a network, for pictures.
        data: a `FeatureTable`, a frame or an array (n, f); or pictures.
        target: which class, by label or column, or "predicted"; see `aim_of`.
        output: "probability" or "score"; by default probabilities where the model has them.
        features: columns or groups; interventions or their names. What is not named stays the
            row's own.
        rows: numbers of the rows that are explained; all by default.
        background: from how many rows of the data, drawn at random, absent features are taken;
            100 by default, or 8 pictures. "mean": they are set to the data set's mean instead, or
            blurred, in one evaluation instead of many.
        samples: orders, each with its reverse; "all": all coalitions; None: these for up to 12
            features, else 64 orders.
        tolerance: stop when no standard error is above this share of the largest value.
        seconds: stop after so long.
        seed: of the background and of the orders.
        names: of an array's columns.
        fit: how pictures are resized.
        progress: called with the steps done and all steps.

    Raises:
        InvalidArgument: no such rows, too few samples, more coalitions than anybody waits for, NaN.
        UnknownName: a feature or class that there is not.

    Example:
        >>> rows = np.array([[1.0, 0.0], [3.0, 4.0]])
        >>> found = shapley_values(lambda x: 2 * x[:, 0] - x[:, 1], rows)
        >>> found.values.tolist(), found.base.tolist()
        ([[-2.0, 2.0], [2.0, -2.0]], [2.0, 2.0])
    """
    subject = subject_of(
        model,
        data,
        reads=reads_of(output, is_pictures(data)),
        features=features,
        names=names,
        fit=fit,
    )
    if background is None:
        background = _PICTURES if subject.what == "picture" else _ROWS
    explained = _chosen(rows, subject)
    donors = _background(background, subject.count, seed)
    players = len(subject.names)
    orders = _orders(samples, players)
    if orders is None and samples is None:
        check_cost(len(explained), players, 1 if donors is None else len(donors), subject.what, 64)
    aim = aim_of(subject, target)

    def worth(absent: Sequence[int], rows: Ints = explained) -> Floats:
        return _worth(subject, aim, rows, absent, donors)

    if orders is None:
        shares = _exact(worth, players, explained, progress)
    else:
        shares = sampled_shares(
            worth,
            players,
            samples=orders,
            tolerance=tolerance,
            seconds=seconds,
            seed=seed,
            progress=progress,
        )
    told = [] if shares.stopped in ("exact", "samples") else [f"stopped: {shares.stopped}"]
    constant = subject.constant()
    if constant:
        told.append(f"the same in every {subject.what}: {', '.join(map(repr, constant))}")
    return ShapleyValues(
        subject.names,
        shares.values,
        shares.error,
        shares.nobody,
        shares.everybody,
        explained,
        aim.name,
        0 if donors is None else len(donors),
        shares.orders,
        (*told, *told_correlation(subject)),
        subject.what,
        subject.evaluated,
    )


def _worth(
    subject: Subject, aim: Aim, rows: Ints, absent: Sequence[int], donors: Ints | None
) -> Floats:
    if donors is None or not len(absent):
        return subject.outputs(rows, absent, None, aim)
    size = max(1, _AT_ONCE // len(donors))
    found = []
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        said = subject.outputs(
            np.repeat(part, len(donors)), absent, np.tile(donors, len(part)), aim
        )
        found.append(said.reshape(len(part), len(donors)).mean(1))
    return np.concatenate(found)


def _orders(samples: int | Literal["all"] | None, players: int) -> int | None:
    """How many orders are drawn; None for all coalitions."""
    if samples == "all" or (samples is None and players <= MOST_EXACT):
        if players > _MOST:
            raise InvalidArgument(
                f"{players} features have {1 << players:,} coalitions; at most {_MOST} can all be "
                "tried, of more take samples=64"
            )
        return None
    if samples is None:
        return 64
    whole = isinstance(samples, int | np.integer) and not isinstance(samples, bool)
    if not whole or int(samples) < 4 or int(samples) % 2:
        raise InvalidArgument(
            f"samples is {samples!r}; an even number of orders, at least 4, each with its reverse, "
            "or 'all'"
        )
    return int(samples)


def _exact(worth: Any, players: int, rows: Ints, progress: Progress | None) -> Shares:
    """By all coalitions, so many rows at a time that memory is bounded."""
    size = max(1, _NUMBERS >> players)
    parts: list[Shares] = []
    total = (1 << players) * math.ceil(len(rows) / size)
    for first in range(0, len(rows), size):
        told = None
        if progress is not None:
            before = (1 << players) * len(parts)
            told = partial(_further, progress, before, total)
        parts.append(exact_shares(partial(worth, rows=rows[first : first + size]), players, told))
    return Shares(
        np.concatenate([one.values for one in parts]),
        np.concatenate([one.error for one in parts]),
        np.concatenate([one.nobody for one in parts]),
        np.concatenate([one.everybody for one in parts]),
        0,
        "exact",
    )


def _further(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)


def _chosen(rows: Sequence[int] | Ints | None, subject: Subject) -> Ints:
    if rows is None:
        return subject.all_rows()
    found = np.asarray(rows)
    if found.ndim != 1 or not len(found) or not np.issubdtype(found.dtype, np.integer):
        raise InvalidArgument(f"rows is {rows!r}; a list of row numbers is meant")
    if found.min() < 0 or found.max() >= subject.count:
        raise InvalidArgument(
            f"rows run from {found.min()} to {found.max()}; there are {subject.count} "
            f"{subject.what}s, 0 to {subject.count - 1}"
        )
    return found.astype(np.int64)


def _background(background: int | str, count: int, seed: int) -> Ints | None:
    if background == "mean":
        return None
    if isinstance(background, bool) or not isinstance(background, int) or background < 1:
        raise InvalidArgument(
            f"background is {background!r}; a number of rows, or 'mean' for the data set's mean"
        )
    if background >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, background, replace=False))
