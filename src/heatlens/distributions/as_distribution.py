"""`as_distribution`: one way from a picture or a heatmap to weights at points."""

from __future__ import annotations

from typing import Any

from heatlens.distributions.constructor import KINDS
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.pictures import hidden, opened
from heatlens.errors import InvalidArgument

__all__ = ["as_distribution"]


def as_distribution(thing: Any, kind: str = "mass", **parameters: Any) -> Distribution:
    """See a picture or a heatmap as a distribution.

    | kind | points | unit of distance |
    |---|---|---|
    | "mass" | cells of a grid, weighted by luma or evidence | fractions of the diagonal |
    | "histogram" | bins of grey levels | grey levels of the picture's own range |
    | "colour-histogram" | bins of colours | RGB levels or CIELAB units |
    | "signature" | k colours | CIELAB units |
    | "signature-position" | k colours at places | CIELAB units |
    | "orientation" | directions of the gradient, modulo 180 | degrees |
    | "patches" | k small patches | CIELAB units, root mean square over the patch |
    | "features" | activations of a model's layer | the layer's own |

    Args:
        thing: an `Image`, a `Heatmap`, an array, a path, or a `Distribution` of this kind, which
            passes through. Arrays: (H, W, 3) is a picture; (H, W) is a picture too, but for
            "mass", which takes its values as they are.
        kind: a registered name.
        **parameters: those of the kind; see `heatlens.distributions.kinds`.

    Raises:
        UnknownName: no such kind.
        InvalidArgument: a parameter the kind does not have, a picture it cannot use, or nothing
            to be distributed (a map without evidence).

    Example:
        >>> import numpy as np
        >>> as_distribution(np.array([[0.0, 1.0], [3.0, 0.0]]))
        Distribution('mass', 4 points in 2 dimensions, fractions of the diagonal, total 4)
        >>> grey = np.full((4, 6), 128, np.uint8)
        >>> as_distribution(grey, "histogram", bins=256).points.tolist()[128]
        [128.0]
    """
    constructor = KINDS[kind]
    if isinstance(thing, Distribution):
        if thing.kind != kind:
            raise InvalidArgument(
                f"this is a distribution of the kind {thing.kind!r} already; {kind!r} has to be "
                "made from the picture or heatmap itself"
            )
        if parameters:
            raise InvalidArgument(
                f"a finished distribution takes no parameters, got {', '.join(parameters)}"
            )
        return thing
    constructor.check(parameters)
    source = opened(thing, raw=kind == "mass")
    made = constructor.function(source, **parameters)
    notes = hidden(source) if constructor.opacity else ()
    return made.with_(notes=(*made.notes, *notes)) if notes else made
