"""Attention by information maximisation: what the rest of the picture did not foretell.

    S(x) = - sum_k log p_k(a_k(x)),    a_k = filter k * picture

p_k is the distribution of the responses a_k over this very picture, a histogram. The filters are
independent components of patches of photographs, so that the joint surprise is the sum of theirs
(`aim_basis`, shipped and learned by training/train_aim_basis.py). S is self-information, in nats.

Bruce, Tsotsos: Saliency Based on Information Maximization, NIPS 2005; Saliency, Attention, and Visual
Search: An Information Theoretic Approach, Journal of Vision 9(3), 2009.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from heatlens.image import Image
from heatlens.parameters import check_at_least
from heatlens.perception.channels import blurred, colour, seen
from heatlens.perception.model import register
from heatlens.perception.static.aim_basis import filters

__all__ = ["aim", "self_information"]

Array = npt.NDArray[np.float32]

LONGEST = 256
FLAT = 1e-3
"""Responses that vary less are rounding: the filters give responses of deviation 1 on photographs."""

BATCH = 8
"""Filters at a time: memory does not grow with their number."""


@register("aim", family="information", paper="doi:10.1167/9.3.5", longest=LONGEST)
def aim(image: Image, *, bins: int = 256, blur: float = 0.02, longest: int = LONGEST) -> Array:
    """Information maximisation: how improbable a place is, given all others of the same picture.

    Args:
        image: a flat picture of any size.
        bins: of the histogram of each filter's responses.
        blur: deviation of a last blur in longer sides of the picture; 0 for none.
        longest: pixels along the longer side of the picture that is looked at.

    Returns:
        (h, w) of the reduced picture: self-information in nats; 0 everywhere for one colour.

    Raises:
        InvalidArgument: fewer than 2 `bins`, a negative `blur`.

    Example:
        >>> scene = np.full((60, 80), 90, np.uint8)
        >>> scene[20:26, 50:56] = 220
        >>> row, column = np.unravel_index(aim(Image(scene, "YX")).argmax(), (60, 80))
        >>> 18 <= row < 28 and 48 <= column < 58
        np.True_
    """
    check_at_least("aim", 2, bins=bins)
    check_at_least("aim", 0, blur=blur)
    pixels = colour(seen(image, longest))
    basis = filters()
    reach = basis.shape[-1] // 2
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    channels = torch.from_numpy(padded.transpose(2, 0, 1).copy())[None]
    total = np.zeros(pixels.shape[:2], np.float64)
    for first in range(0, len(basis), BATCH):
        with torch.no_grad():
            responses = F.conv2d(channels, basis[first : first + BATCH])[0].numpy()
        for response in responses:
            total += self_information(response, bins)
    return blurred(total.astype(np.float32), blur * max(pixels.shape[:2]))


def self_information(response: Array, bins: int) -> npt.NDArray[np.float64]:
    """-log of the share of all values that lie in the same of `bins` equal bins, per value.

    Example:
        >>> self_information(np.float32([[0, 0, 0, 9]]), 2).round(3).tolist()
        [[0.288, 0.288, 0.288, 1.386]]
    """
    low, high = float(response.min()), float(response.max())
    if high - low <= FLAT:
        return np.zeros(response.shape)
    places = ((response - low) * (bins / (high - low))).astype(np.int64)
    places = np.minimum(places, bins - 1)
    counts = np.bincount(places.ravel(), minlength=bins)
    information: npt.NDArray[np.float64] = -np.log(np.maximum(counts, 1) / response.size)[places]
    return information
