"""The Gaussian in the middle, against its formula."""

from __future__ import annotations

import numpy as np
import pytest

import heatlens as hl
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.perception.static.centre_prior import centre_prior


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (30, 40), (480, 640), (333, 100)])
def test_equals_the_gaussian(size):
    height, width = size
    r, c = np.mgrid[:height, :width] + 0.5
    down = (r - height / 2) / (0.21 * height)
    across = (c - width / 2) / (0.235 * width)
    expected = np.exp(-(down**2 + across**2) / 2)
    ours = hl.saliency(Image(np.zeros(size, np.uint8), "YX"), method="centre-prior").values
    np.testing.assert_allclose(ours, expected, atol=2e-3)  # 256 cells, interpolated


def test_is_symmetric_and_blind():
    first = centre_prior(Image(np.zeros((41, 61), np.uint8), "YX"))
    noise = np.random.default_rng(0).integers(0, 256, (41, 61, 3), dtype=np.uint8)
    np.testing.assert_array_equal(centre_prior(Image(noise)), first)
    np.testing.assert_allclose(first, first[::-1, ::-1], rtol=1e-6)


@pytest.mark.parametrize("name", ["sigma_down", "sigma_across"])
def test_no_width_is_refused(name):
    for narrow in (0.0, 1e-5, -1.0, float("nan")):  # 1e-5 of the picture would be 0 everywhere
        with pytest.raises(InvalidArgument, match=f"{name} is {narrow}; it must be 0.01 or more"):
            centre_prior(Image(np.zeros((4, 4), np.uint8), "YX"), **{name: narrow})
    assert centre_prior(Image(np.zeros((4, 4), np.uint8), "YX"), **{name: 0.01}).max() > 0.98
