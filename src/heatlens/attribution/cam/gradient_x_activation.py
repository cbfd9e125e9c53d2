"""Gradient x activation: the product of every cell and channel of a layer.

    P_kij = dF/dA_kij A_kij,    L_ij = sum_k P_kij,    c_k = sum_ij P_kij

Summed over channels this is HiResCAM's map. Summed over cells it is the contribution of each
channel, which some tutorials print as Grad-CAM's formula; Grad-CAM multiplies the *mean* gradient.

Draelos, Carin: Use HiResCAM instead of Grad-CAM, 2020; by cells and channels as input x gradient
of the network above the layer, Shrikumar et al.: Not Just a Black Box, 2016.
"""

from __future__ import annotations

from torch import Tensor

from heatlens.attribution.cam.layer import activation_and_gradient, cell_axes, class_map
from heatlens.attribution.method import Attribution, register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["gradient_x_activation"]


@register(
    family="cam",
    needs={"layer-gradient"},
    cost=lambda p: Passes(1, 1),
    paper="arXiv:2011.08891",
    level="layer",
)
def gradient_x_activation(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    layer: str | None = None,
    relu: bool = False,
    precision: str = "fp32",
) -> Attribution:
    """Gradient times activation of a layer, by cell, and by channel in `info`.

    Args:
        model: gives gradients at a layer.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        layer: where to read; None is the last layer whose cells lie on a grid.
        relu: keep the map's positive part alone; the channels' contributions keep their sign.
        precision: of the passes, "fp32", "bf16" or "auto".

    Returns:
        Values (N, 1, *cells) in units of score; `info["channel_contributions"]` is (N, K). Without
        `relu` both have the same sum.
    """
    A, slope, place = activation_and_gradient(model, batch, target, layer, precision)
    product = slope * A
    channels = product.sum(cell_axes(product))
    return class_map(product.sum(1), place, relu, channel_contributions=channels)
