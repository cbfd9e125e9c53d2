"""Signatures as an engine's rows: the embedding beside what the exact distance needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from heatlens.errors import InvalidArgument
from heatlens.search.bounds.quantile import embedding
from heatlens.search.export.rule import reaches
from heatlens.search.signatures import Signatures, Singles

__all__ = ["Exported", "exported"]

_AT_ONCE = 1000


class Exported(NamedTuple):
    """A row of an engine's table.

    Attributes:
        id: unlike all others.
        path: where the picture lies, if it is a file.
        embedded: (A Q,) float32.
        weights: (n,) float32.
        points: (n, d) float32.
        reach: see `heatlens.search.export.rule.reaches`.
    """

    id: str
    path: str | None
    embedded: Singles
    weights: Singles
    points: Singles
    reach: float


def exported(
    ids: Iterable[str], signatures: Iterable[tuple[Any, Any]], paths: Iterable[str | None]
) -> Iterator[Exported]:
    """Rows one by one, a thousand signatures in memory.

    Raises:
        InvalidArgument: more ids than signatures or fewer.
    """
    waiting, rest, pairs = iter(ids), iter(paths), iter(signatures)
    while block := list(islice(pairs, _AT_ONCE)):
        there = Signatures.laid_out(block)
        embedded, far = embedding(there), reaches(there)
        names = list(islice(waiting, len(block)))
        if len(names) < len(block):
            raise InvalidArgument("there are fewer ids than signatures; each has one")
        for k, (name, path) in enumerate(zip(names, islice(rest, len(block)), strict=True)):
            yield Exported(name, path, embedded[k], *there[k], float(far[k]))
    if next(waiting, None) is not None:
        raise InvalidArgument("there are more ids than signatures; each has one")
