"""Mahalanobis distance: how many standard deviations away, in the direction in question.

    d(p)^2 = (f(p) - g)' C^-1 (f(p) - g),   similarity P(chi^2_k > d^2)

with g and C the mean and covariance of the region (Mahalanobis 1936): of k normally distributed
features, the similarity is the share of the region's own pixels that lie further out. For a second
picture, g is the mean of the differences of all pixels and C their covariance: what all pixels
share is no change (the RX detector on the difference picture; Reed, Yu 1990). C is shrunk towards a
multiple of the identity by as much as its uncertainty asks for (Ledoit, Wolf 2004): a lot for a
region of few pixels, next to nothing for many.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincc

from heatlens.pixels.blocks import blocks
from heatlens.pixels.covariance import shrunk_covariance
from heatlens.pixels.measuring import Measured, Question
from heatlens.pixels.part import MEASURES, register
from heatlens.pixels.stack import rounding_floor

__all__ = ["mahalanobis"]

_FLOOR = 1e-6
"""Added to the diagonal, in units of the mean variance: a feature that is constant in the region
may differ by a thousandth of the others' spread."""


@register(MEASURES, range="0..1", paper="doi:10.1016/S0047-259X(03)00096-4")
def mahalanobis(question: Question) -> Measured:
    """Distance in standard deviations of the region; similarity, how many of its pixels are further.

    Of a region of one pixel, or of one constant colour, the covariance is that of the whole
    picture, and a note says so.
    """
    rows = question.stack.rows
    other = None if question.other_stack is None else question.other_stack.rows
    notes: tuple[str, ...] = ()
    if question.other_stack is None or other is None:
        reference = question.reference()
        floor = rounding_floor(reference, question.stack.rounding)
        rounding = float((floor**2).sum())
        middle, C, shrinkage = shrunk_covariance(reference)
        if not np.trace(C) > rounding:
            C, shrinkage = question.whole()
            notes = ("the region has one colour; the spread is that of the whole picture",)
    else:
        rounding = float(((question.stack.floor + question.other_stack.floor) ** 2).sum())
        seen = None if question.seen is None else question.seen.ravel()
        middle, C, shrinkage = shrunk_covariance(rows, other, seen)
    mean_variance = float(np.trace(C)) / len(C)
    if not np.trace(C) > rounding:
        C, mean_variance = np.eye(len(C)), 1.0
        notes += ("nothing varies; the distance is the Euclidean one",)
    C = C + _FLOOR * mean_variance * np.eye(len(C))
    half = np.linalg.inv(np.linalg.cholesky(C))
    far = np.empty(len(rows), np.float32)
    for part in blocks(len(rows)):
        step = rows[part] - middle if other is None else rows[part] - other[part] - middle
        far[part] = np.sqrt(((step @ half.T) ** 2).sum(axis=1))
    difference = far.reshape(question.stack.size)
    return Measured(
        gammaincc(len(C) / 2, difference**2 / 2).astype(np.float32),
        difference,
        "0..1",
        info={"shrinkage": shrinkage},
        notes=notes,
    )
