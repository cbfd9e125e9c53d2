import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, sparse

from heatlens.errors import InvalidArgument, InvalidType, NotCertified
from heatlens.transport import barycenter, displacement, displacement_grid, emd


def cloud(seed, n):
    generator = np.random.default_rng(seed)
    weights = generator.random(n)
    return weights / weights.sum(), generator.normal(size=(n, 2))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 999), st.floats(0, 1), st.floats(0, 1))
def test_constant_speed(n, m, seed, s, t):
    (a, x), (b, y) = cloud(seed, n), cloud(seed + 1, m)
    whole = emd(a, b, x=x, y=y, p=2)
    (mass, here), (same, there) = (displacement(whole, x, y, time) for time in (s, t))
    between = emd(mass, same, x=here, y=there, p=2).value
    assert np.sqrt(between) == pytest.approx(abs(s - t) * np.sqrt(whole.value), abs=1e-7)


def test_the_ends_are_the_two_sides():
    (a, x), (b, y) = cloud(0, 5), cloud(1, 7)
    plan = emd(a, b, x=x, y=y, p=2)
    for t, weights, points in ((0, a, x), (1, b, y)):
        mass, place = displacement(plan, x, y, t)
        for weight, point in zip(weights, points, strict=True):
            assert mass[(place == point).all(1)].sum() == pytest.approx(weight)


def test_dense_and_sparse_plans_are_one():
    plan = np.array([[0.5, 0.0], [0.0, 0.5]])
    for form in (plan, sparse.csr_array(plan), sparse.coo_array(plan)):
        masses, points = displacement(form, [0, 1], [2, 5], 0.25)
        assert masses.tolist() == [0.5, 0.5]
        assert points[:, 0].tolist() == [0.5, 2]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((np.eye(2), [0, 1], [0, 1], 1.5), InvalidArgument, "t is 1.5"),
        ((np.eye(2), [0, 1], [0, 1], np.nan), InvalidArgument, "t is nan"),
        ((np.eye(2), [0, 1, 2], [0, 1], 0.5), InvalidArgument, "2 x 2, for 3 points"),
        ((np.eye(2), [0, 1], [[0, 1], [1, 1]], 0.5), InvalidArgument, "1 coordinates"),
        ((-np.eye(2), [0, 1], [0, 1], 0.5), InvalidArgument, "negative"),
        (("plan", [0, 1], [0, 1], 0.5), InvalidType, "expected a Transport"),
    ],
)
def test_bad_points(arguments, error, says):
    with pytest.raises(error, match=says):
        displacement(*arguments)


def grids(seed, size=(7, 9)):
    a, b = np.random.default_rng(seed).random((2, *size))
    return a / a.sum(), b / b.sum()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.floats(0, 1), st.sampled_from([0.0, 0.7]))
def test_grid_keeps_total_and_moves_the_centre_evenly(seed, t, deposit):
    a, b = grids(seed)
    frame = displacement_grid(a, b, t, deposit=deposit)
    assert frame.min() >= 0
    assert frame.sum() == pytest.approx(1)
    if deposit:  # a Gaussian that is reflected at the edges shifts the centre
        return
    y, x = np.mgrid[:7, :9]
    for axis in (y, x):
        expected = (1 - t) * (a * axis).sum() + t * (b * axis).sum()
        assert (frame * axis).sum() == pytest.approx(expected)


@pytest.mark.parametrize("method", ["exact", "entropic"])
@pytest.mark.parametrize("deposit", [0.0, 0.7])
def test_grid_starts_at_a_and_ends_at_b(method, deposit):
    a, b = grids(3)
    first, last = displacement_grid(a, b, [0, 1], method=method, deposit=deposit)
    np.testing.assert_allclose(first, a, atol=1e-12)
    np.testing.assert_allclose(last, b, atol=1e-12)


def test_the_two_methods_agree_on_smooth_masses():
    y, x = np.mgrid[:20, :24]
    a, b = (np.exp(-((y - c) ** 2 + (x - d) ** 2) / 12) for c, d in ((6, 7), (13, 15)))
    exact, entropic = (
        displacement_grid(a, b, 0.5, mass="normalise", method=m) for m in ("exact", "entropic")
    )
    assert np.abs(exact - entropic).sum() / 2 < 0.1


def test_times_and_shapes():
    a, b = grids(1)
    assert displacement_grid(a, b, 0.5).shape == (7, 9)
    stack = displacement_grid(a, b, [0.5, 0.25])
    assert stack.shape == (2, 7, 9)
    np.testing.assert_array_equal(stack[0], displacement_grid(a, b, 0.5))
    np.testing.assert_allclose(displacement_grid(a, a, 0.3), a, atol=1e-12)


def test_a_deposit_is_the_same_gaussian_either_way():
    y, x = np.mgrid[:12, :14]
    a, b = (np.exp(-((y - c) ** 2 + (x - d) ** 2) / 8) for c, d in ((4, 4), (7, 9)))
    b *= a.sum() / b.sum()
    times = [0.0, 0.2, 0.5]
    for method in ("exact", "entropic"):
        plain = displacement_grid(a, b, times, method=method)
        wide = displacement_grid(a, b, times, method=method, deposit=0.7)
        for time, before, after in zip(times, plain, wide, strict=True):
            width = 1.4 * np.sqrt(time * (1 - time))
            expected = ndimage.gaussian_filter(before, width) if width else before
            np.testing.assert_allclose(after, expected, atol=1e-12)


@pytest.mark.parametrize(("side", "says"), [(9, "method='exact'"), (65, "at most 4096 cells")])
def test_a_way_that_has_not_converged_names_one_that_is_open(side, says, monkeypatch):
    class Unfinished:
        converged, change, iterations = False, 0.5, 7

    monkeypatch.setattr(barycenter, "barycenter_grid", lambda *_, **__: Unfinished)
    a = np.ones((side, side))
    with pytest.raises(NotCertified, match="after 7 rounds") as caught:
        displacement_grid(a, a, 0.5, method="entropic")
    assert says in str(caught.value)
    assert ("method='exact'" in str(caught.value)) == (side == 9)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ({"t": "0.5"}, {}),
        ({"t": [0.1, None]}, {}),
        ({"t": 0.5}, {"deposit": "1"}),
        ({"t": 0.5, "a": [["x"]]}, {}),
        ({"t": 0.5, "a": np.ma.masked_equal(np.eye(3), 0)}, {}),
        ({"t": 0.5, "b": torch.eye(3, requires_grad=True)}, {}),
    ],
)
def test_types_of_grids(arguments, options):
    with pytest.raises(InvalidType):
        displacement_grid(**{"a": np.eye(3), "b": np.eye(3), **arguments}, **options)


def test_a_line_one_cell_high():
    a, b = np.eye(5)[[0]], np.eye(5)[[4]]
    np.testing.assert_allclose(displacement_grid(a, b, 0.5), np.eye(5)[[2]])


a, b = grids(0)


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((a, b[1:], 0.5), {}, "two grids"),
        ((a, 2 * b, 0.5), {}, "totals differ"),
        ((a, -b, 0.5), {}, "negative"),
        ((a, b, 2), {}, "t is 2"),
        ((a, b, []), {}, r"t has shape \(0,\)"),
        ((a, b, [[0.5]]), {}, r"t has shape \(1, 1\)"),
        ((a, b, 0.5), {"deposit": -1}, "deposit is -1"),
        ((a, b, 0.5), {"method": "fast"}, "'fast'"),
        ((np.ones((65, 65)), np.ones((65, 65)), 0.5), {"method": "exact"}, "4225 cells"),
        ((a, b, 0.5), {"mass": "partial"}, "not possible"),
    ],
)
def test_bad_grids(arguments, options, says):
    with pytest.raises(InvalidArgument, match=says):
        displacement_grid(*arguments, **options)
