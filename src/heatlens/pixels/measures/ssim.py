"""Structural similarity: luminance, contrast and structure of small windows.

    SSIM = (2 m_x m_y + c_1)(2 s_xy + c_2) / ((m_x^2 + m_y^2 + c_1)(s_x^2 + s_y^2 + c_2))

Wang, Bovik, Sheikh, Simoncelli: Image Quality Assessment: From Error Visibility to Structural
Similarity, IEEE TIP 2004. Computed by scikit-image, `structural_similarity(full=True)`.
"""

from __future__ import annotations

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.optional import needed
from heatlens.pixels.checks import checked_count
from heatlens.pixels.measuring import Measured, Question
from heatlens.pixels.part import MEASURES, register
from heatlens.pixels.planes import planes, rgb

__all__ = ["ssim"]


@register(MEASURES, range="-1..1", signed=True, paper="doi:10.1109/TIP.2003.819861")
def ssim(question: Question, *, window: int = 7) -> Measured:
    """SSIM of two pictures, channel by channel, then averaged; on pixels, not on features.

    Args:
        question: two pictures.
        window: side of the square windows, odd, at least 3.

    Raises:
        InvalidArgument: no second picture, or pictures smaller than the window.
        MissingDependency: scikit-image is not there.
    """
    window = checked_count("window", window, 3)
    if question.other is None:
        raise InvalidArgument(
            "SSIM compares two pictures; for a part of one take measure='correlation' (a patch), "
            "'euclidean', 'cosine' or 'mahalanobis'"
        )
    smallest = min(question.image.size)
    if window % 2 == 0 or window > smallest:
        raise InvalidArgument(
            f"window is {window}; it is odd and at most the picture's shorter side, {smallest}"
        )
    metrics = needed("skimage.metrics", "structural similarity", extra="pixels")
    first, second = planes(question.image), planes(question.other)
    if first.shape != second.shape:
        first, second = rgb(question.image), rgb(question.other)
    # In double precision: a variance is the difference of two squares.
    first, second = first.astype(np.float64), second.astype(np.float64)
    _, full = metrics.structural_similarity(
        first, second, win_size=window, data_range=1.0, channel_axis=-1, full=True
    )
    similarity = np.asarray(full).mean(axis=2)
    similarity = np.clip(similarity, -1, 1).astype(np.float32)
    return Measured(similarity, 1 - similarity, "-1..1", signed=True)
