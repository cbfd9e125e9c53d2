"""HiResCAM: each cell's own gradient, instead of the channel's mean, weights its activation.

    L_ij = sum_k dF/dA_kij A_kij

For a network that ends in one linear map after the layer, the cells sum to the score less its
bias: only evidence that the network used is shown.

Draelos, Carin: Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
networks, 2020, eq. 3.
"""

from __future__ import annotations

from torch import Tensor

from heatlens.attribution.cam.layer import activation_and_gradient, class_map
from heatlens.attribution.method import Attribution, register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["hirescam"]


@register(
    family="cam",
    needs={"layer-gradient"},
    cost=lambda p: Passes(1, 1),
    paper="arXiv:2011.08891",
    level="layer",
)
def hirescam(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    layer: str | None = None,
    relu: bool = False,
    precision: str = "fp32",
) -> Attribution:
    """Activation times gradient of each cell of a layer, summed over channels.

    Args:
        model: gives gradients at a layer.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        layer: where to read; None is the last layer whose cells lie on a grid.
        relu: keep the positive part alone.
        precision: of the passes, "fp32", "bf16" or "auto".

    Returns:
        Values (N, 1, *cells), in units of score.
    """
    A, slope, place = activation_and_gradient(model, batch, target, layer, precision)
    return class_map((slope * A).sum(1), place, relu)
