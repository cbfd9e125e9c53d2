"""Grad-CAM++: channels weighted by their positive gradients, each cell of an object alike.

With g = dF/dA and the score taken as Y = exp(F), as the paper proposes,

    alpha_kij = g_kij^2 / (2 g_kij^2 + sum_ab A_kab g_kij^3),   zero where g is,
    w_k = sum_ij alpha_kij relu(g_kij),    L_ij = sum_k w_k A_kij.

The paper's map is relu(L). Its weights also carry dY/dF = exp(F), one positive factor for a whole
map; it overflows for scores above 88 and is left out. Dividing by g^2 gives
alpha = 1 / (2 + g sum A), which does not underflow for small gradients.

After a ReLU, sum A >= 0 and every alpha in use is at most 1/2. In a layer with negative
activations the denominator may vanish; alpha is zero there, and large around it: the formula was
not made for such layers.

Chattopadhyay et al.: Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks,
WACV 2018, eq. 5 and 19.
"""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.attribution.cam.layer import activation_and_gradient, cell_axes, class_map
from heatlens.attribution.method import Attribution, register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["gradcam_plus_plus"]


@register(
    "gradcam++",
    family="cam",
    needs={"layer-gradient"},
    cost=lambda p: Passes(1, 1),
    paper="arXiv:1710.11063",
    level="layer",
)
def gradcam_plus_plus(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    layer: str | None = None,
    relu: bool = False,
    precision: str = "fp32",
) -> Attribution:
    """Activation of a layer, each channel weighted by a weighted sum of its positive gradients.

    Args:
        model: gives gradients at a layer.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        layer: where to read; None is the last layer whose cells lie on a grid.
        relu: keep the positive part alone, as the paper does.
        precision: of the passes, "fp32", "bf16" or "auto".

    Returns:
        Values (N, 1, *cells), in units of score.
    """
    A, slope, place = activation_and_gradient(model, batch, target, layer, precision)
    denominator = 2 + slope * A.sum(cell_axes(A), keepdim=True)
    alpha = 1 / denominator.masked_fill(denominator == 0, torch.inf)
    weight = (alpha * slope.clamp(min=0)).sum(cell_axes(A))
    return class_map(torch.einsum("nk,nk...->n...", weight, A), place, relu)
