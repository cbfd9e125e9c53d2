"""The game of an input's features: a coalition is worth the score with all others replaced.

v(S) = F(x with the features outside of S replaced by the baseline)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline, baseline_like
from heatlens.attribution.method import Attribution
from heatlens.attribution.perturbation.anytime import Estimate
from heatlens.attribution.perturbation.features import Features, find_players
from heatlens.attribution.perturbation.passes import scores_under
from heatlens.attribution.perturbation.resume import State
from heatlens.models.protocol import Model
from heatlens.models.targets import Target

__all__ = ["LARGEST_TABLE", "Game"]

LARGEST_TABLE = 16
"""Features up to which all coalitions can be tried."""


class Game:
    """What coalitions of features are worth to a model, for every row of a batch.

    Attributes:
        players: the features.
        count: how many there are.
    """

    def __init__(
        self,
        model: Model,
        batch: Tensor,
        target: Target,
        features: Features,
        baseline: Baseline,
        seed: int = 0,
    ) -> None:
        """Find the features and the baseline; no pass is made."""
        self.model, self.batch, self.target = model, batch, target
        self.start = baseline_like(batch, baseline, model.contract, seed=seed)
        self.players = find_players(batch, features, model.contract.layout)
        self.count = self.players.count
        self._ends: tuple[Tensor, Tensor] | None = None

    def worth(self, coalitions: Tensor, rows: Tensor | None = None) -> Tensor:
        """v of coalitions (k, count), bool: (n, k), float64."""
        chosen = torch.arange(len(self.batch)) if rows is None else rows
        inside = coalitions.to(self.batch.device)
        return scores_under(
            self.model,
            self.batch,
            self.start,
            self.target,
            lambda part: self.players.present(inside[part], chosen),
            len(inside),
            chosen,
        )

    @property
    def ends(self) -> tuple[Tensor, Tensor]:
        """v of nobody and of all, (N,) each; two passes, made once."""
        if self._ends is None:
            two = torch.tensor([[False], [True]]).expand(2, self.count)
            nobody, everybody = self.worth(two).unbind(1)
            self._ends = nobody, everybody
        return self._ends

    def both_ends(self) -> Tensor:
        """The same in one tensor, (N, 2)."""
        return torch.stack(self.ends, 1)

    def shapley_values(self) -> Tensor:
        """The Shapley values (N, count) by trying all 2^count coalitions.

        phi_i = sum_{S without i} |S|! (n - |S| - 1)! / n! (v(S with i) - v(S))
        """
        players = self.count
        nobody, everybody = self.ends
        numbers = torch.arange(1, 2**players - 1).unsqueeze(1)
        between = self.worth((numbers >> torch.arange(players - 1, -1, -1)) & 1 == 1)
        table = torch.cat([nobody.unsqueeze(1), between, everybody.unsqueeze(1)], 1)
        table = table.view(-1, *[2] * players)
        size = torch.zeros((), dtype=torch.long)
        for _ in range(players - 1):
            size = size.unsqueeze(-1) + torch.arange(2)
        share = _shares(players).to(table)[size.to(table.device)]
        gains = [table.select(i + 1, 1) - table.select(i + 1, 0) for i in range(players)]
        return torch.stack([(share * gain).flatten(1).sum(1) for gain in gains], 1)

    def exact(self, values: Tensor, key: dict[str, str]) -> Attribution:
        """Values (N, count) without any error as a result."""
        rows = len(values)
        samples = torch.full((rows,), 2.0**self.count, dtype=torch.float64)
        found = Estimate(values, torch.zeros_like(values), {})
        state = State(key, torch.zeros(rows, dtype=torch.long))
        return self.result(found, {"samples": samples, "stopped": "exact"}, state, shares=True)

    def result(
        self, found: Estimate, info: dict[str, Any], state: State, *, shares: bool
    ) -> Attribution:
        """One value a feature as a map; `shares` if they are to add up to v(all) - v(nobody).

        An error that cannot be told yet is None.
        """
        more: dict[str, Any] = {"features": self.count, "feature_values": found.values.float()}
        if shares:
            difference = self.ends[1] - self.ends[0]
            more["score_difference"] = difference.float()
            more["completeness_gap"] = (found.values.sum(1) - difference).abs().float()
        known = bool(torch.isfinite(found.error).all())
        error = self.players.spread(found.error) if known else None
        return Attribution(self.players.spread(found.values), error, {**info, **more}, state)


def _shares(players: int) -> Tensor:
    """|S|! (n - |S| - 1)! / n! for |S| from 0 to n - 1."""
    shares = [1.0 / players]
    for size in range(1, players):
        shares.append(shares[-1] * size / (players - size))
    return torch.tensor(shares, dtype=torch.float64)
