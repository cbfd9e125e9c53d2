"""SPSA: the gradient from scores alone, all pixels being moved at once by random signs.

    g_i = E[ (F(x + c d) - F(x - c d)) / (2 c) d_i ],     d_j = -1 or +1 with equal chance

the gradient's mean over the small cube around x, up to a bias of order c^2. Every other pixel's
gradient is noise in this one's estimate, so the error falls as the square root of the number of
pixels over that of the samples: over few features (`features=`) it is soon small.

Spall: Multivariate Stochastic Approximation Using a Simultaneous Perturbation Gradient
Approximation, IEEE Transactions on Automatic Control 1992.
"""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.attribution.method import Attribution, register
from heatlens.attribution.perturbation.anytime import Estimate, Sampling, sample
from heatlens.attribution.perturbation.features import Features, Players, find_players
from heatlens.attribution.perturbation.limits import Limits
from heatlens.attribution.perturbation.passes import row_scores
from heatlens.attribution.perturbation.resume import call_key
from heatlens.errors import InvalidArgument
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["spsa"]


@register(
    family="perturbation",
    needs={"predict"},
    cost=lambda p: Passes(min(2 * p["samples"], p["budget"] or 2 * p["samples"]), 0),
    paper="doi:10.1109/9.119632",
    channels=lambda p: "max-abs" if p["features"] is None else "sum",
    fixed_target=True,
    quick={"samples": 8},
)
def spsa(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    samples: int = 500,
    step: float = 0.01,
    features: Features = None,
    tolerance: float | None = None,
    budget: int | None = None,
    seconds: float | None = None,
    resume: Attribution | None = None,
    seed: int = 0,
) -> Attribution:
    """An estimate of the gradient from scores alone, with its standard error.

    Args:
        model: gives scores.
        batch: (N, C, *grid) with a grid of one to three axes.
        target: whose score.
        samples: how many random directions, at most, of two passes each; at least 2.
        step: c, as a share of each row's range of values.
        features: move the pixels of a feature, and their channels, together: a number of cells,
            "superpixels", or a map of labels, as in `find_players`. None moves every pixel and
            channel by itself.
        tolerance: stop when the largest standard error is this share of the largest value.
        budget: stop after so many forward passes a row.
        seconds: stop after so long.
        resume: go on from what an earlier call returned with `full=True`. The first two samples
            are scored again and have to be what they were.
        seed: of the directions, which are the same for all rows.

    Returns:
        Values (N, C, *grid), in units of score per unit of input; with features (N, 1, *grid),
        the channels' sum, and its mean over the pixels of the feature. `info["samples"]` and
        `info["stopped"]` say how far it went and why no further.

    Example:
        >>> from heatlens.attribution.attribute import attribute
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 1, bias=False))
        >>> _ = torch.nn.init.constant_(network[1].weight, 2.0)
        >>> batch = torch.tensor([[[[3.0, 4.0]]]])
        >>> result = attribute(network, batch, "spsa", target=0, full=True)
        >>> bool(((result.values - 2.0).abs() < 3 * result.error).all())  # the gradient is 2
        True
    """
    limits = Limits(samples, tolerance, budget, seconds)
    if step <= 0:
        raise InvalidArgument(f"step is {step!r}; it must be positive")
    players = None if features is None else find_players(batch, features, model.contract.layout)
    sampling = _Directions(model, batch, target, step, players, seed)
    parameters = {"step": step, "features": features, "seed": seed}
    key = call_key("spsa", model, batch, target, parameters)
    found, info, state = sample(sampling, limits, model, batch, key, resume)
    if players is None:
        values, error = (one.float().view(batch.shape) for one in (found.values, found.error))
    else:
        sizes = players.sizes(len(batch)).clamp(min=1)
        values, error = (players.spread(one / sizes) for one in (found.values, found.error))
        info = {**info, "features": players.count}
    return Attribution(values, error, info, state)


class _Directions(Sampling):
    """The slope along random directions, times the direction: its first two moments."""

    block = 32
    passes = 2

    def __init__(
        self,
        model: Model,
        batch: Tensor,
        target: Target,
        step: float,
        players: Players | None,
        seed: int,
    ) -> None:
        self.model, self.batch, self.target = model, batch, target
        self.players, self.seed = players, seed
        flat = batch.flatten(1)
        extent = flat.amax(1) - flat.amin(1)
        # A row of one value has no range of its own.
        self.step = step * torch.where(extent > 0, extent, torch.ones_like(extent))

    def draw(self, generator: torch.Generator) -> Tensor:
        number = self.batch[0].numel() if self.players is None else self.players.count
        signs = torch.randint(0, 2, (self.block, number), generator=generator, dtype=torch.int8)
        return (2 * signs - 1).to(self.batch.device)

    def scores(self, drawn: Tensor, part: slice, rows: Tensor) -> Tensor:
        chosen = rows.to(self.batch.device)
        here, step = self.batch[chosen], self.step[chosen]
        size = step.view(-1, *[1] * (here.ndim - 1))
        signs = drawn[part]

        def moved(inner: slice) -> Tensor:
            # Copies 2 k and 2 k + 1 go forth and back along direction k.
            number = torch.arange(inner.start, inner.stop, device=here.device)
            if self.players is None:
                way = signs[number // 2].view(-1, 1, *here.shape[1:])
            else:
                way = self.players.present(signs[number // 2], rows).unsqueeze(2)
            way = way.to(here) * (1 - 2 * (number % 2)).view(-1, *[1] * here.ndim)
            return torch.addcmul(here, way, size).flatten(0, 1)

        found = row_scores(self.model, here, self.target, moved, 2 * len(signs), rows)
        return found.unflatten(1, (len(signs), 2))

    def fold(
        self, sums: dict[str, Tensor], drawn: Tensor, scores: Tensor, rows: Tensor, first: int
    ) -> None:
        if not sums:
            sums["slopes"] = scores.new_zeros((len(self.batch), drawn.shape[1]))
            sums["squares"] = scores.new_zeros(len(self.batch))
        rows = rows.to(scores.device)
        forth, back = scores.unbind(2)
        slopes = (forth - back) / (2 * self.step[rows].double().unsqueeze(1))
        sums["slopes"][rows] += slopes @ drawn[: slopes.shape[1]].double()
        # A sign squared is 1, so all pixels share the mean square.
        sums["squares"][rows] += slopes.square().sum(1)

    def estimate(self, sums: dict[str, Tensor], rows: Tensor, draws: int) -> Estimate:
        rows = rows.to(self.batch.device)
        values = sums["slopes"][rows] / draws
        variance = (sums["squares"][rows].unsqueeze(1) / draws - values.square()).clamp(min=0)
        return Estimate(values, (variance / (draws - 1)).sqrt(), {})
