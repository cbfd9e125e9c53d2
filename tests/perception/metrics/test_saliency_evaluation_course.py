"""The course of an evaluation: what is computed when, left out, kept, and how sure a picture is."""

import math
import pickle
from collections.abc import Sequence

import numpy as np
import pytest

from heatlens.perception.displays import sampled_fixations
from heatlens.perception.metrics import METRICS, evaluate, fixation_density, nss, sim

SIZE = (24, 30)


class Computed(Sequence):
    """Maps that are made when they are asked for, and how often they were."""

    def __init__(self, count, size=SIZE):
        self.count, self.size, self.asked = count, size, []

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        if i >= self.count:
            raise IndexError
        self.asked.append(i)
        return np.random.default_rng(i).random(self.size) + 0.01


def looked(count, n=9):
    rng = np.random.default_rng(7)
    return [rng.integers(0, SIZE, (n, 2)) for _ in range(count)]


def bump(row=10, column=12):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 60) + 0.05


@pytest.mark.parametrize("sizes", [None, [SIZE] * 6], ids=["held", "sizes"])
def test_a_map_is_computed_once(sizes):
    maps, points = Computed(6), looked(6)
    found = evaluate(maps, points, sizes=sizes)
    assert maps.asked == list(range(6))
    there = evaluate([Computed(6)[i] for i in range(6)], points)
    assert list(found.values) == list(METRICS)
    for name in METRICS:
        assert (found.values[name] == there.values[name]).all()
        assert np.array_equal(
            found.image_intervals[name], there.image_intervals[name], equal_nan=True
        )


def test_nobody_looked_at_one():
    maps, points = Computed(4), looked(4)
    points[2] = np.zeros((0, 2))
    found = evaluate(maps, points, ["nss", "auc-shuffled"], names="abcd")
    assert found.names == ("a", "b", "d")
    assert found.notes == ("left out, as nobody looked: c",)
    assert "nobody looked: c" in str(found)
    assert maps.asked == [0, 1, 3]
    assert found.values["nss"][2] == nss(Computed(4)[3], points[3])
    without = [0, 1, 3]
    same = evaluate(
        [Computed(4)[i] for i in without], [points[i] for i in without], ["auc-shuffled"]
    )
    assert (found.values["auc-shuffled"] == same.values["auc-shuffled"]).all()


@pytest.mark.parametrize("sizes", [None, [SIZE] * 6], ids=["held", "sizes"])
def test_stopped_by_hand(sizes):
    def stop(done, of):
        if done == 3:
            raise KeyboardInterrupt

    points = looked(6)
    found = evaluate(Computed(6), points, ["nss", "auc-shuffled"], sizes=sizes, progress=stop)
    assert found.names == ("0", "1", "2")
    assert found.notes == ("stopped after 3 of 6 pictures; the others are missing",)
    whole = evaluate(Computed(6), points, ["nss"])
    assert (found.values["nss"] == whole.values["nss"][:3]).all()


def test_stopped_before_anything_was_done():
    class Slow(Computed):
        def __getitem__(self, i):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(Slow(3), looked(3), ["nss"])


def test_nothing_can_be_changed():
    found = evaluate(Computed(3), looked(3), ["nss", "cc"])
    for array in (*found.values.values(), *found.image_intervals.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
    for mapping in (found.values, found.image_intervals, found.means, found.intervals):
        with pytest.raises(TypeError):
            mapping["nss"] = 1
    again = pickle.loads(pickle.dumps(found))
    assert str(again) == str(found)
    assert (again.values["nss"] == found.values["nss"]).all()


def test_baselines_one_for_each():
    maps, points = [bump(), bump(5, 20)], looked(2)
    stacked = np.stack([bump(3, 3), bump(20, 20)])
    one = evaluate(maps, points, ["information-gain"], baseline=stacked)
    listed = evaluate(maps, points, ["information-gain"], baseline=list(stacked))
    assert (one.values["information-gain"] == listed.values["information-gain"]).all()
    single = METRICS["information-gain"].function(maps[1], points[1], baseline=stacked[1])
    assert one.values["information-gain"][1] == single


def test_a_pictures_interval_is_that_of_a_mean_over_fixations():
    """Of many fixations: mean + z sd / sqrt(n), by the central limit theorem."""
    heat, n = bump(), 400
    points = sampled_fixations(heat, n, seed=3)
    found = evaluate([heat], [points], ["nss"], redraws=4000)
    each = ((heat - heat.mean()) / heat.std())[tuple(points.astype(int).T)]
    half = 1.959964 * each.std(ddof=1) / math.sqrt(n)
    low, high = found.image_intervals["nss"][0]
    assert low == pytest.approx(each.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(each.mean() + half, abs=0.1 * half)


@pytest.mark.parametrize("convention", ["tuebingen", "mit"])
@pytest.mark.parametrize("name", [name for name, one in METRICS.items() if not one.density])
def test_a_pictures_interval_holds_other_fixations_of_the_same_density(name, convention):
    """Of 60 samples of a known density, at least 80 % have an interval with the mean in it."""
    heat = bump()
    truth = bump(9, 14)
    count = 60
    points = [sampled_fixations(truth, 60, seed=i) for i in range(count)]
    found = evaluate([heat] * count, points, [name], convention=convention, redraws=400)
    ends = found.image_intervals[name]
    inside = (ends[:, 0] <= found.means[name]) & (found.means[name] <= ends[:, 1])
    assert inside.mean() >= 0.8
    assert (ends[:, 0] <= found.values[name]).all()
    assert (found.values[name] <= ends[:, 1]).all()


def test_densities_are_drawn_again_when_asked_for():
    heat, points = bump(), sampled_fixations(bump(9, 14), 30, seed=1)
    found = evaluate([heat], [points], ["sim"], density_redraws=200, sigma=2.0, seed=5)
    rng = np.random.default_rng((5, 0, 1))
    drawn = [points[rng.integers(30, size=30)] for _ in range(200)]
    expected = np.quantile([sim(heat, one, sigma=2.0) for one in drawn], (0.025, 0.975))
    assert found.image_intervals["sim"][0] == pytest.approx(expected)


def test_mit_draws_pixels_and_counts_what_it_draws():
    """A pixel counts once among the fixations; drawn twice, it counts twice in the draw's density."""
    heat, points = bump(), sampled_fixations(bump(9, 14), 30, seed=1)
    points = np.concatenate([points, points[:5]])
    ask = {"convention": "mit", "sigma": 2.0, "seed": 5}
    found = evaluate([heat], [points], ["sim"], density_redraws=200, **ask)
    pixels = np.unique(points, axis=0).astype(int)
    assert len(pixels) < len(points)
    corner = fixation_density([[0, 0]], (32, 32), 2.0, convention="mit")
    single = [np.roll(corner, at, (0, 1))[: SIZE[0], : SIZE[1]] for at in pixels]
    rng, draws = np.random.default_rng((5, 0, 1)), []
    for _ in range(200):
        density = sum(single[k] for k in rng.integers(len(pixels), size=len(pixels)))
        draws.append(sim(heat, density, convention="mit"))
    expected = np.quantile(draws, (0.025, 0.975))
    assert found.image_intervals["sim"][0] == pytest.approx(expected, rel=1e-6)


def test_what_is_not_known_is_nan():
    heat, points = bump(), looked(1)[0]
    found = evaluate([heat], [points], ["sim", "nss"])
    assert np.isnan(found.image_intervals["sim"]).all()
    assert np.isfinite(found.image_intervals["nss"]).all()
    given = evaluate([heat], [points], ["sim"], densities=[heat], density_redraws=200)
    assert np.isnan(given.image_intervals["sim"]).all()
    alone = evaluate([heat], [points[:1]], ["nss", "sim"], density_redraws=200)
    assert np.isnan(alone.image_intervals["nss"]).all()
    assert np.isnan(alone.image_intervals["sim"]).all()
    none = evaluate([heat], [points], ["nss"], redraws=0)
    assert np.isnan(none.image_intervals["nss"]).all()
    infinite = evaluate([[[0.0, 1.0]]], [[[0, 0], [0, 1]]], ["information-gain"])
    assert np.isnan(infinite.image_intervals["information-gain"]).all()


def test_the_seed_decides_the_intervals():
    maps, points = [bump()], looked(1, 30)
    one, again, other = (evaluate(maps, points, ["nss"], seed=s) for s in (1, 1, 2))
    assert (one.image_intervals["nss"] == again.image_intervals["nss"]).all()
    assert (one.image_intervals["nss"] != other.image_intervals["nss"]).any()
