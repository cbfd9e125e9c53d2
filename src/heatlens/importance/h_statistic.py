"""Interaction: how much of what two features do together neither does alone (the H-statistic).

    H_jk^2 = sum_i [PD_jk(x_i) - PD_j(x_i) - PD_k(x_i)]^2 / sum_i PD_jk(x_i)^2        (eq. 44)
    H_j^2  = sum_i [F(x_i) - PD_j(x_i) - PD_-j(x_i)]^2 / sum_i F(x_i)^2               (eq. 45)

with partial dependences at the rows themselves, each less its mean. Friedman, Popescu: Predictive
Learning via Rule Ensembles, Annals of Applied Statistics 2008, section 8.1. The root of the
numerator's mean is given as well, in units of the output: H^2 is a quotient, and where two
features do next to nothing it can be anything. Pictures keep what they have beside their named
features, so there each partial dependence is less that of the picture with all of them replaced;
of tables that is one constant, and falls out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.importance.aim import Output, aim_of, reads_of
from heatlens.importance.interaction_result import Interaction
from heatlens.importance.intervals import check_rows
from heatlens.importance.pair_statistics import Trio, statistics_of
from heatlens.importance.subject import Progress, told_correlation
from heatlens.importance.subjects import is_pictures, subject_of
from heatlens.importance.tabular import TableSubject

__all__ = ["interaction"]

_ROWS, _PICTURES = 100, 20
_FAINT = 0.05
"""Share of the output's spread below which H^2 is called unstable."""


def interaction(
    model: Any,
    data: Any,
    *,
    pairs: Iterable[tuple[str, str]] | str = "pairs",
    target: Any = None,
    output: Output | None = None,
    features: Any = None,
    rows: int | None = None,
    confidence: float = 0.95,
    resamples: int = 200,
    seed: int = 0,
    names: Sequence[str] | None = None,
    fit: str | None = None,
    progress: Progress | None = None,
) -> Interaction:
    """How much features interact.

    Each partial dependence takes rows x rows evaluations, of f features there are f of single ones
    and f (f - 1) / 2 of pairs, rows x rows x (f (f + 1) / 2 + 1) in all: name the features that
    matter. Memory holds rows x (resamples + 1) numbers for each feature.

    Args:
        model: a scikit-learn estimator or a callable on arrays; or a network, for pictures.
        data: a `FeatureTable`, a frame or an array (n, f); or pictures.
        pairs: "pairs" for all of them, "total" for each feature with all others together, or the
            pairs of names.
        target: which class; see `aim_of`.
        output: "probability" or "score".
        features: columns or groups, of a table those that are looked at, the others being averaged
            over all the same; interventions or their names.
        rows: how many, drawn at random where there are more; 100 by default, or 20 pictures.
        confidence: of the intervals.
        resamples: bootstrap samples of the rows, both as those explained and as those averaged
            over; the intervals are their percentiles.
        seed: of the rows and of the bootstrap.
        names: of an array's columns.
        fit: how pictures are resized.
        progress: called with the partial dependences done and all of them. Ctrl-C keeps the pairs
            that are done.

    Raises:
        InvalidArgument: fewer than two features, too few rows for the interval.
        UnknownName: a feature or class that there is not.

    Example:
        >>> grid = np.array([[a, b] for a in (-1.0, 0, 1, 2) for b in (-1.0, 0, 1, 2)])
        >>> added = interaction(lambda x: x[:, 0] + x[:, 1] ** 2, grid, resamples=20)
        >>> round(float(added.squared[0]), 12)
        0.0
    """
    pictures = is_pictures(data)
    subject = subject_of(
        model,
        data,
        reads=reads_of(output, pictures),
        features=features,
        names=names,
        fit=fit,
    )
    named = subject.names
    if isinstance(subject, TableSubject):
        subject = subject.whole()
    if len(named) < 2:
        raise InvalidArgument("one feature has nothing to interact with; name two at least")
    if rows is None:
        rows = _PICTURES if pictures else _ROWS
    check_rows(min(rows, subject.count), confidence, subject.what)
    if resamples < 20:
        raise InvalidArgument(f"resamples is {resamples}; at least 20 make an interval")
    aim = aim_of(subject, target)
    rng = np.random.default_rng(seed)
    chosen = (
        subject.all_rows()
        if rows >= subject.count
        else np.sort(rng.choice(subject.count, rows, replace=False))
    )
    wanted = _wanted(pairs, named, len(subject.names))
    n, pair_count = len(chosen), len(wanted)
    drawn_rows = [np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(resamples)]
    # The first column are all rows as they are, the others bootstrap samples of them.
    shares = np.stack([np.ones(n), *drawn_rows], axis=1) / n
    done = statistics_of(subject, aim, chosen, list(wanted.values()), shares, progress)
    wanted = dict(list(wanted.items())[: len(done)])
    all_columns = np.array(done)  # (pairs, 3, 1 + resamples)
    found, drawn = all_columns[..., 0], np.moveaxis(all_columns[..., 1:], 2, 0)
    # A pair that does nothing together in the data has no H^2, and no interval of it.
    drawn[:, np.isnan(found)] = np.nan
    ends = (1 - confidence) / 2, (1 + confidence) / 2
    known = np.where(np.isnan(drawn), 0, drawn)
    low, high = (np.where(np.isnan(found), np.nan, np.quantile(known, end, axis=0)) for end in ends)
    spread = float(subject.outputs(chosen, read=aim).std())
    faint = int((found[:, 1] < _FAINT * spread).sum())
    told = list(told_correlation(subject))
    if len(done) < pair_count:
        told.append(f"stopped after {len(done)} of {pair_count} pairs; the others are missing")
    if faint:
        told.append(
            f"{faint} of {len(wanted)} pairs together move the output by less than "
            f"{100 * _FAINT:.3g} % of its spread: H² is a quotient of small numbers there, look at the strength"
        )
    return Interaction(
        named,
        tuple(wanted),
        found[:, 0],
        low[:, 0],
        high[:, 0],
        found[:, 2],
        low[:, 2],
        high[:, 2],
        spread,
        aim.name,
        len(chosen),
        confidence,
        tuple(told),
        subject.what,
        subject.evaluated,
    )


def _wanted(
    pairs: Iterable[tuple[str, str]] | str, names: tuple[str, ...], count: int
) -> dict[tuple[str, str], Trio]:
    """Of each pair of names the features of both together, of the first, of the second."""
    everybody = frozenset(range(count))
    if pairs == "total":
        return {
            (name, "all others"): (everybody, frozenset({k}), everybody - {k})
            for k, name in enumerate(names)
        }
    chosen: Iterable[tuple[str, str]]
    if isinstance(pairs, str):
        if pairs != "pairs":
            raise UnknownName("choice of pairs", pairs, ("pairs", "total"))
        chosen = itertools.combinations(names, 2)
    else:
        chosen = [tuple(pair) for pair in pairs]  # type: ignore[misc]
    found = {}
    for first, second in chosen:
        for name in (first, second):
            if name not in names:
                raise UnknownName("feature", str(name), names)
        if first == second:
            raise InvalidArgument(f"{first!r} cannot interact with itself")
        j, k = names.index(first), names.index(second)
        found[first, second] = (frozenset({j, k}), frozenset({j}), frozenset({k}))
    if not found:
        raise InvalidArgument("no pair was named")
    return found
