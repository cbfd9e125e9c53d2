import numpy as np
import pytest
from scipy.spatial.distance import cdist

from heatlens.errors import InvalidArgument
from heatlens.transport import emd, emd_batch, emd_matrix
from tests.transport.exact.problems import problem
from tests.transport.exact.test_emd import reference

ot = pytest.importorskip("ot")


def test_ten_thousand_problems_of_all_shapes():
    """Degenerate, tied, with duplicate points, empty places, 1 x n: every one against POT."""
    a, b, x, y = zip(*(problem(seed) for seed in range(10_000)), strict=True)
    x, y = ([np.pad(points, ((0, 0), (0, 3 - points.shape[1]))) for points in side]
            for side in (x, y))  # fmt: skip
    values = emd_batch(list(a), list(b), x=x, y=y)
    expected = [reference(*masses, cdist(*points)) for *masses, points in
                zip(a, b, zip(x, y, strict=True), strict=True)]  # fmt: skip
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-13)
    scale = np.array([masses.sum() for masses in a])
    assert len({len(masses) for masses in a}) > 10
    assert (scale > 0).all()


def stack(seed, count=7, n=9, m=6, dimensions=2):
    rng = np.random.default_rng(seed)
    return (
        rng.dirichlet(np.ones(n), count), rng.dirichlet(np.ones(m), count),
        rng.normal(size=(count, n, dimensions)), rng.normal(size=(count, m, dimensions)),
    )  # fmt: skip


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "chebyshev"])
@pytest.mark.parametrize("p", [0.7, 1, 2, 3])
def test_stacks_equal_single_calls(metric, p):
    a, b, x, y = stack(0)
    more = {"metric": metric, "p": p, "threshold": 2.0}
    expected = [emd(*masses, x=i, y=j, **more).value for *masses, i, j in zip(a, b, x, y)]
    np.testing.assert_allclose(emd_batch(a, b, x=x, y=y, **more), expected, rtol=1e-12)
    shared = [emd(*masses, x=x[0], y=y[0], **more).value for masses in zip(a, b)]
    np.testing.assert_allclose(emd_batch(a, b, x=x[0], y=y[0], **more), shared, rtol=1e-12)
    cost = cdist(x[0], y[0])
    np.testing.assert_allclose(
        emd_batch(a, b, cost), [emd(*masses, cost).value for masses in zip(a, b)], rtol=1e-12
    )


@pytest.mark.parametrize(
    "more", [{"mass": "normalise"}, {"mass": "partial"}, {"mass": "unbalanced", "penalty": 0.6}]
)
def test_policies_equal_single_calls(more):
    a, b, x, y = stack(1)
    a, b = a * np.arange(1, 8)[:, None], b * 3.0
    expected = [emd(*masses, x=i, y=j, **more).value for *masses, i, j in zip(a, b, x, y)]
    np.testing.assert_allclose(emd_batch(a, b, x=x, y=y, **more), expected, rtol=1e-10, atol=1e-13)
    b = np.roll(a, 1, 1) * np.linspace(0.5, 2, 7)[:, None]
    expected = [emd(*masses, x=i, **more).value for *masses, i in zip(a, b, x)]
    np.testing.assert_allclose(emd_batch(a, b, x=x, **more), expected, rtol=1e-10, atol=1e-13)


def test_threads_change_nothing_and_progress_is_told():
    a, b, x, y = stack(2, count=300)
    told = []
    one = emd_batch(a, b, x=x, y=y, threads=1)
    two = emd_batch(a, b, x=x, y=y, threads=2, progress=lambda *state: told.append(state))
    np.testing.assert_array_equal(one, two)
    assert told[-1] == (300, 300)


def test_all_pairs():
    a, b, x, y = stack(3)
    among = emd_matrix(a, x=x[0])
    np.testing.assert_allclose(among, among.T)
    assert (np.diag(among) == 0).all()
    assert among[2, 5] == pytest.approx(emd(a[2], a[5], x=x[0]).value)
    across = emd_matrix(a, b, x=x, y=y)
    assert across.shape == (7, 7)
    assert across[1, 4] == pytest.approx(emd(a[1], b[4], x=x[1], y=y[4]).value)
    own = emd_matrix(list(a), x=list(x))
    assert own[1, 4] == pytest.approx(emd(a[1], a[4], x=x[1], y=x[4]).value)
    cost = np.random.default_rng(0).random((9, 9))
    matrix = emd_matrix(a, cost=cost)
    assert matrix[1, 4] == pytest.approx(emd(a[1], a[4], cost).value)
    assert matrix[4, 1] == pytest.approx(emd(a[4], a[1], cost).value)


def test_lists_of_equal_size_are_stacks():
    a, b, x, y = stack(4)
    np.testing.assert_array_equal(
        emd_batch(list(a), list(b), x=list(x), y=list(y)), emd_batch(a, b, x=x, y=y)
    )


def test_what_cannot_be_used_is_named():
    a, b, x, y = stack(5)
    bad = b.copy()
    bad[3, 2] = -1
    with pytest.raises(InvalidArgument, match=r"b\[3, 2\] is -1"):
        emd_batch(a, bad, x=x, y=y)
    with pytest.raises(InvalidArgument, match=r"b\[1\]\[0\] is nan"):
        emd_batch([[1.0], [1.0]], [[1.0, 0.0], [np.nan]], x=np.zeros((1, 1)), y=[[0, 1], [0]])
    with pytest.raises(InvalidArgument, match=r"totals differ: a\[0\] has 1, b\[0\] has 2"):
        emd_batch(a, 2 * b, x=x, y=y)
    with pytest.raises(InvalidArgument, match="7 distributions and b has 6"):
        emd_batch(a, b[:6], x=x, y=y[:6])
    with pytest.raises(InvalidArgument, match=r"y\[0\] has 5 points and b\[0\] has 6 masses"):
        emd_batch(a, b, x=x, y=y[:, :5])
    with pytest.raises(InvalidArgument, match="no ground cost"):
        emd_batch(a, b)
    with pytest.raises(InvalidArgument, match="have to be passed as y"):
        emd_matrix(a, a, x=x)
    with pytest.raises(InvalidArgument, match=r"row|b\[2\] has no mass"):
        emd_batch(a, b * (np.arange(7) != 2)[:, None], x=x, y=y)
    with pytest.raises(InvalidArgument, match=r"cost has shape \(9, 5\) and b\[0\] has 6"):
        emd_batch(a, b, np.ones((9, 5)))


def test_a_list_of_arrays_is_one_for_each_pair():
    a, b = [[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]
    lines = [np.array([0.0, 1.0]), np.array([0.0, 5.0])]
    assert emd_batch(a, b, x=lines).tolist() == [1.0, 5.0]
    assert emd_batch(a, b, x=[[0.0], [4.0]]).tolist() == [4.0, 4.0]  # numbers: shared points


def test_totals_at_the_ends_of_the_doubles():
    tiny, huge = [[1e-310, 1e-310]], [[1e307, 1e307]]
    for masses in (tiny, huge):
        found = emd_batch(masses, [[0.0, 3.0]], x=[0.0, 1.0], mass="normalise")
        assert found.tolist() == pytest.approx([0.5])


def test_read_only_arrays_are_compiled_for_once():
    arrays = [np.eye(3), np.eye(3), np.arange(3.0)]
    expected = emd_batch(*arrays[:2], x=arrays[2])
    from heatlens.transport.exact.pairs import solve_pairs

    before = len(solve_pairs.signatures)
    for array in arrays:
        array.setflags(write=False)
    np.testing.assert_array_equal(emd_batch(*arrays[:2], x=arrays[2]), expected)
    assert len(solve_pairs.signatures) == before


def test_among_themselves():
    with pytest.raises(InvalidArgument, match=r"a\[0\] has 1, a\[1\] has 2"):
        emd_matrix([[1.0, 0.0], [1.0, 1.0]], x=[0.0, 1.0])
    assert emd_matrix([[1.0]], x=[0.0]).tolist() == [[0.0]]
    with pytest.raises(InvalidArgument, match="threads is 0"):
        emd_matrix([[1.0]], x=[0.0], threads=0)
    told = []
    emd_matrix(np.eye(4), x=np.arange(4.0), progress=lambda *state: told.append(state))
    assert told == [(6, 6)]
