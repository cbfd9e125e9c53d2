"""The steps of training with a penalty, and the state a network is in meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from heatlens.errors import InvalidArgument
from heatlens.improvement.penalties import PENALTIES, scored
from heatlens.improvement.rows import Batches, checked_rows
from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.model import TorchModel

__all__ = ["NotANumber", "Optimiser", "Training", "rate", "training_mode"]

Optimiser = Callable[[list[nn.Parameter]], torch.optim.Optimizer]
Progress = Callable[[int, int, float], object]

_STEEPEST = 1.0
"""Norm to which the gradient of all weights is cut: second derivatives have rare huge values."""
_RISE = 0.2
"""Share of the training in which the learning rate rises."""


class NotANumber(Exception):
    """The loss, the gradient or a weight is NaN or infinite; the message says when."""


class Training:
    """One training run, step by step.

    Args:
        model: whose network is trained, in place.
        penalty: a name of `PENALTIES`.
        strength: of the penalty.
        layer: of the CAM; None is the one that a CAM is read from.
        learning_rate: the highest of AdamW's.
        optimiser: takes its place and has rates of its own.
        inplace: whether the network is the caller's: then frozen weights stay frozen.
    """

    def __init__(
        self,
        model: TorchModel,
        penalty: str,
        strength: float,
        layer: str | None,
        learning_rate: float,
        optimiser: Optimiser | None,
        inplace: bool,
    ) -> None:
        """Choose the weights and make the optimiser."""
        self.model, self.penalty, self.strength = model, penalty, strength
        self.layer: str | None = layer
        self.spatial: SpatialLayer | None = None
        self.unit: float | None = None
        self.trained = [one for one in model.module.parameters() if one.requires_grad]
        if not self.trained and not inplace:
            # A copy of a network that was frozen for use is there to be trained.
            self.trained = list(model.module.parameters())
            for one in self.trained:
                one.requires_grad_()
        if not self.trained:
            raise InvalidArgument(
                f"{model.name} has no weight to train: there is none, or each has "
                "requires_grad=False"
            )
        self.peak = learning_rate if optimiser is None else None
        self.optimiser = (
            torch.optim.AdamW(self.trained, lr=learning_rate, weight_decay=0.01)
            if optimiser is None
            else optimiser(self.trained)
        )

    def epoch(
        self, data: Batches, number: int, epochs: int, progress: Progress | None
    ) -> tuple[float, float, int]:
        """One pass over the data.

        Returns:
            Mean cross-entropy and mean penalty of its pictures, and how many steps were left out
            because a gradient was not finite.

        Raises:
            NotANumber: the loss of a batch is not finite, the gradients of all, or a weight.
            InvalidArgument: there is no batch, or "swap" has no batch of two pictures.
        """
        loss = cost = 0.0
        pictures = penalised = done = moved = 0
        steps = len(data) if isinstance(data, Sized) else 0
        for batch in data:
            inputs, labels, masks = checked_rows(batch, "data", self.model.device)
            if self.peak is not None:
                now = (number - 1 + (done / steps if steps else 0.0)) / epochs
                for group in self.optimiser.param_groups:
                    group["lr"] = self.peak * rate(now)
            part, extra, stepped = self.step(inputs, labels, masks)
            if not math.isfinite(part + extra):
                raise NotANumber(
                    f"stopped in epoch {number}: the cross-entropy is {part:g}, the penalty "
                    f"{extra:g}; a lower learning_rate or strength may help"
                )
            told = 0 if self.penalty == "swap" and len(inputs) < 2 else len(inputs)
            loss, cost = loss + part * len(inputs), cost + extra * told
            pictures, penalised = pictures + len(inputs), penalised + told
            done, moved = done + 1, moved + stepped
            if progress is not None:
                progress(done, steps, part)
        if not pictures:
            raise InvalidArgument("data gives no batch in this pass: it is empty, or used up")
        if not penalised:
            raise InvalidArgument(
                "the penalty 'swap' puts one picture of a batch behind another, and every batch "
                "holds a single one; give batches of two or more"
            )
        if not moved:
            raise NotANumber(
                f"stopped in epoch {number}: the gradient is NaN or infinite in every step, though "
                "the loss is finite; a square root or a norm at 0 does that, and so may penalties "
                "that differentiate twice"
            )
        if not all(bool(torch.isfinite(one).all()) for one in self.trained):
            raise NotANumber(f"stopped after epoch {number}: weights are NaN or infinite")
        return loss / pictures, cost / penalised, done - moved

    def step(self, inputs: Tensor, labels: Tensor, masks: Tensor) -> tuple[float, float, bool]:
        """One step of the optimiser.

        Returns:
            Cross-entropy and penalty of the batch before the step, and whether it was taken: a
            batch whose loss or gradient is not finite moves no weight.
        """
        moved = False
        if self.penalty == "cam" and self.spatial is None:
            self.spatial = self.model.spatial_layer(inputs, self.layer)
        slopes = self.penalty in ("gradient-share", "input-gradient")
        # Of the kernels for attention only the plain one can be differentiated twice.
        with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
            batch = scored(
                self.model.module, inputs, labels, masks, slopes=slopes, layer=self.spatial
            )
            loss = F.cross_entropy(batch.logits, labels)
            cost = PENALTIES[self.penalty](batch)
            if self.unit is None:
                # The penalty that is no share of anything is counted in its own first value.
                absolute = self.penalty == "input-gradient" and float(cost.detach()) > 0
                self.unit = float(cost.detach()) if absolute else 1.0
            weight = self.strength * math.log(batch.logits.shape[1]) / self.unit
            whole = loss + weight * cost
            if bool(torch.isfinite(whole)):
                moved = self._move(torch.autograd.grad(whole, self.trained, allow_unused=True))
        return float(loss.detach()), float(cost.detach()), moved

    def _move(self, gradients: tuple[Tensor | None, ...]) -> bool:
        for one, gradient in zip(self.trained, gradients, strict=True):
            one.grad = gradient
        finite = bool(torch.isfinite(nn.utils.clip_grad_norm_(self.trained, _STEEPEST)))
        if finite:
            self.optimiser.step()
        for one in self.trained:
            one.grad = None
        return finite


def rate(place: float) -> float:
    """The learning rate at a place (0..1) of the training, as a share of the highest.

    Example:
        >>> [round(rate(place), 2) for place in (0.0, 0.1, 0.2, 0.6, 1.0)]
        [0.05, 0.53, 1.0, 0.5, 0.0]
    """
    if place < _RISE:
        return 0.05 + 0.95 * place / _RISE
    return 0.5 * (1 + math.cos(math.pi * (place - _RISE) / (1 - _RISE)))


@contextmanager
def training_mode(network: nn.Module, batch_norm: str) -> Iterator[None]:
    """Every part in training mode, norms with "frozen" statistics in evaluation; as before after.

    Gradients that the caller's weights hold are left as they were.
    """
    modes = [(part, part.training) for part in network.modules()]
    held = [(one, one.grad) for one in network.parameters()]
    try:
        network.train()
        if batch_norm == "frozen":
            for part in network.modules():
                if isinstance(part, nn.modules.batchnorm._NormBase) and part.track_running_stats:
                    part.eval()
        yield
    finally:
        for part, mode in modes:
            part.training = mode
        for one, gradient in held:
            one.grad = gradient
