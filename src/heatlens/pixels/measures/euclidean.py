"""Euclidean distance of descriptions, per feature.

    d(p) = sqrt(1/k sum_i (f_i(p) - g_i)^2),   similarity exp(-d^2 / 2 s^2)

with g the mean of the region, or the second picture's pixel at the same place.
"""

from __future__ import annotations

import numpy as np

from heatlens.pixels.blocks import blocks
from heatlens.pixels.checks import checked_number
from heatlens.pixels.measuring import Measured, Question, gaussian_similarity, part_of
from heatlens.pixels.part import MEASURES, register
from heatlens.pixels.stack import moments

__all__ = ["euclidean"]


@register(MEASURES, range="0..1")
def euclidean(question: Question, *, spread: float | None = None) -> Measured:
    """Root mean square difference of the features; similarity is its Gaussian.

    Args:
        question: what is compared.
        spread: s, the difference at which the similarity has fallen to 0.61. None takes the
            features' own standard deviation over the picture; a number of one's own makes several
            pictures comparable.
    """
    rows, against = question.stack.rows, question.against()
    far = np.empty(len(rows), np.float32)
    for part in blocks(len(rows)):
        step = rows[part].astype(np.float64) - part_of(against, part)
        far[part] = np.sqrt((step**2).mean(axis=1))
    difference = far.reshape(question.stack.size)
    width = _spread(question) if spread is None else checked_number("spread", spread, 0, above=True)
    alike = gaussian_similarity(difference, width)
    return Measured(alike, difference, "0..1", info={"spread": width})


def _spread(question: Question) -> float:
    """Root mean variance over the picture, or over both; 1 if all is constant but for rounding."""
    stacks = [one for one in (question.stack, question.other_stack) if one is not None]
    variance = np.mean([moments(one.rows)[1] for one in stacks], axis=0)
    floor = np.max([one.floor for one in stacks], axis=0)
    mean = float(np.where(np.sqrt(variance) <= floor, 0.0, variance).mean())
    return mean**0.5 if mean else 1.0
