"""Kinds of picture features, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heatlens.importance.pictures.picture import Picture
from heatlens.registry import Registry

__all__ = ["KINDS", "PictureKind", "register"]

Compute = Callable[[Picture], Mapping[str, float]]


@dataclass(frozen=True)
class PictureKind:
    """Features that belong together.

    Attributes:
        name: what they are asked for by; the group of their columns.
        summary: one sentence for the documentation.
        compute: from a picture to (name, number), the same names for every picture.
        paper: where the measure comes from, or "".
    """

    name: str
    summary: str
    compute: Compute
    paper: str = ""


KINDS = Registry[PictureKind]("kind of picture features", ("heatlens.importance.pictures.kinds",))


def register(name: str, summary: str, paper: str = "") -> Callable[[Compute], Compute]:
    """Enter a function from a picture to named numbers under `name`."""

    def enter(compute: Compute) -> Compute:
        KINDS.add(name, PictureKind(name, summary, compute, paper))
        return compute

    return enter
