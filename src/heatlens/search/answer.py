"""From the hits of a search to what is shown: rows of the index beside their distances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from heatlens.search.adding.describe import Described, describe
from heatlens.search.hits import Hits
from heatlens.search.index import ImageIndex
from heatlens.search.sheet import TILES, Answer, Shown

__all__ = ["answered"]

_TOLD = ("id", "name", "path")
_PICTURED = (*_TOLD, "weights", "points", "dimensions", "thumbnail")


def answered(index: ImageIndex, hits: Hits, query: Any = None, *, pictured: bool = True) -> Answer:
    """Put together what `sheet` and `result_page` show.

    Args:
        index: that was searched.
        hits: what it found.
        query: what was searched for, for its thumbnail: a path, an `Image`, a `Heatmap`, or one of
            them described.
        pictured: read thumbnails and signatures of the first hits, not names alone.

    Example:
        >>> import tempfile
        >>> index = ImageIndex.create(f"{tempfile.mkdtemp()}/colours.lance", k=4)
        >>> _ = index.add(([[1.0], [1.0]], [[[0, 0, 0]], [[50, 10, 0]]], ["black", "rust"]))
        >>> answer = answered(index, index.search(([1.0], [[50, 0, 0]]), k=1))
        >>> answer.hits[0].name, answer.hits[0].distance, answer.index
        ('rust', 10.0, 'colours.lance')
    """
    if query is not None and pictured and not isinstance(query, Described):
        query = describe(query, index.settings)
    thumbnail = query.thumbnail if isinstance(query, Described) else None
    return Answer(
        Shown(hits.name or "a signature", hits.weights, hits.points, 0.0, thumbnail),
        tuple(_shown(_rows(index, hits, pictured), hits.distances)),
        index.on,
        hits.unit,
        hits.images,
        hits.certified,
        hits.tied,
        hits.bounds,
        hits.solves,
        hits.seconds,
        radius=hits.radius,
        recall=hits.recall,
        where=hits.where,
        index=Path(index.store.place.uri).name,
        parameters=index.settings.parameters,
    )


def _rows(index: ImageIndex, hits: Hits, pictured: bool) -> Iterator[dict[str, Any]]:
    """The hits' rows in their order; names alone for those whose thumbnail is not shown."""
    most = TILES if pictured else 0
    for keys, columns in ((hits.row_keys[:most], _PICTURED), (hits.row_keys[most:], _TOLD)):
        if len(keys):
            yield from index.store.rows(keys, columns).to_pylist()


def _shown(rows: Iterable[dict[str, Any]], distances: Iterable[float]) -> Iterator[Shown]:
    for row, distance in zip(rows, distances, strict=True):
        weights, points = np.empty(0, np.float32), np.empty((0, 1), np.float32)
        if "points" in row:
            weights = np.asarray(row["weights"], np.float32)
            points = np.asarray(row["points"], np.float32).reshape(-1, row["dimensions"])
        yield Shown(
            row["name"] or row["id"],
            weights,
            points,
            float(distance),
            row.get("thumbnail"),
            row["id"],
            row["path"],
        )
