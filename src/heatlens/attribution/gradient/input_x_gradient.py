"""Input x gradient: the first-order share of each pixel in the score.

    A_i(x) = x_i * dF/dx_i (x)

Shrikumar et al.: Not Just a Black Box, 2016. With a baseline x' it is (x_i - x'_i) * dF/dx_i.
"""

from __future__ import annotations

from torch import Tensor

from heatlens.attribution.baselines import Baseline, baseline_like
from heatlens.attribution.method import register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["input_x_gradient"]


@register(
    family="gradient", needs={"gradient"}, cost=lambda p: Passes(1, 1), paper="arXiv:1605.01713"
)
def input_x_gradient(
    model: Model, batch: Tensor, target: Target, *, baseline: Baseline | None = None, seed: int = 0
) -> Tensor:
    """The input times the gradient of the target's score.

    Args:
        model: gives gradients.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        baseline: what the input is measured from, in pixel space; None is the paper's zero of
            the normalised input.
        seed: of a noise baseline.

    Returns:
        (N, C, H, W), in units of score.
    """
    slope = model.input_gradient(batch, target)
    if baseline is None:
        return batch * slope
    return (batch - baseline_like(batch, baseline, model.contract, seed=seed)) * slope
