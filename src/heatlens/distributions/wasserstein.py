"""The Wasserstein distance between two pictures or heatmaps.

    W_p(a, b) = ( min over plans  sum_ij plan_ij d(x_i, y_j)^p )^(1/p)

How far, on average, mass has to be carried to turn one into the other. Rubner, Tomasi, Guibas: The
Earth Mover's Distance as a Metric for Image Retrieval, IJCV 40(2), 2000.
"""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from heatlens.distributions.comparison import Comparison, Terms, compared
from heatlens.distributions.constructor import KINDS
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.pair import pair
from heatlens.distributions.parts import by_parts, has_negative
from heatlens.distributions.pictures import opened
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.mass import MassPolicy, checked_policy

__all__ = ["Comparison", "wasserstein"]


@overload
def wasserstein(
    a: Any,
    b: Any,
    on: str = ...,
    *,
    p: float = ...,
    mass: MassPolicy = ...,
    plan: Literal[False] = ...,
    penalty: float | None = ...,
    threshold: float | None = ...,
    centred: bool = ...,
    **parameters: Any,
) -> float: ...
@overload
def wasserstein(
    a: Any,
    b: Any,
    on: str = ...,
    *,
    p: float = ...,
    mass: MassPolicy = ...,
    plan: Literal[True],
    penalty: float | None = ...,
    threshold: float | None = ...,
    centred: bool = ...,
    **parameters: Any,
) -> Comparison: ...
def wasserstein(
    a: Any,
    b: Any,
    on: str = "mass",
    *,
    p: float = 1,
    mass: MassPolicy = "normalise",
    plan: bool = False,
    penalty: float | None = None,
    threshold: float | None = None,
    centred: bool = False,
    **parameters: Any,
) -> float | Comparison:
    """How far apart two pictures or heatmaps are, exactly.

    Two sources of different size are compared on="mass" in one frame: both are stretched to the
    geometric mean of their shapes and summed on one grid. Heatmaps with negative values are
    compared part by part, evidence for with evidence for and against with against:

        W_p = ( s W_p(a+, b+)^p + (1 - s) W_p(a-, b-)^p )^(1/p)

    s is the mean of the two maps' shares of positive mass; with another policy than "normalise"
    the costs are added as they are. It says how far the parts lie apart, not how much their shares
    differ: the notes give those. `part="positive"` or "negative" takes one part alone; beside a
    picture, whose light has one sign, it is the map's.

    Args:
        a: an `Image`, a `Heatmap`, an array, a path, or a `Distribution`.
        b: likewise.
        on: what is compared, and in which unit; see `as_distribution`.
        p: exponent, 1 or more.
        mass: "normalise" compares shapes: both totals are 1, and W_p is a length. "equal",
            "partial" and "unbalanced" take masses as they are; then W_p is
            (sum of mass x distance^p)^(1/p).
        plan: return a `Comparison` with the plan.
        penalty: for "unbalanced": the price of a unit of mass made or destroyed.
        threshold: distances count at most so much.
        centred: move both to their centroids first: shape without place. Signed parts are moved
            each by itself.
        **parameters: of the kind (`bins=`, `k=`, `side=`, `part=`, ...).

    Returns:
        W_p in the unit of the kind, or the whole `Comparison`.

    Raises:
        InvalidArgument: a map without evidence, a picture without mass, units that differ, ...
        UnknownName: no such kind or policy.
        InvalidType: `p` is no number, or `a` or `b` no picture.

    Example:
        >>> import numpy as np
        >>> a, b = np.zeros((2, 4, 4))
        >>> a[0, 0], b[0, 3] = 1, 5
        >>> wasserstein(a, b, unit="pixels")
        3.0
        >>> wasserstein(a, b, centred=True)
        0.0
        >>> dark, light = np.full((2, 8, 8), [[[40]], [[240]]], np.uint8)
        >>> wasserstein(dark, light, on="histogram", bins=256)
        200.0
    """
    from heatlens.transport.ground import checked_metric

    checked_policy(mass)
    _check_exponent(p)
    checked_metric("euclidean", p, threshold)
    if (penalty is None) == (mass == "unbalanced"):
        raise InvalidArgument("mass='unbalanced' needs a penalty=, and no other policy takes one")
    KINDS[on]  # an unknown kind is an error before anything is read
    terms = Terms(p, mass, penalty, threshold, centred, plan)
    part, signed = parameters.get("part"), False
    if on == "mass":
        a, b = (x if isinstance(x, Distribution) else opened(x, raw=True) for x in (a, b))
        signed = part == "both" or (part is None and (has_negative(a) or has_negative(b)))
    if signed:
        found = by_parts(a, b, terms, parameters)
    else:
        found = compared(*pair(a, b, on, parameters), terms)
    return found if plan else found.distance


def _check_exponent(p: Any) -> None:
    if isinstance(p, bool) or not isinstance(p, int | float | np.integer | np.floating):
        raise InvalidType(f"p is {p!r}; it is a number, 1 or more")
    if p < 1:
        raise InvalidArgument(f"p is {p}; the exponent of a Wasserstein distance is at least 1")
