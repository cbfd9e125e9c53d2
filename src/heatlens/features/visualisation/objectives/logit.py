"""A score of the network's output: the logit of a class, or any other target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.objective import Objective, Outputs, register
from heatlens.models.bound import bound
from heatlens.models.targets import OutputFunction, Target, as_target

__all__ = ["Logit"]

_LEAST = 1e-12
"""So that the logarithm of a probability has an end."""


@register(paper="arXiv:1312.6034", words="logit:tabby")
@dataclass(frozen=True, eq=False)
class Logit(Objective):
    """The score of a target: a logit, or the logarithm of a probability.

    Before the softmax, as probabilities also grow by others shrinking. Where the network gives
    probabilities alone, their logarithm is climbed, as they themselves hardly move near 0 and 1,
    and it is named so. Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, ICLR 2014
    workshop, arXiv:1312.6034, section 2.

    Attributes:
        target: anything `as_target` takes that does not hang on the input: a label, a class
            index, `Difference`, a callable on the output, a target on a layer.
        labels: of the model's classes; known once it is bound.
        normalised: whether the output are probabilities; likewise.
    """

    target: Any
    labels: tuple[str, ...] = ()
    normalised: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        """The network's output, or the target's own layer."""
        layer = self.target.layer if isinstance(self.target, Target) else None
        return (layer or "",)

    def bound(self, anatomy: Anatomy) -> Logit:
        """With the label's class."""
        labels = anatomy.model.contract.labels
        aim = bound(anatomy.model, as_target(self.target, labels))
        if not aim.is_fixed or aim.per_row not in (None, 1):
            raise InvalidArgument(
                f"target {aim.describe(labels)!r} hangs on the input, which ascent changes: name "
                "a class, and give several objectives for several canvases"
            )
        if aim.layer is not None:
            anatomy.check(aim.layer)
        output = anatomy.model.predict(anatomy.canvas, aim.layer)
        given = aim.layer is None and not isinstance(aim, OutputFunction) and _probable(output)
        fixed = replace(self, target=aim, labels=labels, normalised=given)
        fixed.values({fixed.layers[0]: output})
        return fixed

    def values(self, outputs: Outputs) -> Tensor:
        """The scores, (n,)."""
        output = outputs[self.layers[0]]
        return self.target.scores(output.clamp(min=_LEAST).log() if self.normalised else output)

    def __str__(self) -> str:
        words = as_target(self.target, self.labels).describe(self.labels)
        return f"log probability:{words}" if self.normalised else f"logit:{words}"


def _probable(output: Tensor) -> bool:
    """Whether an output (1, k) is a distribution over two classes or more."""
    if output.ndim != 2 or output.shape[1] < 2:
        return False
    return bool((output >= 0).all()) and bool(((output.sum(1) - 1).abs() < 1e-4).all())
