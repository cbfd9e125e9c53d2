"""Points blurred into a density: against the sum of Gaussians, and the Matlab code's own steps."""

import math

import numpy as np
import pytest
import scipy.ndimage
from numpy.testing import assert_allclose

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.perception.metrics import fixation_density

CONVENTIONS = ["tuebingen", "mit"]


def sum_of_gaussians(points, size, sigma):
    rows, columns = np.mgrid[: size[0], : size[1]]
    total = sum(np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / (2 * sigma**2)) for r, c in points)
    return total / total.sum()


def by_matlab(points, size, cycles=8):
    """`antonioGaussian.m` line by line: n x n, n the next power of two of the longer side.

    Of pictures below about 40 pixels the transfer function is cut off, the Gaussian rings, and what
    is below 0 is no density.
    """
    mask = np.zeros(size)
    mask[tuple(np.transpose(points))] = 1
    n = max(size)
    n += n % 2
    n = 2 ** math.ceil(math.log2(n))
    f = np.arange(n) - n / 2
    fx, fy = np.meshgrid(f, f)
    s = cycles / math.sqrt(math.log(2))
    transfer = np.fft.fftshift(np.exp(-(fx**2 + fy**2) / s**2))
    blurred = np.fft.ifft2(np.fft.fft2(mask, (n, n)) * transfer).real[: size[0], : size[1]]
    blurred = np.maximum(blurred, 0)
    return blurred / blurred.sum()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_far_from_the_border_it_is_a_sum_of_gaussians(convention):
    points = [[20, 22], [31, 40]]
    found = fixation_density(points, (60, 70), 3.0, convention=convention)
    assert_allclose(found, sum_of_gaussians(points, (60, 70), 3.0), atol=2e-6)
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "size", [(200, 250), (256, 256), (192, 256), (255, 31), (257, 260), (7, 5), (2, 3), (1, 1)]
)
def test_mit_is_the_matlab_code(size):
    rng = np.random.default_rng(sum(size))
    points = np.stack([rng.integers(n, size=4) for n in size], 1)
    points[0] = 0, size[1] - 1
    found = fixation_density(points, size, convention="mit")
    assert_allclose(found, by_matlab(points, size), atol=1e-12)


def test_mit_is_cyclic_along_a_side_that_is_a_power_of_two():
    """Half of a point at the left border comes in at the right one; of 200 columns, hardly any."""
    point = [[64, 0]]
    wide, less = (fixation_density(point, (128, n), 3.0, convention="mit") for n in (256, 200))
    assert wide[64, 255] == pytest.approx(wide[64, 1], rel=1e-6)
    assert less[64, 199] < 1e-6 * less[64, 1]


def test_the_default_blur():
    """35 of 1024 pixels; and eight cycles a picture halve, at the next power of two."""
    points = [[100, 130]]
    found = fixation_density(points, (200, 256))
    assert_allclose(found, sum_of_gaussians(points, (200, 256), 35 / 4), atol=2e-6)
    sigma = 256 * math.sqrt(math.log(2) / 2) / (8 * math.pi)
    found = fixation_density(points, (200, 256), convention="mit")
    assert_allclose(found, sum_of_gaussians(points, (200, 256), sigma), atol=2e-6)
    wave = math.exp(-2 * (math.pi * sigma * 8 / 256) ** 2)
    assert wave == pytest.approx(0.5)


def test_borders():
    """One goes on outwards, the other comes in on the other side; both then sum to 1."""
    outwards = fixation_density([[0, 15]], (31, 31), 2.0)
    lost = fixation_density([[0, 15]], (31, 31), 2.0, convention="mit")
    counts = np.zeros((31, 31))
    counts[0, 15] = 1
    expected = scipy.ndimage.gaussian_filter(counts, 2.0, mode="nearest")
    assert_allclose(outwards, expected / expected.sum(), atol=1e-12)
    # 31 of 32 rows: what leaves at the top comes in at the bottom, one row beyond.
    near, beyond = (np.exp(-((np.arange(31) - at) ** 2) / 8) for at in (0, 32))
    across = np.exp(-((np.arange(31) - 15) ** 2) / 8)
    expected = np.outer(near + beyond, across)
    assert_allclose(lost, expected / expected.sum(), atol=1e-9)
    assert outwards[0, 15] > lost[0, 15]


def test_a_pixel_looked_at_twice():
    """Counts twice in one convention, once in the other."""
    once, twice = [[5, 5], [15, 15]], [[5, 5], [5.3, 4.8], [15, 15]]
    size, sigma = (21, 21), 1.0
    assert_allclose(
        fixation_density(twice, size, sigma, convention="mit"),
        fixation_density(once, size, sigma, convention="mit"),
    )
    found = fixation_density(twice, size, sigma)
    assert found[5, 5] == pytest.approx(2 * found[15, 15], rel=1e-6)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (5, 8)])
def test_any_size(convention, size):
    for sigma in (None, 0.2, 50.0):
        found = fixation_density([[0, 0]], size, sigma, convention=convention)
        assert found.shape == size
        assert found.sum() == pytest.approx(1)
        assert found.min() >= 0


def test_bad_input():
    with pytest.raises(InvalidArgument, match="sigma is 0"):
        fixation_density([[0, 0]], (3, 3), 0)
    for wrong in (-5.0, "a", True):
        with pytest.raises(InvalidArgument, match="sigma is"):
            fixation_density([[0, 0]], (3, 3), wrong)
    for wrong in (3, (3.0, 3), ("a", 3), (1, 2, 3)):
        with pytest.raises(InvalidArgument, match="size is"):
            fixation_density([[0, 0]], wrong)
    with pytest.raises(InvalidArgument, match="sigma is nan"):
        fixation_density([[0, 0]], (3, 3), math.nan)
    with pytest.raises(InvalidArgument, match="size is"):
        fixation_density([[0, 0]], (0, 3))
    with pytest.raises(InvalidArgument, match="no fixations"):
        fixation_density([], (3, 3))
    with pytest.raises(UnknownName, match="did you mean 'tuebingen'"):
        fixation_density([[0, 0]], (3, 3), convention="tubingen")
