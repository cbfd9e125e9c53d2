"""The words around a stand-in's picture: the verdict first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.surrogates.fidelity import minus
from heatlens.surrogates.words import same_answers

if TYPE_CHECKING:
    from heatlens.surrogates.surrogate import Surrogate

__all__ = ["caption_of", "headline"]


def headline(stand_in: Surrogate) -> tuple[str, str]:
    """Title and subtitle."""
    one = "Decision tree" if stand_in.form == "tree" else "Linear model"
    name = f"{one} that imitates {stand_in.what}"
    verdict = stand_in.verdict[0].upper() + stand_in.verdict[1:]
    if stand_in.explains:
        return name, f"{verdict}."
    short, _, why = verdict.partition(": ")
    return f"{short.upper()}", f"{name}; {why}."


def caption_of(stand_in: Surrogate) -> list[str]:
    """Fidelity beside the baselines, stability, notes."""
    fidelity, stability = stand_in.fidelity, stand_in.stability
    parts = []
    if fidelity.agreement is not None:
        others = ", ".join(
            f"{baseline.name} {baseline.agreement:.2f}"
            for baseline in stand_in.baselines
            if baseline.agreement is not None
        )
        parts.append(f"agreement {fidelity.agreement}; {others}")
    others = ", ".join(
        f"{baseline.name} {minus(f'{baseline.r2:.2f}')}" for baseline in stand_in.baselines
    )
    parts.append(f"R² {fidelity.r2}; {others}")
    lines = [
        f"On {fidelity.pictures} held-out pictures ({stand_in.trained} to learn from), intervals "
        f"at {100 * fidelity.confidence:g} %: {'. '.join(part[0].upper() + part[1:] for part in parts)}."
    ]
    if stability.first is not None:
        what = "first question" if stand_in.form == "tree" else "largest coefficient"
        group = (
            f", in {100 * stability.first_group_share:.0f} % one of {stability.first_group!r}"
            if stability.first_group_share > stability.first_share
            else ""
        )
        lines.append(
            f"Drawn again {stability.resamples} times: the same {what} in "
            f"{100 * stability.first_share:.0f} %{group}. {same_answers(stand_in)}; ranks of the "
            f"features' importances correlate by {minus(f'{stability.rank_correlation:.2f}')}."
        )
    return [*lines, *(f"{note[0].upper() + note[1:]}." for note in stand_in.notes)]
