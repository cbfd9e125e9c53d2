"""Answers and features of the same pictures, in the same order."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.importance.table import FeatureTable
from heatlens.surrogates.answers import Answers

__all__ = ["aligned"]

_NUMBERED = re.compile(r"picture \d+")


def aligned(answers: Answers, table: FeatureTable) -> tuple[Answers, FeatureTable, list[str]]:
    """The pictures that have both, and notes on what was left out.

    Pictures are matched by name where both know their names; else both have to be as many.

    Raises:
        InvalidArgument: other pictures, or another number of them.
    """
    a, b = answers.rows, table.rows
    if a == b or not a or not b or (len(a) == len(b) and _anonymous(a) != _anonymous(b)):
        if len(answers) != len(table):
            skipped = answers.skipped or table.skipped
            why = f" ({len(skipped)} were skipped: {skipped[0][1]})" if skipped else ""
            raise InvalidArgument(
                f"{len(answers)} answers of the network for {len(table)} rows of features{why}; "
                "give the same pictures to both"
            )
        return answers, table, []
    if len(set(a)) < len(a) or len(set(b)) < len(b):
        raise InvalidArgument(
            "some pictures share a name, so answers and features cannot be matched; give each its "
            "own name, or the same pictures in the same order"
        )
    place = {name: i for i, name in enumerate(a)}
    rows = [i for i, name in enumerate(b) if name in place]
    if not rows:
        raise InvalidArgument(
            f"answers are of {a[0]!r}, ..., features of {b[0]!r}, ...; give the same pictures"
        )
    notes = []
    if len(rows) < max(len(a), len(b)):
        notes.append(
            f"{len(rows)} pictures have both an answer ({len(a)}) and features ({len(b)}); the "
            "rest is left out"
        )
    chosen = np.array([place[b[i]] for i in rows], np.intp)
    return answers.take(chosen), table.take(np.array(rows)), notes


def _anonymous(names: Sequence[str]) -> bool:
    return all(_NUMBERED.fullmatch(name) for name in names)
