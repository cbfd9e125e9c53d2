"""Whether a stand-in explains a network, in a sentence.

It does if both hold on held-out pictures:

1. It beats both baselines: the intervals of its gain over a constant guess, and over itself on
   shuffled columns, lie above 0. What does not is no better than knowing nothing.
2. Its skill is at least `least`, at the low end of its interval: of the decisions that a constant
   guess gets wrong it gets half right (or explains half of a number's variance). A stand-in below
   that leaves more of the network unexplained than it explains, however good its agreement looks
   where one class is frequent. The low end, so that few pictures cannot pass by luck; and there
   have to be at least ten decisions against the constant guess, since fewer tell nothing.

Half is a floor for reading the stand-in at all, no sign that it is the network; what it misses is
one minus its fidelity.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from heatlens.surrogates.fidelity import Baseline, Fidelity, minus
from heatlens.surrogates.skill import FEWEST

__all__ = ["LEAST", "judged"]

LEAST = 0.5
"""Skill that the low end of its interval has to reach."""


def judged(fidelity: Fidelity, baselines: Sequence[Baseline], least: float) -> tuple[bool, str]:
    """Whether it explains the model, and the sentence that says so."""
    wrong = [
        f"it is not surely better than {_ARTICLE[baseline.name]}: {_points(baseline, fidelity)}"
        for baseline in baselines
        if not baseline.gain.low > 0
    ]
    if fidelity.against is not None and fidelity.against < FEWEST:
        wrong.append(_too_few(fidelity, fidelity.against))
    elif not fidelity.skill.low >= least:
        wrong.append(_skill(fidelity, least))
    if wrong:
        return False, f"does not explain this model: on held-out pictures {'; and '.join(wrong)}"
    said = (
        f"it agrees with it on {fidelity.agreement.percent()}"
        if fidelity.agreement is not None
        else f"it explains {fidelity.r2.percent()} of the variance"
    )
    rest = (
        f" and gets {fidelity.skill.percent()} of what a constant guess gets wrong"
        if fidelity.agreement is not None
        else ""
    )
    return True, (
        f"explains this model within limits: {said}{rest}, on {fidelity.pictures} held-out pictures"
    )


_ARTICLE = {
    "constant guess": "a constant guess",
    "shuffled columns": "the same on shuffled columns",
}


def _points(baseline: Baseline, fidelity: Fidelity) -> str:
    what = "agreement" if fidelity.agreement is not None else "R²"
    gain = baseline.gain
    return minus(f"{gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f}) in {what}")


def _too_few(fidelity: Fidelity, against: int) -> str:
    """A rare class: agreement comes from the frequent one, and the rest is too little to judge."""
    of = f"{against} of {fidelity.pictures} decisions"
    if not against:
        return (
            f"a constant guess gets all {fidelity.pictures} decisions right, so nothing can be "
            "told from them; give more pictures on which the network decides differently"
        )
    return (
        f"a constant guess gets only {of} wrong, and fewer than {FEWEST} are too few to tell "
        "whether the stand-in gets such right; give more pictures of what the network says rarely"
    )


def _skill(fidelity: Fidelity, least: float) -> str:
    if isnan(fidelity.skill.value):
        return "the network gives one and the same answer, so nothing can be told from them"
    if fidelity.agreement is not None:
        return (
            f"it gets right {fidelity.skill.percent()} of the decisions that a constant guess gets "
            f"wrong, less than {100 * least:.0f} % at the low end"
        )
    return (
        f"it explains {fidelity.skill.percent()} of the variance, less than {100 * least:.0f} % at "
        "the low end"
    )
