"""RISE: how the score goes with a pixel's being kept, over random masks.

    S_i = Cov[ F(x' + m (x - x')), m_i ] / p,     p = E[m_i]

Zero means that the score does not hang on the pixel, a negative value that it is higher without.
The paper's map is

    S_i = E[ F(x' + m (x - x')) m_i ] / p                                   (`centred=False`)

that is, with masks of 0 and 1, the mean score given that the pixel is kept (section 3.1). It is
the first one plus the mean score over all masks at every pixel, so the order of the pixels is the
same; but a score that is no probability may be anything there, and its noise is added to the
map's. Where whole cells are kept or not and p = 1/2, the first map is half their Banzhaf value.

Petsiuk, Das, Saenko: RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC
2018. As there, masked pixels are black; here that is black in pixel space.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline, baseline_like
from heatlens.attribution.method import Attribution, register
from heatlens.attribution.perturbation.anytime import Estimate, Sampling, sample
from heatlens.attribution.perturbation.features import per_axis
from heatlens.attribution.perturbation.limits import Limits
from heatlens.attribution.perturbation.masks import CoarseMasks, draw_masks
from heatlens.attribution.perturbation.passes import parts, scores_under
from heatlens.attribution.perturbation.resume import call_key
from heatlens.errors import InvalidArgument
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["rise"]

_VALUES = 2**22
"""Values of masks that are added up at once."""


@register(
    family="perturbation",
    needs={"predict"},
    cost=lambda p: Passes(min(p["samples"], p["budget"] or p["samples"]), 0),
    paper="arXiv:1806.07421",
    fixed_target=True,
    quick={"samples": 32},
)
def rise(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    samples: int = 2000,
    cells: int | Sequence[int] = 7,
    probability: float = 0.5,
    centred: bool = True,
    baseline: Baseline = "black",
    tolerance: float | None = None,
    budget: int | None = None,
    seconds: float | None = None,
    resume: Attribution | None = None,
    precision: str = "fp32",
    seed: int = 0,
) -> Attribution:
    """How the score goes with a pixel's being kept, over random masks.

    Args:
        model: gives scores.
        batch: (N, C, *grid) with a grid of one to three axes; masks are the same for all
            channels, and for all rows.
        target: whose score.
        samples: how many masks, at most; at least 2.
        cells: of the coarse masks along each axis; None for an axis is one cell.
        probability: that a cell is kept.
        centred: take the mean score away, so that zero means no evidence; the paper does not.
        baseline: what is seen where nothing is kept.
        tolerance: stop when the largest standard error is this share of the largest value.
        budget: stop after so many forward passes a row.
        seconds: stop after so long.
        resume: go on from what an earlier call returned with `full=True`. The first two samples
            are scored again and have to be what they were.
        precision: of the passes, "fp32", "bf16" (quicker where the machine has units for it, with
            scores to two or three digits) or "auto".
        seed: of the masks, and of a noise baseline.

    Returns:
        Values (N, 1, *grid), in units of score, with their standard error; `info["samples"]` and
        `info["stopped"]` say how far it went and why no further.

    Example:
        >>> from heatlens.attribution.attribute import attribute
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 1, bias=False))
        >>> _ = torch.nn.init.constant_(network[1].weight, 2.0)
        >>> batch = torch.tensor([[[[3.0, 4.0]]]])
        >>> first = attribute(network, batch, "rise", target=0, samples=500, full=True)
        >>> more = attribute(
        ...     network, batch, "rise", target=0, samples=2000, resume=first, full=True
        ... )
        >>> bool((more.error < first.error).all())
        True
    """
    model = model.at(precision)
    limits = Limits(samples, tolerance, budget, seconds)
    if not 0 < probability < 1:
        raise InvalidArgument(f"probability is {probability!r}; between 0 and 1, both excluded")
    grid = batch.shape[2:]
    number = per_axis(cells, grid, "cells", whole=1)
    number = tuple(min(cell, side) for cell, side in zip(number, grid, strict=True))
    start = baseline_like(batch, baseline, model.contract, seed=seed)
    sampling = _Rise(model, batch, start, target, number, probability, centred, seed)
    parameters = {
        "cells": number,
        "probability": probability,
        "centred": centred,
        "baseline": start,
        "precision": precision,
        "seed": seed,
    }
    key = call_key("rise", model, batch, target, parameters)
    found, info, state = sample(sampling, limits, model, batch, key, resume)
    values, error = (one.float().unflatten(1, (1, *grid)) for one in (found.values, found.error))
    return Attribution(values, error, info, state)


class _Rise(Sampling):
    """Sums over the masks of F^a m^b for a and b from 0 to 2: all that means and errors need."""

    def __init__(
        self,
        model: Model,
        batch: Tensor,
        start: Tensor,
        target: Target,
        cells: tuple[int, ...],
        probability: float,
        centred: bool,
        seed: int,
    ) -> None:
        self.model, self.batch, self.start, self.target = model, batch, start, target
        self.cells, self.probability, self.centred, self.seed = cells, probability, centred, seed

    def draw(self, generator: torch.Generator) -> CoarseMasks:
        grid, device = self.batch.shape[2:], self.batch.device
        return draw_masks(generator, self.block, self.cells, self.probability, grid, device)

    def scores(self, drawn: CoarseMasks, part: slice, rows: Tensor) -> Tensor:
        def keep(inner: slice) -> Tensor:
            shown = slice(part.start + inner.start, part.start + inner.stop)
            return drawn.enlarged(shown).unsqueeze(1)

        count = part.stop - part.start
        return scores_under(self.model, self.batch, self.start, self.target, keep, count, rows)

    def fold(
        self, sums: dict[str, Tensor], drawn: CoarseMasks, scores: Tensor, rows: Tensor, first: int
    ) -> None:
        pixels = self.batch[0, 0].numel()
        if not sums:
            empty = (len(self.batch), 3, pixels)
            sums["mask"] = scores.new_zeros(empty)
            sums["mask squared"] = scores.new_zeros(empty)
            sums["score"] = scores.new_zeros((len(self.batch), 3))
        powers = torch.stack([torch.ones_like(scores), scores, scores.square()], 1)
        rows = rows.to(scores.device)
        sums["score"][rows] += powers.sum(2)
        for part in parts(scores.shape[1], max(1, _VALUES // pixels)):
            masks = drawn.enlarged(part).flatten(1)
            sums["mask"][rows] += powers[:, :, part] @ masks.double()
            sums["mask squared"][rows] += powers[:, :, part] @ masks.square().double()

    def estimate(self, sums: dict[str, Tensor], rows: Tensor, draws: int) -> Estimate:
        rows = rows.to(self.batch.device)
        moments: Any = {name: value[rows] / draws for name, value in sums.items()}
        (m, fm, ffm), (mm, fmm, ffmm) = (
            moments[name].unbind(1) for name in ("mask", "mask squared")
        )
        f, ff = moments["score"][:, 1:].unsqueeze(2).unbind(1)
        p = self.probability
        if self.centred:
            # Of g = (F - f)(m - p), whose mean is the covariance; f is the mean score.
            mean = fm - f * m
            square = (
                (ffmm - 2 * f * fmm + f * f * mm)
                - 2 * p * (ffm - 2 * f * fm + f * f * m)
                + p * p * (ff - f * f)
            )
            values = mean / p * (draws / (draws - 1))
        else:
            mean, square, values = fm, ffmm, fm / p
        variance = (square - mean.square()).clamp(min=0)
        return Estimate(values, (variance / (draws - 1)).sqrt() / p, {})
