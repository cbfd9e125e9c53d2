r"""A linear model on standardised columns that imitates probabilities or a number.

Classes: multinomial logistic regression on the network's probabilities p themselves (not on its
choices), so that how sure it is counts too,

    min_{W, b}  -1/n sum_i sum_c p_ic log softmax(W z_i + b)_c + strength / 2 |W|^2.

A number: ridge (Hoerl and Kennard 1970) or lasso (Tibshirani 1996) on the standardised number.
The strength of the penalty is the one that imitates best in a five-fold cross-validation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.special import log_softmax, softmax

from heatlens.frozen import frozen
from heatlens.optional import needed

__all__ = ["PENALTIES", "LinearModel", "Penalty", "best_strength", "fit_linear"]

Penalty = Literal["ridge", "lasso"]
PENALTIES: tuple[Penalty, ...] = ("ridge", "lasso")

_STRENGTHS = tuple(10.0**power for power in (0, -1, -2, -3, -4, -5))
_FOLDS = 5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Weights for standardised columns.

    Attributes:
        mean: (f,) of the training part.
        scale: (f,) its standard deviation; infinite for columns that do not change.
        weights: (k, f) for one standard deviation each; rows of classes sum to 0.
        bias: (k,).
        classes: whether a softmax follows.
        penalty: that drew the weights towards 0.
        strength: of it.
    """

    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats
    classes: bool
    penalty: Penalty
    strength: float

    form = "linear"

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for name in ("mean", "scale", "weights", "bias"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def answers(self, values: Floats) -> Floats:
        """(n, k) probabilities, or (n, 1) numbers, of rows (n, f)."""
        scores = (values - self.mean) / self.scale @ self.weights.T + self.bias
        return np.asarray(softmax(scores, axis=1)) if self.classes else np.asarray(scores)

    def coefficients(self) -> Floats:
        """What is read: (k, f), or (1, f) for a number and for two classes (the log odds)."""
        if self.classes and len(self.weights) == 2:
            return self.weights[1:] - self.weights[:1]
        return self.weights

    def importances(self) -> Floats:
        """Mean magnitude (f,) of a feature's coefficients."""
        return np.asarray(np.abs(self.coefficients()).mean(axis=0))

    def first(self) -> int | None:
        """The column with the largest coefficients."""
        importances = self.importances()
        return int(importances.argmax()) if importances.any() else None


def fit_linear(
    values: Floats,
    answers: Floats,
    *,
    classes: bool,
    penalty: Penalty = "ridge",
    strength: float,
    start: LinearModel | None = None,
) -> LinearModel:
    """Fit a linear model with a penalty of a given strength.

    Args:
        values: (n, f).
        answers: (n, k) probabilities, or (n, 1).
        classes: which of the two they are.
        penalty: of numbers; classes have a ridge.
        strength: of the penalty.
        start: where the search may begin.
    """
    mean, scale = values.mean(axis=0), values.std(axis=0)
    # What differs by rounding alone does not differ.
    scale = np.where(scale > 1e-10 * np.abs(values).max(axis=0), scale, np.inf)
    z = (values - mean) / scale
    if classes:
        weights, bias = _logistic(z, answers, strength, start)
        return LinearModel(mean, scale, weights, bias, True, "ridge", strength)
    y = answers[:, 0]
    middle, spread = float(y.mean()), float(y.std()) or 1.0
    wanted = (y - middle) / spread
    if penalty == "lasso":
        linear = needed("sklearn.linear_model", "penalty='lasso'", "surrogates")
        fitted = linear.Lasso(alpha=strength, fit_intercept=False, max_iter=20_000, tol=1e-6)
        weights = np.asarray(fitted.fit(z, wanted).coef_, np.float64)
    else:
        inner = z.T @ z / len(z) + strength * np.eye(z.shape[1])
        weights = np.linalg.solve(inner, z.T @ wanted / len(z))
    weights, bias = spread * weights[None], np.array([middle])
    return LinearModel(mean, scale, weights, bias, False, penalty, strength)


def _logistic(
    z: Floats, p: Floats, strength: float, start: LinearModel | None
) -> tuple[Floats, Floats]:
    n, f = z.shape
    k = p.shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        W, b = flat[: k * f].reshape(k, f), flat[k * f :]
        logarithms = log_softmax(z @ W.T + b, axis=1)
        residual = (np.exp(logarithms) - p) / n
        value = -(p * logarithms).sum() / n + strength / 2 * (W**2).sum()
        return float(value), np.concatenate(
            [(residual.T @ z + strength * W).ravel(), residual.sum(axis=0)]
        )

    begin = np.zeros(k * f + k)
    if start is not None:
        begin = np.concatenate([start.weights.ravel(), start.bias])
    found = optimize.minimize(
        loss,
        begin,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 1000, "ftol": 1e-9, "gtol": 1e-6},
    ).x
    weights, bias = found[: k * f].reshape(k, f), found[k * f :]
    return weights - weights.mean(axis=0), bias - bias.mean()


def best_strength(
    values: Floats,
    answers: Floats,
    *,
    classes: bool,
    penalty: Penalty,
    rng: np.random.Generator,
) -> float:
    """The strength with the least error on pictures left out; the stronger one of equals.

    Args:
        values: (n, f) of the training part.
        answers: (n, k).
        classes: whether they are probabilities; then the error is the cross-entropy.
        penalty: see `fit_linear`.
        rng: sorts the rows into folds.
    """
    part = rng.permutation(len(values)) % _FOLDS
    losses = np.zeros(len(_STRENGTHS))
    for fold in range(_FOLDS):
        out = part == fold
        model: LinearModel | None = None
        for i, strength in enumerate(_STRENGTHS):
            model = fit_linear(
                values[~out],
                answers[~out],
                classes=classes,
                penalty=penalty,
                strength=strength,
                start=model,
            )
            said = model.answers(values[out])
            if classes:
                losses[i] -= (answers[out] * np.log(np.maximum(said, 1e-12))).sum()
            else:
                losses[i] += ((answers[out] - said) ** 2).sum()
    return _STRENGTHS[int(np.argmin(losses))]
