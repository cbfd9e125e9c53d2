"""LayerCAM: each cell's activation weighted by its own gradient where that is positive.

    L_ij = sum_k relu(dF/dA_kij) A_kij

The paper's map is relu(L); the relu on the gradient is part of the weight and always there.

Jiang et al.: LayerCAM: Exploring Hierarchical Class Activation Maps for Localization, IEEE
Transactions on Image Processing 30, 2021, eq. 4 to 6.
"""

from __future__ import annotations

from torch import Tensor

from heatlens.attribution.cam.layer import activation_and_gradient, class_map
from heatlens.attribution.method import Attribution, register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["layercam"]


@register(
    family="cam",
    needs={"layer-gradient"},
    cost=lambda p: Passes(1, 1),
    paper="doi:10.1109/TIP.2021.3089943",
    level="layer",
)
def layercam(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    layer: str | None = None,
    relu: bool = False,
    precision: str = "fp32",
) -> Attribution:
    """Activation of a layer, each cell weighted by its own positive gradient.

    Args:
        model: gives gradients at a layer.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        layer: where to read; None is the last layer whose cells lie on a grid. Earlier layers
            give finer maps, which is what the method is for.
        relu: keep the positive part alone, as the paper does; after a ReLU nothing is negative.
        precision: of the passes, "fp32", "bf16" or "auto".

    Returns:
        Values (N, 1, *cells), in units of score.
    """
    A, slope, place = activation_and_gradient(model, batch, target, layer, precision)
    return class_map((slope.clamp(min=0) * A).sum(1), place, relu)
