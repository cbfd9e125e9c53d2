"""What is read of a network's scores: classes, probabilities, or the scores themselves.

Scores become probabilities by softmax, or by the sigmoid where there is one for two classes.
Whether they are probabilities already cannot be told from a few: that is decided once, on a whole
data set, and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.importance.predictor import Array, Reads
from heatlens.models.predict import check_labels

__all__ = ["Reading", "checked_scores", "classes_of"]


@dataclass(frozen=True)
class Reading:
    """From scores (m, k) to what is read of them.

    Attributes:
        reads: "classes" (m,), "probabilities" (m, k), or "scores" and "values", (m, k).
        columns: k; of one column there are two probabilities, and scores are (m,).
        already: whether the scores are probabilities.
        name: of the network, for messages.

    Example:
        >>> Reading("probabilities", 1, False, "net")(torch.zeros(2, 1)).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """

    reads: Reads
    columns: int
    already: bool
    name: str

    @classmethod
    def decided(cls, reads: Reads, columns: int, outputs: Iterable[Tensor], name: str) -> Reading:
        """Look at the scores of a whole data set, unless it does not matter what they are."""
        matters = reads == "probabilities" or (reads == "classes" and columns == 1)
        return cls(reads, columns, matters and all(map(_probable, outputs)), name)

    def __call__(self, output: Tensor) -> Array:
        """What is read.

        Raises:
            InvalidArgument: scores that were probabilities in the data set are none any more.
        """
        lone = self.columns == 1
        if self.reads in ("scores", "values"):
            return (output[:, 0] if lone else output).numpy()
        if self.reads == "classes" and not lone:
            return output.argmax(1).numpy()
        share = output
        if not self.already:
            share = output.sigmoid() if lone else output.softmax(1)
        elif not _probable(output):
            raise InvalidArgument(
                f"{self.name} gave probabilities of all unchanged pictures, and of a changed one "
                f"numbers from {float(output.min()):.3g} to {float(output.max()):.3g}: it cannot "
                "be told which they are; give the network with its sigmoid or softmax at the end, "
                "or more pictures"
            )
        if lone:
            share = torch.cat([1 - share, share], 1)
        return share.numpy() if self.reads == "probabilities" else share.argmax(1).numpy()


def checked_scores(output: Tensor, name: str) -> Tensor:
    """A network's output as scores (m, k) in double precision.

    Raises:
        InvalidArgument: maps or boxes, NaN.
    """
    if output.ndim == 1:
        output = output.unsqueeze(1)
    if output.ndim != 2:
        raise InvalidArgument(
            f"{name} gives {tuple(output.shape[1:])} per picture; features are explained for "
            "networks that give one score for each class, (n, classes)"
        )
    if not bool(torch.isfinite(output).all()):
        raise InvalidArgument(f"{name} gave NaN or infinite scores")
    return output.cpu().double()


def classes_of(output: Tensor, labels: tuple[str, ...]) -> tuple[str, ...] | None:
    """Names of the classes that scores (m, k) tell apart, if they are known.

    One score tells two: a lone label is the second's, which the score speaks for.

    Raises:
        InvalidArgument: another number of labels than classes.

    Example:
        >>> classes_of(torch.zeros(1, 1), ("dog",))
        ('not dog', 'dog')
    """
    if output.shape[1] == 1 and labels:
        if len(labels) == 1:
            return f"not {labels[0]}", labels[0]
        if len(labels) == 2:
            return labels
    check_labels(output, labels)
    return labels or None


def _probable(output: Tensor) -> bool:
    if not bool((output >= 0).all()):
        return False
    if output.shape[1] == 1:
        return bool((output <= 1).all())
    return bool(((output.sum(1) - 1).abs() < 1e-4).all())
