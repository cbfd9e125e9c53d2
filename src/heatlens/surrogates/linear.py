"""A linear model that imitates a network, from features that people have names for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.importance.table import FeatureTable
from heatlens.surrogates.answers import Answers, network_answers
from heatlens.surrogates.imitation import Fit, Settings, imitated
from heatlens.surrogates.linear_model import (
    PENALTIES,
    LinearModel,
    Penalty,
    best_strength,
    fit_linear,
)
from heatlens.surrogates.reading import Output
from heatlens.surrogates.surrogate import Surrogate
from heatlens.surrogates.verdict import LEAST

__all__ = ["linear_surrogate"]

Floats = npt.NDArray[np.float64]


def linear_surrogate(
    model: Any,
    pictures: Any,
    table: FeatureTable,
    *,
    penalty: Penalty = "ridge",
    strength: float | None = None,
    target: int | str | None = None,
    output: Output = "auto",
    held_out: float = 0.3,
    resamples: int = 200,
    least: float = LEAST,
    confidence: float = 0.95,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Surrogate:
    """Fit a linear model that imitates a network on features with names.

    Without `target` it is a logistic regression on the probabilities of all classes, with one a
    ridge or lasso regression on that class's probability; see `heatlens.surrogates.linear_model`.
    Columns are standardised, so coefficients can be compared: they hold for one standard deviation.

    Args:
        model: a model, a bare network or a name; None where `pictures` are scores.
        pictures: see `tree_surrogate`.
        table: features of the same pictures, see `picture_features`.
        penalty: "ridge", or for a number "lasso", which leaves most coefficients at 0.
        strength: of the penalty; by default chosen by cross-validation within the training part.
        target: class, by label or number, or which of several outputs.
        output: what the scores are, see `network_answers`.
        held_out: share of the pictures that it never sees.
        resamples: fits on pictures drawn again, for the intervals.
        least: skill below which the verdict is "does not explain this model", see
            `heatlens.surrogates.verdict`.
        confidence: of all intervals.
        seed: of the split and the draws.
        progress: called as `progress(done, total)` after each fit.

    Raises:
        InvalidArgument: too few pictures for the intervals, nothing to imitate, features of other
            pictures, or a lasso for classes.
        UnknownName: no such penalty.
        MissingDependency: scikit-learn, which the lasso needs, is not installed.

    Example:
        >>> x = np.random.default_rng(0).uniform(size=(100, 2))
        >>> table = FeatureTable(x, ("brightness", "contrast"))
        >>> found = linear_surrogate(None, 3 * x[:, 0] - x[:, 1], table, output="number")
        >>> found.explains, found.first
        (True, 'brightness')
    """
    settings = Settings(held_out, resamples, confidence, least, seed, progress)
    if penalty not in PENALTIES:
        raise UnknownName("penalty", str(penalty), PENALTIES)
    if strength is not None and not 0 < strength < np.inf:
        raise InvalidArgument(f"strength is {strength}; it is above 0")
    answers = (
        pictures
        if isinstance(pictures, Answers)
        else network_answers(model, pictures, target=target, output=output)
    )
    classes = answers.kind == "classes"
    if classes and penalty == "lasso":
        raise InvalidArgument(
            "the lasso imitates one number; name a class as target=, or take penalty='ridge'"
        )
    parameters = {
        "penalty": penalty,
        "strength": strength,
        "held_out": held_out,
        "resamples": resamples,
        "least": least,
        "confidence": confidence,
        "seed": seed,
    }

    def prepare(values: Floats, said: Floats, rng: np.random.Generator) -> Fit:
        chosen = strength
        if chosen is None:
            chosen = best_strength(values, said, classes=classes, penalty=penalty, rng=rng)
        parameters["strength"] = chosen

        def fit(values: Floats, said: Floats, seed: int, start: Any) -> LinearModel:
            return fit_linear(
                values, said, classes=classes, penalty=penalty, strength=chosen, start=start
            )

        return fit

    return imitated(answers, table, prepare, settings, parameters)
