"""`heatlens compare` with three or more sources: a matrix of all pairs for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heatlens.cli.comparison import Matrix, Question, Source
from heatlens.cli.comparison_files import write_matrix
from heatlens.cli.comparison_measure import Rule, distribution, measured, rule
from heatlens.cli.comparison_words import in_options
from heatlens.distributions import Distribution
from heatlens.errors import HeatlensError

__all__ = ["matrices"]

Reasons = list[tuple[str, str]]


def matrices(
    sources: Sequence[Source], kinds: Sequence[str], question: Question, out: Path | None
) -> tuple[list[Matrix], Reasons]:
    """One matrix per kind that at least two sources have, and why others are not there."""
    found, reasons = [], []
    for kind in kinds:
        matrix, why = _matrix(sources, kind, question)
        reasons += why
        if any(x is not None for i, row in enumerate(matrix.values) for x in row[:i]):
            if out is not None:
                matrix.files.append(write_matrix(matrix, [s.name for s in sources], out))
            found.append(matrix)
    return found, reasons


def _matrix(sources: Sequence[Source], kind: str, question: Question) -> tuple[Matrix, Reasons]:
    how = rule(sources, kind, question)
    made, reasons = _distributions(sources, how)
    count = len(sources)
    values: list[list[float | None]] = [
        [0.0 if i == j and made[i] else None for j in range(count)] for i in range(count)
    ]
    unit = ""
    of_pairs: dict[str, list[str]] = {}
    for i in range(count):
        for j in range(i):
            first, second = made[j], made[i]
            if first is None or second is None:
                continue
            pair = f"{sources[j].name} and {sources[i].name}"
            try:
                one = measured(sources[j], sources[i], how, question, (first, second))
            except HeatlensError as error:
                reasons.append((pair, f"{kind}: {in_options(str(error))}"))
                continue
            values[i][j] = values[j][i] = one.distance
            unit = one.unit
            sides = [s for c in (one, *one.parts.values()) for s in (c.first, c.second)]
            own = {note for side in sides for note in side.notes}
            for note in dict.fromkeys(note for note in one.notes if note not in own):
                of_pairs.setdefault(note, []).append(pair)
    notes = (*how.notes, *_of_sources(made), *_of_pairs(of_pairs, count))
    return Matrix(kind, unit, values, notes), reasons


def _distributions(
    sources: Sequence[Source], how: Rule
) -> tuple[list[Distribution | None], Reasons]:
    """Each source as a distribution, made once for all pairs."""
    made: list[Distribution | None] = []
    reasons: Reasons = []
    for source in sources:
        try:
            made.append(distribution(source, how))
        except HeatlensError as error:
            made.append(None)
            reasons.append((source.name, f"{how.kind}: {in_options(str(error))}"))
    return made, reasons


def _of_sources(made: Sequence[Distribution | None]) -> list[str]:
    """What has to be said of a source: by its name, unless it holds for all."""
    there = [one for one in made if one is not None]
    found: dict[str, None] = {}
    for one in there:
        for note in one.notes:
            alike = all(note in other.notes for other in there)
            found[note if alike or one.name in note else f"{one.name}: {note}"] = None
    return list(found)


def _of_pairs(notes: dict[str, list[str]], count: int) -> list[str]:
    """What has to be said of a pair: by its names, unless it holds for all pairs."""
    whole = count * (count - 1) // 2
    return [
        note if len(pairs) == whole else f"{pair}: {note}"
        for note, pairs in notes.items()
        for pair in (pairs[:1] if len(pairs) == whole else pairs)
    ]
