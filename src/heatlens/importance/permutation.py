"""Permutation importance: what a model loses when a feature is another row's.

    I_j = s(f(x), y) - E_pi[ s(f(x with feature j of row pi(i)), y) ]

Breiman: Random Forests, Machine Learning 2001, section 10; Fisher, Rudin, Dominici: All Models are
Wrong, but Many are Useful, JMLR 2019, eq. 3.1 and 3.4 (there as a quotient; "all" is its estimate
by all pairs of rows). A permuted row may be one that cannot exist; where features go together that
is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.importance.intervals import check_rows
from heatlens.importance.losses import losses_of
from heatlens.importance.predictor import Array
from heatlens.importance.result import Importance
from heatlens.importance.scores import Score, score_of
from heatlens.importance.subject import Ints, Progress
from heatlens.importance.subjects import subject_of

__all__ = ["permutation_importance", "permutations"]


def permutation_importance(
    model: Any,
    data: Any,
    labels: Any = None,
    *,
    score: str | Callable[[Array, Array], float] | Score = "accuracy",
    features: Any = None,
    repeats: int | Literal["all"] = 10,
    confidence: float = 0.95,
    seed: int = 0,
    names: Sequence[str] | None = None,
    fit: str | None = None,
    progress: Progress | None = None,
) -> Importance:
    """How much the score falls when a feature is taken from other rows.

    It takes rows x (features x repeats + 1) evaluations.

    Args:
        model: a scikit-learn estimator or a callable on arrays (n, f); or a network, where `data`
            are pictures.
        data: a `FeatureTable`, a frame, or an array (n, f); or pictures (see `subject_of`).
        labels: (n,); None: what the model itself says of the unchanged rows, so that the loss is
            that of its decision and not of its being right.
        score: "accuracy", "probability", "r2", "squared-error", or a callable (labels, outputs),
            larger for better, which is given the second's probability of two classes; see
            `heatlens.importance.scores.score_of`.
        features: names of columns, or of groups, whose columns are permuted together; all columns
            by default. Of pictures, interventions or their names: "brightness", "contrast",
            "colour", "texture", "regions", "stage3:12"; see `heatlens.importance.interventions`.
        repeats: permutations for each feature, the same ones for all; "all" takes every row from
            every other, n - 1 repeats, and knows no chance.
        confidence: of the intervals. They are over the data set and the permutations: Student's t
            on a jackknife that leaves a row out both as itself and as a donor.
        seed: of the permutations.
        names: of an array's columns.
        fit: how pictures are resized.
        progress: called with the features done and all features. Ctrl-C keeps those done.

    Returns:
        The losses, in units of the score.

    Raises:
        InvalidArgument: too few rows for the interval, labels that do not fit or that the model
            cannot say, outputs that are none of what the score reads, NaN.
        InvalidType: a model that says nothing the score could read, such as classes of a regressor.
        UnknownName: a score or feature that there is not.

    Example:
        >>> rows = np.arange(24.0).reshape(12, 2) % 7
        >>> found = permutation_importance(lambda x: x[:, 0], rows, rows[:, 0], score="r2")
        >>> found.ranked()[0][0], found["feature 1"]
        ('feature 0', (0.0, 0.0, 0.0))
    """
    chosen = score_of(score)
    subject = subject_of(model, data, reads=chosen.reads, features=features, names=names, fit=fit)
    check_rows(subject.count, confidence, subject.what)
    donors = permutations(subject.count, repeats, seed)
    losses = losses_of(subject, labels, chosen, donors, confidence, seed, progress)
    notes = (
        ()
        if labels is not None
        else ("no labels were given: compared with what the model itself says",)
    )
    return losses.result("permutation", notes)


class AllShifts(Sequence[Ints]):
    """The n - 1 permutations in which every row takes from every other once, made when asked."""

    def __init__(self, order: Ints) -> None:
        """Take the circle (n,) in which rows are shifted."""
        self._order = order

    def __len__(self) -> int:
        return max(0, len(self._order) - 1)

    @overload
    def __getitem__(self, index: int) -> Ints: ...
    @overload
    def __getitem__(self, index: slice) -> list[Ints]: ...
    def __getitem__(self, index: int | slice) -> Ints | list[Ints]:
        """Whom each row takes from, (n,)."""
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        shift = range(1, len(self._order))[index]
        donors = np.empty_like(self._order)
        donors[self._order] = np.roll(self._order, -shift)
        return donors


def permutations(count: int, repeats: int | Literal["all"], seed: int) -> Sequence[Ints]:
    """Whom each row takes from, `repeats` times (count,), a permutation in each.

    Example:
        >>> every = permutations(3, "all", 0)
        >>> sorted(pair for one in every for pair in enumerate(one.tolist()))
        [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    """
    rng = np.random.default_rng(seed)
    if repeats == "all":
        return AllShifts(rng.permutation(count))
    if isinstance(repeats, bool) or not isinstance(repeats, int | np.integer) or repeats < 1:
        raise InvalidArgument(f"repeats is {repeats!r}; a whole number of at least 1, or 'all'")
    return [rng.permutation(count) for _ in range(int(repeats))]
