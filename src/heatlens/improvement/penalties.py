"""What heat off the object costs a network while it trains: one penalty a function.

With the mask m (1 where the right reasons lie) and g = d/dx sum_k log p_k(x):

    input-gradient    sum over pixels of ((1 - m) g)^2                       Ross et al., eq. 1
    gradient-share    1 - sum of (m g)^2 / sum of g^2                        the same, free of scale
    cam               1 - sum of m c / sum of c,   c = Grad-CAM of the label  free of scale
    swap              KL( p(x) || p(x') ),   x' = x on the object, another picture elsewhere

per picture, then the mean. They differ in how they can be evaded. Slopes (the first two) are those
of one point: a score can hang on a region that it is flat in, and the first is small already where
all slopes are. A CAM's cells see far around them, so evidence from outside may sit in cells of the
object. A swap replaces the outside as occlusion does and looks at the score itself, which leaves
no such way; it costs a second forward pass and no second derivative. A map without evidence counts
as wholly off the object, so silence is no way out either.

Ross, Hughes, Doshi-Velez: Right for the Right Reasons, IJCAI 2017, arXiv:1703.03717; on class
activation maps: Schramowski et al.: Making deep neural networks right for the right scientific
reasons, Nature Machine Intelligence 2020, arXiv:2001.05371; on the contribution of parts instead
of slopes: Rieger, Singh, Murdoch, Yu: Interpretations are useful, ICML 2020, arXiv:1909.13584; the
swapped backgrounds: Xiao et al.: Noise or Signal, ICLR 2021, arXiv:2006.09994.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from heatlens.errors import InvalidArgument, InvalidType, NeedsGradient
from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.capture import listening, module_named, primary

__all__ = [
    "PENALTIES",
    "Scored",
    "cam",
    "gradient_share",
    "input_gradient",
    "no_penalty",
    "scored",
    "swap",
]


@dataclass(frozen=True, eq=False)
class Scored:
    """One batch after its forward pass, with torch's graph.

    Attributes:
        inputs: (N, C, H, W), a leaf that records gradients where the penalty needs them.
        logits: (N, K).
        labels: (N,).
        masks: (N, H, W), 0..1; rows that are empty have no say in the penalty.
        cells: (N, D, h, w) of the layer of the CAM, else None.
        again: the logits of other inputs.
    """

    inputs: Tensor
    logits: Tensor
    labels: Tensor
    masks: Tensor
    cells: Tensor | None = None
    again: Callable[[Tensor], Tensor] | None = None

    def mean(self, each: Tensor) -> Tensor:
        """Mean of one number a row (N,) over the rows with a mask; 0 where there is none."""
        known = (self.masks.flatten(1).amax(1) > 0).to(each)
        return (each * known).sum() / known.sum().clamp(min=1)


def scored(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    masks: Tensor,
    *,
    slopes: bool,
    layer: SpatialLayer | None,
) -> Scored:
    """Run a network on a batch.

    Args:
        network: gives one logit for each class.
        inputs: (N, C, H, W).
        labels: (N,).
        masks: (N, H, W).
        slopes: whether the penalty asks for gradients with respect to the inputs.
        layer: whose output the CAM is read from; None if there is none.

    Raises:
        InvalidArgument: no classifier, probabilities instead of logits, or labels it has not.
    """
    leaf = inputs.detach().clone().requires_grad_(slopes)
    seen: list[Tensor] = []

    def keep(name: str, output: Tensor) -> Tensor:
        seen[:] = [output]
        return output.clone()  # an operation in place after the layer leaves `seen` alone

    modules = {} if layer is None else {layer.name: module_named(network, layer.name)}

    def run(given: Tensor) -> Tensor:
        output = primary(network(given))
        if output is None:
            raise InvalidType(
                "the network returned no tensor; wrap it in a module that returns logits"
            )
        return output

    with listening(modules, keep):
        logits = run(leaf)
    check_logits(logits, labels)
    cells = None
    if layer is not None:
        if not seen:
            raise InvalidArgument(f"layer {layer.name!r} did not run on this input")
        cells = layer.to_grid(seen[0])
    return Scored(leaf, logits, labels, masks, cells, run)


def check_logits(logits: Tensor, labels: Tensor) -> None:
    """Refuse what is no classifier's output before a softmax."""
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise InvalidArgument(
            f"the network's output has shape {tuple(logits.shape)}; fine_tune is for classifiers "
            "with a score for each of two or more classes, (N, K)"
        )
    if int(labels.max()) >= logits.shape[1]:
        raise InvalidArgument(
            f"a label is {int(labels.max())}, but the network has {logits.shape[1]} classes, 0 to "
            f"{logits.shape[1] - 1}"
        )
    with torch.no_grad():
        sums = logits.sum(1)
        if bool((logits >= 0).all()) and bool(torch.allclose(sums, torch.ones_like(sums))):
            raise InvalidArgument(
                "the network's scores are probabilities (not negative, each row adds up to 1); "
                "give the network without its last softmax"
            )


def input_gradient(batch: Scored) -> Tensor:
    """Squared slopes off the object, summed over pixels and channels; see the module.

    Example:
        >>> x = torch.tensor([[[[1.0, 2.0]]]], requires_grad=True)
        >>> logits = torch.stack([3 * x[:, 0, 0, 0], 3 * x[:, 0, 0, 0]], 1)
        >>> here = Scored(x, logits, torch.tensor([0]), torch.tensor([[[1.0, 0.0]]]))
        >>> input_gradient(here).item()
        0.0
    """
    off = _slopes(batch).square().sum(1) * (1 - batch.masks)
    return batch.mean(off.flatten(1).sum(1))


def gradient_share(batch: Scored) -> Tensor:
    """Share of the squared slopes that lies off the object, 0..1; see the module."""
    return batch.mean(_outside(_slopes(batch).square().sum(1), batch.masks))


def cam(batch: Scored) -> Tensor:
    """Share of the label's Grad-CAM that lies off the object, 0..1; see the module.

    A cell of the map is on the object if any of its pixels is.
    """
    cells = batch.cells
    if cells is None:
        raise InvalidArgument("the penalty 'cam' needs a layer on a grid; name one with layer=")
    own = batch.logits.gather(1, batch.labels.unsqueeze(1)).sum()
    slope = _graph(own, cells, "the layer")
    heat = (slope.mean((2, 3), keepdim=True) * cells).sum(1).relu()
    inside = F.adaptive_max_pool2d(batch.masks.unsqueeze(1), heat.shape[1:]).squeeze(1)
    return batch.mean(_outside(heat, inside))


def swap(batch: Scored) -> Tensor:
    """How much the scores change when all off the object becomes the next picture's; see the module.

    Where the next picture has its own object, this one's pixels stay: there is one object only. A
    single picture, as a last batch may hold, has no next one and costs nothing.
    """
    if batch.again is None:
        raise InvalidArgument("the penalty 'swap' runs the network again; none was given")
    if len(batch.inputs) < 2:
        return batch.logits.new_zeros(())
    pictures, masks = batch.inputs.detach(), batch.masks
    own = torch.maximum(masks, masks.roll(-1, 0)).unsqueeze(1)
    swapped = batch.again(torch.lerp(pictures.roll(-1, 0), pictures, own)).log_softmax(1)
    here = batch.logits.log_softmax(1)
    return batch.mean((here.exp() * (here - swapped)).sum(1))


def no_penalty(batch: Scored) -> Tensor:
    """Nothing: plain fine-tuning, to tell what the penalty adds."""
    return batch.logits.new_zeros(())


PENALTIES: dict[str, Callable[[Scored], Tensor]] = {
    "gradient-share": gradient_share,
    "input-gradient": input_gradient,
    "cam": cam,
    "swap": swap,
    "none": no_penalty,
}
"""Penalty of a batch by name."""


def _slopes(batch: Scored) -> Tensor:
    return _graph(batch.logits.log_softmax(1).sum(), batch.inputs, "the input")


def _outside(heat: Tensor, inside: Tensor) -> Tensor:
    """1 - share of `heat` (N, h, w), not negative, that lies inside, (N,)."""
    flat = heat.flatten(1)
    least = torch.finfo(heat.dtype).tiny
    return 1 - (flat * inside.flatten(1)).sum(1) / flat.sum(1).clamp(min=least)


def _graph(score: Tensor, of: Tensor, what: str) -> Tensor:
    """Gradient with a graph of its own, so that it can be trained."""
    found = (
        torch.autograd.grad(score, of, create_graph=True, allow_unused=True)[0]
        if score.requires_grad and of.requires_grad
        else None
    )
    if found is None:
        raise NeedsGradient(
            f"the scores do not depend on {what} in a way that gradients can follow (a detached or "
            "non-differentiable operation between them?)"
        )
    return found
