"""Dense inverse search: patches matched from coarse to fine, then variational refinement.

Kroeger, Timofte, Dai, Van Gool: Fast Optical Flow using Dense Inverse Search, ECCV 2016.
Computed by OpenCV.
"""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnknownName
from heatlens.images.films.quiet import opencv
from heatlens.motion.flow import Flow, register

__all__ = ["dis"]

_PRESETS = {"ultrafast": 0, "fast": 1, "medium": 2}
_FINEST = {"ultrafast": 2, "fast": 2, "medium": 1}
_PATCH = 8
_LEAST = 24
_OWN = threading.local()


@register("dis", family="patch", paper="arXiv:1603.03590")
def dis(
    before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8], *, preset: str = "fast"
) -> Flow:
    """Dense inverse search (DIS): patches matched from coarse to fine, the quickest.

    Args:
        before: uint8 (H, W).
        after: uint8 (H, W).
        preset: "ultrafast", "fast" or "medium"; the paper's operating points 1, 2 and about 3.

    Returns:
        float32 (H, W, 2), rows and columns.

    Raises:
        UnknownName: another preset.
    """
    if preset not in _PRESETS:
        raise UnknownName("preset of dis", preset, _PRESETS)
    cv2 = opencv("optical flow (dis)")
    height, width = before.shape
    low, right = max(_LEAST - height, 0), max(_LEAST - width, 0)
    if low or right:
        before, after = (np.pad(f, ((0, low), (0, right)), mode="edge") for f in (before, after))
    flow = _estimator(cv2, preset, _finest(before.shape, _FINEST[preset])).calc(
        np.ascontiguousarray(before), np.ascontiguousarray(after), None
    )
    return np.asarray(flow[:height, :width, ::-1])


def _estimator(cv2: ModuleType, preset: str, finest: int) -> Any:
    """OpenCV's estimator, which keeps its pyramids from frame to frame; one a thread."""
    kept: dict[tuple[str, int], Any] = _OWN.__dict__.setdefault("kept", {})
    if (preset, finest) not in kept:
        kept[preset, finest] = cv2.DISOpticalFlow_create(_PRESETS[preset])
        kept[preset, finest].setFinestScale(finest)
    return kept[preset, finest]


def _finest(shape: tuple[int, ...], wanted: int) -> int:
    """The finest level, lower for small frames.

    OpenCV leaves the choice of levels to a rule that looks at the width alone, and crashes on some
    low pictures, where the coarsest level would lie below the finest one:

        coarsest = min(floor(log2(longer / (4 patch)) + 1/2), floor(log2(shorter / patch)))
    """
    coarsest = min(int(np.log2(max(shape) / (4 * _PATCH)) + 0.5), int(np.log2(min(shape) / _PATCH)))
    return max(min(wanted, coarsest), 0)
