"""Pictures of stand-ins: the verdict first, all words inside, nothing global touched."""

import sys

import matplotlib
import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.importance import FeatureTable
from heatlens.surrogates import linear_surrogate, tree_surrogate

NAMES = (
    "brightness: top left",
    "hue of the most colourful patch: spring green",
    "$x_1$ & <y>",
    "d",
)


@pytest.fixture(scope="module")
def table():
    return FeatureTable(np.random.default_rng(0).uniform(size=(200, 4)), NAMES)


QUICK = {"resamples": 100, "confidence": 0.9}


def scores(table, k=3):
    chosen = np.minimum((table.values[:, 0] * k).astype(int), k - 1)
    return 9.0 * np.eye(k)[chosen]


def drawn(figure):
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.mark.parametrize("k", [2, 3, 12], ids=["two", "three", "twelve"])
def test_a_tree_shows_every_node_inside_the_page(table, k):
    found = tree_surrogate(None, scores(table, k), table, **QUICK)
    figure = found.plot()
    words = drawn(figure)
    assert words.count("yes") == words.count("no") == found.model.leaves - 1
    assert sum(" of the pictures" in word for word in words) >= 2 * found.model.leaves - 1
    width, height = figure.canvas.get_width_height()
    for text in figure.findobj(matplotlib.text.Text):
        box = text.get_window_extent()
        if text.get_text().strip():
            assert box.x0 >= 0
            assert box.x1 <= width + 1
            assert box.y0 >= 0
            assert box.y1 <= height + 1


def test_words_of_a_tree_do_not_run_into_each_other(table):
    figure = tree_surrogate(None, scores(table, 12), table, **QUICK).plot()
    figure.canvas.draw()
    (axes,) = figure.axes
    boxes = [text.get_window_extent().shrunk(0.98, 0.7) for text in axes.texts]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])


def test_what_does_not_explain_says_so_first(table):
    noise = np.random.default_rng(5).normal(size=(200, 3))
    for stand_in in (tree_surrogate, linear_surrogate):
        found = stand_in(None, noise, table, **QUICK)
        assert not found.explains
        assert found.plot().texts[0].get_text() == "DOES NOT EXPLAIN THIS MODEL"


def test_the_verdict_above_a_tree_is_whole(table):
    # Three reasons above a tree that is narrow.
    rare = np.zeros((200, 2))
    rare[table.values[:, 3] > 0.98, 1] = 3.0
    for answers in (rare, np.random.default_rng(5).normal(size=(200, 3))):
        found = tree_surrogate(None, answers, table, depth=1, **QUICK)
        assert found.verdict.count("; and ") == 2
        words = " ".join(drawn(found.plot()))
        assert found.verdict.partition(": ")[2] + "." in words


def test_coefficients_are_sorted_bars_with_intervals(table):
    y = table.values @ np.array([3.0, -2.0, 1.0, 0.0])
    found = linear_surrogate(None, y, table, output="number")
    figure = found.plot(most=3)
    figure.canvas.draw()
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [*NAMES[:3]]
    widths = [bar.get_width() for bar in axes.patches]
    assert np.sign(widths).tolist() == [1, -1, 1]
    assert np.all(np.diff(np.abs(widths)) <= 0)
    assert "one standard deviation" in axes.get_xlabel()
    with pytest.raises(InvalidArgument, match="at least 1"):
        found.plot(most=0)


def test_a_single_leaf_and_no_coefficient_can_be_drawn(table):
    noise = np.random.default_rng(5).normal(size=200)
    found = linear_surrogate(None, noise, table, output="number", penalty="lasso", strength=1.0)
    assert found.first is None
    assert "no feature has a coefficient" in drawn(found.plot())
    assert "No feature tells anything" in str(found)
    rare = np.zeros((200, 2))
    rare[::20, 1], rare[:, 0] = 1.0, 0.5
    tree = tree_surrogate(None, rare, table, depth=1, **QUICK)
    tree.plot()
    assert "class 0" in tree.rules()


def test_nothing_global_is_touched(table):
    before = dict(matplotlib.rcParams)
    tree_surrogate(None, scores(table), table, **QUICK).plot()
    assert dict(matplotlib.rcParams) == before
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )
