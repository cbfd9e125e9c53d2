"""A decision tree that imitates a network, from features that people have names for.

Craven and Shavlik: Extracting Tree-Structured Representations of Trained Networks, NIPS 1995;
Bastani, Kim, Bastani: Interpretability via Model Extraction, 2017 (arXiv:1706.09773).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.importance.table import FeatureTable
from heatlens.surrogates.answers import Answers, network_answers
from heatlens.surrogates.grown_tree import GrownTree, grow
from heatlens.surrogates.imitation import Fit, Settings, imitated
from heatlens.surrogates.reading import Output
from heatlens.surrogates.surrogate import Surrogate
from heatlens.surrogates.verdict import LEAST

__all__ = ["tree_surrogate"]

_LEAST_DEPTH = 4
_LEAST_LEAVES = 16

Floats = npt.NDArray[np.float64]


def tree_surrogate(
    model: Any,
    pictures: Any,
    table: FeatureTable,
    *,
    depth: int | None = None,
    leaves: int | None = None,
    target: int | str | None = None,
    output: Output = "auto",
    held_out: float = 0.3,
    resamples: int = 200,
    least: float = LEAST,
    confidence: float = 0.95,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Surrogate:
    """Grow a decision tree that imitates a network on features with names.

    It learns what the network says, not what is true, from one part of the pictures; the other
    part says how well. Without `target` it imitates which class is chosen, with one that class's
    probability.

    Args:
        model: a model, a bare network or a name; None where `pictures` are scores.
        pictures: what the network is asked about: a folder, a list, pixels (N, H, W, 3), a tensor
            as the network takes it; scores (n, k); or `Answers`, for several stand-ins of one
            network.
        table: features of the same pictures, see `picture_features`.
        depth: longest chain of questions; by default 4, or for more than five classes one less
            than there are, since a feature that is yes or no parts one class at a time.
        leaves: most answers; by default 16, or two for each class.
        target: class, by label or number, or which of several outputs.
        output: what the scores are, see `network_answers`.
        held_out: share of the pictures that the tree never sees.
        resamples: trees grown on pictures drawn again, for the stability.
        least: skill below which the verdict is "does not explain this model", see
            `heatlens.surrogates.verdict`.
        confidence: of all intervals.
        seed: of the split, the draws, and of ties between questions.
        progress: called as `progress(done, total)` after each tree.

    Raises:
        InvalidArgument: too few pictures for the intervals, nothing to imitate (one answer for
            all), or features of other pictures.
        MissingDependency: scikit-learn is not installed.

    Example:
        >>> x = np.random.default_rng(0).uniform(size=(100, 2))
        >>> scores = np.stack([0 * x[:, 0], 40 * (x[:, 0] - 0.5)], axis=1)
        >>> found = tree_surrogate(None, scores, FeatureTable(x, ("brightness", "contrast")))
        >>> found.explains, found.first
        (True, 'brightness')
    """
    settings = Settings(held_out, resamples, confidence, least, seed, progress)
    answers = (
        pictures
        if isinstance(pictures, Answers)
        else network_answers(model, pictures, target=target, output=output)
    )
    classes = answers.kind == "classes"
    count = len(np.unique(answers.classes)) if classes else 1
    deepest = depth if depth is not None else max(_LEAST_DEPTH, count - 1)
    most = leaves if leaves is not None else max(_LEAST_LEAVES, 2 * count)
    if deepest < 1 or most < 2:
        raise InvalidArgument(f"depth is {depth} and leaves {leaves}; at least 1 and 2")

    def prepare(values: Floats, said: Floats, rng: np.random.Generator) -> Fit:
        smallest = max(3, len(values) // 100)

        def fit(values: Floats, said: Floats, seed: int, start: Any) -> GrownTree:
            return grow(
                values,
                said,
                classes=classes,
                depth=deepest,
                leaves=most,
                smallest=smallest,
                seed=seed,
            )

        return fit

    parameters = {
        "depth": deepest,
        "leaves": most,
        "held_out": held_out,
        "resamples": resamples,
        "least": least,
        "confidence": confidence,
        "seed": seed,
    }
    return imitated(answers, table, prepare, settings, parameters)
