"""A stand-in in words: the verdict first."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.surrogates.fidelity import minus
from heatlens.surrogates.grown_tree import GrownTree

if TYPE_CHECKING:
    from heatlens.surrogates.stability import Coefficients
    from heatlens.surrogates.surrogate import Surrogate

__all__ = ["as_dict", "described", "same_answers", "strongest"]

_SHOWN = 12


def described(stand_in: Surrogate) -> str:
    """Verdict, fidelity beside the baselines, stability, and the rules or coefficients."""
    one = "A decision tree" if stand_in.form == "tree" else "A linear model"
    lines = [
        stand_in.verdict[0].upper() + stand_in.verdict[1:] + ".",
        "",
        f"{one} that imitates {stand_in.what}, from "
        f"{len(stand_in.names)} feature{'s' * (len(stand_in.names) > 1)} of {stand_in.trained} "
        "pictures.",
        "",
        *_figures(stand_in),
        "",
        *_stable(stand_in),
        *(f"Note: {note}." for note in stand_in.notes),
        "",
    ]
    if isinstance(stand_in.model, GrownTree):
        lines.append(stand_in.rules())
    else:
        lines += _coefficients(stand_in)
    return "\n".join(lines)


def _figures(stand_in: Surrogate) -> list[str]:
    fidelity = stand_in.fidelity
    rows = [("", "agreement", "R²"), ("stand-in", str(fidelity.agreement), str(fidelity.r2))]
    rows += [
        (
            baseline.name,
            f"{baseline.agreement:.2f}" if baseline.agreement is not None else "",
            minus(f"{baseline.r2:.2f}"),
        )
        for baseline in stand_in.baselines
    ]
    if stand_in.kind == "number":
        rows = [(name, r2, "") for name, _, r2 in rows]
    wide = [max(len(row[i]) for row in rows) for i in range(2)]
    lines = [f"{a:<{wide[0]}}  {b:<{wide[1]}}  {c}".rstrip() for a, b, c in rows]
    return [
        f"On {fidelity.pictures} held-out pictures, with intervals at {100 * fidelity.confidence:g} %:",
        *lines,
    ]


def _stable(stand_in: Surrogate) -> list[str]:
    stability = stand_in.stability
    if stability.first is None:
        return ["No feature tells anything."]
    begins = "asks first about" if stand_in.form == "tree" else "weighs most"
    text = (
        f"It {begins} {stability.first!r}; in {100 * stability.first_share:.0f} % of "
        f"{stability.resamples} resamples too"
    )
    if stability.first_group_share > stability.first_share:
        text += (
            f", and in {100 * stability.first_group_share:.0f} % a feature of "
            f"{stability.first_group!r}"
        )
    return [
        f"{text}.",
        f"{same_answers(stand_in)}; the features' ranks correlate by "
        f"{minus(f'{stability.rank_correlation:.2f}')}.",
    ]


def same_answers(stand_in: Surrogate) -> str:
    """How alike the answers of resampled stand-ins are."""
    same = stand_in.stability.same_answers
    if stand_in.kind == "number":
        return f"Answers of resampled stand-ins correlate by r² = {same:.2f}"
    return f"Resampled stand-ins give {100 * same:.0f} % the same answers"


def strongest(stand_in: Surrogate, most: int) -> list[tuple[int, int]]:
    """(row, column) of the largest coefficients, the largest first; zeros are left out."""
    assert stand_in.coefficients is not None
    values = stand_in.coefficients.values
    order = np.argsort(-np.abs(values), axis=None, kind="stable")[:most]
    pairs = [divmod(int(place), values.shape[1]) for place in order]
    return [(row, column) for row, column in pairs if values[row, column] != 0]


def _coefficients(stand_in: Surrogate) -> list[str]:
    found = stand_in.coefficients
    assert found is not None
    lines = [
        f"Largest coefficients with {found.penalty}, for one standard deviation; intervals of the "
        f"penalised coefficients at {100 * found.confidence:g} %"
        + ("; those without the penalty in brackets:" if found.unpenalised is not None else ":")
    ]
    pairs = strongest(stand_in, _SHOWN)
    several = len(found.labels) > 1
    texts = [
        f"{found.labels[row]}: {stand_in.names[column]}" if several else stand_in.names[column]
        for row, column in pairs
    ]
    wide = max(map(len, texts), default=0)
    lines += [
        f"  {text:<{wide}}  "
        + minus(f"{found.values[at]:+.3f} ({found.low[at]:+.3f} to {found.high[at]:+.3f})")
        + _without(found, at)
        for text, at in zip(texts, pairs, strict=True)
    ]
    return lines


def _without(found: Coefficients, at: tuple[int, int]) -> str:
    if found.unpenalised is None:
        return ""
    low, high = (float(ends[at]) for ends in found.unpenalised)
    return minus(f" [{low:+.3f} to {high:+.3f}]")


def as_dict(stand_in: Surrogate) -> dict[str, Any]:
    """All but the model, as plain numbers and texts."""
    found = stand_in.coefficients
    return {
        "form": stand_in.form,
        "what": stand_in.what,
        "explains": stand_in.explains,
        "verdict": stand_in.verdict,
        "labels": list(stand_in.labels),
        "fidelity": dataclasses.asdict(stand_in.fidelity),
        "baselines": [dataclasses.asdict(baseline) for baseline in stand_in.baselines],
        "stability": dataclasses.asdict(stand_in.stability),
        "importances": dict(stand_in.ranked()),
        "coefficients": None
        if found is None
        else [
            {
                "of": found.labels[row],
                "feature": stand_in.names[column],
                "value": float(found.values[row, column]),
                "low": float(found.low[row, column]),
                "high": float(found.high[row, column]),
                "same_sign": float(found.same_sign[row, column]),
                "penalty": found.penalty,
                "unpenalised": None
                if found.unpenalised is None
                else [float(ends[row, column]) for ends in found.unpenalised],
            }
            for row, column in strongest(stand_in, found.values.size)
        ],
        "rules": stand_in.rules() if isinstance(stand_in.model, GrownTree) else None,
        "notes": list(stand_in.notes),
        "trained": stand_in.trained,
        "parameters": dict(stand_in.parameters),
    }
