"""Gradient: how much the score changes when a pixel changes a little.

    S_i(x) = dF/dx_i (x)

Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2013, section 3.1.
"""

from __future__ import annotations

from torch import Tensor

from heatlens.attribution.method import register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["gradient"]


@register(
    family="gradient",
    needs={"gradient"},
    cost=lambda p: Passes(1, 1),
    paper="arXiv:1312.6034",
    channels="max-abs",
)
def gradient(model: Model, batch: Tensor, target: Target) -> Tensor:
    """The gradient of the target's score with respect to every pixel and channel.

    Args:
        model: gives gradients.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.

    Returns:
        (N, C, H, W), in units of score per unit of normalised input.
    """
    return model.input_gradient(batch, target)
