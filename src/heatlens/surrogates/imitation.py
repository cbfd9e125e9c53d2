"""The one procedure behind every global stand-in: split, imitate, measure, draw again, judge."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.importance.table import FeatureTable
from heatlens.surrogates.aligned import aligned
from heatlens.surrogates.answers import REST, Answers
from heatlens.surrogates.cautions import alike, moved
from heatlens.surrogates.fidelity import Held, measured
from heatlens.surrogates.grown_tree import GrownTree
from heatlens.surrogates.linear_model import LinearModel
from heatlens.surrogates.stability import Coefficients, coefficients_of, stability_of
from heatlens.surrogates.surrogate import Surrogate
from heatlens.surrogates.unpenalised import unpenalised
from heatlens.surrogates.verdict import judged

__all__ = ["Fit", "Settings", "imitated"]

_SHUFFLES = 5
_FEWEST = 20
_WIDEST = 0.2

Floats = npt.NDArray[np.float64]
Model = GrownTree | LinearModel
Fit = Callable[[Floats, Floats, int, Any], Any]
"""From values (n, f), answers (n, k), a seed and the stand-in to start from, to a stand-in."""


@dataclass(frozen=True)
class Settings:
    """How fidelity and stability are measured.

    Attributes:
        held_out: share of the pictures that the stand-in never sees.
        resamples: bootstrap samples of the rest.
        confidence: of all intervals.
        least: skill below which the verdict is that it does not explain the model.
        seed: of the split and of all draws.
        progress: called as `progress(done, total)` after each stand-in that was fitted.
    """

    held_out: float
    resamples: int
    confidence: float
    least: float
    seed: int
    progress: Callable[[int, int], object] | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("held_out", "confidence"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise InvalidArgument(f"{name} is {value}; it lies between 0 and 1")
        if not 0 <= self.least <= 1:
            raise InvalidArgument(f"least is {self.least}; it is a share, 0 to 1")
        if self.resamples < self.fewest:
            raise InvalidArgument(
                f"{self.resamples} resamples give no interval at {self.confidence:.3g}; it takes "
                f"{self.fewest}"
            )

    @property
    def fewest(self) -> int:
        """Resamples of which at least five lie beyond each end of an interval."""
        return math.ceil(10 / (1 - self.confidence) - 1e-9)


def imitated(
    answers: Answers,
    table: FeatureTable,
    prepare: Callable[[Floats, Floats, np.random.Generator], Fit],
    settings: Settings,
    parameters: Mapping[str, Any],
) -> Surrogate:
    """Fit a stand-in to a part of the pictures and judge it by the rest.

    Args:
        answers: of the network.
        table: features of the same pictures.
        prepare: chooses what has to be chosen on the training part, and returns what fits.
        settings: how it is measured.
        parameters: for the result.
    """
    if not isinstance(table, FeatureTable):
        raise InvalidType(
            f"table is a {type(table).__name__}; expected a FeatureTable, see picture_features"
        )
    stopped = [why for name, why in answers.skipped if name == REST]
    answers, table, notes = aligned(answers, table)
    notes += stopped
    answers, unchosen = _chosen(answers)
    notes += unchosen
    rng = np.random.default_rng(settings.seed)
    train, out = _split(len(table), settings, rng)
    classes = answers.kind == "classes"
    X, Y = table.values[train], answers.values[train]
    _check_varied(answers, Y)
    fit = prepare(X, Y, rng)
    whole = fit(X, Y, settings.seed, None)
    total = 1 + _SHUFFLES + settings.resamples
    done = 1

    def again(values: Floats, said: Floats) -> Any:
        nonlocal done
        made = fit(values, said, settings.seed, whole)
        done += 1
        if settings.progress is not None:
            settings.progress(done, total)
        return made

    held_values = table.values[out]
    shuffled = [again(X[rng.permutation(len(X))], Y).answers(held_values) for _ in range(_SHUFFLES)]
    held = Held(answers.values[out], Y.mean(axis=0), _most_frequent(Y), classes)
    fidelity, baselines = measured(
        held, whole.answers(held_values), shuffled, settings.confidence, rng
    )
    drawn = [rng.integers(len(X), size=len(X)) for _ in range(settings.resamples)]
    resampled: list[Any] = []
    try:
        resampled.extend(again(X[rows], Y[rows]) for rows in drawn)
    except KeyboardInterrupt:
        if len(resampled) < settings.fewest:
            raise
        notes.append(f"stopped after {len(resampled)} of {settings.resamples} resamples")
    coefficients = _coefficients(
        whole,
        resampled,
        answers.labels,
        settings.confidence,
        lambda: unpenalised(X, Y, drawn[: len(resampled)], settings.confidence),
    )
    explains, verdict = judged(fidelity, baselines, settings.least)
    return Surrogate(
        model=whole,
        kind=answers.kind,
        labels=answers.labels,
        what=answers.what,
        names=table.names,
        groups=table.groups,
        yes_no=tuple(bool(np.isin(column, (0.0, 1.0)).all()) for column in table.values.T),
        importances=whole.importances(),
        fidelity=fidelity,
        baselines=baselines,
        stability=stability_of(whole, resampled, held_values, table.names, table.groups, classes),
        coefficients=coefficients,
        explains=explains,
        verdict=verdict,
        notes=(*notes, *alike(whole, table.take(train)), *moved(coefficients, table.names)),
        trained=len(train),
        parameters=dict(parameters),
    )


def _split(
    count: int, settings: Settings, rng: np.random.Generator
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows that are learnt from, and rows that are held out."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + settings.confidence / 2))
    # The interval of a share of one half is z / (2 sqrt(m)) wide on each side.
    wanted = max(_FEWEST, math.ceil((z / 2 / _WIDEST) ** 2))
    held = round(settings.held_out * count)
    if held < wanted or count - held < _FEWEST:
        enough = next(
            n
            for n in itertools.count(wanted + _FEWEST)
            if (part := round(settings.held_out * n)) >= wanted and n - part >= _FEWEST
        )
        raise InvalidArgument(
            f"{count} pictures leave {count - held} to learn from and {held} held out; an interval "
            f"at {settings.confidence:.3g} that is no wider than ±{_WIDEST:.0%} takes {wanted} "
            f"held out and {_FEWEST} to learn from: give at least {enough} pictures, better many "
            "more"
        )
    order = rng.permutation(count)
    return np.sort(order[held:]), np.sort(order[:held])


def _chosen(answers: Answers) -> tuple[Answers, list[str]]:
    """The answers among the classes that the network chooses for any picture."""
    if answers.kind == "number":
        return answers, []
    kept = np.unique(answers.classes)
    left_out = len(answers.labels) - len(kept)
    if not left_out:
        return answers, []
    values = answers.values[:, kept]
    values = values / values.sum(axis=1, keepdims=True)
    labels = tuple(answers.labels[i] for i in kept)
    note = (
        f"{left_out} of {len(answers.labels)} classes are chosen for none of these pictures and "
        "left out; probabilities are those among the others"
    )
    return replace(answers, values=values, labels=labels), [note]


def _check_varied(answers: Answers, said: Floats) -> None:
    if answers.kind == "classes":
        if len(np.unique(said.argmax(axis=1))) == 1:
            label = answers.labels[_most_frequent(said)]
            raise InvalidArgument(
                f"the network says {label!r} of all {len(said)} pictures to learn from; there is "
                "nothing to imitate. Give pictures on which it decides differently, or imitate a "
                "probability (target=)"
            )
    elif np.ptp(said) <= 1e-12 * np.abs(said).max():
        raise InvalidArgument(
            f"{answers.what} is {said[0, 0]:g} for all {len(said)} pictures to learn from; there "
            "is nothing to imitate"
        )


def _most_frequent(said: Floats) -> int:
    return int(np.bincount(said.argmax(axis=1)).argmax())


def _coefficients(
    whole: Any,
    again: list[Any],
    labels: tuple[str, ...],
    confidence: float,
    free: Callable[[], tuple[Floats, Floats] | None],
) -> Coefficients | None:
    if not isinstance(whole, LinearModel):
        return None
    rows = whole.coefficients()
    return coefficients_of(
        rows,
        np.stack([other.coefficients() for other in again]),
        labels if len(rows) == len(labels) else labels[1:],
        confidence,
        f"a {whole.penalty} penalty of {whole.strength:.3g}",
        None if whole.classes else free(),
    )
