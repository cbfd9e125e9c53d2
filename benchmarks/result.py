"""What a benchmark found, as a small JSON file that is committed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.timing import Timing

__all__ = ["RESULTS", "Agreement", "Entry", "Extra", "Result", "Target", "entries", "read", "write"]

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Entry:
    """One contender's times, in seconds."""

    name: str
    median: float | None
    first_quartile: float | None
    third_quartile: float | None
    runs: list[float]
    peer: bool = False
    note: str = ""
    error: str = ""


@dataclass(frozen=True)
class Target:
    """A goal that was set before, and what came out.

    Attributes:
        text: what is to hold.
        goal: its bound.
        measured: None if it could not be measured here; `why` says so.
        at_most: whether the bound is an upper one.
        unit: printed behind both numbers.
        why: why it was not measured, or what explains the figure.
    """

    text: str
    goal: float
    measured: float | None
    at_most: bool
    unit: str = ""
    why: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it was met; None if nothing was measured."""
        if self.measured is None:
            return None
        return self.measured <= self.goal if self.at_most else self.measured >= self.goal


@dataclass(frozen=True)
class Agreement:
    """That contenders computed the same thing, so that nobody is faster by being wrong."""

    text: str
    value: float
    measure: str = "largest relative difference"


@dataclass(frozen=True)
class Extra:
    """A further table: memory, shares of time, rates."""

    title: str
    head: list[str]
    rows: list[list[str | float | None]]


@dataclass(frozen=True)
class Result:
    """All that one benchmark found.

    Attributes:
        name: of the case.
        title: one line on what was run.
        setting: model, batch, size and the like.
        entries: the contenders.
        reference: name of the contender that the others are compared with in the table.
        targets: goals, met or not.
        agreements: proofs that the same thing was computed.
        extras: further tables.
        notes: what a reader has to know.
        device, size, rounds, threads, seed, clock, command, date, commit, machine: how, where.
    """

    name: str
    title: str
    setting: dict[str, Any]
    entries: list[Entry]
    reference: str = ""
    targets: list[Target] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    device: str = "cpu"
    size: str = "default"
    rounds: int = 0
    threads: int = 0
    seed: int = 0
    clock: str = "wall"
    command: str = ""
    date: str = ""
    commit: str = ""
    machine: dict[str, Any] = field(default_factory=dict)

    def entry(self, name: str) -> Entry:
        return next(entry for entry in self.entries if entry.name == name)


def entries(timings: Iterable[Timing]) -> list[Entry]:
    """Timings as they are written down, to a tenth of a millisecond."""
    found = []
    for timing in timings:
        about = {"peer": timing.peer, "note": timing.note, "error": timing.error}
        if not timing.seconds:
            found.append(Entry(timing.name, None, None, None, [], **about))
            continue
        low, high = timing.quartiles
        figures = [round(value, 5) for value in (timing.median, low, high)]
        runs = [round(value, 5) for value in timing.seconds]
        found.append(Entry(timing.name, *figures, runs, **about))
    return found


def path_of(result: Result, folder: Path = RESULTS) -> Path:
    """`gradcam-cpu.json`, or `gradcam-full-cpu.json` for another size than the default."""
    size = "" if result.size == "default" else f"-{result.size}"
    return folder / f"{result.name}{size}-{result.device}.json"


def write(result: Result, folder: Path = RESULTS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = path_of(result, folder)
    path.write_text(json.dumps(dataclasses.asdict(result), indent=1, ensure_ascii=False) + "\n")
    return path


def read(path: Path) -> Result:
    """The result in a file.

    Raises:
        TypeError: a field is missing or unknown.
    """
    raw: Mapping[str, Any] = json.loads(path.read_text())
    kinds = {"entries": Entry, "targets": Target, "agreements": Agreement, "extras": Extra}
    parts = {
        key: [kinds[key](**item) for item in value] if key in kinds else value
        for key, value in raw.items()
    }
    return Result(**parts)
