"""Interleaved timing: A B C, B C A, C A B ..., after a warm-up of each.

What disturbs a machine disturbs all contenders alike that way; ratios are taken within a round
and their median is reported, which stands more noise than a ratio of two medians. The order
rotates so that nobody always runs after the same neighbour.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.settings import Settings

__all__ = ["Contender", "Timing", "race", "ratio"]


@dataclass(frozen=True)
class Contender:
    """Something to time.

    Attributes:
        name: unique in its race.
        run: called without arguments; all loading is done before.
        peer: whether it is somebody else's library.
        note: what a reader has to know to compare it.
    """

    name: str
    run: Callable[[], Any]
    peer: bool = False
    note: str = ""


@dataclass
class Timing:
    """Seconds of each round; none and an `error` if the warm-up failed."""

    name: str
    seconds: list[float] = field(default_factory=list)
    peer: bool = False
    note: str = ""
    error: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third; their distance is the interquartile range."""
        if len(self.seconds) < 2:
            return self.seconds[0], self.seconds[0]
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high


def race(
    contenders: Sequence[Contender],
    settings: Settings,
    *,
    rounds: int | None = None,
    warm_up: int = 1,
    said: Callable[[str], object] = lambda line: None,
) -> dict[str, Timing]:
    """Time all contenders, one after the other, `rounds` times.

    Args:
        contenders: at least one, with different names.
        settings: the clock, the device to wait for, and the number of timed runs.
        rounds: timed runs, if not the settings'.
        warm_up: runs of each that are not counted; one that fails here is out, and says why.
        said: hears where we are.
    """
    names = [contender.name for contender in contenders]
    if len(set(names)) < len(names):
        raise ValueError(f"two contenders have one name: {names}")
    timings = {c.name: Timing(c.name, peer=c.peer, note=c.note) for c in contenders}
    rounds = settings.rounds if rounds is None else rounds
    able = []
    for contender in contenders:
        said(f"warm-up: {contender.name}")
        try:
            for _ in range(warm_up):
                contender.run()
            settings.synchronise()
        except Exception as error:  # whatever a peer raises belongs in the table
            timings[contender.name].error = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            continue
        able.append(contender)
    for index in range(rounds):
        turn = index % len(able) if able else 0
        for contender in able[turn:] + able[:turn]:
            said(f"round {index + 1} of {rounds}: {contender.name}")
            timings[contender.name].seconds.append(_timed(contender.run, settings))
    return timings


def ratio(one: Timing, other: Timing) -> float | None:
    """Median over the rounds of `one` / `other`; None if one of them did not run."""
    if not one.seconds or not other.seconds:
        return None
    return statistics.median(a / b for a, b in zip(one.seconds, other.seconds, strict=True))


def _timed(run: Callable[[], Any], settings: Settings) -> float:
    clock, synchronise = settings.clock, settings.synchronise
    gc.collect()
    gc.disable()
    try:
        synchronise()
        started = clock()
        kept = run()  # kept until the clock has stopped: freeing is nobody's work
        synchronise()
        seconds = clock() - started
        del kept
    finally:
        gc.enable()
    return seconds
