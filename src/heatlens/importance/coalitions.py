"""Shapley values of any game of a few dozen players, played for many rows at once.

    phi_j = sum over S without j of |S|! (f - |S| - 1)! / f! * (v(S and j) - v(S))

exactly, by all 2^f coalitions, or as the mean gain of j over random orders, each with its reverse
(antithetic; Mitchell et al.: Sampling Permutations for Shapley Value Estimation, JMLR 2022).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from heatlens.importance.subject import Floats, Ints, Progress

__all__ = ["MOST_EXACT", "Shares", "exact_shares", "sampled_shares"]

MOST_EXACT = 12
"""Players up to which all coalitions are tried where nothing else is said."""

Worth = Callable[[Sequence[int]], Floats]
"""From the players that are absent to the worth (n,) of the others, in each row."""


@dataclass(frozen=True, eq=False)
class Shares:
    """What each player is due.

    Attributes:
        values: (n, f).
        error: (n, f), standard errors of the sampling; 0 where all was tried.
        nobody: (n,), the worth of no player.
        everybody: (n,), that of all.
        orders: how many orders were drawn; 0 where all was tried.
        stopped: why it ended: "exact", "samples", "tolerance", "seconds", "interrupted".
    """

    values: Floats
    error: Floats
    nobody: Floats
    everybody: Floats
    orders: int
    stopped: str


def exact_shares(worth: Worth, players: int, progress: Progress | None = None) -> Shares:
    """Shapley values by all coalitions: 2^f of them, and as many numbers a row in memory.

    Example:
        >>> glove = exact_shares(lambda absent: np.array([float(len(absent) == 0)]), 2)
        >>> glove.values.tolist()
        [[0.5, 0.5]]
    """
    total = 1 << players
    table = []
    for coalition in range(total):
        absent = [player for player in range(players) if not coalition >> player & 1]
        table.append(worth(absent))
        if progress is not None:
            progress(coalition + 1, total)
    v = np.stack(table)
    coalitions = np.arange(total)
    size = np.array([coalition.bit_count() for coalition in range(total)])
    weight = np.array([1 / (players * math.comb(players - 1, k)) for k in range(players)])
    values = np.empty((v.shape[1], players))
    for player in range(players):
        without = coalitions[(coalitions >> player & 1) == 0]
        gain = v[without | 1 << player] - v[without]
        values[:, player] = weight[size[without]] @ gain
    return Shares(values, np.zeros_like(values), v[0], v[-1], 0, "exact")


def sampled_shares(
    worth: Worth,
    players: int,
    *,
    samples: int,
    tolerance: float | None = None,
    seconds: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Shares:
    """Shapley values by random orders, each with its reverse; can be stopped at any time.

    Args:
        worth: the game.
        players: how many.
        samples: orders at most, reverses included; at least 4.
        tolerance: stop when no standard error is above this share of the largest value.
        seconds: stop after so long.
        seed: of the orders.
        progress: called with the orders done and `samples`. Ctrl-C keeps what is done, from four
            orders on.
    """
    rng = np.random.default_rng(seed)
    everybody, nobody = worth(()), worth(range(players))
    gains, squares, pairs = np.zeros((len(nobody), players)), np.zeros((len(nobody), players)), 0
    started, stopped = time.monotonic(), "samples"
    while 2 * pairs + 2 <= samples:
        order = rng.permutation(players)
        try:
            both = [_gains(worth, way, nobody, everybody) for way in (order, order[::-1])]
        except KeyboardInterrupt:
            if pairs < 2:
                raise
            stopped = "interrupted"
            break
        mean = (both[0] + both[1]) / 2
        gains += mean
        squares += mean**2
        pairs += 1
        if progress is not None:
            progress(2 * pairs, samples)
        if pairs < 2:
            continue
        if tolerance is not None and pairs >= 8:
            values, error = _estimate(gains, squares, pairs)
            if float(error.max()) <= tolerance * float(np.abs(values).max()):
                stopped = "tolerance"
                break
        if seconds is not None and time.monotonic() - started > seconds:
            stopped = "seconds"
            break
    values, error = _estimate(gains, squares, pairs)
    return Shares(values, error, nobody, everybody, 2 * pairs, stopped)


def _gains(worth: Worth, order: Ints, nobody: Floats, everybody: Floats) -> Floats:
    """What each player adds where they come in this order, (n, f)."""
    found = np.empty((len(nobody), len(order)))
    before = nobody
    for place, player in enumerate(order):
        last = place + 1 == len(order)
        after = everybody if last else worth([int(k) for k in order[place + 1 :]])
        found[:, player] = after - before
        before = after
    return found


def _estimate(gains: Floats, squares: Floats, pairs: int) -> tuple[Floats, Floats]:
    values = gains / pairs
    variance = np.maximum(squares / pairs - values**2, 0)
    return values, np.sqrt(variance / (pairs - 1))
