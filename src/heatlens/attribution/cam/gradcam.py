"""Grad-CAM: channels weighted by their mean gradient.

    w_k = 1/Z sum_ij dF/dA_kij,    L_ij = sum_k w_k A_kij

The paper's map is relu(L).

Selvaraju et al.: Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization, ICCV 2017, eq. 1 and 2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.attribution.cam.layer import activation_and_gradient, cell_axes, class_map
from heatlens.attribution.method import Attribution, register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["gradcam"]


@register(
    family="cam",
    needs={"layer-gradient"},
    cost=lambda p: Passes(1, 1),
    paper="arXiv:1610.02391",
    level="layer",
)
def gradcam(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    layer: str | None = None,
    relu: bool = False,
    precision: str = "fp32",
) -> Attribution:
    """Activation of a layer, each channel weighted by its mean gradient.

    Args:
        model: gives gradients at a layer.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        layer: where to read; None is the last layer whose cells lie on a grid.
        relu: keep the positive part alone, as the paper does.
        precision: of the passes, "fp32", "bf16" or "auto".

    Returns:
        Values (N, 1, *cells), in units of score per cell, as a mean over the cells' gradients.
    """
    A, slope, place = activation_and_gradient(model, batch, target, layer, precision)
    weight = slope.mean(cell_axes(slope))
    return class_map(torch.einsum("nk,nk...->n...", weight, A), place, relu)
