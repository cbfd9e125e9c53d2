"""`pixel_heatmap`: clean, describe, weigh, map."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from heatlens.errors import InvalidType
from heatlens.heatmap import Heatmap
from heatlens.images.arrays import is_array
from heatlens.pixels.part import WEIGHTINGS, Chosen, chosen
from heatlens.pixels.planes import as_picture
from heatlens.pixels.stack import FeatureStack, described, feature_stack
from heatlens.pixels.weighing import Weights, given_weights
from heatlens.provenance import Provenance
from heatlens.version import __version__

__all__ = ["pixel_heatmap"]


def pixel_heatmap(
    source: Any,
    preprocess: Any = None,
    features: Any = None,
    weights: Any = "pca",
) -> Heatmap:
    """A map of a picture from its own numbers: preprocess, measure features, weigh them, add up.

        map(p) = b + sum_i w_i (f_i(p) - m_i) / s_i

    Args:
        source: whatever `read_image` reads, one still picture.
        preprocess: steps of `STEPS`, in order: names, (name, parameters) or functions. None
            takes ("median",), or those that given `Weights` were made with.
        features: of `FEATURES`, likewise; None takes ("gabor", "brightness"), or those of the
            `Weights`.
        weights: "equal", "variance", "pca" or another of `WEIGHTINGS`; numbers by the features'
            names, or in their order, which weigh the features as they are; or `Weights`, as
            `learned_weights` makes them of a mask.

    Returns:
        A heatmap on the picture's grid. It is signed where its zero is a border ("equal", "pca"
        and learned weights: the picture's mean, or even odds) or a feature or weight is negative.
        The provenance lists steps, features and the numbers of the weights.

    Raises:
        UnknownName: a name that nothing is registered under.
        InvalidArgument: a wrong parameter, or weights for other features or steps.
        InvalidType: weights that are none of these.
        MissingDependency: a part needs a package of the extra `pixels`.

    Example:
        >>> import numpy as np
        >>> picture = np.zeros((16, 16), np.uint8)
        >>> picture[4:7, 9:12] = 200
        >>> heat = pixel_heatmap(picture, (), ("brightness",), {"brightness": 1.0})
        >>> heat.peak, round(float(heat.values.max()), 3)
        ((4, 9), 0.784)
    """
    started = time.perf_counter()
    image = as_picture(source)
    ready = isinstance(weights, Weights) and weights.features
    if preprocess is None:
        preprocess = weights.preprocess if ready else ("median",)
    if features is None:
        features = weights.features if ready else ("gabor", "brightness")
    stack = feature_stack(image, features, preprocess)
    found = _weights(stack, weights)
    values = found.apply(stack)
    provenance = Provenance(
        "pixel-heatmap",
        {**described(stack), "weights": found.how},
        target=" and ".join(part.part.name for part in stack.parts),
        image=image.name,
        seed=found.seed,
        version=__version__,
        seconds=time.perf_counter() - started,
        info={
            "weights": dict(zip(found.names, found.values, strict=True)),
            "middle": dict(zip(found.names, found.middle, strict=True)),
            "spread": dict(zip(found.names, found.spread, strict=True)),
            "intercept": found.intercept,
            **found.info,
        },
        notes=(*stack.notes, *found.notes),
    )
    signed = found.signed or bool((values < 0).any())
    return Heatmap(values, provenance, signed=signed)


def _weights(stack: FeatureStack, wanted: Any) -> Weights:
    if isinstance(wanted, Weights):
        return wanted
    named = isinstance(wanted, str | Chosen | Callable)
    if named or (isinstance(wanted, tuple) and len(wanted) == 2 and isinstance(wanted[1], Mapping)):
        asked = chosen(WEIGHTINGS, wanted)
        found = asked(stack)
        if not isinstance(found, Weights):
            raise InvalidType(
                f"the weighting gave a {type(found).__name__}; it has to give Weights"
            )
        return replace(found, how=asked.words)
    if isinstance(wanted, Mapping | Sequence) or is_array(wanted):
        return given_weights(stack, wanted)
    raise InvalidType(
        f"weights are a {type(wanted).__name__}; a name ({', '.join(WEIGHTINGS)}), numbers by "
        "feature, or Weights are meant"
    )
