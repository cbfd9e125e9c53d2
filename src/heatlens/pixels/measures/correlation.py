"""Normalised cross-correlation with a patch: where does the picture look like this?

    r(p) = sum_u,i (t_i(u) - m_i)(f_i(p + u) - m_i(p)) / sqrt(sum (t_i - m_i)^2 sum (f_i - m_i(p))^2)

with t the patch and m(p) the mean of the window about p. Brightness and contrast do not matter.
Lewis: Fast Normalized Cross-Correlation, 1995.
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from heatlens.errors import InvalidArgument
from heatlens.pixels.checks import checked_count
from heatlens.pixels.measuring import Floats, Measured, Question
from heatlens.pixels.part import MEASURES, register

__all__ = ["correlation"]


@register(MEASURES, range="-1..1", signed=True)
def correlation(question: Question, *, radius: int = 7) -> Measured:
    """Correlation of the window about each pixel with the patch, -1..1.

    The picture is mirrored at its border, and so is a patch about a pixel near to it. The value
    stands at the window's middle (of an even side, the later of the two middle pixels), so that a
    pixel correlates with its own patch by 1. Windows that are constant but for rounding have 0.

    Args:
        question: a box, or a pixel.
        radius: of the patch about a pixel: its side is 2 radius + 1.

    Raises:
        InvalidArgument: a mask, a second picture, or a patch of one constant colour.
    """
    top, left, bottom, right = question.box(checked_count("radius", radius))
    values = question.stack.values
    h, w, k = bottom - top, right - left, values.shape[2]
    above, before = h // 2, w // 2
    margin = ((above, h - 1 - above), (before, w - 1 - before))
    noise = h * w * question.stack.floor**2
    shared, energy, strength = np.zeros(values.shape[:2]), np.zeros(values.shape[:2]), 0.0
    for index in range(k):
        f = np.pad(values[..., index].astype(np.float64), margin, mode="symmetric")
        f -= f.mean()
        patch = f[top + above : bottom + above, left + before : right + before]
        patch = patch - patch.mean()
        strength += float((patch**2).sum())
        shared += signal.fftconvolve(f, patch[::-1, ::-1], mode="valid")
        energy += np.maximum(_boxes(f**2, h, w) - _boxes(f, h, w) ** 2 / (h * w), 0)
    if strength <= noise.sum():
        raise InvalidArgument(
            "the patch has one constant colour, with which nothing correlates; take a larger one, "
            "or measure='euclidean'"
        )
    flat = energy <= noise.sum()
    similarity = np.where(flat, 0, shared / np.sqrt(np.where(flat, 1, energy) * strength))
    similarity = np.clip(similarity, -1, 1).astype(np.float32)
    info = {"patch": [top, left, bottom, right]}
    return Measured(similarity, 1 - similarity, "-1..1", signed=True, info=info)


def _boxes(values: Floats, h: int, w: int) -> Floats:
    """Sums over all windows of h by w, by running sums along one axis, then the other."""
    for axis, length in ((0, h), (1, w)):
        table = np.moveaxis(np.cumsum(values, axis=axis), axis, 0)
        sums = table[length - 1 :].copy()
        sums[1:] -= table[:-length]
        values = np.moveaxis(sums, 0, axis)
    return values
