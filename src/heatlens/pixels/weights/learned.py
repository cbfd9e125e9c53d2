"""Weights learned from a mask: which features tell the marked pixels from the others.

Logistic regression on standardised features,

    log P(marked) / P(not marked) = b + sum_i w_i (f_i - m_i) / s_i,

with a penalty |w|^2 / 2C, both sides of the mask with the same total weight. Fitted by
scikit-learn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.optional import needed
from heatlens.pixels.checks import checked_count, checked_number, checked_seed
from heatlens.pixels.planes import as_picture
from heatlens.pixels.region import checked_mask
from heatlens.pixels.stack import FeatureStack, feature_stack
from heatlens.pixels.weighing import Weights, standardised, weighed
from heatlens.provenance import plain

__all__ = ["learned_weights"]

_FEW = 30
"""Marked pixels below which a note warns."""


def learned_weights(
    source: Any,
    mask: Any,
    features: Any = None,
    preprocess: Any = None,
    *,
    strength: float = 1.0,
    most: int = 100_000,
    seed: int = 0,
) -> Weights:
    """Learn from one picture how to find what a mask marks, there and in other pictures.

    Args:
        source: the picture, or its `FeatureStack`.
        mask: (H, W), true where the thing is.
        features: what may be used; see `feature_stack`. None takes ("brightness", "colour",
            "gradient"), or those of the stack.
        preprocess: steps before; None takes none, or those of the stack.
        strength: C, the inverse of the penalty; small values shrink the weights.
        most: pixels of either side that are learned from, drawn at random.
        seed: of the draw.

    Returns:
        Weights whose map is the log odds: above 0 more likely marked than not, if both were
        equally frequent. They remember features and steps, so that
        `pixel_heatmap(picture, weights=weights)` measures the same. `info` has the coefficients and how well both sides are told apart on
        the pixels of this picture: neighbouring pixels resemble each other, so another picture
        is the test that counts.

    Raises:
        InvalidArgument: a mask that marks nothing, or everything, or of another size; or other
            features for a stack that was measured already.
        MissingDependency: scikit-learn is not there.
    """
    stack, name = _stack_of(source, features, preprocess)
    strength = checked_number("strength", strength, 0, above=True)
    most, seed = checked_count("most", most, 2), checked_seed(seed)
    generator = np.random.default_rng(seed)
    where = checked_mask(mask, stack.size)
    marked = where.ravel()
    count = int(marked.sum())
    if count in (0, marked.size):
        raise InvalidArgument(
            f"the mask marks {'no pixel' if count == 0 else 'every pixel'}; to learn what tells "
            "marked pixels from others it has to mark some and leave some"
        )
    linear = needed("sklearn.linear_model", "learning weights from a mask", extra="pixels")
    metrics = needed("sklearn.metrics", "learning weights from a mask", extra="pixels")
    middle, spread, notes = standardised(stack)
    drawn = np.concatenate(
        [_drawn(np.flatnonzero(marked == side), most, generator) for side in (False, True)]
    )
    z, truth = (stack.rows[drawn] - middle) / spread, marked[drawn]
    fitted = linear.LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
    fitted.fit(z, truth)
    coefficients, intercept = fitted.coef_[0], float(fitted.intercept_[0])
    odds = z @ coefficients + intercept
    smaller = min(count, marked.size - count)
    if smaller < _FEW:
        notes += (f"only {smaller} pixels on one side of the mask: the weights are a guess",)
    return weighed(
        stack,
        coefficients,
        middle,
        spread,
        f"learned(strength={strength}, most={most}, seed={seed})",
        intercept=intercept,
        seed=seed,
        info={
            "coefficients": dict(zip(stack.names, coefficients.tolist(), strict=True)),
            "area under the ROC curve": float(metrics.roc_auc_score(truth, odds)),
            "balanced accuracy": float(metrics.balanced_accuracy_score(truth, odds > 0)),
            "learned from": name,
            "mask": plain(where),
            "marked pixels": count,
            "pixels learned from": len(drawn),
        },
        notes=notes,
    )


def _stack_of(source: Any, features: Any, preprocess: Any) -> tuple[FeatureStack, str]:
    if isinstance(source, FeatureStack):
        if features is not None or preprocess is not None:
            raise InvalidArgument(
                f"the stack was measured already ({', '.join(source.names)}); leave features and "
                "preprocess out, or give the picture"
            )
        return source, ""
    image = as_picture(source)
    wanted = ("brightness", "colour", "gradient") if features is None else features
    return feature_stack(image, wanted, () if preprocess is None else preprocess), image.name


def _drawn(
    places: npt.NDArray[np.intp], most: int, generator: np.random.Generator
) -> npt.NDArray[np.intp]:
    if len(places) <= most:
        return places
    return np.sort(generator.choice(places, most, replace=False))
