"""The pictures of an evaluation: which anybody looked at, their sizes, errors with their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.perception.metrics.given import Floats, Map, Points, checked_map, nobody_looked
from heatlens.perception.metrics.negatives import shares_of

__all__ = ["looked_at", "named", "places_of", "sizes_of"]


@contextmanager
def named(title: str, metric: str = "") -> Iterator[None]:
    """Errors begin with the picture's name; names that are unknown are so for every picture."""
    try:
        yield
    except UnknownName:
        raise
    except (InvalidArgument, InvalidType) as error:
        kind = InvalidType if isinstance(error, InvalidType) else InvalidArgument
        about = f"picture {title}, {metric}" if metric else f"picture {title}"
        raise kind(f"{about}: {error}") from error


def looked_at(fixations: Sequence[Points], titles: tuple[str, ...]) -> dict[int, Points]:
    """The fixations of each picture that has any, by its number."""
    found = {}
    for i, title in enumerate(titles):
        points = fixations[i]
        with named(title):
            if not nobody_looked(points):
                found[i] = points
    if not found:
        raise InvalidArgument("no fixations: nobody looked at any of the pictures")
    return found


def sizes_of(maps: Sequence[Map], titles: tuple[str, ...]) -> list[tuple[int, int]]:
    """Height and width of each map."""
    sizes = []
    for heat, title in zip(maps, titles, strict=True):
        with named(title):
            height, width = checked_map(heat).shape
        sizes.append((height, width))
    return sizes


def places_of(
    points: Mapping[int, Points],
    sizes: Sequence[tuple[int, int]] | Mapping[int, tuple[int, int]],
    titles: tuple[str, ...],
) -> dict[int, Floats]:
    """Of each picture whose size is known `shares_of` its fixations, by its number."""
    found = {}
    for i, at in points.items():
        if isinstance(sizes, Mapping) and i not in sizes:
            continue
        with named(titles[i]):
            found[i] = shares_of(at, sizes[i])
    return found
