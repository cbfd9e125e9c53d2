"""XGradCAM: the channel's gradient averaged with its activation as the weight of each cell.

    w_k = sum_ij (A_kij / sum_ab A_kab) dF/dA_kij,    L_ij = sum_k w_k A_kij

With these weights the map sums to sum_kij A_kij dF/dA_kij, the score's first-order part
(the axiom of conservation). The paper's map is relu(L).

A channel whose activations cancel has no such mean. Its weight is taken as zero where
|sum A| <= 1e-6 sum |A|, and then conservation lacks its part. After a ReLU that is only a dead
channel, which has no part anyhow.

Fu et al.: Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of CNNs,
BMVC 2020, eq. 8.
"""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.attribution.cam.layer import activation_and_gradient, cell_axes, class_map
from heatlens.attribution.method import Attribution, register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["xgradcam"]


@register(
    family="cam",
    needs={"layer-gradient"},
    cost=lambda p: Passes(1, 1),
    paper="arXiv:2008.02312",
    level="layer",
)
def xgradcam(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    layer: str | None = None,
    relu: bool = False,
    precision: str = "fp32",
) -> Attribution:
    """Activation of a layer, each channel weighted by its gradient's mean over the activation.

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
    mass = A.sum(cell_axes(A))
    cancels = mass.abs() <= 1e-6 * A.abs().sum(cell_axes(A))
    weight = (A * slope).sum(cell_axes(A)) / mass.masked_fill(cancels, torch.inf)
    return class_map(torch.einsum("nk,nk...->n...", weight, A), place, relu)
