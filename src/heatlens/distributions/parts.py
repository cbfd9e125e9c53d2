"""Signed maps: evidence for with evidence for, evidence against with evidence against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from heatlens.distributions.comparison import Comparison, Terms, compared
from heatlens.distributions.kinds.mass import PARTS
from heatlens.distributions.pair import pair
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap

__all__ = ["by_parts", "has_negative"]

Floats = np.ndarray[Any, np.dtype[np.float64]]


def has_negative(source: Any) -> bool:
    """Whether `source` is a heatmap with a valid negative value."""
    if not isinstance(source, Heatmap):
        return False
    values = source.values if source.valid is None else source.values[source.valid]
    return bool((values < 0).any())


def by_parts(a: Any, b: Any, terms: Terms, parameters: Mapping[str, Any]) -> Comparison:
    """Compare positive and negative parts apart, and say what both come to.

    The formula stands at `wasserstein`.

    Raises:
        InvalidArgument: a map without evidence, or with one part where the other has both.
    """
    for source in (a, b):
        if not hasattr(source, "values"):
            raise InvalidArgument(
                f"a {type(source).__name__} has no parts of opposite sign; pass part='positive' to "
                "compare it with the map's evidence for, part='negative' with that against"
            )
    shares = _shares(a, b)
    parts: dict[str, Comparison] = {}
    for part, share in zip(PARTS, shares.T, strict=True):
        if share.any():
            _check_both_have(part, share)
            first, second = pair(a, b, "mass", {**parameters, "part": part})
            parts[part] = compared(first, second, terms)
    counts = dict(zip(PARTS, shares.mean(0).tolist(), strict=True))
    if terms.mass != "normalise":
        counts = dict.fromkeys(PARTS, 1.0)
    cost = sum(counts[part] * found.distance**terms.p for part, found in parts.items())
    notes = tuple(
        f"{part} parts: {parts[part].distance:.4g} {parts[part].unit}, of {x:.1%} and {y:.1%} of "
        "the maps' evidence"
        for part, (x, y) in zip(PARTS, shares.T, strict=True)
        if part in parts
    )
    leading = next(iter(parts.values()))
    return Comparison(
        float(cost ** (1 / terms.p)),
        leading.unit,
        leading.transport if len(parts) == 1 else None,
        leading.first,
        leading.second,
        notes + leading.notes,
        parts,
        {part: counts[part] for part in parts},
    )


def _shares(a: Any, b: Any) -> Floats:
    """Shares (2, 2) of the positive and negative part in the evidence of each map."""
    totals = np.empty((2, 2))
    for row, source in enumerate((a, b)):
        values = source.values.astype(np.float64)
        if isinstance(source, Heatmap) and source.valid is not None:
            values = np.where(source.valid, values, 0)
        totals[row] = np.maximum(values, 0).sum(), np.maximum(-values, 0).sum()
        if not totals[row].any():
            raise InvalidArgument(
                f"the {('first', 'second')[row]} map has no evidence: there is no mass to compare"
            )
    return totals / totals.sum(1, keepdims=True)


def _check_both_have(part: str, share: Floats) -> None:
    if share.all():
        return
    without, other = ("first", "second") if share[0] == 0 else ("second", "first")
    raise InvalidArgument(
        f"the {without} map has no {part} evidence, and of the {other} one's {share.max():.1%} is: "
        "pass part='positive' or 'negative' to compare one part"
    )
