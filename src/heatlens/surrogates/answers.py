"""What a network says of many pictures: what a stand-in has to imitate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType
from heatlens.frozen import frozen
from heatlens.importance.pictures.channels import batch_of
from heatlens.importance.pictures.stream import PictureStream, pictures_in
from heatlens.models.load import as_model
from heatlens.models.protocol import Model
from heatlens.surrogates.reading import Output, read

__all__ = ["REST", "Answers", "network_answers"]

_CHUNK = 32
REST = "the rest"
"""Stands in `Answers.skipped` for pictures that were not asked about."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """One answer for each picture.

    Attributes:
        kind: "classes", where `values` are probabilities, or "number", one column.
        values: (n, k) float64, finite, read-only.
        labels: k names of the classes, or what the number is.
        what: what is imitated, in words.
        rows: names of the pictures, where they have any.
        skipped: (picture, reason) of those that gave no answer; ("the rest", why) where it was
            stopped by hand.
    """

    kind: Literal["classes", "number"]
    values: Floats
    labels: tuple[str, ...]
    what: str
    rows: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check that the answers are finite and as many as their labels."""
        values = np.asarray(self.values, np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.labels) or 0 in values.shape:
            raise InvalidArgument(
                f"answers of shape {values.shape} for {len(self.labels)} labels; expected "
                f"(n, {len(self.labels)})"
            )
        if self.rows and len(self.rows) != len(values):
            raise InvalidArgument(f"{len(self.rows)} names of pictures for {len(values)} answers")
        if not np.isfinite(values).all():
            raise InvalidArgument(
                f"the network answers NaN or infinity to {int((~np.isfinite(values)).any(1).sum())}"
                f" of {len(values)} pictures; leave those out, or repair the network"
            )
        if self.kind == "classes" and not _probabilities(values):
            raise InvalidArgument(
                "answers of kind 'classes' are probabilities: 0 to 1, with a sum of 1 for each "
                "picture; network_answers makes them of scores"
            )
        object.__setattr__(self, "values", frozen(values))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def classes(self) -> npt.NDArray[np.intp]:
        """Number of the most probable class of each picture, (n,)."""
        return np.asarray(self.values.argmax(axis=1))

    def take(self, rows: npt.NDArray[np.intp]) -> Answers:
        """The answers to some of the pictures, by number."""
        names = tuple(self.rows[i] for i in rows) if self.rows else ()
        return Answers(self.kind, self.values[rows], self.labels, self.what, names, self.skipped)


def network_answers(
    model: Any,
    pictures: Any,
    *,
    target: int | str | None = None,
    output: Output = "auto",
    labels: Sequence[str] | None = None,
    fit: str | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Answers:
    """Ask a network about pictures, one after the other.

    Stopped by Ctrl-C, it returns the answers so far; `skipped` says so.

    Args:
        model: a model, a bare network or a name; None where `pictures` are scores.
        pictures: what `picture_features` takes; or scores that are known already, an array (n,) or
            (n, k) or a tensor of that shape.
        target: class whose probability (or which of several numbers) is imitated; without it the
            class that the network chooses.
        output: what the scores are. "auto" takes several for the scores of classes of which one is
            right (softmax, unless they are probabilities already), and asks where there is only
            one. "logit": one score, yes or no by a sigmoid. "probability": one score that is the
            probability of yes. "separate": each class has a sigmoid of its own. "number": amounts,
            such as an age.
        labels: names of the classes, instead of the model's own.
        fit: how the network gets the pictures: "crop", "squash" or "pad".
        progress: called as `progress(done, total)` after each picture.

    Raises:
        InvalidArgument: a single output of which nobody said what it is, NaN, an output that is no
            row of numbers, or no picture that can be read.
        UnknownName: no such label.

    Example:
        >>> network_answers(None, np.array([[2.0, 0.0], [0.0, 2.0]])).classes.tolist()
        [0, 1]
    """
    network = None if model is None else as_model(model)
    known = tuple(labels) if labels is not None else _labels(network)
    scores, rows, skipped = _scores(network, pictures, fit, progress)
    kind, values, names, what = read(scores, known, target, output)
    return Answers(kind, values, names, what, rows, skipped)


def _probabilities(values: Floats) -> bool:
    return bool((values >= 0).all() and (np.abs(values.sum(axis=1) - 1) < 1e-3).all())


def _labels(model: Model | None) -> tuple[str, ...]:
    return () if model is None else tuple(model.contract.labels)


def _scores(
    model: Model | None, pictures: Any, fit: str | None, progress: Any
) -> tuple[Floats, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Scores (n, k), names of the pictures, and what was skipped."""
    if isinstance(pictures, np.ndarray | torch.Tensor) and pictures.ndim in (1, 2):
        given = pictures.detach().cpu() if isinstance(pictures, torch.Tensor) else pictures
        scores = np.asarray(given)
        if scores.size == 0 or scores.dtype.kind not in "fiub":
            raise InvalidArgument(
                f"scores of shape {scores.shape} and type {scores.dtype}; expected numbers (n, k)"
            )
        return scores.astype(np.float64).reshape(len(scores), -1), (), ()
    if model is None:
        raise InvalidType("without a model, give its scores as an array (n,) or (n, k)")
    if isinstance(pictures, torch.Tensor):
        if len(pictures) == 0:
            raise InvalidArgument("the batch is empty; give at least one picture")
        return _batched(model, pictures, progress)
    return _streamed(model, pictures_in(pictures, model), fit, progress)


def _batched(
    model: Model, pictures: torch.Tensor, progress: Any
) -> tuple[Floats, tuple[str, ...], tuple[tuple[str, str], ...]]:
    found: list[Floats] = []
    skipped: tuple[tuple[str, str], ...] = ()
    try:
        for i in range(0, len(pictures), _CHUNK):
            found.append(_row_scores(model, pictures[i : i + _CHUNK]))
            if progress is not None:
                progress(min(i + _CHUNK, len(pictures)), len(pictures))
    except KeyboardInterrupt:
        if not found:
            raise
        skipped = (_stopped(sum(map(len, found)), len(pictures)),)
    scores = np.concatenate(found)
    return scores, tuple(f"picture {i}" for i in range(len(scores))), skipped


def _stopped(done: int, total: int) -> tuple[str, str]:
    return REST, f"the network was stopped after {done} of {total} pictures"


def _streamed(
    model: Model, stream: PictureStream, fit: str | None, progress: Any
) -> tuple[Floats, tuple[str, ...], tuple[tuple[str, str], ...]]:
    scores: list[Floats] = []
    names: list[str] = []
    failed: list[tuple[str, str]] = []
    entries = iter(stream)
    try:
        while chunk := list(islice(entries, _CHUNK)):
            inputs = []
            for name, image in chunk:
                try:
                    inputs.append((name, batch_of(model, image, fit)))
                except HeatlensError as error:
                    failed.append((name, str(error)))
                if progress is not None:
                    unread = len(stream.skipped) - stream.absent
                    progress(len(names) + len(inputs) + len(failed) + unread, stream.count)
            made: dict[int, Floats] = {}
            for shape in dict.fromkeys(row.shape for _, row in inputs):
                own = [i for i, (_, row) in enumerate(inputs) if row.shape == shape]
                found = _row_scores(model, torch.cat([inputs[i][1] for i in own]))
                made |= dict(zip(own, found, strict=True))
            scores += [made[i] for i in range(len(inputs))]
            names += [name for name, _ in inputs]
    except KeyboardInterrupt:
        if not scores:
            raise
        # An interrupt may fall between the two lists.
        scores, names = scores[: len(names)], names[: len(scores)]
        failed.append(_stopped(len(names), stream.count))
    skipped = (*stream.skipped, *failed)
    if not scores:
        raise InvalidArgument(
            f"none of {len(skipped)} pictures can be used, the first because of: {skipped[0][1]}"
        )
    return np.stack(scores), tuple(names), skipped


def _row_scores(model: Model, batch: torch.Tensor) -> Floats:
    output = model.predict(batch).detach().cpu().double()
    if output.ndim == 1:
        output = output[:, None]
    if output.ndim != 2 or len(output) != len(batch):
        raise InvalidArgument(
            f"{model.name} puts out shape {tuple(output.shape)} for {len(batch)} pictures; a "
            "stand-in imitates one row of numbers for each: give such scores, (n, k), yourself"
        )
    return np.asarray(output.numpy())
