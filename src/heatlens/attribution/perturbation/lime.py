"""LIME: a linear model of the score as a function of which features are there.

    beta = argmin  sum_k w_k (v(S_k) - b_0 - sum_i z_ki b_i)^2 / sum_k w_k + ridge |b|^2

over coalitions S_k in which each feature is there with chance 1/2 (z_ki = 1), weighted by how
near they are to the whole input: w = exp(-d^2 / (2 width^2)) with the cosine distance
d = 1 - sqrt(|S| / n), whose square root the authors' code takes as well. The penalty is a share of
the whole weight, so what is estimated does not hang on the number of samples.

Ribeiro, Singh, Guestrin: "Why Should I Trust You?", KDD 2016, eq. 2; kernel and ridge as in the
authors' code. The standard error is the regression's, robust to any misfit (see `regression`): of
the samples, not of the linear model as a description of the network. How well that
describes it is `info["fit"]`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline
from heatlens.attribution.method import Attribution, register
from heatlens.attribution.perturbation.anytime import Estimate, sample
from heatlens.attribution.perturbation.features import Features
from heatlens.attribution.perturbation.game import Game
from heatlens.attribution.perturbation.limits import Limits
from heatlens.attribution.perturbation.regression import LARGEST_LEVER, Kept, inverse, without
from heatlens.attribution.perturbation.resume import call_key
from heatlens.errors import InvalidArgument
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["lime"]


@register(
    family="surrogate",
    needs={"predict"},
    cost=lambda p: Passes(min(p["samples"], p["budget"] or p["samples"]), 0),
    paper="arXiv:1602.04938",
    fixed_target=True,
    quick={"samples": 128},
)
def lime(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    samples: int = 1000,
    features: Features = None,
    baseline: Baseline = "black",
    width: float = 0.25,
    ridge: float = 1e-3,
    tolerance: float | None = None,
    budget: int | None = None,
    seconds: float | None = None,
    resume: Attribution | None = None,
    precision: str = "fp32",
    seed: int = 0,
) -> Attribution:
    """Weights of a linear model of the score as a function of which features are there.

    Args:
        model: gives scores.
        batch: (N, C, *grid) with a grid of one to three axes; all channels are replaced.
        target: whose score.
        samples: how many coalitions, at most; at least 2, and more than there are features for an
            error to be known (it is None before).
        features: None (cells, or every position of a line), a number of cells, "superpixels", or
            a map of labels; see `heatlens.attribution.perturbation.features.find_players`.
        baseline: what replaces a feature that is out.
        width: of the kernel, in units of cosine distance; small means near the input alone.
        ridge: penalty of the weights' squares, not negative.
        tolerance: stop when the largest standard error is this share of the largest value.
        budget: stop after so many forward passes a row.
        seconds: stop after so long.
        resume: go on from what an earlier call returned with `full=True`. The first two samples
            are scored again and have to be what they were.
        precision: of the passes, "fp32", "bf16" (quicker where the machine has units for it, with
            scores to two or three digits) or "auto".
        seed: of the coalitions, which are the same for all rows, and of a noise baseline.

    Returns:
        Values (N, 1, *grid), at every position that of its feature, in units of score, with their
        standard error; `info["feature_values"]` is (N, features), and `info["fit"]` the share of
        the score's weighted variance that the linear model explains.

    Example:
        >>> from heatlens.attribution.attribute import attribute
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 1, bias=False))
        >>> _ = torch.nn.init.constant_(network[1].weight, 2.0)
        >>> batch = torch.tensor([[[[3.0, 4.0]]]])
        >>> result = attribute(network, batch, "lime", target=0, full=True)
        >>> result.values.round().tolist(), bool((result.error < 0.01).all())
        ([[[[6.0, 8.0]]]], True)
    """
    model = model.at(precision)
    limits = Limits(samples, tolerance, budget, seconds)
    if width <= 0:
        raise InvalidArgument(f"width is {width!r}; it must be positive")
    if ridge < 0:
        raise InvalidArgument(f"ridge is {ridge!r}; it must not be negative")
    game = Game(model, batch, target, features, baseline, seed)
    parameters = {
        "features": features,
        "baseline": game.start,
        "width": width,
        "ridge": ridge,
        "precision": precision,
        "seed": seed,
    }
    key = call_key("lime", model, batch, target, parameters)
    sampling = _Coalitions(game, width, ridge, seed)
    found, info, state = sample(sampling, limits, model, batch, key, resume)
    return game.result(found, info, state, shares=False)


class _Coalitions(Kept):
    """Coalitions by fair coins, and the weighted ridge regression on them."""

    def __init__(self, game: Game, width: float, ridge: float, seed: int) -> None:
        self.game, self.width, self.ridge, self.seed = game, width, ridge, seed
        self.rows = len(game.batch)

    def draw(self, generator: torch.Generator) -> Tensor:
        coins = torch.rand((self.block, self.game.count), generator=generator)
        return (coins < 0.5).to(self.game.batch.device)

    def scores(self, drawn: Tensor, part: slice, rows: Tensor) -> Tensor:
        return self.game.worth(drawn[part], rows)

    def estimate(self, sums: dict[str, Tensor], rows: Tensor, draws: int) -> Estimate:
        n, columns = len(rows), self.game.count + 1
        device = self.game.batch.device
        H = torch.zeros((columns, columns), dtype=torch.float64, device=device)
        g = torch.zeros((n, columns), dtype=torch.float64, device=device)
        total = torch.zeros((), dtype=torch.float64, device=device)
        plain, square = g.new_zeros(n), g.new_zeros(n)
        for z, y in self.kept(sums, rows, draws):
            X, w = self._design(z)
            H += (w.unsqueeze(1) * X).T @ X
            g += (w * y) @ X
            total += w.sum()
            plain += y @ w
            square += y.square() @ w
        penalty = torch.full((columns,), self.ridge, dtype=torch.float64, device=device) * total
        penalty[0] = 0.0
        P, rank = inverse(H + penalty.diag())
        beta = g @ P
        spread = torch.zeros((n, columns, columns), dtype=torch.float64, device=device)
        left, own = g.new_zeros(n), g.new_zeros(())
        for z, y in self.kept(sums, rows, draws):
            X, w = self._design(z)
            residual = y - beta @ X.T
            left += residual.square() @ w
            lever = w * ((X @ P) * X).sum(1)
            own = torch.maximum(own, lever.max())
            # What each sample adds to the equations that beta solves.
            pull = without(residual, lever).unsqueeze(2) * X - (beta * penalty / total).unsqueeze(1)
            pull = w.unsqueeze(1) * pull
            spread += pull.transpose(1, 2) @ pull
        values = beta[:, 1:]
        error = torch.full_like(values, torch.inf)
        if draws > columns and rank == columns and own < LARGEST_LEVER:
            variance = torch.einsum("ij,njk,ki->ni", P, spread, P)
            error = variance.clamp(min=0).sqrt()[:, 1:]
        varied = square - plain.square() / total
        fit = torch.where(varied > 0, 1 - left / varied.clamp(min=1e-300), torch.ones_like(left))
        return Estimate(values, error, {"fit": fit})

    def _design(self, present: Tensor) -> tuple[Tensor, Tensor]:
        """Rows (1, z) of the regression and their weights, (k, n + 1) and (k,)."""
        z = present.double()
        distance = 1 - z.mean(1).sqrt()
        weight = torch.exp(-distance.square() / (2 * self.width**2))
        return torch.cat([torch.ones_like(z[:, :1]), z], 1), weight
