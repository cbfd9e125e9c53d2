"""Areas under the curve, against slow formulas, scikit-learn, and values by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.perception.metrics import auc_borji, auc_judd, auc_shuffled
from heatlens.perception.metrics.roc import share_below, share_below_in_steps

RAMP = np.arange(4.0).reshape(2, 2)


def some(seed, size=(13, 17), n=9, levels=None):
    rng = np.random.default_rng(seed)
    heat = rng.random(size)
    if levels:
        heat = np.floor(heat * levels)
    return heat, np.stack([rng.integers(size[0], size=n), rng.integers(size[1], size=n)], 1)


def by_pairs(positives, negatives):
    """Every positive against every negative."""
    p, q = np.asarray(positives)[:, None], np.asarray(negatives)[None, :]
    return ((p > q) + (p == q) / 2).mean()


def judd_by_loop(heat, fixations):
    """The Matlab code's steps, without its jitter; right where no two values are the same."""
    fixated = np.zeros(heat.shape, bool)
    fixated[tuple(np.asarray(fixations).T)] = True
    at = np.sort(heat[fixated])[::-1]
    tp, fp = [0.0], [0.0]
    for i, threshold in enumerate(at, 1):
        above = (heat >= threshold).sum()
        tp.append(i / len(at))
        fp.append((above - i) / (heat.size - len(at)))
    return np.trapezoid([*tp, 1.0], [*fp, 1.0])


@pytest.mark.parametrize(
    ("where", "tuebingen", "mit"),
    [([1, 1], 7 / 8, 1.0), ([0, 0], 1 / 8, 1 / 2), ([0, 1], 3 / 8, 2 / 3)],
    ids=["best", "worst", "second"],
)
def test_judd_by_hand(where, tuebingen, mit):
    """Of 0 1 2 3: over all four pixels, half a point for oneself; or the line to the one threshold."""
    assert auc_judd(RAMP, [where]) == tuebingen
    assert auc_judd(RAMP, [where], convention="mit", jitter=False) == pytest.approx(mit)


@pytest.mark.parametrize("convention", ["tuebingen", "mit"])
def test_a_perfect_and_an_inverted_map(convention):
    heat = np.zeros((30, 40))
    points = [[3, 4], [10, 20], [29, 39]]
    heat[tuple(np.transpose(points))] = 1
    assert auc_judd(heat, points, convention=convention) > 0.99
    assert auc_borji(heat, points, convention=convention) > 0.99
    assert auc_borji(-heat, points, convention=convention) < 0.01
    # The line from the origin to the only threshold lies half above: 1 / 2n of three fixations.
    worst = 1 / 6 if convention == "mit" else 0
    assert auc_judd(-heat, points, convention=convention) == pytest.approx(worst, abs=0.01)
    others = [[0, 0], [5, 5], [6, 6]]
    assert auc_shuffled(heat, points, others=others, convention=convention) == 1
    assert auc_shuffled(-heat, points, others=others, convention=convention) == 0


@pytest.mark.parametrize("levels", [None, 4], ids=["distinct", "ties"])
def test_tuebingen_is_scikit_learns_auc(levels):
    heat, points = some(0, levels=levels)
    positives = heat[tuple(points.T)]
    truth = np.repeat([1, 0], [len(positives), heat.size])
    expected = roc_auc_score(truth, np.concatenate([positives, heat.ravel()]))
    assert auc_judd(heat, points) == pytest.approx(expected, abs=1e-12)
    assert auc_borji(heat, points) == auc_judd(heat, points)


def test_tuebingen_shuffled_is_scikit_learns_auc():
    heat, points = some(1, levels=5)
    others = some(2, n=31)[1]
    scores = np.concatenate([heat[tuple(points.T)], heat[tuple(others.T)]])
    truth = np.repeat([1, 0], [len(points), len(others)])
    found = auc_shuffled(heat, points, others=others)
    assert found == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)


def judd_by_levels(heat, fixations):
    """A threshold at each distinct fixated value, and straight lines between them."""
    fixated = np.zeros(heat.shape, bool)
    fixated[tuple(np.asarray(fixations).T)] = True
    curve = [(0.0, 0.0)]
    for threshold in sorted(set(heat[fixated]), reverse=True):
        curve.append(((heat[~fixated] >= threshold).mean(), (heat[fixated] >= threshold).mean()))
    alarms, found = np.transpose([*curve, (1.0, 1.0)])
    return np.trapezoid(found, alarms)


def by_steps(positives, negatives, step):
    """The Matlab code's loop over thresholds, `AUC_Borji.m`."""
    thresholds = np.arange(0, max(positives.max(), negatives.max()) + 1e-9, step)[::-1]
    found = [0.0, *((positives >= t).mean() for t in thresholds), 1.0]
    alarms = [0.0, *((negatives >= t).mean() for t in thresholds), 1.0]
    return np.trapezoid(found, alarms)


def test_mit_judd_is_the_loop():
    heat, points = some(3)
    found = auc_judd(heat, points, convention="mit", jitter=False)
    assert found == pytest.approx(judd_by_loop(heat, points), abs=1e-12)


@pytest.mark.parametrize("levels", [1, 2, 3, 6])
@pytest.mark.parametrize("seed", range(4))
def test_mit_judd_under_ties_has_a_threshold_for_each_value(levels, seed):
    heat, points = some(seed, levels=levels)
    found = auc_judd(heat, points, convention="mit", jitter=False)
    assert found == pytest.approx(judd_by_levels(heat, points), abs=1e-12)
    assert 0 <= found <= 1


@pytest.mark.parametrize("seed", range(4))
def test_mit_judd_of_a_map_of_fixated_levels_is_scikit_learns(seed):
    """Where every value of the map was looked at, no threshold is missing: the whole curve's area."""
    heat, points = some(seed, n=40, levels=3)
    fixated = np.zeros(heat.shape, bool)
    fixated[tuple(points.T)] = True
    assert set(heat[fixated]) == set(heat.ravel())
    found = auc_judd(heat, points, convention="mit", jitter=False)
    assert found == pytest.approx(roc_auc_score(fixated.ravel(), heat.ravel()), abs=1e-12)


def test_mit_judd_of_an_inverted_two_valued_map():
    """Everybody looks where it is dark: the worst there is, .5 by the only line, and not below 0."""
    heat = np.zeros((10, 10))
    heat[5:] = 1
    points = np.argwhere(heat == 0)[::5]
    found = auc_judd(heat, points, convention="mit", jitter=False)
    assert found == pytest.approx(judd_by_levels(heat, points))
    assert 0 <= auc_judd(heat, points, convention="mit") <= 0.5


def test_mit_judd_is_above_mann_whitney_by_its_first_lines():
    """The false alarms at the lowest fixated value, over 2 n: what the docstring says."""
    heat, points = some(5)
    fixated = np.zeros(heat.shape, bool)
    fixated[tuple(points.T)] = True
    alarms = (heat[~fixated] > heat[fixated].min()).mean()
    expected = by_pairs(heat[fixated], heat[~fixated]) + alarms / (2 * fixated.sum())
    assert auc_judd(heat, points, convention="mit", jitter=False) == pytest.approx(expected)


def test_mit_judd_with_jitter_is_the_loop_over_distinct_values():
    heat, points = some(4)
    found = auc_judd(heat, points, convention="mit")
    assert found == pytest.approx(judd_by_loop(heat, points), abs=1e-12)


def test_mit_judd_counts_a_pixel_once():
    assert auc_judd(RAMP, [[1, 1], [1, 1], [0, 0]], convention="mit") == auc_judd(
        RAMP, [[0, 0], [1, 1]], convention="mit"
    )
    assert auc_judd(RAMP, [[1, 1], [1, 1], [0, 0]]) != auc_judd(RAMP, [[0, 0], [1, 1]])


@pytest.mark.parametrize("scale", [1e-300, 1e-6, 1.0, 1e300])
def test_jitter_is_as_small_as_the_map(scale):
    """A density over a million pixels has values of 1e-6: its order survives all the same."""
    rng = np.random.default_rng(1)
    heat = (1 + 0.01 * rng.random((60, 60))) * scale
    points = np.stack(np.unravel_index(np.argsort(heat.ravel())[-50:], heat.shape), 1)
    exact = judd_by_levels(heat, points)
    assert auc_judd(heat, points, convention="mit") == pytest.approx(exact, abs=1e-3)
    assert auc_judd(heat, points, convention="mit", jitter=False) == pytest.approx(exact)


def test_jitter_breaks_ties_either_way():
    """Of two equal pixels the fixated one is above the other for half of the seeds: areas 1 and .5."""
    found = [auc_judd([[1, 1, 0]], [[0, 0]], convention="mit", seed=seed) for seed in range(200)]
    assert set(found) == {1.0, 0.75}
    assert 70 < found.count(1.0) < 130


def test_borji_mit_by_hand():
    """Two values, so thresholds part them as exactly as ties do."""
    heat = np.array([[0.0, 1.0]])
    fixated, drawn = [], np.random.default_rng(5).integers(2, size=(100, 1))
    for cell in drawn[:, 0]:
        fixated.append(1.0 if cell == 0 else 0.5)
    found = auc_borji(heat, [[0, 1]], convention="mit", seed=5)
    assert found == pytest.approx(np.mean(fixated))


@pytest.mark.parametrize("step", [0.1, 0.07, 0.25, 1.0])
def test_areas_by_steps_are_the_loop(step):
    rng = np.random.default_rng(3)
    for _ in range(20):
        positives, negatives = rng.random(7), rng.random(11)
        found = share_below_in_steps(positives, negatives, step).mean()
        assert found == pytest.approx(by_steps(positives, negatives, step), abs=1e-12)


def test_borji_mit_is_the_loop():
    heat, points = some(11)
    flat = (heat - heat.min()) / np.ptp(heat)
    cells = np.unique(points[:, 0] * heat.shape[1] + points[:, 1])
    drawn = np.random.default_rng(2).integers(heat.size, size=(100, len(cells)))
    expected = np.mean([by_steps(flat.ravel()[cells], flat.ravel()[d], 0.1) for d in drawn])
    assert auc_borji(heat, points, convention="mit", seed=2) == pytest.approx(expected)


def test_steps_do_not_see_small_differences():
    heat = np.array([[0.0, 0.91, 0.95, 1.0]])
    found = auc_shuffled(heat, [[0, 2]], others=[[0, 1]], convention="mit")
    assert found == 0.5
    assert auc_shuffled(heat, [[0, 2]], others=[[0, 1]]) == 1
    fine = auc_shuffled(heat, [[0, 2]], others=[[0, 1]], convention="mit", step=0.01)
    assert fine == 1


def test_shuffled_mit_draws_without_replacement():
    """With as many others as fixations there is one draw: all of them, whatever the seed."""
    heat, points = some(6)
    others = some(7)[1]
    one = auc_shuffled(heat, points, others=others, convention="mit", splits=3, seed=1)
    two = auc_shuffled(heat, points, others=others, convention="mit", splits=5, seed=2)
    assert one == pytest.approx(two, abs=1e-12)


def test_shuffled_is_blind_to_the_centre():
    """A map of the centre alone, where everybody looks at the centre, knows nothing."""
    rng = np.random.default_rng(8)
    distance = np.hypot(*np.mgrid[-20:21, -20:21])
    here, there = (np.clip(rng.normal(20, 6, (400, 2)), 0, 40) for _ in range(2))
    assert auc_judd(-distance, here) > 0.8
    assert auc_shuffled(-distance, here, others=there) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("convention", ["tuebingen", "mit"])
def test_a_constant_map_is_chance(convention):
    heat = np.full((9, 9), 3.0)
    points = [[1, 1], [4, 4]]
    for seed in range(3):
        assert auc_judd(heat, points, convention=convention, seed=seed) == 0.5
    assert auc_judd(heat, points, convention=convention, jitter=False) == 0.5
    assert auc_judd(heat, [[1, 1]], convention=convention) == 0.5
    assert auc_borji(heat, points, convention=convention) == 0.5
    assert auc_shuffled(heat, points, others=[[0, 0]], convention=convention) == 0.5


def test_same_seed_same_number():
    heat, points = some(9, levels=3)
    others = some(10, n=40)[1]
    for metric, more in ((auc_judd, {}), (auc_borji, {}), (auc_shuffled, {"others": others})):
        one, again, other = (
            metric(heat, points, convention="mit", seed=s, **more) for s in (3, 3, 4)
        )
        assert one == again != other
    assert auc_borji(heat, points, convention="mit", seed=3) != auc_borji(
        heat, points, convention="mit", seed=4
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=20),
    st.lists(st.integers(-50, 50), min_size=1, max_size=20),
)
def test_mann_whitney_is_all_pairs(positives, negatives):
    found = share_below(np.array(positives, float), np.array(negatives, float))
    assert found.mean() == pytest.approx(by_pairs(positives, negatives))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_monotone_transforms_change_nothing(seed):
    heat, points = some(seed, levels=6)
    others = some(seed + 1)[1]
    warped = np.exp(heat / 2) - 7
    assert auc_judd(warped, points) == auc_judd(heat, points)
    assert auc_shuffled(warped, points, others=others) == auc_shuffled(heat, points, others=others)
    assert_allclose(
        auc_judd(warped, points, convention="mit", jitter=False),
        auc_judd(heat, points, convention="mit", jitter=False),
    )


def test_every_pixel_fixated():
    with pytest.raises(InvalidArgument, match="every pixel is fixated"):
        auc_judd(RAMP, np.ones((2, 2), bool), convention="mit")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"splits": 0}, "splits is 0"),
        ({"splits": 2.5}, "splits is 2.5; it is a whole number"),
        ({"splits": "a"}, "splits is 'a'"),
        ({"step": 0.0}, "step is 0"),
        ({"step": 2.0}, "step is 2"),
        ({"step": np.nan}, "step is nan"),
        ({"step": "a"}, "step is 'a'"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
    ],
    ids=["no-split", "half", "word", "no-step", "long", "nan", "letter", "negative", "none"],
)
@pytest.mark.parametrize("convention", ["tuebingen", "mit"])
def test_splits_steps_and_seeds(wrong, words, convention):
    with pytest.raises((InvalidArgument, InvalidType), match=words):
        auc_borji(RAMP, [[0, 0]], convention=convention, **wrong)
    with pytest.raises((InvalidArgument, InvalidType), match=words):
        auc_shuffled(RAMP, [[0, 0]], others=[[1, 1]], convention=convention, **wrong)


@pytest.mark.parametrize("seed", [-1, 0.5])
def test_judds_seed(seed):
    with pytest.raises((InvalidArgument, InvalidType), match=f"seed is {seed}"):
        auc_judd(RAMP, [[0, 0]], convention="mit", seed=seed)


def test_shuffled_needs_others():
    with pytest.raises(InvalidArgument, match="needs others="):
        auc_shuffled(RAMP, [[0, 0]])
    with pytest.raises(InvalidArgument, match=r"others\[0\] is at row 9"):
        auc_shuffled(RAMP, [[0, 0]], others=[[9, 9]])
