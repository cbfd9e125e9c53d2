"""The result of a search, ready to be shown: plain values, and what is to be said of them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument
from heatlens.render.typography import number

__all__ = ["TILES", "Answer", "Shown", "distance_of", "facts", "pixels", "ranks"]

TILES = 119
"""Hits whose thumbnail is shown on a page; those beyond are listed."""

_EQUAL = 2e-9
"""Distances that differ by less, relatively, are equal: each is proved to 1e-9."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture of a result: the query, or one of the hits.

    Attributes:
        name: what it is called.
        weights: (n,), of its signature.
        points: (n, d).
        distance: to the query; 0 for the query itself.
        thumbnail: an encoded picture, if there is one.
        id: of the row.
        path: of the file.
    """

    name: str
    weights: npt.NDArray[Any]
    points: npt.NDArray[Any]
    distance: float = 0.0
    thumbnail: bytes | None = None
    id: str = ""
    path: str | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """A query, its hits, and how the search went.

    Attributes:
        query: what was searched for.
        hits: nearest first.
        kind: of distribution, as registered ("signature").
        unit: of the distances.
        images: how many were searched.
        certified: whether none of the others can be nearer.
        tied: whether others lie as far away as the last hit.
        bounds: lower bounds that were computed.
        solves: exact distances that were computed.
        seconds: that the search took.
        radius: within which all were asked for, instead of a number of them.
        recall: measured share of the nearest that an approximate search finds.
        where: the condition on rows, if there was one.
        index: its name.
        parameters: of the kind.
    """

    query: Shown
    hits: Sequence[Shown]
    kind: str
    unit: str
    images: int
    certified: bool
    tied: bool = False
    bounds: int = 0
    solves: int = 0
    seconds: float = 0.0
    radius: float | None = None
    recall: float | None = None
    where: str | None = None
    index: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hits come nearest first."""
        distances = [hit.distance for hit in self.hits]
        if any(b < a for a, b in pairwise(distances)):
            raise InvalidArgument("the hits are not in order; the nearest comes first")


def distance_of(answer: Answer, hit: Shown) -> str:
    """A distance with its unit, in few words.

    Example:
        >>> none = np.empty(0), np.empty((0, 3))
        >>> hit = Shown("a.jpg", *none, distance=3.14159)
        >>> answer = Answer(Shown("q", *none), [hit], "signature", "CIELAB units", 9, True)
        >>> distance_of(answer, hit)
        '3.142 CIELAB units'
    """
    unit = re.split(r" \(|, ", answer.unit)[0]
    return f"{number(hit.distance, 4)} {unit}"


def ranks(distances: Sequence[float]) -> list[str]:
    """1, 2, 3, ...; those that are equally far share the first one's: "2=".

    Example:
        >>> ranks([0.0, 1.5, 1.5, 2.0])
        ['1', '2=', '2=', '4']
    """
    firsts: list[int] = []
    for k, distance in enumerate(distances):
        same = k and distance <= distances[firsts[-1]] * (1 + _EQUAL)
        firsts.append(firsts[-1] if same else k)
    return [f"{first + 1}{'=' if firsts.count(first) > 1 else ''}" for first in firsts]


def facts(answer: Answer) -> list[str]:
    """What was found, whether it is proved, and what it took, in sentences.

    Example:
        >>> none = np.empty(0), np.empty((0, 3))
        >>> hit = Shown("a.jpg", *none, distance=1.5)
        >>> answer = Answer(
        ...     Shown("q", *none),
        ...     [hit],
        ...     *("signature", "CIELAB units", 5000, True),
        ...     bounds=400,
        ...     solves=3,
        ...     seconds=0.0021,
        ... )
        >>> for sentence in facts(answer):
        ...     print(sentence)
        The nearest by W1 on signature, in CIELAB units: 1 of 5,000 images.
        Certified: none of the others is nearer.
        400 bounds and 3 exact distances were computed, in 2.1 ms.
    """
    among = f"{answer.images:,} image{'' if answer.images == 1 else 's'}"
    if answer.where:
        among += f" where {answer.where}"
    count, by = len(answer.hits), f"by W1 on {answer.kind}, in {answer.unit}"
    if answer.radius is not None:
        many = "All images" if count else "No image"
        many = f"{many} within {number(answer.radius, 4)}"
    elif count:
        many = "The nearest" if count == 1 else f"The {count:,} nearest"
    else:
        many = "None"
    found = f"{many} {by}: {count:,} of {among}."
    sentences = [found, _proved(answer)]
    ties = _ties(ranks([hit.distance for hit in answer.hits]))
    if ties:
        sentences.append(ties)
    if answer.tied:
        sentences.append("Others lie exactly as far away as the last one.")
    took = f"{answer.bounds:,} bounds and {answer.solves:,} exact distances were computed"
    sentences.append(f"{took}, in {_time(answer.seconds)}.")
    return sentences


def pixels(shown: Shown) -> npt.NDArray[np.uint8] | None:
    """The thumbnail, uint8 (h, w, 3) on white; None if there is none, or it is broken."""
    if shown.thumbnail is None:
        return None
    try:
        with Pillow.open(io.BytesIO(shown.thumbnail)) as opened:
            picture = opened.convert("RGBA")
    except (OSError, ValueError, SyntaxError):
        return None
    ground = Pillow.new("RGBA", picture.size, "white")
    return np.asarray(Pillow.alpha_composite(ground, picture).convert("RGB"))


def _proved(answer: Answer) -> str:
    if answer.certified:
        what = "none is missing" if answer.radius is not None else "none of the others is nearer"
        return f"Certified: {what}."
    measured = ""
    if answer.recall is not None:
        measured = f"; on this index {100 * answer.recall:.3g} % of the nearest are found"
    return f"Not certified: nearer ones may be missing{measured}."


def _ties(told: Sequence[str]) -> str:
    """Which ranks lie equally far away, in words; empty if none do."""
    groups = []
    for first in dict.fromkeys(rank for rank in told if rank.endswith("=")):
        start = int(first[:-1])
        groups.append(f"{start} to {start + told.count(first) - 1}")
    if not groups:
        return ""
    more = f" and {len(groups) - 3} more groups" if len(groups) > 3 else ""
    return f"Equally far away: hits {', '.join(groups[:3])}{more}."


def _time(seconds: float) -> str:
    thousandths = 1000 * seconds
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{thousandths:.0f} ms" if thousandths >= 10 else f"{thousandths:.2g} ms"
