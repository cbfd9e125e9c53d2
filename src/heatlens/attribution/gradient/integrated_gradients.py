"""Integrated gradients: the path integral of the gradient from a baseline to the input.

    IG_i(x) = (x_i - x'_i) * integral_0^1 dF/dx_i (x' + a (x - x')) da

Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017, eq. 1.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline, baseline_like
from heatlens.attribution.method import Attribution, register
from heatlens.errors import InvalidArgument
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["integrated_gradients", "quadrature"]


@register(
    family="gradient",
    needs={"gradient", "predict"},
    cost=lambda p: Passes(p["steps"] + 2, p["steps"]),
    paper="arXiv:1703.01365",
    fixed_target=True,
    quick={"steps": 8},
)
def integrated_gradients(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    baseline: Baseline = "black",
    steps: int = 50,
    rule: str = "gauss-legendre",
    seed: int = 0,
) -> Attribution:
    """The path integral of the gradient from a baseline to the input.

    The sum over a picture equals F(x) - F(baseline) up to the quadrature's error, which is
    returned as `completeness_gap` (absolute, in units of score) in `info`.

    Args:
        model: gives gradients.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        baseline: where the path starts, named in pixel space or a tensor like `batch`.
        steps: nodes of the quadrature; memory does not grow with it.
        rule: "gauss-legendre", or "riemann" for the midpoint rule.
        seed: of a noise baseline.

    Returns:
        Values (N, C, *grid) in units of score.
    """
    start = baseline_like(batch, baseline, model.contract, seed=seed)
    path = batch - start
    total = torch.zeros_like(batch, dtype=torch.float32)
    positions, weights = quadrature(rule, steps)
    count = len(batch)
    # As many nodes at once as the memory budget holds; the sum is kept, never the nodes.
    together = max(1, model.rows(batch, gradient=True, wanted=count * steps) // count)
    for first in range(0, steps, together):
        nodes = torch.as_tensor(positions[first : first + together]).to(batch)
        points = (start + nodes.view(-1, *(1 for _ in path.shape)) * path).flatten(0, 1)
        rows = torch.arange(count).repeat(len(nodes))
        slopes = model.input_gradient(points, target.take(rows)).unflatten(0, (-1, count))
        share = torch.as_tensor(weights[first : first + together]).to(total)
        total += torch.einsum("s,sn...->n...", share, slopes)
    values = total * path
    ends = torch.cat([batch, start])
    twice = target.take(torch.arange(count).repeat(2))
    scores = twice.scores(model.predict(ends, target.layer)).view(2, count)
    gap = values.double().flatten(1).sum(1) - (scores[0] - scores[1]).double()
    return Attribution(
        values, info={"completeness_gap": gap.abs(), "score_difference": scores[0] - scores[1]}
    )


def quadrature(rule: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of a rule with `steps` nodes on 0..1.

    Example:
        >>> nodes, weights = quadrature("gauss-legendre", 3)
        >>> round(float((weights * nodes**5).sum()), 12)
        0.166666666667
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise InvalidArgument(f"steps is {steps!r}; it must be a whole number of at least 1")
    if rule == "gauss-legendre":
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        return (nodes + 1) / 2, weights / 2
    if rule == "riemann":
        return (np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)
    raise InvalidArgument(f"rule is {rule!r}; it can be 'gauss-legendre' or 'riemann'")
