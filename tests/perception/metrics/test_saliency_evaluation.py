"""Many pictures: the values are those of the single calls, the means have intervals."""

import math

import numpy as np
import pytest
from scipy import stats

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.perception.displays import sampled_fixations
from heatlens.perception.metrics import (
    METRICS,
    auc_shuffled,
    evaluate,
    fixation_density,
    information_gain,
    kld,
    nss,
    sim,
)


@pytest.fixture(scope="module")
def some():
    rng = np.random.default_rng(0)
    maps, points = [], []
    for i in range(5):
        rows, columns = np.mgrid[: 20 + i, :30]
        centre = rng.uniform(5, 15), rng.uniform(5, 25)
        heat = np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / 50) + 0.05
        maps.append(heat)
        points.append(sampled_fixations(heat, 12, seed=i))
    return maps, points


def test_values_are_those_of_single_calls(some):
    maps, points = some
    found = evaluate(maps, points, ["nss", "kld", "information-gain"], sigma=2.0)
    for i, (heat, at) in enumerate(zip(maps, points)):
        assert found.values["nss"][i] == nss(heat, at)
        assert found.values["kld"][i] == kld(heat, at, sigma=2.0)
        assert found.values["information-gain"][i] == information_gain(heat, at)


def test_means_and_intervals(some):
    found = evaluate(*some, ["nss"], confidence=0.9)
    x = found.values["nss"]
    assert found.means["nss"] == pytest.approx(x.mean())
    expected = stats.t.interval(0.9, len(x) - 1, x.mean(), stats.sem(x))
    assert tuple(found.intervals["nss"]) == pytest.approx(expected)
    drawn = evaluate(*some, ["nss"], interval="bootstrap")
    assert drawn.intervals["nss"].holds(x.mean())
    assert drawn.intervals["nss"].width < 2 * found.intervals["nss"].width


def test_everything_by_default(some):
    for convention in ("tuebingen", "mit"):
        found = evaluate(*some, convention=convention)
        assert list(found.values) == list(METRICS)
        assert all(np.isfinite(x).all() for x in found.values.values())
        assert found.means["auc-judd"] > 0.7
    alone = evaluate(some[0][:1], some[1][:1])
    assert "auc-shuffled" not in alone.values
    assert alone.intervals["nss"] is None
    assert "nss" in str(alone)


def test_shuffled_takes_the_other_pictures_in_proportion(some):
    maps, points = some
    found = evaluate(maps, points, ["auc-shuffled"])
    size = np.array(maps[2].shape)
    others = np.concatenate(
        [(points[i] + 0.5) / maps[i].shape * size - 0.5 for i in range(5) if i != 2]
    )
    expected = auc_shuffled(maps[2], points[2], others=others)
    assert found.values["auc-shuffled"][2] == pytest.approx(expected)


def test_ten_others_in_mit():
    rng = np.random.default_rng(1)
    maps = [rng.random((9, 9)) for _ in range(14)]
    points = [rng.integers(0, 9, (3, 2)) for _ in range(14)]
    one, again = (
        evaluate(maps, points, ["auc-shuffled"], convention="mit", seed=s) for s in (4, 4)
    )
    assert (one.values["auc-shuffled"] == again.values["auc-shuffled"]).all()
    other = evaluate(maps, points, ["auc-shuffled"], convention="mit", seed=5)
    assert (one.values["auc-shuffled"] != other.values["auc-shuffled"]).any()


def test_a_position_at_the_very_edge_stays_inside():
    maps = [np.random.default_rng(i).random((7 + i, 11)) for i in range(3)]
    points = [np.array([[n - 0.5000001, 10.4999999] for n in m.shape[:1]]) for m in maps]
    assert np.isfinite(evaluate(maps, points, ["auc-shuffled"]).values["auc-shuffled"]).all()


def test_given_densities_and_baselines(some):
    maps, points = some
    densities = [fixation_density(p, m.shape, 1.5) for m, p in zip(maps, points)]
    found = evaluate(maps, points, ["sim", "information-gain"], densities=densities, baseline=maps)
    assert found.values["sim"][3] == sim(maps[3], densities[3])
    assert found.values["information-gain"].tolist() == [0] * 5
    one = evaluate([maps[0]] * 2, [points[0]] * 2, ["information-gain"], baseline=maps[0])
    assert one.means["information-gain"] == 0


def test_rows_names_words_and_progress(some):
    seen = []
    names = [f"photo {i}" for i in range(5)]
    found = evaluate(*some, ["nss", "emd"], names=names, progress=lambda *at: seen.append(at))
    assert seen == [(i + 1, 5) for i in range(5)]
    rows = found.rows()
    assert rows[1]["picture"] == "photo 1"
    assert rows[1]["emd"] == found.values["emd"][1]
    text = str(found)
    assert text.startswith("5 pictures, convention 'tuebingen'")
    assert "lower is better" in text
    assert len(found) == 5


def test_infinite_values_have_no_interval():
    found = evaluate([[[0.0, 1.0]]] * 2, [[[0, 0]], [[0, 1]]], ["information-gain"])
    assert found.means["information-gain"] == -math.inf
    assert found.intervals["information-gain"] is None


def test_bad_input(some):
    maps, points = some
    with pytest.raises(InvalidArgument, match="5 maps and 4 fixations"):
        evaluate(maps, points[:4])
    with pytest.raises(InvalidArgument, match="no pictures"):
        evaluate([], [])
    with pytest.raises(InvalidArgument, match="nobody looked at any"):
        evaluate(maps[:2], [[], np.zeros((20, 30), bool)], ["nss"])
    with pytest.raises(InvalidArgument, match="picture 1: fixations"):
        evaluate(maps[:2], [points[0], [[99, 0]]])
    for metric in ("nss", "auc-shuffled"):
        with pytest.raises(InvalidArgument, match=r"picture b.*: the map is nan at row 0"):
            evaluate([maps[0], maps[1] * math.nan], points[:2], [metric], names=["a", "b"])
        with pytest.raises(InvalidType, match="picture b: a map of <U1 values"):
            evaluate([maps[0], np.full((3, 3), "a")], points[:2], [metric], names=["a", "b"])
    with pytest.raises(InvalidArgument, match="picture 1: fixations: the rows have"):
        evaluate(maps[:2], [points[0], [[1, 2], [3]]], ["nss"])
    with pytest.raises(UnknownName, match="did you mean 'centre'"):
        evaluate(maps, points, ["information-gain"], baseline="center")
    with pytest.raises(InvalidArgument, match="3 baselines for 5 pictures"):
        evaluate(maps, points, ["information-gain"], baseline=maps[:3])
    with pytest.raises(InvalidArgument, match="with densities= nothing is blurred"):
        evaluate(maps, points, ["kld"], densities=maps, sigma=2.0)
    for metrics in (["nss"], ["kld"]):
        with pytest.raises(InvalidArgument, match="sigma is -5"):
            evaluate(maps, points, metrics, sigma=-5)
    with pytest.raises(InvalidArgument, match="5 maps and 2 sizes"):
        evaluate(maps, points, sizes=[(20, 30)] * 2)
    with pytest.raises(InvalidArgument, match=r"picture 1: the map has size \(21, 30\)"):
        evaluate(maps, points, ["nss"], sizes=[(20, 30)] * 5)
    with pytest.raises(InvalidArgument, match=r"redraws is 20; an interval at 0\.95 takes 200"):
        evaluate(maps, points, ["nss"], redraws=20)
    with pytest.raises(InvalidType, match="density_redraws is 'a'"):
        evaluate(maps, points, ["nss"], density_redraws="a")
    with pytest.raises(InvalidArgument, match="confidence is 1"):
        evaluate(maps, points, ["nss"], confidence=1)
    with pytest.raises(UnknownName, match="did you mean 'nss'"):
        evaluate(maps, points, ["ns"])
    with pytest.raises(InvalidArgument, match="expected a list of names"):
        evaluate(maps, points, "nss")
    with pytest.raises(InvalidArgument, match="interval is 'u'"):
        evaluate(maps, points, ["nss"], interval="u")
    with pytest.raises(InvalidArgument, match="there is only one"):
        evaluate(maps[:1], points[:1], ["auc-shuffled"])
