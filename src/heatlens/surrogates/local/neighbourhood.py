"""Coalitions around one picture, scored once and split: some to fit with, some to judge by.

As in LIME, each feature is there with chance 1/2, and a coalition S of n features weighs

    w(S) = exp(-d^2 / (2 width^2)),   d = 1 - sqrt(|S| / n)

Ribeiro, Singh, Guestrin: "Why Should I Trust You?", KDD 2016. All coalitions are different, so that
what is held out has not been seen. If there are no more than were asked for, all are taken and
fitted with, and a stand-in is judged by cross-validation: a tree with a leaf for each coalition
restates any scores, those of noise as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from heatlens.attribution.perturbation.game import Game
from heatlens.errors import InvalidArgument

__all__ = ["HELD_OUT", "Floats", "Learn", "Neighbourhood", "neighbourhood", "proximity"]

Floats = npt.NDArray[np.float64]
Learn = Callable[[Floats, Floats, Floats], Callable[[Floats], Floats]]
"""From coalitions (k, n), scores (k,) and weights (k,) to what foretells scores of coalitions."""
HELD_OUT = 0.25
"""Share of the coalitions that no stand-in is fitted with."""
FEWEST = 40
"""Coalitions below which there is too little to fit with and to judge by."""
_BLOCK = 128
_FOLDS = 16


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Coalitions with their scores and weights.

    Attributes:
        present: (k, n) bool, which features are there; features without a pixel are all False.
        scores: (k,) in units of score.
        weights: (k,) nearness to the whole picture, above 0 and at most 1.
        fitted: how many of the first rows are for fitting.
    """

    present: npt.NDArray[np.bool_]
    scores: Floats
    weights: Floats
    fitted: int

    @property
    def exhaustive(self) -> bool:
        """Whether these are all the coalitions there are, so that none could be held out."""
        return self.fitted == len(self.scores)

    @property
    def seen(self) -> tuple[Floats, Floats, Floats]:
        """Presence (0 or 1), scores and weights to fit with."""
        first = slice(0, self.fitted)
        return self.present[first].astype(np.float64), self.scores[first], self.weights[first]

    @property
    def judging(self) -> tuple[Floats, Floats, Floats]:
        """Those to judge by: the held-out ones, or all where all were tried."""
        last = slice(0 if self.exhaustive else self.fitted, None)
        return self.present[last].astype(np.float64), self.scores[last], self.weights[last]

    def unseen(self, learn: Learn, seed: int) -> Floats:
        """What stand-ins foretell of the coalitions to judge by, without having seen them.

        Args:
            learn: from coalitions (k, n), scores and weights to what foretells scores.
            seed: sorts the coalitions into the 16 parts of a cross-validation, if all were tried.
        """
        z, scores, weights = self.judging
        if not self.exhaustive:
            return learn(*self.seen)(z)
        part = np.random.default_rng(seed).permutation(len(z)) % min(_FOLDS, len(z))
        foretold = np.empty(len(z))
        for fold in range(int(part.max()) + 1):
            out = part == fold
            foretold[out] = learn(z[~out], scores[~out], weights[~out])(z[out])
        return foretold


def neighbourhood(
    game: Game,
    samples: int,
    width: float,
    seed: int,
    progress: Callable[[int, int], object] | None = None,
) -> Neighbourhood:
    """Score coalitions of a game over a single row.

    Args:
        game: over one row.
        samples: how many coalitions, at least 40.
        width: of the kernel, in units of cosine distance.
        seed: of the coalitions.
        progress: called with how many are scored and how many there will be.

    Raises:
        InvalidArgument: fewer than 40 samples, a width that is not positive, or one feature alone.
    """
    if not isinstance(samples, int) or isinstance(samples, bool) or samples < FEWEST:
        raise InvalidArgument(f"samples is {samples!r}; a whole number of at least {FEWEST}")
    if not width > 0:
        raise InvalidArgument(f"width is {width!r}; it must be positive")
    there = (game.players.sizes(1)[0] > 0).cpu().numpy()
    count = int(there.sum())
    if count < 2:
        raise InvalidArgument(
            f"the picture has {count} feature(s): a stand-in needs at least two to tell apart; "
            "give a number of cells, 'superpixels', or a map of labels"
        )
    drawn = _drawn(count, samples, seed)
    present = np.zeros((len(drawn), game.count), np.bool_)
    present[:, there] = drawn
    parts: list[Any] = []
    for first in range(0, len(present), _BLOCK):
        block = torch.from_numpy(present[first : first + _BLOCK])
        parts.append(game.worth(block)[0].cpu().numpy())
        if progress is not None:
            progress(min(first + _BLOCK, len(present)), len(present))
    scores: Floats = np.concatenate(parts).astype(np.float64)
    if not np.isfinite(scores).all():
        raise InvalidArgument(
            f"{int((~np.isfinite(scores)).sum())} of {len(scores)} scores are NaN or infinite: the "
            "network overflows when parts of this picture are replaced; try another baseline"
        )
    exhaustive = len(drawn) == 2**count
    fitted = len(drawn) if exhaustive else len(drawn) - round(HELD_OUT * len(drawn))
    return Neighbourhood(present, scores, proximity(drawn, width), fitted)


def proximity(present: npt.NDArray[np.bool_], width: float) -> Floats:
    """LIME's kernel, (k,), of coalitions (k, n).

    Example:
        >>> proximity(np.array([[True, True]]), 0.25).tolist()
        [1.0]
    """
    distance = 1 - np.sqrt(present.mean(1))
    near: Floats = np.exp(-(distance**2) / (2 * width**2))
    return near


def _drawn(count: int, samples: int, seed: int) -> npt.NDArray[np.bool_]:
    """Different coalitions (k, count), in random order; all of them where they are few enough."""
    if count < 63 and 2**count <= samples:
        numbers = np.arange(2**count)[:, None]
        return (numbers >> np.arange(count) & 1).astype(np.bool_)
    generator = np.random.default_rng(seed)
    kept = np.zeros((0, count), np.bool_)
    while len(kept) < samples:
        more = np.concatenate([kept, generator.random((samples, count)) < 0.5])
        _, first = np.unique(np.packbits(more, axis=1), axis=0, return_index=True)
        kept = more[np.sort(first)]
    return kept[:samples]
