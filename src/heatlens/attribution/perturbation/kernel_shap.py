"""KernelSHAP: Shapley values as the weighted least-squares fit of a linear game.

    phi = argmin E[ (v(S) - v(nobody) - sum_{i in S} phi_i)^2 ]   s.t.  sum_i phi_i = v(all) - v(nobody)

over coalitions drawn by the Shapley kernel: the size s of 1 to n - 1 with a chance in proportion
to 1 / (s (n - s)), the members uniformly. Each comes with its complement (paired sampling); of a
pair only the difference depends on phi, which leaves, with z = 1/2 for members and -1/2 for
others,

    phi = argmin sum_k (d_k - z_k phi)^2,    d_k = (v(S_k) - v(all without S_k)) / 2

solved in float64, with the constraint met exactly. A game without interactions is found exactly
from as many samples as there are features. The standard error is that of the regression, robust
to its misfit (see `regression`). Few features are no matter of chance: where all 2^n coalitions are no more than
`samples`, they are all tried, and the error is 0.

Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, NIPS 2017, theorem 2. Covert,
Lee: Improving KernelSHAP, AISTATS 2021 (pairs, errors).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline
from heatlens.attribution.method import Attribution, register
from heatlens.attribution.perturbation.anytime import Estimate, sample
from heatlens.attribution.perturbation.features import Features
from heatlens.attribution.perturbation.game import LARGEST_TABLE, Game
from heatlens.attribution.perturbation.limits import Limits
from heatlens.attribution.perturbation.regression import LARGEST_LEVER, Kept, inverse, without
from heatlens.attribution.perturbation.resume import begun, call_key
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["kernel_shap"]


@register(
    family="surrogate",
    needs={"predict"},
    cost=lambda p: Passes(min(p["samples"] + 2, p["budget"] or p["samples"] + 2), 0),
    paper="arXiv:1705.07874",
    fixed_target=True,
    quick={"samples": 256},
)
def kernel_shap(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    samples: int = 2000,
    features: Features = None,
    baseline: Baseline = "black",
    tolerance: float | None = None,
    budget: int | None = None,
    seconds: float | None = None,
    resume: Attribution | None = None,
    precision: str = "fp32",
    seed: int = 0,
) -> Attribution:
    """Shapley values of features, from a weighted regression on sampled coalitions.

    Args:
        model: gives scores.
        batch: (N, C, *grid) with a grid of one to three axes; all channels are replaced.
        target: whose score.
        samples: how many coalitions, at most; an even number, at least 4, as each comes with its
            complement. More than twice the features are needed for an error to be known (it is
            None before, and the values are the most equal ones that agree with the samples).
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
        seed: of the coalitions, which are the same for all rows, and of a noise baseline.

    Returns:
        Values (N, 1, *grid), at every position that of its feature, in units of score, with their
        standard error; `info["feature_values"]` is (N, features) and adds up to
        `info["score_difference"]`. `info["stopped"]` is "exact" if all coalitions were tried.

    Example:
        >>> from heatlens.attribution.attribute import attribute
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 1, bias=False))
        >>> _ = torch.nn.init.constant_(network[1].weight, 2.0)
        >>> batch = torch.tensor([[[[3.0, 4.0]]]])
        >>> result = attribute(network, batch, "kernel-shap", target=0, full=True)
        >>> result.values.tolist(), result.info["stopped"]
        ([[[[6.0, 8.0]]]], 'exact')
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
    key = call_key("kernel-shap", model, batch, target, parameters)
    coalitions = 2**game.count
    if game.count <= LARGEST_TABLE and limits.allows(coalitions, coalitions - 2):
        begun(resume, key, len(batch))
        return game.exact(game.shapley_values(), key)
    sampling = _Pairs(game, seed)
    found, info, state = sample(sampling, limits, model, batch, key, resume)
    return game.result(found, info, state, shares=True)


class _Pairs(Kept):
    """Coalitions by the Shapley kernel, each with its complement, and the regression on them."""

    block = 32
    samples = 2
    passes = 2
    fixed = 2

    def __init__(self, game: Game, seed: int) -> None:
        self.game, self.seed = game, seed
        self.rows = len(game.batch)

    def draw(self, generator: torch.Generator) -> Tensor:
        count = self.game.count
        size = torch.arange(1, max(2, count), dtype=torch.float64)
        chance = 1 / (size * (count - size)).clamp(min=1)
        drawn = torch.multinomial(chance, self.block, replacement=True, generator=generator) + 1
        keys = torch.rand((self.block, count), generator=generator, dtype=torch.float64)
        place = keys.argsort(1).argsort(1)
        return (place < drawn.unsqueeze(1)).to(self.game.batch.device)

    def witness(self, said: Tensor) -> Tensor:
        return self.game.both_ends()

    def first(self, rows: int) -> Tensor:
        return self.game.both_ends()

    def scores(self, drawn: Tensor, part: slice, rows: Tensor) -> Tensor:
        """d, half of what a coalition is worth more than its complement."""
        members = drawn[part]
        worth = self.game.worth(torch.cat([members, ~members]), rows)
        inside, outside = worth.chunk(2, 1)
        return (inside - outside) / 2

    def estimate(self, sums: dict[str, Tensor], rows: Tensor, draws: int) -> Estimate:
        count, device = self.game.count, self.game.batch.device
        difference = (self.game.ends[1] - self.game.ends[0])[rows.to(device)]
        equal = (difference / count).unsqueeze(1)
        # Shares that add up to zero: what is left when each has its equal part.
        A = torch.zeros((count, count), dtype=torch.float64, device=device)
        b = torch.zeros((len(rows), count), dtype=torch.float64, device=device)
        for z, d in self._centred(sums, rows, draws, equal):
            A += z.T @ z
            b += d @ z
        P, rank = inverse(A)
        extra = b @ P
        spread = torch.zeros((len(rows), count, count), dtype=torch.float64, device=device)
        own = A.new_zeros(())
        for z, d in self._centred(sums, rows, draws, equal):
            lever = ((z @ P) * z).sum(1)
            own = torch.maximum(own, lever.max())
            pull = without(d - extra @ z.T, lever).unsqueeze(2) * z
            spread += pull.transpose(1, 2) @ pull
        error = torch.full_like(extra, torch.inf)
        if rank == count - 1 and own < LARGEST_LEVER:
            error = torch.einsum("ij,njk,ki->ni", P, spread, P).clamp(min=0).sqrt()
        return Estimate(equal + extra, error, {})

    def _centred(
        self, sums: dict[str, Tensor], rows: Tensor, draws: int, equal: Tensor
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Signs less their mean, and what d leaves when every feature has the equal share."""
        for members, d in self.kept(sums, rows, draws):
            z = members.double() - 0.5
            yield z - z.mean(1, keepdim=True), d - equal * z.sum(1)
