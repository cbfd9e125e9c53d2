import signal
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

import heatlens.transport
from heatlens.errors import InvalidArgument, InvalidType, NotCertified, UnknownName
from heatlens.transport import emd, emd_batch
from heatlens.transport.ground import METRICS, ground_cost
from tests.transport.exact.problems import problem

ot = pytest.importorskip("ot")

SEEDS = st.integers(0, 2**32 - 1)


def reference(a, b, cost):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ot.emd2(a, b, np.ascontiguousarray(cost), numItermax=10**7)


def require_certificate(found, a, b, cost):
    plan = found.plan.toarray()
    assert plan.min() >= 0
    np.testing.assert_allclose(plan.sum(1), a, atol=1e-12 * a.sum())
    np.testing.assert_allclose(plan.sum(0), b, atol=1e-12 * a.sum())
    assert (plan * cost).sum() == pytest.approx(found.value, rel=1e-12, abs=1e-14)
    u, v = found.potentials
    scale = max(1.0, np.abs(cost).max())
    assert (u[:, None] + v - cost).max() <= 1e-12 * scale  # nobody can carry it for less ...
    assert a @ u + b @ v == pytest.approx(found.value, rel=1e-9, abs=1e-12 * scale)  # ... in all
    assert 0 <= found.gap <= 1e-9 * max(found.value, 1e-4)
    assert found.exact


@settings(deadline=None, max_examples=150)
@given(SEEDS, st.sampled_from(sorted(METRICS)), st.sampled_from([0.5, 1, 2, 3]))
def test_the_value_is_the_references_and_its_proof_holds(seed, metric, p):
    a, b, x, y = problem(seed)
    cost = ground_cost(x, y, metric, p)
    by_points, by_matrix = emd(a, b, x=x, y=y, metric=metric, p=p), emd(a, b, cost)
    expected = reference(a, b, cost)
    for found in (by_points, by_matrix):
        assert found.value == pytest.approx(expected, rel=1e-9, abs=1e-13)
        require_certificate(found, a, b, cost)


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_common_mass_stays_and_nothing_changes(seed):
    rng = np.random.default_rng(seed)
    a, _, x, _ = problem(seed)
    b = rng.random(len(a)) * (rng.random(len(a)) < 0.7) + 1e-6
    b *= a.sum() / b.sum()
    cost = ground_cost(x, x)
    found = emd(a, b, x=x)
    assert found.value == pytest.approx(reference(a, b, cost), rel=1e-9, abs=1e-13)
    require_certificate(found, a, b, cost)
    np.testing.assert_allclose(np.diag(found.plan.toarray()) >= np.minimum(a, b) - 1e-15, True)


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.floats(0.1, 4), st.floats(0.05, 3))
def test_unequal_totals_follow_the_policy(seed, factor, penalty):
    a, b, x, y = problem(seed)
    b, cost = b * factor, ground_cost(x, y)
    n, m = cost.shape
    free = emd(a, b, x=x, y=y, mass="partial")
    aside = np.hstack([cost, np.zeros((n, 1))]), np.vstack([cost, np.zeros(m)])
    over = a.sum() - b.sum()
    expected = (
        reference(a, np.append(b, over), aside[0]) if over > 0
        else reference(np.append(a, -over), b, aside[1])
    )  # fmt: skip
    assert free.value == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert free.plan.sum() == pytest.approx(min(a.sum(), b.sum()))

    paid = emd(a, b, x=x, y=y, mass="unbalanced", penalty=penalty)
    plan = paid.plan.toarray()
    lost = np.abs(a - plan.sum(1)).sum() + np.abs(b - plan.sum(0)).sum()
    assert paid.value == pytest.approx((plan * cost).sum() + penalty * lost, rel=1e-9, abs=1e-12)
    u, v = paid.potentials
    assert (u[:, None] + v - cost).max() <= 1e-9
    assert max(u.max(), v.max()) <= penalty + 1e-9
    assert a @ u + b @ v == pytest.approx(paid.value, rel=1e-8, abs=1e-10)  # weak duality: optimal


def test_unbalanced_on_one_support_is_the_linear_programme():
    rng = np.random.default_rng(0)
    for _ in range(20):
        n = int(rng.integers(2, 6))
        a, b, x = rng.random(n), rng.random(n), rng.normal(size=(n, 2))
        cost, penalty = ground_cost(x, x), float(rng.uniform(0.1, 2))
        rows = np.kron(np.eye(n), np.ones(n))
        columns = np.kron(np.ones(n), np.eye(n))
        solved = linprog(
            cost.ravel() - 2 * penalty, np.vstack([rows, columns]), np.concatenate([a, b])
        )
        expected = solved.fun + penalty * (a.sum() + b.sum())
        found = emd(a, b, x=x, mass="unbalanced", penalty=penalty)
        assert found.value == pytest.approx(expected, rel=1e-9)
        assert found.plan.sum() > 0


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_it_is_a_metric(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    x = rng.normal(size=(n, 2))
    a, b, c = rng.dirichlet(np.ones(n), 3)
    there, back, ac, cb = (emd(*pair, x=x).value for pair in ((a, b), (b, a), (a, c), (c, b)))
    assert emd(a, a, x=x).value == 0
    assert there == pytest.approx(back, rel=1e-12)
    assert 0 < there <= ac + cb + 1e-12


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_on_a_line_it_is_scipys(seed):
    a, b, x, y = problem(seed)
    x, y = x[:, 0], y[:, 0]
    expected = wasserstein_distance(x, y, a, b)
    assert emd(a, b, x=x, y=y, mass="normalise").value == pytest.approx(expected, abs=1e-12)


def test_a_translation_costs_its_length():
    rng = np.random.default_rng(3)
    x, a = rng.normal(size=(60, 3)), rng.dirichlet(np.ones(60))
    shift = np.array([3.0, 0.0, 4.0])
    assert emd(a, a, x=x, y=x + shift).value == pytest.approx(5.0, rel=1e-12)
    assert emd(a, a, x=x, y=x + shift, p=2).value == pytest.approx(25.0, rel=1e-12)


def test_larger_problems_and_heatmaps_on_a_grid():
    rng = np.random.default_rng(4)
    grid = np.stack(np.mgrid[:20, :20], -1).reshape(-1, 2)
    maps = [np.exp(-((grid - centre) ** 2).sum(1) / 30) + 0.02 * rng.random(400)
            for centre in ((5, 6), (12, 10))]  # fmt: skip
    a, b = (m / m.sum() for m in maps)
    found, cost = emd(a, b, x=grid, mass="normalise"), cdist(grid, grid)
    assert found.value == pytest.approx(reference(a, b, cost), rel=1e-9)
    require_certificate(found, a, b, cost)
    x, y = rng.normal(size=(300, 3)), rng.normal(size=(170, 3))
    a, b = rng.dirichlet(np.ones(300)), rng.dirichlet(np.ones(170))
    found = emd(a, b, x=x, y=y)
    assert found.value == pytest.approx(reference(a, b, cdist(x, y)), rel=1e-9)
    require_certificate(found, a, b, cdist(x, y))


def test_a_threshold_makes_far_far():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(9, 2)) * 3, rng.normal(size=(11, 2)) * 3
    a, b = rng.dirichlet(np.ones(9)), rng.dirichlet(np.ones(11))
    cost = np.minimum(cdist(x, y), 1.5)
    assert emd(a, b, x=x, y=y, threshold=1.5).value == pytest.approx(reference(a, b, cost))
    assert emd(a, b, cdist(x, y), threshold=1.5).value == pytest.approx(reference(a, b, cost))


def test_costs_may_be_negative_and_masses_of_any_scale():
    a, b, cost = np.array([1.0, 2.0]), np.array([2.0, 1.0]), np.array([[-3.0, 1.0], [0.0, -1.0]])
    assert emd(a, b, cost).value == pytest.approx(-3 + 0 - 1)
    for scale in (1e-300, 1e-20, 1e20, 1e240):
        assert emd(a * scale, b * scale, cost).value == pytest.approx(-4 * scale)
        assert emd(a, b, cost * scale).value == pytest.approx(-4 * scale)


def test_masses_rounded_to_single_precision_are_taken():
    rng = np.random.default_rng(6)
    a, b = (rng.dirichlet(np.ones(4000)).astype(np.float32) for _ in range(2))
    x = rng.normal(size=4000)
    assert emd(a[:500], a[:500], x=x[:500]).value == 0
    assert a.sum() != b.sum()
    assert emd(a, b, x=x, limit=10**9).value > 0


@pytest.mark.parametrize(
    ("a", "b", "more", "words"),
    [
        ([0.5, -0.1, 0.6], [1.0], {}, r"a\[1\] is -0.1: a mass cannot be negative"),
        ([1.0], [0.4, np.nan, 0.6], {}, r"b\[1\] is nan"),
        ([np.inf], [1.0], {}, r"a\[0\] is inf"),
        ([], [1.0], {}, "a is empty"),
        ([0.0, 0.0], [1.0], {}, "a has no mass: all 2 entries are 0"),
        ([[1.0]], [1.0], {}, r"shape \(1, 1\)"),
        ([1.0, 1.0], [1.0], {}, "totals differ: a has 2, b has 1; pass mass='normalise'"),
        ([1.0, 1.0], [2.0], {"x": [[1.0, 2.0]], "y": [[0.0, 0.0]]}, "x has 1 points and a has 2"),
        ([1.0], [1.0], {"cost": [[1.0, 2.0]]}, r"cost has shape \(1, 2\); expected \(1, 1\)"),
        ([1.0], [1.0], {"cost": [[np.nan]]}, r"cost\[0, 0\] is nan"),
        ([1.0], [1.0], {"cost": [[1.0]], "x": [1.0]}, "not both"),
        ([1.0], [1.0], {"x": [[1.0, np.inf]], "y": [[0.0, 0.0]]}, r"x\[0, 1\] is inf"),
        ([1.0], [1.0], {"x": [[1.0, 2.0]], "y": [[0.0]]}, "2 coordinates a point, y has 1"),
        ([1.0], [1.0], {"mass": "unbalanced"}, "needs a penalty"),
        ([1.0], [1.0], {"penalty": 2.0}, "belongs to mass='unbalanced'"),
        ([1.0], [1.0], {"p": 0}, "p is 0"),
        ([1.0], [1.0], {"threshold": -1.0}, "threshold is -1"),
    ],
)
def test_what_cannot_be_used_is_named(a, b, more, words):
    given_points = {} if {"cost", "x"} & set(more) else {
        "x": np.zeros(max(1, np.size(a))), "y": np.ones(max(1, np.size(b)))
    }  # fmt: skip
    with pytest.raises(InvalidArgument, match=words):
        emd(a, b, **given_points, **more)


def test_missing_costs_and_misspelt_names():
    with pytest.raises(InvalidArgument, match="no ground cost"):
        emd([1.0], [1.0])
    with pytest.raises(UnknownName, match="euclidean"):
        emd([1.0], [1.0], x=[0.0], metric="euclidian")  # misspelt on purpose
    with pytest.raises(UnknownName, match="normalise"):
        emd([1.0], [1.0], x=[0.0], mass="normalize")
    with pytest.raises(InvalidType, match="complex"):
        emd([1j], [1.0], x=[0.0])
    with pytest.raises(InvalidType, match="masses are real numbers"):
        emd(["one"], [1.0], x=[0.0])


def test_a_limit_never_gives_a_value():
    rng = np.random.default_rng(7)
    a, b = rng.dirichlet(np.ones(50), 2)
    with pytest.raises(NotCertified, match="limit of exchanges"):
        emd(a, b, rng.random((50, 50)), limit=3)


def blocks(seed, large, n=12):
    """Two problems that nothing but a large cost connects, and the sum of their values."""
    rng = np.random.default_rng(seed)
    cost = np.full((2 * n, 2 * n), large)
    a = rng.integers(1, 1000, 2 * n).astype(float)
    b = np.concatenate([rng.permutation(a[:n]), rng.permutation(a[n:])])
    value = 0.0
    for part in (slice(0, n), slice(n, None)):
        cost[part, part] = rng.random((n, n))
        value += reference(a[part], b[part], cost[part, part])
    return a, b, cost, value


@pytest.mark.parametrize("large", [1e3, 1e9, 1e15, 1e18])
def test_a_large_cost_hides_no_small_ones(large):
    for seed in range(5):
        a, b, cost, value = blocks(seed, large)
        assert emd(a, b, cost).value == pytest.approx(value, rel=1e-9)
        assert emd_batch([a], [b], cost)[0] == pytest.approx(value, rel=1e-9)
        a, b = a / a.sum(), b / b.sum()  # now rounding connects the blocks
        assert emd(a, b, cost).value == pytest.approx(
            value / (blocks(seed, 1.0)[0].sum()), rel=1e-9
        )


@pytest.mark.parametrize("large", [1e20, 1e24, 1e100, 1e240])
def test_costs_too_far_apart_are_right_or_refused(large):
    a, b, cost, value = blocks(0, large)
    try:
        found = emd(a, b, cost).value
    except NotCertified:
        return  # never a wrong value
    assert found == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("far", [1e3, 1e9, 1e11])
def test_far_clusters_hide_no_short_ways(far):
    rng = np.random.default_rng(8)
    x, y = rng.random((2, 10, 2)) * 1e-6
    a = np.full(11, 1 / 11)
    expected = reference(a[:10], a[:10], cdist(x, y) * 1e6) * 1e-6
    there = [[far, far]]
    assert emd(a, a, x=np.r_[x, there], y=np.r_[y, there]).value == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.parametrize("penalty", [10.0, 1e12, 1e18, 1e100])
def test_a_large_penalty_is_never_paid_in_vain(penalty):
    rng = np.random.default_rng(9)
    x, y = rng.random((2, 15, 2))
    a, b = rng.dirichlet(np.ones(15), 2)
    moved = emd(a, b, x=x, y=y).value
    paid = {"mass": "unbalanced", "penalty": penalty}
    assert emd(a, b, x=x, y=y, **paid).value == pytest.approx(moved, rel=1e-9)
    assert emd_batch([a], [b], x=x, y=y, **paid)[0] == pytest.approx(moved, rel=1e-9)
    more = emd(1.5 * a, b, x=x, y=y, mass="partial").value + penalty * 0.5
    found = emd(1.5 * a, b, x=x, y=y, **paid)
    assert found.value == pytest.approx(more, rel=1e-9)
    u, v = found.potentials
    assert 1.5 * a @ u + b @ v == pytest.approx(more, rel=1e-9)
    assert emd_batch([1.5 * a], [b], x=x, y=y, **paid)[0] == pytest.approx(more, rel=1e-9)
    assert emd(2 * a, a, x=x, **paid).value == pytest.approx(penalty)


def test_nearly_equal_distributions_are_told_apart():
    rng = np.random.default_rng(10)
    a, cost = rng.dirichlet(np.ones(40)), rng.random((40, 40)) + 1
    np.fill_diagonal(cost, 0)
    assert emd(a, a, cost).value == 0
    b = a.copy()
    b[3], b[7] = b[3] + 1e-12, b[7] - 1e-12
    assert 0.9e-12 < emd(a, b, cost).value < 2.1e-12


def test_points_beyond_the_doubles_are_refused_at_once():
    for x, y, more in (
        ([0.0, 1e200], [1e190, -1e200], {}),
        ([0.0, 1e60], [1e55, 2e60], {"p": 8}),
        ([0.0, 0.0], [1e-200, 0.0], {}),
    ):
        with pytest.raises(InvalidArgument, match=r"to another scale"):
            emd([0.5, 0.5], [0.5, 0.5], x=x, y=y, **more)
        with pytest.raises(InvalidArgument, match=r"to another scale"):
            emd_batch([[0.5, 0.5]], [[0.5, 0.5]], x=x, y=y, **more)
    with pytest.raises(InvalidArgument, match="largest cost is 1e"):
        emd([0.5, 0.5], [0.5, 0.5], [[1e300, 0.0], [0.0, 1e300]])


def test_tensors_and_masks_are_not_taken_for_numbers():
    torch = pytest.importorskip("torch")
    mass = torch.tensor([0.5, 0.5])
    assert emd(mass, mass, x=torch.tensor([0.0, 1.0])).value == 0
    with pytest.raises(InvalidType, match="wants a gradient"):
        emd(mass.requires_grad_(), mass, x=[0.0, 1.0])
    with pytest.raises(InvalidType, match="cannot be read as an array of masses"):
        emd(torch.ones(2, dtype=torch.bfloat16), [1.0, 1.0], x=[0.0, 1.0])
    with pytest.raises(InvalidType, match="masked entries"):
        emd(np.ma.masked_array([1.0, 1.0], [False, True]), [1.0, 1.0], x=[0.0, 1.0])
    with pytest.raises(InvalidType, match="p is '2'"):
        emd([1.0], [1.0], x=[0.0], p="2")


def test_what_goes_with_points_is_refused_beside_a_cost():
    cost = np.zeros((1, 1))
    for more in ({"p": 2}, {"metric": "cityblock"}, {"y": [0.0]}):
        with pytest.raises(InvalidArgument):
            emd([1.0], [1.0], cost, **more)
        with pytest.raises(InvalidArgument):
            emd_batch([[1.0]], [[1.0]], cost, **more)
    with pytest.raises(InvalidType, match=r"limit is 1\.5"):
        emd([1.0], [1.0], cost, limit=1.5)
    with pytest.raises(InvalidArgument, match="limit is 0"):
        emd([1.0], [1.0], cost, limit=0)
    assert emd([1.0], [1.0], cost, limit=10**30).value == 0


def test_the_input_is_left_alone():
    a, b, x = np.array([1.0, 3.0]), np.array([2.0, 2.0]), np.array([[0.0], [1.0]])
    before = [array.copy() for array in (a, b, x)]
    emd(a, b, x=x)
    for array, old in zip((a, b, x), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_the_rooms_names():
    for name in heatlens.transport.__all__:
        assert getattr(heatlens.transport, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'emt'"):
        _ = heatlens.transport.emt
    assert "Transport(1, exact" in repr(emd([1.0], [1.0], x=[0.0], y=[1.0]))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals here")
def test_ctrl_c_ends_a_long_problem():
    rng = np.random.default_rng(11)
    cost, a = rng.random((3000, 3000)), np.ones(3000)
    emd(a[:2], a[:2], cost[:2, :2])  # compiled
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            emd(a, a, cost)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
