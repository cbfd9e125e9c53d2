"""A sparse linear stand-in: a handful of features whose weights add up to a score.

    v(S) ~ b_0 + sum_{i in A} b_i z_i,   |A| <= nonzero

The set A grows one feature at a time, always by the one with which weighted least squares leaves
the least unexplained; the weights are those of least squares on A, without any shrinkage. Ribeiro,
Singh, Guestrin: "Why Should I Trust You?", KDD 2016, ask for so sparse a line (K-LASSO, algorithm
1), and their code chooses like this for up to six features. The growing is orthogonal least
squares: Chen, Billings, Luo: Orthogonal least squares methods, International Journal of Control
1989. Unlike the lasso's path it does not stumble where features count alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.attribution.baselines import Baseline
from heatlens.attribution.perturbation.features import Features
from heatlens.errors import InvalidArgument
from heatlens.surrogates.local.explained import Settings, decision
from heatlens.surrogates.local.fidelity import LEAST, verdict, weighted_line
from heatlens.surrogates.local.neighbourhood import Floats
from heatlens.surrogates.local.regions import regions
from heatlens.surrogates.local.stand_in import LocalStandIn

__all__ = ["chosen", "local_linear"]


def local_linear(
    model: Any,
    image: Any,
    target: Any = "predicted",
    *,
    features: Features = "superpixels",
    nonzero: int = 6,
    samples: int = 1000,
    baseline: Baseline = "blur",
    width: float = 0.25,
    least_fidelity: float = LEAST,
    fit: str | None = None,
    precision: str = "fp32",
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> LocalStandIn:
    """Explain one decision by the weights of at most `nonzero` features.

    Args:
        model: a loaded model, or a bare network.
        image: anything `read_image` takes.
        target: whose score; anything `attribute` takes.
        features: "superpixels", "superpixels-100", a number of cells, or a map of labels on the
            model's input; see `heatlens.attribution.perturbation.features.find_players`.
        nonzero: most features with a weight.
        samples: different coalitions to score, a forward pass each; a quarter is held out. Where
            there are no more than so many, all are tried, and the fidelity is cross-validated.
        baseline: what replaces a feature that is out; see `BASELINES`.
        width: of LIME's kernel, in units of cosine distance.
        least_fidelity: R² that the low end of its interval has to reach; else the verdict is
            that it does not explain the decision.
        fit: how the picture is brought to the model's input: "crop", "squash" or "pad".
        precision: of the passes, "fp32", "bf16" or "auto".
        seed: of the coalitions and of a noise baseline.
        progress: called with how many coalitions are scored and how many there are.

    Raises:
        InvalidArgument: a number that cannot be used, or no picture.

    Example:
        >>> import torch
        >>> from heatlens.testing.games import PolynomialGame
        >>> game = PolynomialGame(torch.full((1, 4, 4), 1 / 16), [3.0, 0.0, 0.0, -1.0], {})
        >>> white = np.full((8, 8), 255, np.uint8)
        >>> found = local_linear(game, white, 0, features=2, samples=40, baseline="black")
        >>> for rule in found.rules:
        ...     print(rule)
        score = 0 with none of these there
        +3 if cell 0 (top left) is there
        -1 if cell 3 (bottom right) is there
    """
    if not isinstance(nonzero, int) or isinstance(nonzero, bool) or nonzero < 1:
        raise InvalidArgument(f"nonzero is {nonzero!r}; a whole number of at least 1")
    settings = Settings(features, samples, baseline, width, fit, precision, seed)
    made = decision(model, image, target, settings, progress)

    def sparse(z: Floats, scores: Floats, weights: Floats) -> tuple[float, Floats]:
        used = chosen(z, scores, weights, nonzero)
        values = np.zeros(made.game.count)
        intercept, values[used] = weighted_line(z[:, used], scores, weights, 0.0)
        return intercept, values

    def learn(z: Floats, scores: Floats, weights: Floats) -> Callable[[Floats], Floats]:
        start, slopes = sparse(z, scores, weights)
        return lambda present: start + present @ slopes

    _, scores, _ = made.near.seen
    intercept, values = sparse(*made.near.seen)
    used = np.flatnonzero(values)
    fidelity = made.fidelity(learn, 1 + len(used))
    explains, said = verdict(fidelity, least_fidelity, "sparse linear model", made.game.count)
    found = regions(made.labels, made.kind, used, values[used])
    # What rounding leaves of a zero is none.
    least = 1e-9 * float(np.abs(scores).max())
    start = intercept if abs(intercept) > least else 0.0
    rules = [f"score = {start:.3g} with none of these there"]
    rules += [f"{one.value:+.3g} if {one.name} is there" for one in found]
    parameters = {"nonzero": nonzero, "least_fidelity": least_fidelity}
    return LocalStandIn(
        kind="sparse linear model",
        heat=made.heatmap(values, "local-linear", parameters),
        regions=found,
        rules=tuple(rules),
        fidelity=fidelity,
        explains=explains,
        verdict=said,
        image=made.image,
        footprints=made.footprints([one.number for one in found]),
        count=made.game.count,
        foretell=lambda present: intercept + present @ values,
    )


def chosen(z: Floats, scores: Floats, weights: Floats, most: int) -> npt.NDArray[np.int64]:
    """Numbers of at most `most` features, each the one that leaves the least unexplained by then.

    Args:
        z: (k, n), 0 or 1.
        scores: (k,).
        weights: (k,).
        most: how many features at most; fewer are chosen once nothing is left to explain.

    Example:
        >>> z = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> chosen(z, z @ np.array([1.0, 3.0]), np.ones(4), most=1).tolist()
        [1]
    """
    root = np.sqrt(weights)
    total = weights.sum()
    A = root[:, None] * (z - weights @ z / total)
    residual = root * (scores - weights @ scores / total)
    enough = 1e-12 * float(weights @ scores**2)
    alike = 1e-9 * (A**2).sum(0)
    used: list[int] = []
    while len(used) < most and residual @ residual > enough:
        left = (A**2).sum(0)
        gain = np.where(left > alike, (A.T @ residual) ** 2 / np.where(left > alike, left, 1), -1)
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        used.append(best)
        # Of all columns and the rest only what is orthogonal to the chosen one stays.
        unit = A[:, best] / np.linalg.norm(A[:, best])
        residual = residual - unit * (unit @ residual)
        A = A - np.outer(unit, unit @ A)
    return np.array(sorted(used), np.int64)
