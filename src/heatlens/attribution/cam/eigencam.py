"""EigenCAM: the activation projected on its first principal component.

With the activation as a matrix of cells by channels, O = U S V^T,

    L = O v_1 = s_1 u_1

No class and no gradient: where the layer is active in its dominant way. As in the paper O is not
centred (grad-cam subtracts each channel's mean over the cells first: `centred=True`).

A singular vector has no sign of its own. It is chosen so that the map correlates positively with
the mean activation over channels; where that is undecided, so that its sum is positive.

Muhammad, Yeasin: Eigen-CAM: Class Activation Map using Principal Components, IJCNN 2020, eq. 3
and 4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.attribution.cam.layer import activation, class_map
from heatlens.attribution.method import Attribution, register
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["eigencam"]


@register(
    family="cam",
    needs={"activations"},
    cost=lambda p: Passes(1, 0),
    paper="arXiv:2008.00299",
    level="layer",
    signed=False,
)
def eigencam(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    layer: str | None = None,
    relu: bool = False,
    centred: bool = False,
    precision: str = "fp32",
) -> Attribution:
    """First principal component of a layer's activation; the same for every target.

    Args:
        model: gives activations.
        batch: (N, C, *grid) as the model takes it.
        target: not used.
        layer: where to read; None is the last layer whose cells lie on a grid.
        relu: keep the positive part alone.
        centred: subtract each channel's mean over the cells first.
        precision: of the pass, "fp32", "bf16" or "auto".

    Returns:
        Values (N, 1, *cells), in units of activation.
    """
    A, place = activation(model, batch, layer, precision)
    cells = A.flatten(2).transpose(1, 2).double()
    strength = cells.mean(2)
    if centred:
        cells = cells - cells.mean(1, keepdim=True)
    component = first_component(cells)
    agreement = (component * (strength - strength.mean(1, keepdim=True))).sum(1)
    undecided = agreement.abs() <= 1e-9 * component.norm(dim=1) * strength.norm(dim=1)
    sign = torch.where(undecided, component.sum(1), agreement).sign()
    sign = torch.where(sign == 0, 1.0, sign)
    aligned = (component * sign.unsqueeze(1)).float().unflatten(1, A.shape[2:])
    return class_map(aligned, place, relu)


def first_component(matrix: Tensor) -> Tensor:
    """s_1 u_1 of each matrix (N, rows, columns), as (N, rows); of either sign.

    From the smaller of the two Gram matrices, which is far quicker than the whole decomposition.

    Example:
        >>> first_component(torch.tensor([[[3.0, 0.0], [4.0, 0.0]]])).abs()
        tensor([[3., 4.]])
    """
    if matrix.shape[1] > matrix.shape[2]:
        direction = torch.linalg.eigh(matrix.mT @ matrix).eigenvectors[:, :, -1:]
    else:
        left = torch.linalg.eigh(matrix @ matrix.mT).eigenvectors[:, :, -1:]
        direction = torch.nn.functional.normalize(matrix.mT @ left, dim=1)
    return (matrix @ direction).squeeze(2)
