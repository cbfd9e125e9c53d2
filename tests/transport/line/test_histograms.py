import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.transport import (
    histogram_distance,
    histogram_matrix,
    histogram_nearest,
    wasserstein_1d,
    wasserstein_circular,
)


def counts(rows, bins, seed, total=500):
    """Whole counts that add up to the same total, with many ties among few bins."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(total, rng.dirichlet(np.ones(bins)), rows)


histograms = arrays(np.int64, st.tuples(st.just(3), st.integers(1, 12)),
                    elements=st.integers(0, 9)).filter(lambda h: h.sum(1).all())  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(histograms, st.floats(0.5, 30), st.booleans())
def test_metric_and_the_formula_for_points(h, width, circular):
    a, b, c = h
    options = {"width": width, "circular": circular, "mass": "normalise"}
    ab, bc, ac = (histogram_distance(*pair, **options) for pair in ((a, b), (b, c), (a, c)))
    assert ab == pytest.approx(histogram_distance(b, a, **options), abs=1e-12)
    assert histogram_distance(a, a, **options) == 0
    assert ac <= ab + bc + 1e-9
    places = width * np.arange(len(a))
    if circular:
        around = width * len(a)
        expected = wasserstein_circular(places, places, a, b, period=around, mass="normalise")
    else:
        expected = wasserstein_1d(places, places, a, b, mass="normalise")
    assert ab == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("circular", [False, True])
def test_equals_pot(circular):
    rng = np.random.default_rng(0)
    bins = np.arange(10)
    apart = np.abs(bins[:, None] - bins).astype(float)
    cost = np.minimum(apart, 10 - apart) if circular else apart
    for a, b in rng.dirichlet(np.ones(10), (20, 2)):
        found = histogram_distance(a, b, circular=circular)
        assert found == pytest.approx(ot.emd2(a, b, cost), rel=1e-9)


@pytest.mark.parametrize("bins", [1, 2, 3, 4, 5, 10, 32])
def test_matrix_equals_the_formula_to_the_last_bit_on_counts(bins):
    a, b = counts(40, bins, 0), counts(1030, bins, 1)  # more than two blocks
    expected = np.abs(np.cumsum(a, 1)[:, None] - np.cumsum(b, 1)).sum(-1)
    np.testing.assert_array_equal(histogram_matrix(a, b), expected)
    np.testing.assert_array_equal(histogram_matrix(a), histogram_matrix(a, a))
    np.testing.assert_array_equal(np.diag(histogram_matrix(a)), np.zeros(40))
    rows = histogram_distance(a, b[:40])
    np.testing.assert_array_equal(rows, np.diag(expected[:, :40]))


def test_matrix_with_width_and_shapes():
    rng = np.random.default_rng(0)
    a, b = rng.random((5, 10)), rng.random((7, 10))
    found = histogram_matrix(a, b, width=25.6, mass="normalise")
    expected = [[histogram_distance(i, j, width=25.6, mass="normalise") for j in b] for i in a]
    np.testing.assert_allclose(found, expected, rtol=1e-13)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 1200), st.integers(1, 30), st.integers(0, 99))
def test_nearest_is_the_matrix_sorted_and_ties_go_by_index(bins, many, k, seed):
    queries, collection = counts(6, bins, seed, total=12), counts(many, bins, seed + 1, total=12)
    k = min(k, many)
    indices, distances = histogram_nearest(queries, collection, k, width=2)
    matrix = histogram_matrix(queries, collection, width=2)
    expected = np.argsort(matrix, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(distances, np.take_along_axis(matrix, expected, 1))
    assert indices.dtype == np.int64


def test_threads_change_nothing():
    a, b = counts(1200, 10, 0), counts(1000, 10, 1)
    np.testing.assert_array_equal(histogram_matrix(a, b, threads=1),
                                  histogram_matrix(a, b, threads=2))  # fmt: skip
    for one, two in zip(
        histogram_nearest(a, b, 5, threads=1), histogram_nearest(a, b, 5, threads=2)
    ):
        np.testing.assert_array_equal(one, two)


def test_a_given_matrix_is_written_to():
    a, b = counts(4, 10, 0), counts(5, 10, 1)
    room = np.full((4, 5), np.nan)
    assert histogram_matrix(a, b, out=room) is room
    np.testing.assert_array_equal(room, histogram_matrix(a, b))
    for wrong in (np.zeros((5, 4)), np.zeros((4, 5), np.float32), np.zeros((5, 4)).T):
        with pytest.raises(InvalidArgument, match=r"expected float64 \(4, 5\)"):
            histogram_matrix(a, b, out=wrong)
    room.flags.writeable = False
    with pytest.raises(InvalidArgument, match="read-only"):
        histogram_matrix(a, b, out=room)


def test_inputs_stay_as_they_are():
    a = np.random.default_rng(0).random((4, 10))
    before = a.copy()
    histogram_nearest(a, a, 2, width=3, mass="normalise")
    histogram_matrix(a, width=3, mass="normalise")
    histogram_distance(a, a[::-1], mass="normalise", circular=True)
    np.testing.assert_array_equal(a, before)


def test_rounded_totals_of_float32_are_equal():
    a = np.random.default_rng(0).dirichlet(np.ones(10), 50).astype(np.float32)
    exact = histogram_matrix(a.astype(np.float64), mass="normalise")
    np.testing.assert_allclose(histogram_matrix(a), exact, atol=1e-5)
    with pytest.raises(InvalidArgument, match="totals differ"):
        histogram_matrix(a.astype(np.float64) * np.linspace(1, 1.0001, 50)[:, None])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: histogram_distance([1, -1], [1, 1]), r"a\[1\] is -1"),
        (lambda: histogram_distance([1, 1], [np.nan, 1]), r"b\[0\] is nan"),
        (lambda: histogram_distance([1, 1], [1, 1, 1]), "a has 2 bins, b has 3"),
        (lambda: histogram_distance([1, 1], [1, 2]), "a has 2, b has 3"),
        (lambda: histogram_distance(np.ones((2, 3)), np.ones((4, 3))), "histogram_matrix"),
        (lambda: histogram_distance([1, 1], [1, 1], width=0), "width is 0"),
        (lambda: histogram_distance([1], [1], mass="partial"), "heatlens.transport.emd"),
        (lambda: histogram_distance([1e300, 0], [0, 1e300], width=1e300), "overflow"),
        (lambda: histogram_matrix([1, 1]), r"expected shape \(N, n\)"),
        (lambda: histogram_matrix([[1, 1]], [[1, 1], [1, 2]]), r"b\[1\] has 3"),
        (lambda: histogram_matrix([[1, 1], [0, 0]]), r"a\[1\] has no mass"),
        (lambda: histogram_matrix([[1e300, 0]], width=1e300), "overflow"),
        (lambda: histogram_matrix([[1, 1]], threads=0), "threads is 0"),
        (lambda: histogram_nearest([[1, 1]], [[1, 1]], 2), "k is 2; the collection has 1"),
        (lambda: histogram_nearest([[1, 1]], [[1, 1]], 0), "k is 0"),
        (lambda: histogram_nearest([[1, 1]], [[1, np.inf]]), r"collection\[0, 1\] is inf"),
        (lambda: histogram_nearest([[1, 1]], [[1, 3]], 1), r"queries\[0\] has 2, collection\[0\]"),
        (lambda: histogram_nearest([[1, 1]], np.ones((0, 2)), 1), "collection is empty"),
    ],
)
def test_errors(call, message):
    with pytest.raises(InvalidArgument, match=message):
        call()


def test_wrong_types_and_names():
    with pytest.raises(InvalidType, match=r"k is 2\.0"):
        histogram_nearest([[1, 1]], [[1, 1], [2, 0]], 2.0)
    with pytest.raises(InvalidType, match="width is '1'"):
        histogram_distance([1], [1], width="1")
    with pytest.raises(InvalidType, match="b has masked entries"):
        histogram_distance([1, 1], np.ma.array([1, 1], mask=[0, 1]))
    with pytest.raises(InvalidType, match="a is complex"):
        histogram_distance([1j], [1])
    with pytest.raises(UnknownName):
        histogram_matrix([[1]], mass="equals")
