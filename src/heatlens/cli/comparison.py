"""What `heatlens compare` was asked, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heatlens.distributions.constructor import KINDS
from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.transport.mass import checked_policy

__all__ = ["USUAL", "Found", "Matrix", "Question", "Source"]

USUAL = ("mass", "signature", "signature-position", "histogram")
"""What is compared where nothing else was asked for."""

_NOT_HERE = frozenset(("features",))
"""Kinds that need more than two files can say: a model."""


@dataclass(frozen=True)
class Question:
    """What was asked; see the options of `heatlens compare`."""

    kinds: tuple[str, ...] = ()
    p: float = 1.0
    mass: str = "normalise"
    penalty: float | None = None
    k: int | None = None
    grid: int | None = None
    part: str | None = None
    seed: int = 0

    def check(self) -> None:
        """Fail now on names and numbers that would fail for every pair.

        Raises:
            HeatlensError: with what there is instead.
        """
        known = [name for name in KINDS if name not in _NOT_HERE]
        for name in self.kinds:
            if name in _NOT_HERE:
                raise InvalidArgument(
                    f"--on {name} needs a model; in Python: heatlens.wasserstein(a, b, "
                    f"on={name!r}, model=...)"
                )
            if name not in known:
                raise UnknownName("--on", name, known)
        checked_policy(self.mass)
        if not 1 <= self.p < float("inf"):
            raise InvalidArgument(f"--p is {self.p:g}; the exponent is finite and at least 1")
        if self.part not in (None, "positive", "negative"):
            raise InvalidArgument(f"--part is {self.part!r}; it can be positive or negative")
        if (self.penalty is None) == (self.mass == "unbalanced"):
            raise InvalidArgument(
                "--mass unbalanced needs --penalty PRICE, and no other policy takes one"
            )
        for option, name in (("k", "k"), ("grid", "side"), ("part", "part")):
            used = any(name in KINDS[kind].parameters for kind in self.kinds or USUAL)
            if getattr(self, option) is not None and not used:
                raise InvalidArgument(f"--{option} says nothing about --on {','.join(self.kinds)}")

    def parameters(self, kind: str) -> dict[str, Any]:
        """Those that this kind takes."""
        given = {"k": self.k, "side": self.grid, "part": self.part, "seed": self.seed}
        known = KINDS[kind].parameters
        return {name: x for name, x in given.items() if name in known and x is not None}

    def terms(self) -> dict[str, Any]:
        """How to transport."""
        return {"p": self.p, "mass": self.mass, "penalty": self.penalty}


@dataclass(frozen=True, eq=False)
class Source:
    """A file that was opened.

    Attributes:
        path: where it lies.
        name: what it is called in tables; no two are called alike.
        thing: the picture or heatmap.
    """

    path: Path
    name: str
    thing: Image | Heatmap


@dataclass(frozen=True, eq=False)
class Found:
    """A row of the table.

    Attributes:
        name: of the distance.
        value: None where it does not exist for these two.
        unit: of the value.
        meaning: one sentence.
        notes: sentences a reader has to know.
        reason: why there is no value.
        files: pictures of it.
    """

    name: str
    value: float | None
    unit: str = ""
    meaning: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""
    files: list[Path] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Matrix:
    """Distances between all pairs; None where there is none."""

    kind: str
    unit: str
    values: list[list[float | None]]
    notes: tuple[str, ...] = ()
    files: list[Path] = field(default_factory=list)
