"""The distance between the means.

    W1(a, b) >= | sum_i a_i x_i - sum_j b_j y_j |

The mean move of a plan is the difference of the means, and no vector is longer than the mean length
of those it is the mean of (Jensen). It needs equal totals and a norm as the ground distance: a
threshold on the distance, or mass that stays behind, breaks it.

Rubner, Tomasi, Guibas: The Earth Mover's Distance as a Metric for Image Retrieval, International
Journal of Computer Vision 40(2), 2000.
"""

from __future__ import annotations

import numpy as np

from heatlens.search.bounds.bound import register
from heatlens.transport.mass import Floats

__all__ = ["centroid"]


@register("centroid", cost="d, once the means are known", paper="Rubner 2000")
def centroid(a: Floats, x: Floats, b: Floats, y: Floats) -> float:
    """Distance between the centroids.

    It says nothing of signatures of one mean, and it is W1 itself where the one is the other, moved.

    Example:
        >>> centroid(np.ones(1), np.zeros((1, 2)), np.full(2, 0.5), np.array([[3.0, 0], [3, 8]]))
        5.0
    """
    return float(np.linalg.norm(a @ x - b @ y))
