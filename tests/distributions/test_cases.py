"""The arithmetic of the benchmarks on distances."""

import numpy as np
import pytest

from benchmarks.cases import digits_knn
from benchmarks.cases.distances_under_change import _evenness, _in_order
from benchmarks.changes import CHANGES, changed


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", [(64, 64, 3), (64, 64)])
def test_changes_are_seeded_and_grow(change, shape):
    from scipy import ndimage

    blurred = ndimage.gaussian_filter(
        np.random.default_rng(0).random(shape), (3, 3, 0)[: len(shape)]
    )
    one, two = (changed(blurred, change, 4, seed=1) for _ in range(2))
    assert [x.shape for x in one] == [shape] * 4
    np.testing.assert_array_equal(one, two)
    gone = [np.abs(x - blurred)[16:48, 16:48].mean() for x in one]
    assert 0 < gone[0] < gone[-1]


def test_the_shift_is_as_long_as_it_says():
    dot = np.zeros((64, 64))
    dot[30, 40] = 1
    last = changed(dot, "shift", 4, seed=0)[-1]
    y, x = (np.average(axis, weights=last) for axis in np.indices(dot.shape))
    assert np.hypot(y - 30, x - 40) == pytest.approx(CHANGES["shift"][2])


def test_order_and_evenness():
    assert _in_order(np.array([[1.0, 2, 3]])) == 1
    assert _in_order(np.array([[3.0, 2, 1]])) == 0
    assert _in_order(np.array([[np.inf, np.inf, np.inf]])) == 0.5
    assert _evenness(np.arange(1.0, 9)[None]) == 0.5
    assert _evenness(np.full((1, 8), np.inf)) is None


def test_votes():
    labels = np.array([0, 0, 1, 1, 1])
    places = np.array([0.0, 1.0, 1.5, 9.0, 9.5])
    distances = np.abs(places[:, None] - places)
    # Each row leaves itself out: the first sees 0, 1, 1, the second 1, 0, 1, the third 0, 0, 1.
    assert digits_knn._accuracy(distances, labels, np.arange(5)) == 2 / 5


def test_three_different_votes_go_to_the_nearest():
    labels = np.array([4, 5, 6, 5])
    distances = np.array([[0.0, 3.0, 2.0, 1.0]])
    assert digits_knn._accuracy(distances, labels, np.array([0])) == 0
    assert digits_knn._accuracy(distances, np.array([6, 4, 5, 6]), np.array([0])) == 1


def test_a_shift_loses_nothing():
    picture = np.pad(np.arange(1.0, 65).reshape(8, 8), 1)
    for way in range(4):
        moved = digits_knn._shifted(picture, way)
        assert moved.sum() == picture.sum()
        assert not np.array_equal(moved, picture)
