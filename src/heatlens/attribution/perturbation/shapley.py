"""Shapley values by random orders of the features, each order together with its reverse.

    phi_i = E_pi[ v(those before i in pi, and i) - v(those before i in pi) ]

with v(S) the score of the input with the features outside of S replaced by the baseline. Each
order shares out v(all) - v(nobody) exactly. An order and its reverse are not independent: what a
feature misses as an early one it gains as a late one, so their mean varies less than that of two
orders (antithetic variates), and it is their means whose spread gives the standard error.

Few features are no matter of chance: where trying all 2^n coalitions takes no more passes than
were allowed, that is done, and the error is 0.

Castro, Gomez, Tejada: Polynomial calculation of the Shapley value based on sampling, Computers &
Operations Research 2009. Mitchell et al.: Sampling Permutations for Shapley Value Estimation, JMLR
2022 (antithetic orders).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline
from heatlens.attribution.method import Attribution, register
from heatlens.attribution.perturbation.anytime import Estimate, Sampling, sample
from heatlens.attribution.perturbation.features import Features
from heatlens.attribution.perturbation.game import LARGEST_TABLE, Game
from heatlens.attribution.perturbation.limits import Limits
from heatlens.attribution.perturbation.resume import begun, call_key
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["shapley"]


@register(
    family="surrogate",
    needs={"predict"},
    cost=lambda p: Passes(p["budget"] or math.nan, 0),
    paper="doi:10.1016/j.cor.2008.04.004",
    fixed_target=True,
    quick={"samples": 4},
    each="feature and sample",
)
def shapley(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    samples: int = 32,
    features: Features = None,
    baseline: Baseline = "black",
    tolerance: float | None = None,
    budget: int | None = None,
    seconds: float | None = None,
    resume: Attribution | None = None,
    precision: str = "fp32",
    seed: int = 0,
) -> Attribution:
    """Shapley values of features, from random orders in which they are added.

    Args:
        model: gives scores.
        batch: (N, C, *grid) with a grid of one to three axes; all channels are replaced.
        target: whose score.
        samples: how many orders, at most, of (features - 1) passes each; an even number, at
            least 4, as each comes with its reverse.
        features: None (cells, or every position of a line), a number of cells, "superpixels", or
            a map of labels; see `heatlens.attribution.perturbation.features.find_players`.
        baseline: what replaces a feature that is out.
        tolerance: stop when the largest standard error is this share of the largest value.
        budget: stop after so many forward passes a row.
        seconds: stop after so long; nothing is enumerated then.
        resume: go on from what an earlier call returned with `full=True`. The scores of the input
            and of the baseline have to be what they were.
        precision: of the passes, "fp32", "bf16" (quicker where the machine has units for it, with
            scores to two or three digits) or "auto".
        seed: of the orders, which are the same for all rows, and of a noise baseline.

    Returns:
        Values (N, 1, *grid), at every position that of its feature, in units of score, with their
        standard error; `info["feature_values"]` is (N, features) and adds up to
        `info["score_difference"]`. `info["stopped"]` is "exact" if all coalitions were tried.

    Example:
        >>> from heatlens.attribution.attribute import attribute
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 1, bias=False))
        >>> _ = torch.nn.init.constant_(network[1].weight, 2.0)
        >>> batch = torch.tensor([[[[3.0, 4.0]]]])
        >>> attribute(network, batch, "shapley", target=0).tolist()
        [[[[6.0, 8.0]]]]
    """
    model = model.at(precision)
    limits = Limits(samples, tolerance, budget, seconds)
    game = Game(model, batch, target, features, baseline, seed)
    parameters = {
        "features": features,
        "baseline": game.start,
        "precision": precision,
        "seed": seed,
    }
    key = call_key("shapley", model, batch, target, parameters)
    sampling = _Orders(game, seed)
    coalitions = 2**game.count
    # One order makes one pass less than there are features.
    orders = math.ceil((coalitions - 2) / max(1, game.count - 1))
    if game.count <= LARGEST_TABLE and limits.allows(coalitions, orders):
        begun(resume, key, len(batch))
        return game.exact(game.shapley_values(), key)
    found, info, state = sample(sampling, limits, model, batch, key, resume)
    return game.result(found, info, state, shares=True)


class _Orders(Sampling):
    """Orders and their reverses: the mean gain of each feature in the two."""

    block = 4
    samples = 2
    fixed = 2

    def __init__(self, game: Game, seed: int) -> None:
        self.game, self.seed = game, seed
        self.passes = 2 * (game.count - 1)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Each feature's place in each order and in its reverse, (block, 2, count)."""
        keys = torch.rand((self.block, self.game.count), generator=generator, dtype=torch.float64)
        place = keys.argsort(1).argsort(1)
        return torch.stack([place, self.game.count - 1 - place], 1).to(self.game.batch.device)

    def witness(self, said: Tensor) -> Tensor:
        return self.game.both_ends()

    def first(self, rows: int) -> Tensor:
        return self.game.both_ends()

    def scores(self, drawn: Tensor, part: slice, rows: Tensor) -> Tensor:
        place, count = drawn[part], self.game.count
        length = torch.arange(1, count, device=place.device).view(-1, 1)
        present = place.unsqueeze(2) < length
        between = self.game.worth(present.flatten(0, 2), rows)
        between = between.unflatten(1, (len(place), 2, count - 1))
        nobody, everybody = (
            end[rows.to(end.device)].view(-1, 1, 1, 1).expand(*between.shape[:3], 1)
            for end in self.game.ends
        )
        gains = torch.cat([nobody, between, everybody], 3).diff(dim=3)
        return gains.gather(3, place.expand(len(gains), *place.shape)).mean(2)

    def fold(
        self, sums: dict[str, Tensor], drawn: Tensor, scores: Tensor, rows: Tensor, first: int
    ) -> None:
        if not sums:
            empty = (len(self.game.batch), self.game.count)
            sums["gains"], sums["squares"] = scores.new_zeros(empty), scores.new_zeros(empty)
        rows = rows.to(scores.device)
        sums["gains"][rows] += scores.sum(1)
        sums["squares"][rows] += scores.square().sum(1)

    def estimate(self, sums: dict[str, Tensor], rows: Tensor, draws: int) -> Estimate:
        rows = rows.to(self.game.batch.device)
        values = sums["gains"][rows] / draws
        variance = (sums["squares"][rows] / draws - values.square()).clamp(min=0)
        return Estimate(values, (variance / (draws - 1)).sqrt(), {})
