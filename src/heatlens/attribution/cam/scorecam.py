"""Score-CAM: channels weighted by the score of the picture seen through them; no gradient.

With H_k the activation of channel k, enlarged to the picture and then scaled to 0..1, and x' a
baseline,

    C_k = F(x' + H_k (x - x')) - F(x'),    L_ij = sum_k w_k A_kij

The weight w_k is C_k, the increase of confidence (eq. 6 to 8; the default), or the softmax of C
over the channels (the paper's algorithm 1), in which the baseline's score cancels and no channel
counts against. The paper's map is relu(L), its baseline the zero of the normalised input; here
it is black in pixel space. The authors' code differs from both: it weights by the class's softmax
probability and adds up enlarged maps. torchcam and grad-cam take other softmaxes again.

A channel with the same value in every cell gives no mask: its weight is zero and no pass is spent.

Wang et al.: Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks, CVPR
Workshops 2020. Only the channels with the largest spread (`samples`): as Faster Score-CAM.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline, baseline_like
from heatlens.attribution.cam.layer import activation, cell_axes, class_map
from heatlens.attribution.method import Attribution, register
from heatlens.errors import InvalidArgument
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["masks", "scorecam"]


@register(
    family="cam",
    needs={"activations", "predict"},
    # One pass a channel, and how many there are only the layer knows.
    cost=lambda p: Passes(2 + (p["samples"] or p.get("channels", math.nan)), 0),
    paper="arXiv:1910.01279",
    level="layer",
    fixed_target=True,
    quick={"samples": 16},
)
def scorecam(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    layer: str | None = None,
    samples: int | None = None,
    baseline: Baseline = "black",
    weights: str = "increase",
    relu: bool = False,
    precision: str = "fp32",
    seed: int = 0,
) -> Attribution:
    """Activation of a layer, each channel weighted by the score of what it lets through.

    Args:
        model: gives activations and scores.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        layer: where to read; None is the last layer whose cells lie on a grid.
        samples: how many channels to try, those with the largest standard deviation over the
            cells; None is all.
        baseline: what masked pixels fade to, named in pixel space or a tensor like `batch`.
        weights: "increase" over the baseline's score, or its "softmax" over the channels.
        relu: keep the positive part alone, as the paper does.
        precision: of the passes, "fp32", "bf16" or "auto".
        seed: of a noise baseline.

    Returns:
        Values (N, 1, *cells), in units of score times activation ("increase") or of activation
        ("softmax"); `info["channel_weights"]` is (N, K).
    """
    if weights not in ("increase", "softmax"):
        raise InvalidArgument(f"weights is {weights!r}; it can be 'increase' or 'softmax'")
    A, place = activation(model, batch, layer, precision)
    start = baseline_like(batch, baseline, model.contract, seed=seed)
    tried = worth_trying(A, samples)
    increase = increases(model.at(precision), batch, start, target, A, tried)
    if weights == "softmax":
        # A picture without a single mask has no weights at all.
        weight = increase.masked_fill(~tried, -torch.inf).softmax(1).nan_to_num(0.0)
    else:
        weight = increase
    cells = torch.einsum("nk,nk...->n...", weight, A)
    return class_map(cells, place, relu, channel_weights=weight)


def worth_trying(A: Tensor, samples: int | None) -> Tensor:
    """Which channels (N, K) give a mask and are among the `samples` most varied of their row."""
    if samples is not None and (type(samples) is not int or samples < 1):
        raise InvalidArgument(
            f"samples is {samples!r}; a number of channels of at least 1, or None"
        )
    low, high = A.amin(cell_axes(A)), A.amax(cell_axes(A))
    # Rounding leaves a spread of some 1e-7 on what is constant.
    varied = high - low > 1e-5 * torch.maximum(low.abs(), high.abs())
    if samples is None or samples >= A.shape[1]:
        return varied
    spread = A.flatten(2).std(2).masked_fill(~varied, -1.0)
    most = torch.zeros_like(varied).scatter_(1, spread.topk(samples, dim=1).indices, True)
    return varied & most


def increases(
    model: Model, batch: Tensor, start: Tensor, target: Target, A: Tensor, tried: Tensor
) -> Tensor:
    """C (N, K): how far the score through each channel's mask exceeds the baseline's.

    Masks are made for as many (row, channel) pairs at once as the memory budget holds.
    """
    empty = target.scores(model.predict(start, target.layer))
    rows, channels = tried.nonzero(as_tuple=True)
    scores = torch.zeros(A.shape[:2], dtype=empty.dtype, device=A.device)
    if not len(rows):
        return scores
    together = model.rows(batch, gradient=False, wanted=len(rows))
    for row, channel in zip(rows.split(together), channels.split(together), strict=True):
        mask = masks(A[row, channel], batch.shape[2:]).to(batch)
        seen = torch.lerp(start[row], batch[row], mask.unsqueeze(1))
        score = target.take(row).scores(model.predict(seen, target.layer))
        scores[row, channel] = score - empty[row]
    return scores


def masks(A: Tensor, size: tuple[int, ...]) -> Tensor:
    """Activations (M, *cells), none constant, enlarged to (M, *size) and scaled to 0..1.

    Example:
        >>> masks(torch.tensor([[[1.0, 3.0]]]), (1, 2))
        tensor([[[0., 1.]]])
    """
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(size)]
    large = torch.nn.functional.interpolate(A.unsqueeze(1), size, mode=mode)
    axes = cell_axes(large)
    low, high = large.amin(axes, keepdim=True), large.amax(axes, keepdim=True)
    large, low, high = (values.squeeze(1) for values in (large, low, high))
    # A picture smaller than the grid may miss all that varies: then nothing is let through.
    return (large - low) / (high - low).clamp(min=torch.finfo(large.dtype).tiny)
