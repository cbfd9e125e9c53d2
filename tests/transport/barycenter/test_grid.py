import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.transport import barycenter_grid
from heatlens.transport.barycenter.smoothing import LogSmoothing


def gaussian(size, centre, deviation):
    y, x = np.mgrid[: size[0], : size[1]]
    squared = ((y - centre[0]) / deviation[0]) ** 2 + ((x - centre[1]) / deviation[1]) ** 2
    values = np.exp(-squared / 2)
    return values / values.sum()


def moments(values):
    y, x = np.mgrid[: values.shape[0], : values.shape[1]]
    places, share = np.stack([y.ravel(), x.ravel()], 1), values.ravel() / values.sum()
    mean = share @ places
    return mean, (places - mean).T @ ((places - mean) * share[:, None])


@pytest.mark.parametrize("blur", [0.7, 1.5, 2.0])
def test_translated_gaussians_have_the_translated_gaussian_as_mean(blur):
    size, deviation = (36, 40), (2.0, 2.5)
    masses = [gaussian(size, (11, 12), deviation), gaussian(size, (23, 26), deviation)]
    found = barycenter_grid(masses, [1, 3], blur=blur)
    mean, covariance = moments(found.values)
    assert found.converged
    assert found.error < 1e-4
    np.testing.assert_allclose(mean, (20, 22.5), atol=1e-4)
    np.testing.assert_allclose(covariance, np.diag(np.square(deviation)), rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(
        found.values, gaussian(size, (20, 22.5), deviation), atol=2e-3 * found.values.max()
    )


def test_without_the_debiasing_it_would_be_wider():
    """The variance of the plain entropic mean exceeds the inputs' by about blur^2."""
    size, blur = (36, 36), 2.0
    masses = np.stack([gaussian(size, (15, 15), (2, 2)), gaussian(size, (20, 20), (2, 2))])
    y = np.arange(36.0)
    kernel = np.exp(-((y[:, None] - y) ** 2) / (2 * blur**2))
    b = np.ones_like(masses)
    for _ in range(200):
        a = masses / (kernel @ b @ kernel)
        bar = np.exp(np.log(kernel @ a @ kernel).mean(0))
        b = bar / (kernel @ a @ kernel)
    assert moments(bar)[1][0, 0] > 4 + 0.5 * blur**2
    assert moments(barycenter_grid(masses, blur=blur).values)[1][0, 0] == pytest.approx(4, rel=1e-3)


def test_mean_of_one_is_itself():
    masses = gaussian((20, 24), (8, 10), (3, 2)) + gaussian((20, 24), (13, 17), (2, 2))
    np.testing.assert_allclose(
        barycenter_grid(masses[None]).values, masses, atol=2e-3 * masses.max()
    )


def test_a_weight_of_zero_leaves_one_out():
    masses = np.stack([gaussian((16, 16), c, (2, 2)) for c in ((5, 5), (10, 10), (5, 10))])
    np.testing.assert_array_equal(
        barycenter_grid(masses, [1, 1, 0]).values, barycenter_grid(masses[:2]).values
    )


def test_totals_are_kept():
    masses = np.stack([gaussian((12, 12), c, (2, 2)) for c in ((4, 4), (7, 7))])
    assert barycenter_grid(masses * 5).values.sum() == pytest.approx(5)
    uneven = masses * [[[1]], [[3]]]
    assert barycenter_grid(uneven, mass="normalise").values.sum() == pytest.approx(1)


def test_deterministic_and_symmetric():
    masses = np.random.default_rng(0).random((2, 10, 12))
    masses /= masses.sum((1, 2), keepdims=True)
    first = barycenter_grid(masses, blur=1.0).values
    np.testing.assert_array_equal(first, barycenter_grid(masses, blur=1.0).values)
    np.testing.assert_allclose(first, barycenter_grid(masses[::-1], blur=1.0).values, atol=1e-12)
    turned = barycenter_grid(masses.swapaxes(1, 2), blur=1.0).values.T
    np.testing.assert_allclose(first, turned, atol=1e-9)


def test_it_says_when_it_has_not_converged():
    masses = np.stack([gaussian((24, 24), c, (2, 2)) for c in ((6, 6), (17, 17))])
    found = barycenter_grid(masses, blur=0.8, max_iterations=1)
    assert not found.converged
    assert found.change > 1e-6


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.floats(0.02, 8),
    st.integers(0, 2**31),
)
def test_smoothing_equals_the_plain_sum(h, w, blur, seed):
    generator = np.random.default_rng(seed)
    f = generator.normal(0, 30, (h, w))
    f[generator.random((h, w)) < 0.2] = -np.inf
    i, j = (axis.ravel() for axis in np.mgrid[:h, :w])
    depth = ((i[:, None] - i) ** 2 + (j[:, None] - j) ** 2) / (2 * blur**2)
    expected = np.logaddexp.reduce(f.ravel() - depth, axis=1).reshape(h, w)
    np.testing.assert_allclose(LogSmoothing((h, w), blur)(f), expected, rtol=1e-12, atol=1e-9)


def bad(value, at=(1, 2, 3)):
    masses = np.ones((2, 4, 5))
    masses[at] = value
    return masses


@pytest.mark.parametrize(
    ("masses", "options", "says"),
    [
        (np.ones((4, 5)), {}, r"\(k, h, w\)"),
        (bad(-1.0), {}, r"masses\[1\]\[2, 3\] is -1"),
        (bad(np.nan), {}, r"masses\[1\]\[2, 3\] is nan"),
        (bad(np.inf), {}, r"masses\[1\]\[2, 3\] is inf"),
        (bad(0.0, 1), {}, r"masses\[1\] has no mass"),
        (bad(2.0), {}, "totals differ"),
        (np.ones((2, 4, 5)), {"weights": [1]}, "1 entries for 2"),
        (np.ones((2, 4, 5)), {"weights": [1, -1]}, r"weights\[1\] is -1"),
        (np.ones((2, 4, 5)), {"blur": 0}, "blur is 0"),
        (np.ones((2, 4, 5)), {"tolerance": 0}, "tolerance"),
        (np.ones((2, 4, 5)), {"max_iterations": 0}, "max_iterations"),
        (np.ones((2, 4, 5)), {"mass": "partial"}, "not possible here"),
    ],
)
def test_bad_arguments(masses, options, says):
    with pytest.raises(InvalidArgument, match=says):
        barycenter_grid(masses, **options)


def test_bad_types():
    with pytest.raises(InvalidType, match="complex"):
        barycenter_grid(np.ones((2, 3, 3), complex))
    with pytest.raises(UnknownName, match="normalise"):
        barycenter_grid(np.ones((2, 3, 3)), mass="normalize")
