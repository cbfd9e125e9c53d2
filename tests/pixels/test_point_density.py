import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import gaussian_kde

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.pixels import density
from heatlens.pixels.points.bandwidth import bandwidth_of, effective_number, normal_reference
from heatlens.pixels.points.binning import binned
from heatlens.pixels.points.sheather_jones import sheather_jones
from heatlens.pixels.points.smoothing import pixel_kernel


def along(length, place, width, reflect):
    """Mass in each pixel of a Gaussian about `place`, images beyond the edges added up."""
    edges = np.arange(length + 1) - 0.5
    total = np.zeros(length)
    for turn in range(-6, 7) if reflect else (0,):
        for image in (place + 2 * turn * length, -1 - place + 2 * turn * length):
            if reflect or image == place:
                total += np.diff(ndtr((edges - image) / width))
    return total


def direct(points, size, widths, reflect, weights):
    """The sum over all points and all their reflections."""
    return sum(
        w * np.outer(along(size[0], r, widths[0], reflect), along(size[1], c, widths[1], reflect))
        for (r, c), w in zip(points, weights)
    )


@pytest.mark.parametrize("boundary", ["reflect", None])
@pytest.mark.parametrize("widths", [(1.5, 1.5), (0.3, 4.0), (6.0, 0.05), (25.0, 11.0)])
def test_it_is_the_direct_sum(boundary, widths):
    generator = np.random.default_rng(0)
    size = (13, 18)
    points = np.column_stack([generator.integers(0, side, 30) for side in size])
    weights = generator.random(30)
    heat = density(points, size, weights=weights, bandwidth=widths, boundary=boundary)
    expected = direct(points, size, widths, boundary == "reflect", weights)
    np.testing.assert_allclose(heat.values, expected, atol=2e-6 * expected.max())


def test_binning_is_a_small_error():
    generator = np.random.default_rng(1)
    points = generator.uniform(-0.5, [29.5, 39.5], (200, 2))
    heat = density(points, (30, 40), bandwidth=2.5)
    expected = direct(points, (30, 40), (2.5, 2.5), True, np.ones(200))
    assert np.abs(heat.values - expected).max() < 0.02 * expected.max()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 25), st.integers(1, 25), st.floats(0, 60), st.integers(0, 2**31))
def test_mass_is_kept(height, width, bandwidth, seed):
    generator = np.random.default_rng(seed)
    points = generator.uniform(-0.5, [height - 0.5, width - 0.5], (40, 2))
    weights = generator.random(40)
    heat = density(points, (height, width), weights=weights, bandwidth=bandwidth)
    assert heat.values.sum(dtype=float) == pytest.approx(weights.sum(), rel=1e-6)
    lost = density(points, (height, width), weights=weights, bandwidth=bandwidth, boundary=None)
    assert lost.values.sum(dtype=float) <= weights.sum() * (1 + 1e-6)
    share = density(points, (height, width), weights=weights, bandwidth=bandwidth, total="one")
    assert share.values.sum(dtype=float) == pytest.approx(1, rel=1e-6)


def test_reflection_leaves_no_darker_border():
    rows, columns = np.mgrid[:20, :30]
    points = np.column_stack([rows.ravel(), columns.ravel()])
    even = density(points, (20, 30), bandwidth=3.0)
    np.testing.assert_allclose(even.values, 1, atol=1e-6)
    dark = density(points, (20, 30), bandwidth=3.0, boundary=None)
    assert dark.values[0, 0] < 0.5
    assert "of the mass lies beyond the picture's edge" in dark.provenance.notes[0]


def test_linear_binning_keeps_mass_and_mean():
    points = np.random.default_rng(2).uniform(1, 8, (500, 2))
    grid = binned(points, np.ones(500), (10, 10))
    rows, columns = np.mgrid[:10, :10]
    assert grid.sum() == pytest.approx(500)
    assert (grid * rows).sum() / 500 == pytest.approx(points[:, 0].mean())
    assert (grid * columns).sum() / 500 == pytest.approx(points[:, 1].mean())


def test_the_kernel_sums_to_one_for_every_width():
    for width in (1e-3, 0.2, 1.0, 7.3):
        kernel = pixel_kernel(width, 80)
        assert kernel[0] + 2 * kernel[1:].sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("rule", ["scott", "silverman"])
@pytest.mark.parametrize("weighted", [False, True])
def test_rules_are_scipys(rule, weighted):
    generator = np.random.default_rng(3)
    points = generator.normal(50, [9, 4], (80, 2))
    weights = generator.random(80) if weighted else np.ones(80)
    scipys = gaussian_kde(points.T, rule, weights=weights)
    expected = np.sqrt(np.diag(scipys.covariance))
    found = normal_reference(points, weights, silverman=rule == "silverman")
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert effective_number(weights) == pytest.approx(scipys.neff)
    heat = density(points, (100, 100), weights=weights, bandwidth=rule)
    assert heat.provenance.info["bandwidth in rows"] == pytest.approx(expected[0])


def test_it_is_scipys_density_in_the_middle():
    generator = np.random.default_rng(4)
    points = generator.normal([60, 70], [6, 6], (400, 2))
    kde = gaussian_kde(points.T, "scott")
    scott = np.sqrt(np.diag(kde.covariance))
    heat = density(points, (120, 140), bandwidth=tuple(scott), total="one")
    rows, columns = np.mgrid[45:75, 55:85]
    theirs = kde(np.stack([rows.ravel(), columns.ravel()])).reshape(30, 30)
    # scipy's kernel leans with the points' correlation, which is small here.
    assert np.corrcoef(heat.values[45:75, 55:85].ravel(), theirs.ravel())[0, 1] > 0.995


def best_width(sigma, gap, n):
    """The width that minimises the asymptotic error of two normal blobs side by side (columns).

    With one width for both axes: h^6 = 1 / (2 pi n psi), psi the integral of (Laplacian f)^2.
    """
    x = np.linspace(-8 * sigma, gap + 8 * sigma, 1201)
    y = np.linspace(-8 * sigma, 8 * sigma, 401)[:, None]
    laplacian = 0
    for middle in (0, gap):
        r = ((x - middle) ** 2 + y**2) / sigma**2
        laplacian = laplacian + 0.5 * np.exp(-r / 2) / (2 * np.pi * sigma**2) * (r - 2) / sigma**2
    psi = (laplacian**2).sum() * (x[1] - x[0]) * (y[1, 0] - y[0, 0])
    return (1 / (2 * np.pi * n * psi)) ** (1 / 6)


@pytest.mark.parametrize("n", [500, 4000])
def test_sheather_jones_on_a_normal_density(n):
    found = []
    for seed in range(4):
        points = np.random.default_rng(seed).normal(500, [60, 20], (n, 2))
        found.append(sheather_jones(points, np.ones(n), (1000, 1000), True)[0])
    mean = np.mean(found, axis=0)
    np.testing.assert_allclose(mean, np.array([60, 20]) * n ** (-1 / 6), rtol=0.15)


def test_sheather_jones_is_not_misled_by_two_blobs():
    n, sigma, gap = 2000, 8, 300
    generator = np.random.default_rng(5)
    points = generator.normal([200, 150], sigma, (n, 2))
    points[: n // 2, 1] += gap
    found, _ = bandwidth_of("improved-sheather-jones", points, np.ones(n), (400, 600), True)
    expected = best_width(sigma, gap, n)
    assert found[0] == pytest.approx(expected, rel=0.15)
    assert found[1] == pytest.approx(expected, rel=0.15)
    assert normal_reference(points, np.ones(n))[1] > 10 * expected


def test_points_outside_are_refused_or_dropped_in_words():
    points = [[1, 1], [4, 30]]
    with pytest.raises(InvalidArgument, match="rows and columns swapped"):
        density(points, (10, 10), bandwidth=1)
    heat = density(points, (10, 10), bandwidth=1, outside="drop")
    assert heat.values.sum() == pytest.approx(1)
    assert heat.provenance.notes == ("1 of 2 points lie outside of 10 rows and 10 columns and were left out",)  # fmt: skip
    with pytest.raises(InvalidArgument, match="none is left"):
        density([[99, 99]], (10, 10), bandwidth=1, outside="drop")


@pytest.mark.parametrize(
    ("points", "parameters", "words"),
    [
        ([], {}, "no points"),
        ([[1, 2, 3]], {}, r"\(n, 2\)"),
        ([[np.nan, 2]], {}, "NaN"),
        ([[1, 2]], {}, "one point has no spread"),
        ([[1, 2]] * 5, {}, "lie at one place"),
        ([[1, 2], [1, 3]], {}, "lie in one row"),
        ([[1, 2], [3, 2]], {"bandwidth": "improved-sheather-jones"}, "lie in one column"),
        ([[1, 2]], {"weights": [-1.0]}, "negative"),
        ([[1, 2]], {"weights": [0.0]}, "all weights are 0"),
        ([[1, 2]], {"weights": [1.0, 2.0]}, "2 weights for 1 points"),
        ([[1, 2]], {"weights": [np.inf]}, "infinite"),
        ([[1, 2]], {"bandwidth": -1}, "from 0 on"),
        ([[1, 2]], {"bandwidth": (1, 2, 3)}, "one for rows"),
        ([[1, 2]], {"boundary": "wrap"}, "boundary"),
    ],
)
def test_bad_points_are_said_in_words(points, parameters, words):
    with pytest.raises(InvalidArgument, match=words):
        density(points, (8, 8), **parameters)


def test_bad_kinds_are_said_in_words():
    with pytest.raises(UnknownName, match="did you mean 'scott'"):
        density([[1, 2]], (8, 8), bandwidth="scot")
    with pytest.raises(InvalidType, match="height and width"):
        density([[1, 2]], 8)
    with pytest.raises(InvalidType, match="equal length"):
        density([[1, 2], [3]], (8, 8))
    assert density([[1, 2]], (8, 8), bandwidth=0).peak == (1, 2)
    assert density([[0, 0]], (1, 1), bandwidth=5).values.tolist() == [[1.0]]
