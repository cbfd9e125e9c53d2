"""What a reader of a stand-in has to be told besides: what its pictures cannot tell apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatlens.importance.table import FeatureTable
from heatlens.surrogates.fidelity import minus
from heatlens.surrogates.stability import Coefficients, Imitator

__all__ = ["alike", "moved"]

_TWINS = 0.95


def alike(whole: Imitator, table: FeatureTable) -> list[str]:
    """What the training part cannot tell: columns that say the same, and constant ones."""
    notes = []
    constant = table.constant()
    if constant:
        more = f" and {len(constant) - 3} more" if len(constant) > 3 else ""
        notes.append(f"the same in all these pictures: {', '.join(map(repr, constant[:3]))}{more}")
    first = whole.first()
    if first is None:
        return notes
    z = table.values - table.values.mean(axis=0)
    length = np.sqrt((z**2).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlations = np.nan_to_num(z.T @ z[:, first] / (length * length[first]))
    twins = [int(i) for i in np.flatnonzero(np.abs(correlations) >= _TWINS) if i != first]
    return notes + [
        f"{table.names[twin]!r} goes with {table.names[first]!r} (correlation {minus(f'{correlations[twin]:.2f}')}): "
        "these pictures cannot tell which of them the network reads"
        for twin in sorted(twins, key=lambda i: -abs(correlations[i]))[:3]
    ]


def moved(found: Coefficients | None, names: Sequence[str]) -> list[str]:
    """Features whose coefficients the penalty has moved further than chance moves them."""
    if found is None or not found.moved.any():
        return []
    those = [names[int(i)] for i in np.flatnonzero(found.moved.any(axis=0))]
    more = f" and {len(those) - 3} more" if len(those) > 3 else ""
    return [
        f"{found.penalty} moves the coefficient{'s' * (len(those) > 1)} of "
        f"{', '.join(map(repr, those[:3]))}{more} out of the interval without it"
    ]
