"""What the search leaves out is proved to be out: bounds in bytes and in single precision."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.search.bounds.quantile import BLOCKS, embedding, quantile_bound
from heatlens.search.engine.absolute import WIDTH, absolute_sum
from heatlens.search.engine.clusters import RINGS, arrange, ring_edges
from heatlens.search.engine.exact import CIRCLE, LINE, SPACE, distance
from heatlens.search.engine.ground import Ground
from heatlens.search.engine.nearest import Question, nearest, nearly_nearest, within
from heatlens.search.engine.scan import far_from_centres, scan
from heatlens.search.engine.tighten import tighten
from heatlens.search.engine.working_set import WorkingSet
from heatlens.search.signatures import LARGEST, Signatures, canonical
from heatlens.transport import emd, wasserstein_1d, wasserstein_circular
from heatlens.transport.exact.simplex import DONE
from tests.search.brute_force import all_distances, close

SCALES = (1e-44, 1e-30, 1e-23, 1e-22, 1e-18, 1e-12, 1e-3, 1.0, 1e2, 1e6, 1e14)
PERIOD = 180.0
ROUNDING = 1e-12
"""Of exact distances in double precision, as a part of them."""


def drawn(rng, d, scale, offset=0.0, most=64, heavy=True):
    """A canonical signature: random, in places, on a grid, or in a heap; perhaps odd masses."""
    n = int(rng.integers(1, most + 1))
    points = rng.normal(size=(n, d))
    kind = rng.integers(4)
    if kind == 1:
        points = points[rng.integers(0, max(1, n // 3), n)]
    elif kind == 2:
        points = np.round(points)
    elif kind == 3:
        points = rng.normal(size=(3, d))[rng.integers(0, 3, n)] * 5 + points * 0.01
    masses = rng.random(n) + 1e-3
    if heavy and rng.random() < 0.4:
        masses = 10.0 ** rng.integers(-30, 1, n)
        masses[0] = 1
    return canonical(masses, np.clip(points * scale + offset, -LARGEST, LARGEST))


def exact(first, second, period=None):
    (a, x), (b, y) = first, second
    if period is not None:
        return wasserstein_circular(x[:, 0], y[:, 0], a, b, period=period, mass="normalise")
    if x.shape[1] == 1:
        return wasserstein_1d(x[:, 0], y[:, 0], a, b, mass="normalise")
    return emd(a, b, x=x, y=y, mass="normalise").value


@st.composite
def pairs(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    d, scale = draw(st.integers(2, 27)), draw(st.sampled_from(SCALES))
    offset = draw(st.sampled_from([0.0, 0.0, 1.0, 1e3])) * scale
    first = drawn(rng, d, scale, offset)
    if draw(st.booleans()):
        return first, drawn(rng, d, scale, offset)
    moved = rng.normal(size=first[1].shape) * scale * rng.choice([0, 1e-6, 0.1])
    places = np.clip(first[1].astype(float) + moved, -LARGEST, LARGEST)
    return first, canonical(first[0] * rng.uniform(0.5, 1.5, len(first[0])), places)


def tightened(first, second, threshold):
    (a, x), (b, y) = first, second
    bound, reach = np.zeros(1), float(max(np.abs(x).max(), np.abs(y).max()))
    starts = np.array([0, len(a)])
    tighten(np.zeros(1, np.int64), bound, 0, 1, threshold, a, starts, x, b, y, reach)
    return bound[0]


@settings(max_examples=150, deadline=None)
@given(pairs())
def test_dual_bound_is_not_above_the_distance_whatever_the_scale(pair):
    true = exact(*pair)
    for threshold in (0.0, 0.3 * true, true, 5 * true, 1e300, np.inf):
        bound = tightened(*pair, threshold)
        assert 0 <= bound <= true * (1 + ROUNDING), threshold


def test_dual_bound_at_the_ends_of_single_precision():
    """Neither squares nor padding overflow: flags of the compiler say that nothing is infinite."""
    rng = np.random.default_rng(0)
    for d in (2, 9, 27, 300, 2048):
        for n in (1, 31, 33):
            first, second = (
                canonical(np.ones(n), rng.choice([-LARGEST, LARGEST], (n, d))) for _ in range(2)
            )
            true = exact(first, second)
            for threshold in (0.0, true, np.inf):
                bound = tightened(first, second, threshold)
                assert 0 <= bound <= true * (1 + ROUNDING)
            if n == 1:
                assert bound >= 0.99 * true


def test_dual_bound_is_worth_its_while():
    """Near its threshold it comes within some per cent of the distance; else nothing is saved."""
    rng = np.random.default_rng(1)
    share = []
    for _ in range(50):
        first, second = (
            canonical(rng.random(32), rng.normal(size=(32, 3)) * 20 + rng.normal(size=3) * 10)
            for _ in range(2)
        )
        true = exact(first, second)
        share.append(tightened(first, second, true) / true)
    assert np.median(share) > 0.85


@st.composite
def collections(draw):
    """Some signatures, a query, and where they lie."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    circle = draw(st.integers(0, 4)) == 0
    d, scale = (1 if circle else draw(st.integers(1, 27))), draw(st.sampled_from(SCALES))
    offset = draw(st.sampled_from([0.0, 0.0, 1e3])) * scale
    strange = draw(st.sampled_from([0.0, 0.1]))

    def one():
        if circle:
            n = int(rng.integers(1, 20))
            points = rng.random((n, 1)) * rng.choice([1, PERIOD])
            return canonical(rng.random(n) + 0.01, points, PERIOD)
        size = LARGEST / 10 if rng.random() < strange else scale
        weights, points = drawn(rng, d, size, offset, most=20, heavy=False)
        if rng.random() < strange:
            points = points.copy()
            points[:, 0] = 1e13
        return canonical(weights, points)

    count = int(rng.integers(1, 60))
    return Ground(d, PERIOD if circle else None), [one() for _ in range(count)], one()


@settings(max_examples=120, deadline=None)
@given(collections())
def test_scan_loses_no_row_within_the_threshold(collection):
    ground, rows, query = collection
    found = arrange(ground.embedded(Signatures.laid_out(rows), 1))
    embedded = ground.embedded(Signatures.laid_out([query]), 1)[0]
    reach = float(max(np.abs(x).max() for _, x in [*rows, query]))
    far = far_from_centres(embedded, np.ascontiguousarray(found.clusters.centre.T))
    true = np.array([exact(rows[k], query, ground.period) for k in found.order])
    alive = (np.random.default_rng(0).random(len(rows)) < 0.8).astype(np.uint8)
    for threshold in (0.0, *np.quantile(true, [0, 0.2, 0.7, 1], method="lower"), np.inf):
        chosen = np.arange(len(far))
        left, bounds, looked = scan(
            embedded, far, chosen, float(threshold), ground.rounding(reach), found.clusters,
            found.codes, found.slack, alive,
        )  # fmt: skip
        assert set(np.flatnonzero(alive & (true <= threshold))) <= set(left)
        assert np.all(alive[left])
        assert np.all((bounds >= 0) & (bounds <= true[left] * (1 + ROUNDING)))
        assert len(left) <= looked <= len(rows)


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 700, 2500])
@pytest.mark.parametrize("spread", [0.0, 1e-30, 1.0, 1e6])
def test_codes_lie_within_their_slack(count, spread):
    rng = np.random.default_rng(count)
    rows = (rng.normal(size=(count, 2 * BLOCKS)) * spread + spread).astype(np.float32)
    rows[:, :BLOCKS] = 7.0  # an axis without range
    order, clusters, codes, slack = arrange(rows)
    assert sorted(order.tolist()) == list(range(count))
    assert clusters.first[0] == 0
    assert clusters.first[-1] == count
    for k in range(len(clusters.centre)):
        piece = slice(clusters.first[k], clusters.first[k + 1])
        wide = np.repeat(clusters.step[k].astype(float), BLOCKS)
        decoded = clusters.low[k] + codes[piece] * wide
        assert np.all(quantile_bound(decoded, rows[order[piece]]) <= slack[piece])
        apart = quantile_bound(rows[order[piece]], clusters.centre[k])
        assert np.all(np.diff(apart) >= 0)
        size = piece.stop - piece.start
        edges = [min(size * j // RINGS, size - 1) for j in range(RINGS + 1)]
        assert np.allclose(clusters.rings[k], apart[edges], rtol=1e-6, atol=0)
        assert (ring_edges(clusters.first)[k] - piece.start).tolist() == edges
    assert np.isfinite(slack).all()


def test_rings_and_clusters_really_leave_rows_out():
    rng = np.random.default_rng(2)
    rows = [
        canonical(np.ones(4), rng.normal(size=(4, 3)) + rng.normal(size=3) * 40)
        for _ in range(4000)
    ]
    found = arrange(embedding(Signatures.laid_out(rows)))
    assert len(found.clusters.centre) >= 6
    query = embedding(Signatures.laid_out(rows[:1]))[0]
    far = far_from_centres(query, np.ascontiguousarray(found.clusters.centre.T))
    wanted = quantile_bound(found.clusters.centre, query)
    assert np.allclose(far, wanted, rtol=2e-6, atol=0)
    alive = np.ones(4000, np.uint8)
    left, _, looked = scan(
        query, far, np.arange(len(far)), 10.0, 1e-4, found.clusters, found.codes, found.slack, alive
    )
    bound = quantile_bound(embedding(Signatures.laid_out(rows))[found.order], query)
    assert set(np.flatnonzero(bound <= 10)) <= set(left) <= set(np.flatnonzero(bound <= 10.5))
    assert looked < 2500


def test_sixteen_bytes_at_once():
    from numba import njit

    @njit
    def summed(codes, at, near, start):
        return absolute_sum(codes, at, near, start)

    rng = np.random.default_rng(0)
    codes, near = rng.integers(0, 256, (2, 200), np.uint8)
    codes[:16], near[:16] = 255, 0
    for at, start in ((0, 0), (3, 0), (184, 184), (50, 7)):
        apart = codes[at : at + WIDTH].astype(int) - near[start : start + WIDTH]
        assert summed(codes, at, near, start) == np.abs(apart).sum()


NEVER = np.zeros(1, np.int64)


@pytest.mark.parametrize("where", [SPACE, LINE, CIRCLE])
def test_exact_distance_of_stored_signatures(where):
    rng = np.random.default_rng(where)
    period = PERIOD if where == CIRCLE else None
    for turn in range(150):
        d = 1 if where != SPACE else int(rng.integers(2, 8))

        def one(d=d, turn=turn):
            n = int(rng.integers(1, 30))
            points = rng.integers(0, 6, (n, d)) * 1.5  # many at the same places, some repeated
            if turn % 3 == 0:
                points = points + rng.random((n, d))
            return canonical(rng.random(n) + 0.01, points, period)

        first, second = one(), one()
        value, state = distance(*first, *second, where, period or 0.0, NEVER)
        assert state == DONE
        assert abs(value - exact(first, second, period)) <= 1e-9 * max(value, 1e-3)
        back, _ = distance(*second, *first, where, period or 0.0, NEVER)
        assert abs(value - back) <= 1e-12 * max(value, 1e-3)
        same, state = distance(*first, *first, where, period or 0.0, NEVER)
        assert (same, state) == (0.0, DONE)


def test_common_mass_in_split_points_cancels():
    """One place that carries its mass in several pieces is that place."""
    whole = canonical([0.5, 0.25, 0.25], [[0.0, 0], [1.0, 0], [2.0, 0]])
    split = canonical(
        [0.125, 0.375, 0.25, 0.125, 0.125], [[0.0, 0]] * 2 + [[1.0, 0]] + [[2.0, 0]] * 2
    )
    assert distance(*whole, *split, SPACE, 0.0, NEVER) == (0.0, DONE)
    moved = canonical([0.125, 0.375, 0.25, 0.25], [[0.0, 0], [0.0, 0], [1.0, 0], [2.0, 3.0]])
    assert distance(*moved, *split, SPACE, 0.0, NEVER)[0] == pytest.approx(0.75, rel=1e-12)


def test_chords_are_no_longer_than_arcs():
    rng = np.random.default_rng(4)
    for _ in range(200):
        first, second = (
            canonical(rng.random(n), rng.random((n, 1)) * rng.choice([3.0, PERIOD]), PERIOD)
            for n in rng.integers(1, 12, 2)
        )
        bound = float(quantile_bound(*embedding(Signatures.laid_out([first, second]), PERIOD)))
        slack = Ground(1, PERIOD).rounding(PERIOD)
        assert bound <= exact(first, second, PERIOD) + slack


def working_of(folder, ground, rows):
    keys = np.arange(len(rows), dtype=np.uint64)
    piece = keys, [f"{k:04d}" for k in keys], Signatures.laid_out(rows)
    return WorkingSet.new(Path(folder), ground).extended(iter([piece]), 1)


@settings(max_examples=40, deadline=None)
@given(collections(), st.integers(1, 70))
def test_nearest_and_within_are_solving_all(collection, k):
    ground, rows, query = collection
    with tempfile.TemporaryDirectory() as folder:
        working = working_of(folder, ground, rows)
        question = Question.of(working, *query)
        alive = (np.random.default_rng(k).random(len(rows)) < 0.8).astype(np.uint8)
        true = np.array([exact(pair, query, ground.period) for pair in working.signatures])
        order = np.sort(true[alive == 1])[:k]
        for threads in (1, 2):
            found = nearest(working, question, k, alive, threads)
            assert np.all(np.abs(found.distances - order) <= 1e-9 * np.maximum(order, 1e-300))
            assert np.all(alive[found.rows])
            assert len(set(found.rows.tolist())) == len(order)
        short = nearly_nearest(working, question, k, alive)
        assert len(short.rows) == len(order)
        if len(order):
            radius = float(order[-1] * (1 + 1e-9))
            inside = within(working, question, radius, alive)
            assert set(inside.rows) == set(np.flatnonzero(alive & (true <= radius)))
            assert len(within(working, question, np.inf, alive).rows) == alive.sum()


def test_approximate_search_finds_rows_that_lie_far_away(tmp_path):
    """Conditions may leave only rows of clusters that it does not look into."""
    rng = np.random.default_rng(3)
    rows = [
        canonical(rng.random(4) + 0.1, rng.normal(size=(4, 3)) * 5 + rng.normal(size=3) * 50)
        for _ in range(3000)
    ]
    working = working_of(tmp_path, Ground(3), rows)
    for start in (0, 1500, 2960):
        alive = np.zeros(3000, np.uint8)
        alive[start : start + 40] = 1
        for row in (0, 1499, 2999):
            question = Question.of(working, *working.signatures[row])
            found = nearly_nearest(working, question, 10, alive)
            assert len(found.rows) == 10
            assert np.all(alive[found.rows])


def test_large_coordinates_with_little_between_them(tmp_path):
    """Where single precision hides the differences, everything is solved, and right."""
    rng = np.random.default_rng(6)
    rows = [canonical(rng.random(8), 1e6 + rng.normal(size=(8, 3)) * 0.3) for _ in range(60)]
    working = working_of(tmp_path, Ground(3), rows)
    query = canonical(rng.random(8), 1e6 + rng.normal(size=(8, 3)) * 0.3)
    found = nearest(working, Question.of(working, *query), 5, np.ones(60, np.uint8))
    true = np.sort(all_distances(rows, *query))[:5]
    assert np.all(np.abs(found.distances - true) <= close(true))


def test_an_outlier_spoils_no_other_row(tmp_path):
    rng = np.random.default_rng(7)
    rows = [canonical(rng.random(8), rng.normal(size=(8, 3)) * 10) for _ in range(200)]
    rows.append(canonical([1.0], [[LARGEST, -LARGEST, LARGEST]]))
    working = working_of(tmp_path, Ground(3), rows)
    for query in (rows[5], rows[200], canonical([1.0, 1.0], [[0, 0, 0], [1e9, 0, 0]])):
        found = nearest(working, Question.of(working, *query), 4, np.ones(201, np.uint8))
        true = np.sort(all_distances(rows, *query))[:4]
        assert np.all(np.abs(found.distances - true) <= 1e-9 * np.maximum(true, 1e-3))


def test_masses_from_one_to_the_smallest(tmp_path):
    rng = np.random.default_rng(8)
    rows = [drawn(rng, 3, 10.0) for _ in range(150)]
    working = working_of(tmp_path, Ground(3), rows)
    for _ in range(5):
        query = drawn(rng, 3, 10.0)
        found = nearest(working, Question.of(working, *query), 6, np.ones(150, np.uint8))
        true = np.sort(all_distances(rows, *query))[:6]
        assert np.all(np.abs(found.distances - true) <= close(true))
