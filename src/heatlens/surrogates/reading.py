"""Scores of a network as probabilities of classes, or as a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.models.predict import probabilities

__all__ = ["OUTPUTS", "Output", "read"]

Output = Literal["auto", "logit", "probability", "separate", "number"]
OUTPUTS: tuple[Output, ...] = ("auto", "logit", "probability", "separate", "number")

Floats = npt.NDArray[np.float64]
Read = tuple[Literal["classes", "number"], Floats, tuple[str, ...], str]


def read(scores: Floats, labels: Sequence[str], target: int | str | None, output: Output) -> Read:
    """Kind of the answers, their values (n, k), their names, and what they are in words.

    Args:
        scores: (n, k).
        labels: names of the classes, or none.
        target: which of several.
        output: see `heatlens.surrogates.answers.network_answers`.

    Example:
        >>> kind, values, names, what = read(np.array([[0.0]]), (), None, "logit")
        >>> kind, values.tolist(), names
        ('classes', [[0.5, 0.5]], ('no', 'yes'))
    """
    if output not in OUTPUTS:
        raise UnknownName("output", str(output), OUTPUTS)
    if scores.shape[1] == 1:
        return _single(scores, labels, target, output)
    names = _names(labels, scores.shape[1])
    if output in ("logit", "probability"):
        raise InvalidArgument(f"output={output!r} means one score, the network gives {len(names)}")
    if output == "auto":
        values = _among(scores)
        if target is None:
            return "classes", values, names, "the class that the network chooses"
        chosen = _index(target, names)
        return (
            "number",
            values[:, [chosen]],
            (names[chosen],),
            f"the probability of {names[chosen]}",
        )
    if target is None:
        raise InvalidArgument(
            f"output={output!r} and {len(names)} outputs: name one as target=, "
            f"such as {names[0]!r}; each is imitated by a stand-in of its own"
        )
    chosen = _index(target, names)
    if output == "separate":
        values, what = _sigmoid(scores), f"the probability of {names[chosen]}"
    else:
        values, what = scores, f"the output {names[chosen]!r}"
    return "number", values[:, [chosen]], (names[chosen],), what


def _single(
    scores: Floats, labels: Sequence[str], target: int | str | None, output: Output
) -> Read:
    if output == "auto":
        raise InvalidArgument(
            "the network gives one number for each picture; say what it is: output='logit' for a "
            "yes or no by a sigmoid, output='probability' if that is done already, output='number' "
            "for an amount"
        )
    if target not in (None, 0):
        raise InvalidArgument(f"target is {target!r}, but the network has only one output")
    if output == "number":
        return "number", scores, (labels[0] if len(labels) == 1 else "output",), "the output"
    names = ("no", "yes")
    if len(labels) == 2:
        names = (labels[0], labels[1])
    elif len(labels) == 1:
        names = (f"not {labels[0]}", labels[0])
    if output == "probability" and not ((scores >= 0) & (scores <= 1)).all():
        raise InvalidArgument(
            f"output='probability', but the scores lie in {scores.min():.3g}..{scores.max():.3g}; "
            "take output='logit'"
        )
    yes = scores if output == "probability" else _sigmoid(scores)
    return "classes", np.hstack([1 - yes, yes]), names, f"whether the network says {names[1]}"


def _names(labels: Sequence[str], count: int) -> tuple[str, ...]:
    if labels and len(labels) != count:
        raise InvalidArgument(
            f"{len(labels)} labels for {count} outputs: give as many, in the order of the output"
        )
    return tuple(labels) or tuple(f"class {i}" for i in range(count))


def _index(target: Any, names: tuple[str, ...]) -> int:
    if isinstance(target, str):
        if target not in names:
            raise UnknownName("label", target, names)
        return names.index(target)
    if isinstance(target, bool) or not isinstance(target, int | np.integer):
        raise InvalidType(f"target is a label or the number of a class, got {target!r}")
    if not 0 <= target < len(names):
        raise InvalidArgument(f"target is {target}; the network has classes 0 to {len(names) - 1}")
    return int(target)


def _among(scores: Floats) -> Floats:
    """Probabilities of classes of which one is right; decided for all pictures at once."""
    return np.asarray(probabilities(torch.from_numpy(scores.T.copy())).numpy().T)


def _sigmoid(scores: Floats) -> Floats:
    return np.asarray(torch.from_numpy(scores).sigmoid().numpy())
