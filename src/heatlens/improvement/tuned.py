"""What training for the right reasons gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from heatlens.improvement.reasons import Reasons
from heatlens.models.protocol import Model

__all__ = ["Epoch", "FineTuned", "MeasuredOn"]

MeasuredOn = Literal["test", "validation", "training"]

_WORDS: dict[MeasuredOn, str] = {
    "test": "the test data",
    "validation": "the data that chose the epoch",
    "training": "the data it was trained on",
}


@dataclass(frozen=True)
class Epoch:
    """One pass over the data.

    Attributes:
        number: from 1.
        loss: mean cross-entropy of the pictures.
        penalty: mean penalty, in its own unit, before its strength.
        accuracy: on the validation data afterwards; None if there is none.
        on_object: mean share of heat on the object there.
        kept: whether these weights were the best so far.
        skipped: steps left out because their gradient was NaN or infinite.
    """

    number: int
    loss: float
    penalty: float
    accuracy: float | None = None
    on_object: float | None = None
    kept: bool = False
    skipped: int = 0

    def __str__(self) -> str:
        """The figures in one line."""
        line = f"epoch {self.number}: loss {self.loss:.3f}, penalty {self.penalty:.3g}"
        if self.accuracy is not None:
            line += f", accuracy {self.accuracy:.1%}, heat on the object {self.on_object:.1%}"
        if self.skipped:
            line += f", {_left_out(self.skipped)}"
        return line


@dataclass(frozen=True, eq=False)
class FineTuned:
    """A network after training for the right reasons.

    Attributes:
        module: the trained network: a copy, or the one that was given where `inplace` was said.
        model: the same as a loaded model, with the contract of the one that was given.
        history: one entry for each finished epoch.
        before: accuracy and heat on the object of the network as it was.
        after: the same of `module`, on the same data.
        best: number of the epoch whose weights were kept; 0 is the network as it was.
        stopped: why it ended: "all epochs are done", "interrupted", or what went wrong.
        measured_on: which data `before` and `after` are of: "test", "validation" or "training".
            Only figures on "test" tell what to expect of new pictures: the epoch that was kept
            was the best of several on "validation", so its figures there flatter.
    """

    module: nn.Module
    model: Model
    history: tuple[Epoch, ...]
    before: Reasons
    after: Reasons
    best: int
    stopped: str
    measured_on: MeasuredOn

    def __str__(self) -> str:
        """Before, after and how it ended."""
        skipped = sum(epoch.skipped for epoch in self.history)
        left_out = f"; {_left_out(skipped)}" if skipped else ""
        return (
            f"before: {self.before}\nafter:  {self.after}\n"
            f"{self.before.count} pictures of {_WORDS[self.measured_on]}; epoch {self.best} was "
            f"kept; {self.stopped}{left_out}"
        )


def _left_out(steps: int) -> str:
    return f"{steps} step{'s' if steps > 1 else ''} left out (gradient not finite)"
