"""What the score loses by changed rows, and the interval of that loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from heatlens.importance.intervals import Estimate, GroupLosses, RowLosses
from heatlens.importance.labels import labels_for
from heatlens.importance.predictor import Array, are_probabilities
from heatlens.importance.result import Importance
from heatlens.importance.scores import Score
from heatlens.importance.subject import Floats, Ints, Progress, Read, Subject, told_correlation

__all__ = ["Losses", "losses_of"]


@dataclass(eq=False)
class Losses:
    """The losses of features, gathered one after the other; repeats are reduced at once.

    Attributes:
        subject: rows and model.
        score: what is lost.
        labels: what the outputs are compared with.
        base: outputs of the unchanged rows, one number each; or what `read` keeps of them.
        donors: one array (n,) for each repeat, or None.
        confidence: of the intervals.
        seed: of groups that are left out.
        read: from outputs to what is kept of them; None where they are kept. Of a score that is a
            mean it is each row's own part, where that is smaller.
    """

    subject: Subject
    score: Score
    labels: Array
    base: Array
    donors: Sequence[Ints] | None
    confidence: float
    seed: int
    read: Read | None = None
    found: list[tuple[Estimate, Floats]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @property
    def baseline(self) -> float:
        """The score of the unchanged rows."""
        if self.score.each is not None:
            return float(self._parts(self.base).mean())
        return self.score.whole(self.labels, self.base)

    def add(self, feature: int) -> None:
        """Replace a feature, as often as there are rows of donors, and keep what that costs."""
        rows = self.subject.all_rows()
        tally: RowLosses | GroupLosses
        if self.score.each is not None:
            tally = RowLosses(self._parts(self.base))
        else:
            tally = GroupLosses(len(rows), self.seed)
        same = True
        for donors in [None] if self.donors is None else self.donors:
            said = self.subject.outputs(rows, (feature,), donors, self.read)
            same = same and np.array_equal(said, self.base)
            if isinstance(tally, RowLosses):
                tally.add(self._parts(said), donors)
            else:
                tally.add(partial(self._loss, said), donors)
        estimate = tally.estimate(self.confidence)
        if not estimate.error and same:
            name = self.subject.names[feature]
            self.unused.append(name)
            if self.score.reads == "classes" and name not in self.subject.constant():
                # None of n changed: of all, 1 - (a / 2)^(1/n) may (Clopper, Pearson 1934).
                share = 1 - ((1 - self.confidence) / 2) ** (1 / len(rows))
                estimate = Estimate(estimate.value, 0.0, -share, share)
        self.found.append((estimate, np.array(tally.values)))

    def _parts(self, said: Array) -> Floats:
        """Each row's own part of a score that is a mean, (n,)."""
        each = self.score.each
        assert each is not None
        return said if self.read is not None else each(self.labels, said)

    def _loss(self, said: Array, kept: Array) -> float:
        """What the rows that are kept lose."""
        labels = self.labels[kept]
        return self.score.whole(labels, self.base[kept]) - self.score.whole(labels, said[kept])

    def result(self, measure: str, notes: tuple[str, ...]) -> Importance:
        """Everything that was gathered."""
        names = self.subject.names[: len(self.found)]
        intervals = [estimate for estimate, _ in self.found]
        constant = [name for name in self.subject.constant() if name in names]
        unused = [name for name in self.unused if name not in constant]
        told = list(notes)
        if len(names) < len(self.subject.names):
            told.append(
                f"stopped after {len(names)} of {len(self.subject.names)} features; the others are "
                "missing"
            )
        if constant:
            told.append(f"the same in every {self.subject.what}: {_listed(constant)}")
        if unused:
            what = "class" if self.score.reads == "classes" else "output"
            told.append(f"no {what} changed at all without: {_listed(unused)}")
        return Importance(
            names,
            np.array([one.value for one in intervals]),
            np.array([one.error for one in intervals]),
            np.array([one.low for one in intervals]),
            np.array([one.high for one in intervals]),
            self.confidence,
            measure,
            f"loss of {self.score.unit or self.score.name}",
            self.baseline,
            self.subject.count,
            1 if self.donors is None else len(self.donors),
            np.stack([losses for _, losses in self.found], axis=1),
            (*told, *told_correlation(self.subject)),
            self.subject.what,
            self.subject.evaluated,
        )


def losses_of(
    subject: Subject,
    labels: Any,
    score: Score,
    donors: Sequence[Ints] | None,
    confidence: float,
    seed: int,
    progress: Progress | None,
) -> Losses:
    """The loss of every feature of a subject; Ctrl-C keeps those that are done."""
    compared, base, read = _compared(subject, labels, score)
    losses = Losses(subject, score, compared, base, donors, confidence, seed, read)
    for feature in range(len(subject.names)):
        try:
            losses.add(feature)
        except KeyboardInterrupt:
            if not losses.found:
                raise
            break
        if progress is not None:
            progress(feature + 1, len(subject.names))
    return losses


def _compared(subject: Subject, given: Any, score: Score) -> tuple[Array, Array, Read | None]:
    """Labels as they are compared, outputs of the unchanged rows, and what is kept of outputs."""
    rows, each = subject.all_rows(), score.each
    if score.reads != "probabilities" or each is None:
        read = _second if score.narrow and _tells_two_apart(subject) else None
        base = subject.outputs(rows, read=read)
        return labels_for(given, subject, score, base), base, read
    # Of a thousand classes only the label's is kept.
    if given is None:
        labels = subject.outputs(rows, read=lambda output, part: output.argmax(1))
    else:
        labels = labels_for(given, subject, score, subject.outputs(rows[:1]))

    def of_label(output: Array, part: Ints) -> Array:
        return each(labels[part], output)

    return labels, subject.outputs(rows, read=of_label), of_label


def _second(output: Array, part: Ints) -> Array:
    return output[:, 1] if output.ndim == 2 else output


def _tells_two_apart(subject: Subject) -> bool:
    """Whether outputs are the probabilities of two classes."""
    if subject.class_count() != 2:
        return False
    few = subject.outputs(subject.all_rows()[:100])
    return few.ndim == 2 and few.shape[1] == 2 and are_probabilities(few)


def _listed(names: list[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
