"""Every bound is below the exact distance, whatever the signatures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument
from heatlens.search.bounds.bound import BOUNDS, bounds
from heatlens.search.bounds.quantile import BLOCKS, embedding, quantile_bound
from heatlens.search.engine.tighten import tighten
from heatlens.search.signatures import Signatures, canonical
from heatlens.transport import emd

DIMENSIONS = (1, 2, 3, 5, 27)
SHAPES = ("random", "clustered", "one place", "coincident", "grid", "line", "light and heavy")
TOLERANCE = 1e-9
"""Of double precision, as a part of the largest coordinate."""


def block_quantiles(a, x, b, y):
    """The bound that the search itself works with; single precision, from embeddings."""
    return float(quantile_bound(*embedding(Signatures.of([(a, x), (b, y)]))))


EVERY = {**BOUNDS, "block quantiles": block_quantiles}
SLACK = dict.fromkeys(BOUNDS, TOLERANCE) | {"block quantiles": 2e-5}


@pytest.fixture(params=EVERY)
def name(request):
    return request.param


def drawn(rng, shape, n, d):
    """Masses (n,) and points (n, d) of a kind."""
    points = rng.normal(size=(n, d)) * rng.choice([0.01, 1.0, 50.0])
    masses = rng.random(n) + 1e-3
    if shape == "clustered":
        middles = rng.normal(size=(3, d)) * 40
        points = middles[rng.integers(0, 3, n)] + rng.normal(size=(n, d))
    elif shape == "one place":
        points = np.repeat(points[:1], n, axis=0)
    elif shape == "coincident":
        points = points[rng.integers(0, max(1, n // 3), n)]
    elif shape == "grid":  # many equal distances, equal masses
        points, masses = rng.integers(0, 3, (n, d)).astype(float), np.ones(n)
    elif shape == "line":
        points = np.outer(rng.normal(size=n), rng.normal(size=d))
    elif shape == "light and heavy":
        masses = 10.0 ** rng.integers(-12, 3, n)
        masses[rng.random(n) < 0.2] = 0
        masses[0] = 1
    return masses, points


def exact(a, x, b, y):
    return emd(a, b, x=x, y=y, mass="normalise").value


def scale(*points):
    return max(float(np.abs(p).max()) for p in points) or 1.0


@st.composite
def pairs(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    d = draw(st.sampled_from(DIMENSIONS))
    kinds = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(SHAPES))
    sizes = draw(st.integers(1, 64)), draw(st.integers(1, 64))
    a, x = drawn(rng, kinds[0], sizes[0], d)
    b, y = drawn(rng, kinds[1], sizes[1], d)
    return a, x, b, y


@settings(max_examples=150, deadline=None)
@given(pairs())
def test_no_bound_is_above_the_exact_distance(pair):
    distance, _, x, _, y = exact(*pair), *pair
    for name, bound in EVERY.items():
        found = bound(*pair)
        assert found <= distance + SLACK[name] * scale(x, y), name
        assert found >= 0, name


@settings(max_examples=40, deadline=None)
@given(pairs(), st.integers(0, 2**16))
def test_signatures_that_share_points(pair, seed):
    """Near the diagonal, where search works: a part moved a little, masses changed a little."""
    rng = np.random.default_rng(seed)
    a, x = pair[:2]
    b = a * rng.uniform(0.5, 1.5, len(a))
    y = x + rng.normal(size=x.shape) * rng.choice([0, 1e-6, 0.1], (len(x), 1))
    distance = exact(a, x, b, y)
    for name, bound in EVERY.items():
        assert bound(a, x, b, y) <= distance + SLACK[name] * scale(x, y), name


@settings(max_examples=100, deadline=None)
@given(pairs(), st.sampled_from([0.0, 0.3, 1.0, 5.0]))
def test_dual_in_single_precision_is_not_above_the_distance_of_what_is_stored(pair, share):
    (a, x), (b, y) = canonical(*pair[:2]), canonical(*pair[2:])
    distance, size = exact(a, x, b, y), scale(x, y)
    bound, starts = np.zeros(1), np.array([0, len(a)])
    tighten(np.zeros(1, np.int64), bound, 0, 1, share * distance, a, starts, x, b, y, size)
    assert 0 <= bound[0] <= distance + TOLERANCE * size


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("d", DIMENSIONS)
def test_symmetric_zero_on_itself_and_unmoved_by_a_move(name, shape, d):
    rng = np.random.default_rng(d)
    a, x = drawn(rng, shape, 17, d)
    b, y = drawn(rng, "random", 9, d)
    bound, slack = EVERY[name], SLACK[name] * 2 * scale(x, y)
    assert bound(a, x, b, y) == pytest.approx(bound(b, y, a, x), abs=slack)
    assert bound(a, x, a, x) == pytest.approx(0, abs=slack)
    move = scale(x, y) * rng.normal(size=d)
    moved = bound(a, x + move, b, y + move)
    assert moved == pytest.approx(bound(a, x, b, y), abs=4 * slack)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_one_point_on_each_side_is_exact(name, d):
    x, y = np.random.default_rng(d).normal(size=(2, 1, d))
    found = EVERY[name]([2.0], x, [3.0], y)
    distance = float(np.linalg.norm(x - y))
    if name in ("block quantiles", "quantile") and d > 8:  # it looks along eight axes
        assert 0 < found <= distance
    else:
        assert found == pytest.approx(distance, rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_iterated_is_no_lower_than_relaxed(shape):
    rng = np.random.default_rng(3)
    for d in DIMENSIONS:
        pair = *drawn(rng, shape, 20, d), *drawn(rng, "random", 31, d)
        loose, tight = BOUNDS["relaxed"](*pair), BOUNDS["iterated"](*pair)
        assert loose <= tight * (1 + 1e-12)


def test_iterated_is_exact_from_a_side_with_one_point():
    rng = np.random.default_rng(5)
    a, x = drawn(rng, "random", 12, 3)
    pair = a, x, [1.0], np.zeros((1, 3))
    assert BOUNDS["iterated"](*pair) == pytest.approx(exact(*pair), rel=1e-12)
    assert BOUNDS["relaxed"](*pair) == pytest.approx(exact(*pair), rel=1e-12)


def test_the_exact_distance_is_a_metric_so_pivots_bound_it():
    """W1(a, b) >= |W1(a, p) - W1(b, p)| for any third signature p."""
    rng = np.random.default_rng(7)
    for shape in SHAPES:
        for d in DIMENSIONS:
            a, b, p = (
                drawn(rng, kind, n, d) for kind, n in ((shape, 9), ("random", 14), (shape, 6))
            )
            low = abs(exact(*a, *p) - exact(*b, *p))
            assert low <= exact(*a, *b) + TOLERANCE * scale(a[1], b[1], p[1])


def test_blocks_of_one_are_the_centroid():
    rng = np.random.default_rng(8)
    a, x = drawn(rng, "random", 10, 3)
    b, y = drawn(rng, "clustered", 12, 3)
    first, second = embedding(Signatures.of([(a, x), (b, y)])).astype(float)
    means = first.reshape(3, BLOCKS).mean(1) - second.reshape(3, BLOCKS).mean(1)
    centroid = BOUNDS["centroid"](a, x, b, y)
    assert np.linalg.norm(means) == pytest.approx(centroid, rel=1e-5)
    assert centroid <= block_quantiles(a, x, b, y) * (1 + 1e-5)


def test_each_says_what_it_is():
    for bound in bounds():
        assert bound.summary.endswith(".")
        assert bound.cost
        assert bound.paper


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1.0], [[0.0]], [1.0, 1.0], [[0.0]]), "b has 2 masses and y 1 points"),
        (([1.0], [[0.0]], [1.0], [[0.0, 1.0]]), "points of 1 and of 2 coordinates"),
        (([-1.0], [[0.0]], [1.0], [[0.0]]), r"a\[0\] is -1"),
        (([0.0], [[0.0]], [1.0], [[0.0]]), "a has no mass"),
    ],
)
def test_errors(arguments, words):
    with pytest.raises(InvalidArgument, match=words):
        BOUNDS["relaxed"](*arguments)
