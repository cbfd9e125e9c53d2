"""Cosine of the angle between descriptions: their direction counts, their length does not.

c(p) = f(p) . g / (|f(p)| |g|),   difference 1 - c
"""

from __future__ import annotations

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.pixels.blocks import blocks
from heatlens.pixels.measuring import Measured, Question, part_of
from heatlens.pixels.part import MEASURES, register

__all__ = ["cosine"]


@register(MEASURES, range="-1..1", signed=True)
def cosine(question: Question) -> Measured:
    """Cosine similarity, -1..1; of features that are never negative 0..1.

    On red, green and blue (features=("rgb",)) it ignores how brightly a thing is lit. Where a
    description is zero but for rounding, black in that case, there is no direction: the similarity
    is 1 if both are, and else 0, and a note counts such pixels.

    Raises:
        InvalidArgument: one single feature, which has no direction.
    """
    rows = question.stack.rows
    if rows.shape[1] < 2:
        raise InvalidArgument(
            f"the cosine of one feature, {question.stack.names[0]}, is only its sign; take two or "
            "more, or measure='euclidean'"
        )
    against = question.against()
    rounding = float((np.asarray(question.stack.rounding or 0.0) ** 2).sum())
    found, empty = np.empty(len(rows), np.float32), 0
    for part in blocks(len(rows)):
        f, g = rows[part].astype(np.float64), part_of(against, part).astype(np.float64)
        lengths = (f**2).sum(axis=1), (g**2).sum(axis=1)
        none = [length <= rounding for length in lengths]
        product = np.sqrt(lengths[0] * lengths[1])
        cosines = (f * g).sum(axis=1) / np.where(none[0] | none[1], 1.0, product)
        found[part] = np.where(none[0] | none[1], none[0] & none[1], cosines)
        empty += int((none[0] ^ none[1]).sum())
    np.clip(found, -1, 1, out=found)
    similarity = found.reshape(question.stack.size)
    notes = (f"{empty} pixels without a direction have similarity 0",) if empty else ()
    signed = any(question.stack.signed) or bool((found < 0).any())
    return Measured(similarity, 1 - similarity, "-1..1" if signed else "0..1", signed, notes=notes)
