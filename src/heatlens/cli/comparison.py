"""What `heatlens compare` was asked, and what it found."""

from __future__ import annotations

from collections.abc import Sequence
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

_PARAMETERS = {"k": "k", "bins": "bins", "grid": "side", "part": "part", "seed": "seed"}
"""Options that some kinds take, and what they are called in Python."""

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
    bins: int | None = None
    grid: int | None = None
    part: str | None = None
    seed: int | None = None

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
        if self.penalty is not None and not 0 < self.penalty < float("inf"):
            raise InvalidArgument(f"--penalty is {self.penalty:g}; a price is finite and above 0")
        for option, least in (("k", 1), ("bins", 1), ("grid", 1), ("seed", 0)):
            value = getattr(self, option)
            if value is not None and value < least:
                raise InvalidArgument(f"--{option} is {value}; at least {least} is needed")
        self.check_used(self.kinds or USUAL)

    def check_used(self, kinds: Sequence[str], maps: int = 1, photographs: int = 2) -> None:
        """Fail on an option that changes nothing.

        Args:
            kinds: that are compared.
            maps: how many of the sources are heatmaps.
            photographs: how many are pictures.

        Raises:
            InvalidArgument: which option, and what it was meant to change.
        """
        what = f"--on {','.join(kinds)}"
        if maps != 1 or photographs != 2:  # the sources are known
            what += f" with {photographs} pictures and {maps} heatmaps"
        possible = [kind for kind in kinds if kind == "mass" or photographs > 1]
        for option, name in _PARAMETERS.items():
            used = any(name in KINDS[kind].parameters for kind in possible)
            if option == "part":
                used = used and maps > 0
            if getattr(self, option) is not None and not used:
                raise InvalidArgument(f"--{option} says nothing about {what}; leave it out")

    def parameters(self, kind: str) -> dict[str, Any]:
        """Those that this kind takes."""
        given = {name: getattr(self, option) for option, name in _PARAMETERS.items()}
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
