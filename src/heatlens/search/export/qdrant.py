"""Qdrant: signatures as points with the Manhattan distance, searched exactly by its own scan.

Bodies of HTTP requests and what to do with the answers; nothing is sent from here. `post` is a
function of yours, `post(path, body) -> the answer's JSON as a dictionary`: with the client of your
choice it is one line. Collections keep 32-bit floats and are not quantised (`datatype` and
`quantization_config` left alone), else the rule does not hold.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any

import numpy as np

from heatlens.search.export.rerank import Candidate, Neighbours, Query, nearest, within
from heatlens.search.export.rows import exported
from heatlens.search.export.rule import Rule

__all__ = ["collection", "exact_range", "exact_search", "points", "query_body"]

Post = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]

_FIRST = 4
_NAMES = uuid.UUID("5b6f2ad0-6a0e-4c1e-9f0b-6d0c8d1f4a11")
"""A name of an image becomes an id of Qdrant in this namespace."""


def collection(dimensions: int) -> dict[str, Any]:
    """Body of `PUT /collections/NAME` for signatures of points with so many coordinates.

    Example:
        >>> collection(3)
        {'vectors': {'size': 48, 'distance': 'Manhattan'}}
    """
    return {"vectors": {"size": Rule(dimensions).length, "distance": "Manhattan"}}


def points(
    ids: Iterable[str],
    signatures: Iterable[tuple[Any, Any]],
    paths: Iterable[str | None] = repeat(None),
) -> Iterator[dict[str, Any]]:
    """Points for `PUT /collections/NAME/points`, a thousand signatures in memory.

    The largest "reach" of all payloads belongs with the collection: searches need it.

    Raises:
        InvalidArgument: more names than signatures or fewer.

    Example:
        >>> from heatlens.search.signatures import Signatures
        >>> [point] = points(["a"], Signatures.of([([1.0], [[0.5]])]))
        >>> point["payload"]["points"], len(point["vector"])
        ([[0.5]], 16)
    """
    for row in exported(ids, signatures, paths):
        yield {
            "id": str(uuid.uuid5(_NAMES, row.id)),
            "vector": row.embedded.tolist(),
            "payload": {
                "id": row.id,
                "path": row.path,
                "weights": row.weights.tolist(),
                "points": row.points.tolist(),
                "reach": row.reach,
            },
        }


def query_body(query: Query, limit: int, ceiling: float | None = None) -> dict[str, Any]:
    """Body of `POST /collections/NAME/points/query`: an exact scan, with all of the payload.

    Example:
        >>> body = query_body(Query.of(([1.0], [[0.5]])), 10, ceiling=8.0)
        >>> body["params"], body["score_threshold"] > 8
        ({'exact': True}, True)
    """
    body = {
        "query": query.embedded.tolist(),
        "limit": limit,
        "params": {"exact": True},
        "with_payload": True,
    }
    if ceiling is not None and np.isfinite(ceiling):
        # The threshold itself may be left out, and is rounded to 32 bits.
        above = np.nextafter(np.float32(ceiling), np.float32(np.inf))
        body["score_threshold"] = float(np.nextafter(above, np.float32(np.inf)))
    return body


def exact_search(
    post: Post,
    name: str,
    signature: tuple[Any, Any],
    k: int = 10,
    *,
    reach: float,
    most: int = 10_000,
) -> Neighbours:
    """The k nearest of a collection by exact W1.

    Args:
        post: sends a body to a path of the server, and returns the answer.
        name: of the collection.
        signature: weights (n,) and points (n, d) to look for.
        k: how many.
        reach: the largest "reach" in the collection.
        most: points that a request may bring.

    Returns:
        Certified unless more than `most` points cannot be ruled out.
    """
    query = Query.of(signature)
    first = nearest(query, _found(post, name, query_body(query, min(max(_FIRST * k, 32), most))), k)
    threshold = float(first.distances[-1]) if len(first) == k else np.inf
    ceiling = Rule(query.dimensions).ceiling(threshold, query.reach + reach)
    candidates = _found(post, name, query_body(query, most, ceiling))
    found = nearest(query, candidates, k, threshold)
    return dataclasses.replace(
        found,
        certified=found.certified and len(candidates) < most,
        fetched=first.fetched + found.fetched,
        solves=first.solves + found.solves,
    )


def exact_range(
    post: Post,
    name: str,
    signature: tuple[Any, Any],
    radius: float,
    *,
    reach: float,
    most: int = 10_000,
) -> Neighbours:
    """All points within `radius` by exact W1; see `exact_search`."""
    query = Query.of(signature)
    ceiling = Rule(query.dimensions).ceiling(radius, query.reach + reach)
    candidates = _found(post, name, query_body(query, most, ceiling))
    found = within(query, candidates, radius)
    return dataclasses.replace(found, certified=len(candidates) < most)


def _found(post: Post, name: str, body: Mapping[str, Any]) -> list[Candidate]:
    answer = post(f"/collections/{name}/points/query", body)
    payloads = [point["payload"] for point in answer["result"]["points"]]
    return [Candidate(one["id"], one["weights"], one["points"]) for one in payloads]
