"""The numbers that the H-statistic is made of, a pair at a time, for many weightings of the rows.

Partial dependences are averaged as soon as they are asked for, over all rows and over each
bootstrap sample of them, and dropped after the last pair that needs them: rows x rows numbers never
stand in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from heatlens.importance.aim import Aim
from heatlens.importance.subject import Floats, Ints, Progress, Subject

__all__ = ["Trio", "statistics_of"]

Trio = tuple[frozenset[int], frozenset[int], frozenset[int]]
"""Features of both of a pair together, of the first, of the second."""

_AT_ONCE = 1 << 16
"""Changed rows that are asked for together."""


def statistics_of(
    subject: Subject,
    aim: Aim,
    rows: Ints,
    trios: Sequence[Trio],
    shares: Floats,
    progress: Progress | None,
) -> list[Floats]:
    """H^2 and its two roots (3, r) of each trio, for each of the weightings (n, r) of the rows."""
    nobody = frozenset[int]()
    still = Counter(one for trio in trios for one in trio)
    total = len({nobody, *still})
    known: dict[frozenset[int], Floats] = {}
    made, found = 0, []

    def dependence(present: frozenset[int]) -> Floats:
        nonlocal made
        if present not in known:
            known[present] = _dependence(subject, aim, rows, present, shares)
            made += 1
            if progress is not None:
                progress(made, total)
        return known[present]

    try:
        for trio in trios:
            parts = [dependence(present) for present in trio]
            found.append(_statistics(parts, dependence(nobody), shares))
            for present in trio:
                still[present] -= 1
                if not still[present]:
                    del known[present]
    except KeyboardInterrupt:
        if not found:
            raise
    return found


def _dependence(
    subject: Subject, aim: Aim, rows: Ints, present: frozenset[int], shares: Floats
) -> Floats:
    """Partial dependence on some features at every row, for each weighting of the rows, (n, r)."""
    absent = sorted(set(range(len(subject.names))) - present)
    if not absent:
        return np.repeat(subject.outputs(rows, read=aim)[:, None], shares.shape[1], axis=1)
    found = np.empty(shares.shape)
    size = max(1, _AT_ONCE // len(rows))
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        each, other = np.repeat(part, len(rows)), np.tile(rows, len(part))
        said = subject.outputs(each, absent, other, aim).reshape(len(part), len(rows))
        found[first : first + size] = said @ shares
    return found


def _statistics(parts: Sequence[Floats], nobody: Floats, shares: Floats) -> Floats:
    """H^2, root mean square of what both do, and of what only both do, of weighted rows, (3, r)."""
    beside = [part - nobody for part in parts]
    both, first, second = (part - (shares * part).sum(0) for part in beside)
    together = (shares * both**2).sum(0)
    only = (shares * (both - first - second) ** 2).sum(0)
    scale = np.maximum(np.abs(beside[0]).max(0), np.abs(nobody).max(0))
    # What is left of equal numbers is rounding.
    nothing = together <= (1e-9 * scale) ** 2
    squared = np.where(nothing, np.nan, only / np.where(nothing, 1, together))
    return np.stack([squared, np.sqrt(together), np.where(nothing, 0.0, np.sqrt(only))])
