"""`is_cut`: whether a film goes on with another scene.

With p the frame and q the frame before, fetched along the flow, both as means over squares of up to
8 x 8 pixels, less their means:

    e = p - g q,   g = max(0, <p, q> / <q, q>)      a cut: var e > max(var p / 2, 1)

The gain g and the offset take out what exposure, flicker and fades change, the squares take out
noise. A difference that is as independent from pixel to pixel as noise is no cut either: that of
white noise has 1 / n of its variance left in means over n pixels, that of two scenes nearly all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.images.area import reduced

__all__ = ["is_cut"]

_SIDE = 8
_NOISE = 4.0
"""Times what white noise leaves in the means, up to which a difference counts as noise."""
_BT601 = np.array([0.299, 0.587, 0.114], np.float32)


def is_cut(frame: npt.NDArray[Any], fetched: npt.NDArray[Any]) -> bool:
    """Whether two frames show different scenes, so that no flow leads from one to the other.

    Args:
        frame: (h, w) or (h, w, 3), levels of 0..255.
        fetched: the frame before, fetched along the flow, likewise.

    Returns:
        False too for frames of fewer than 16 pixels, which say too little.

    Example:
        >>> blocks = np.random.default_rng(0).integers(0, 256, (6, 8), np.uint8)
        >>> photo = np.kron(blocks, np.ones((16, 16), np.uint8))
        >>> is_cut(photo, photo), is_cut(photo, photo // 2 + 60), is_cut(photo, photo[::-1])
        (False, False, True)
    """
    here, there = _grey(frame), _grey(fetched)
    side = int(np.clip(np.sqrt(here.size) / 8, 1, _SIDE))
    cells = max(here.shape[0] // side, 1), max(here.shape[1] // side, 1)
    if here.size < 16:
        return False
    p, q = (_centred(reduced(part, cells)) for part in (here, there))
    gain = max(0.0, float((p * q).sum()) / max(float((q * q).sum()), 1e-9))
    unexplained = float((p - gain * q).var())
    noise = float((_centred(here) - gain * _centred(there)).var()) * cells[0] * cells[1] / here.size
    # Where a square is a pixel or four, nothing tells noise from scenes.
    floor = _NOISE * noise if side > 2 else 0.0
    return unexplained > max(0.5 * float(p.var()), 1.0, floor)


def _grey(frame: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if frame.ndim == 2:
        return np.asarray(frame, np.float32)
    return np.asarray(frame.astype(np.float32) @ _BT601, np.float32)


def _centred(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(values - values.mean(), np.float32)
