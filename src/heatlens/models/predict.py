"""What a model says about a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.models.bound import check_has_classes
from heatlens.models.load import as_model
from heatlens.models.prepare import as_input, prepared

__all__ = ["Prediction", "check_labels", "predict", "probabilities"]


@dataclass(frozen=True)
class Prediction:
    """One class that the model considers.

    Attributes:
        label: its name, or "class 3" where the model knows none.
        index: its index in the output.
        score: the model's own output for it (a logit, usually).
        probability: softmax of the scores, or the score itself if they are probabilities; for a
            segmentation the mean over the picture.
    """

    label: str
    index: int
    score: float
    probability: float


def predict(model: Any, image: Any, k: int = 5, *, fit: str | None = None) -> list[Prediction]:
    """The `k` classes that the model ranks first for a picture, film, volume or sound, best first.

    Args:
        model: a loaded model or a bare network.
        image: anything `read_image` takes, or a `Sound`.
        k: how many; fewer come back if the model has fewer.
        fit: as in `explain`; with "tile" the scores of all tiles are averaged.

    Raises:
        InvalidArgument: the model ranks no classes, such as an image-text model without prompts.
    """
    adapted = as_model(model, warn=True)
    check_has_classes(adapted)
    output = adapted.predict(prepared(adapted, as_input(image), fit).batch)
    check_labels(output, adapted.contract.labels)
    return ranked(output.mean(0), adapted.contract.labels, k)


def check_labels(output: Tensor, labels: tuple[str, ...]) -> None:
    """Refuse labels that are not as many as the classes of an output (N, K, ...).

    Raises:
        InvalidArgument: names would be printed that belong to other classes.
    """
    if labels and output.ndim in (2, 4) and output.shape[1] != len(labels):
        raise InvalidArgument(
            f"{len(labels)} labels for a model with {output.shape[1]} classes: give as many, in "
            "the order of the output (labels= of load_model)"
        )


def ranked(scores: Tensor, labels: tuple[str, ...], k: int) -> list[Prediction]:
    """The first `k` of one row of scores, (K,), or of a segmentation (K, h, w)."""
    if scores.ndim not in (1, 3):
        raise InvalidArgument(
            f"an output of shape {tuple(scores.shape)} per picture ranks no classes"
        )
    if k < 1:
        raise InvalidArgument(f"k is {k}; it must be at least 1")
    share = probabilities(scores)
    if scores.ndim == 3:
        scores, share = scores.mean((1, 2)), share.mean((1, 2))
    # Of equal scores the first class comes first, here as in the target "predicted".
    best = scores.argsort(descending=True, stable=True)[:k].tolist()
    return [
        Prediction(
            labels[i] if i < len(labels) else f"class {i}", i, float(scores[i]), float(share[i])
        )
        for i in best
    ]


def probabilities(scores: Tensor) -> Tensor:
    """Scores along axis 0 as probabilities: softmax, sigmoid of a lone logit, or as they are.

    Example:
        >>> import torch
        >>> probabilities(torch.tensor([0.0, 0.0])).tolist()
        [0.5, 0.5]
        >>> probabilities(torch.tensor([0.25, 0.75])).tolist()
        [0.25, 0.75]
    """
    if len(scores) == 1:
        return scores if bool(((scores >= 0) & (scores <= 1)).all()) else scores.sigmoid()
    already = bool((scores >= 0).all()) and bool(((scores.sum(0) - 1).abs() < 1e-4).all())
    return scores if already else scores.softmax(0)
