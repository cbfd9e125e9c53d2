"""What holds for every metric by its being registered."""

import math

import numpy as np
import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.perception.metrics import CONVENTIONS, METRICS
from heatlens.provenance import Provenance

NAMES = list(METRICS)
POINTS = [[2.0, 3.0], [7.4, 4.6], [7.0, 5.0], [2.0, 3.0]]
OTHERS = [[0, 0], [11, 8], [5, 5], [6, 1]]


def bump(size=(12, 9), seed=0):
    rows, columns = np.mgrid[: size[0], : size[1]]
    heat = np.exp(-((rows - 6) ** 2 + (columns - 4) ** 2) / 20)
    return heat + 0.1 + 0.01 * np.random.default_rng(seed).random(size)


def measured(name, heat, points=POINTS, convention="tuebingen", **more):
    metric = METRICS[name]
    if "others" in metric.needs:
        more = {"others": OTHERS, **more}
    return metric.function(heat, points, convention=convention, **more)


every = pytest.mark.parametrize("name", NAMES)
both = pytest.mark.parametrize("convention", CONVENTIONS)


def test_all_nine():
    assert NAMES == [
        "auc-borji",
        "auc-judd",
        "auc-shuffled",
        "cc",
        "emd",
        "information-gain",
        "kld",
        "nss",
        "sim",
    ]


@every
def test_described(name):
    metric = METRICS[name]
    assert metric.summary.endswith(".")
    assert metric.paper.startswith("doi:")
    assert metric.low < metric.high
    assert set(metric.parameters) >= {"convention"}


@every
@both
def test_finite_in_range_and_repeatable(name, convention):
    metric = METRICS[name]
    found = measured(name, bump(), convention=convention)
    assert isinstance(found, float)
    assert math.isfinite(found)
    assert metric.low <= found <= metric.high
    assert found == measured(name, bump(), convention=convention)


@every
@both
def test_a_better_map_is_better(name, convention):
    """The bump lies between the fixations; turned round it is a hole."""
    metric = METRICS[name]
    good, bad = bump(), 1.3 - bump()
    points = [[6, 4], [5, 5], [7, 3], [6, 3]]
    more = {"sigma": 2.0} if metric.density else {}
    if name == "emd":
        more["factor"] = 1
    gap = measured(name, good, points, convention, **more) - measured(
        name, bad, points, convention, **more
    )
    assert gap > 0 if metric.higher_is_better else gap < 0


@every
@both
def test_takes_a_heatmap_and_any_type(name, convention):
    levels = np.rint(200 * bump()).astype(np.uint8)
    expected = measured(name, levels.astype(np.float64), convention=convention)
    heat = Heatmap(levels.astype(np.float32), Provenance("by hand"))
    for other in (heat, levels, levels.astype(np.float32), levels.tolist()):
        assert measured(name, other, convention=convention) == pytest.approx(expected, rel=1e-6)


@every
@both
def test_a_constant_map(name, convention):
    """Says as little as it knows, and is never NaN."""
    metric = METRICS[name]
    found = measured(name, np.full((12, 9), 0.5), convention=convention)
    assert math.isfinite(found)
    if metric.chance is not None:
        assert found == pytest.approx(metric.chance)


@every
@both
def test_numbers_of_each_fixation_have_the_metric_as_their_mean(name, convention):
    metric = METRICS[name]
    assert (metric.each is None) == metric.density
    if metric.each is not None:
        more = {"others": OTHERS} if "others" in metric.needs else {}
        each = metric.each(bump(), POINTS, convention=convention, **more)
        assert each.shape == (2 if convention == "mit" else 4,)  # two pixels were looked at twice
        assert each.mean() == measured(name, bump(), convention=convention)


@every
def test_tensors_and_ragged_lists(name):
    heat = torch.tensor(bump(), requires_grad=True)
    points = torch.tensor(POINTS, requires_grad=True)
    assert measured(name, heat, points) == measured(name, bump(), np.float32(POINTS))
    with pytest.raises(InvalidArgument, match="map: the rows have several lengths"):
        measured(name, [[1, 2], [3]])
    with pytest.raises(InvalidArgument, match="fixations: the rows have several lengths"):
        measured(name, bump(), [[1, 2], [3]])


@every
def test_one_pixel(name):
    more = {"others": [[0, 0]]} if "others" in METRICS[name].needs else {}
    found = measured(name, [[3.0]], [[0, 0]], **more)
    assert math.isfinite(found)


@every
@both
def test_no_state_is_touched(name, convention):
    heat, points = bump(), np.array(POINTS)
    for array in (heat, points):
        array.flags.writeable = False
    kept = heat.copy(), points.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    measured(name, heat, points, convention)
    assert (heat == kept[0]).all()
    assert (points == kept[1]).all()
    assert (np.random.get_state()[1] == kept[2]).all()  # noqa: NPY002


@every
@pytest.mark.parametrize(
    ("heat", "points", "words"),
    [
        (bump(), [], "no fixations"),
        (bump(), np.zeros((0, 2)), "no fixations"),
        (bump(), [[0, 0], [12, 0]], r"fixations\[1\] is at row 12, column 0, outside"),
        (bump(), [[0, 0], [-0.6, 0]], r"fixations\[1\] is at row -0.6"),
        (bump(), [[math.nan, 0]], r"fixations\[0\] is at row nan"),
        (bump((9, 20)), [[3, 4], [15, 5]], "come as row, column"),
        (bump(), [[1, 2, 3]], r"shape \(1, 3\); expected \(n, 2\)"),
        (bump() * math.nan, POINTS, "the map is nan at row 0, column 0"),
        (np.ones(5), POINTS, r"a map of shape \(5,\)"),
        (np.ones((0, 5)), POINTS, r"a map of shape \(0, 5\)"),
        (np.ones((2, 3, 3)), POINTS, r"a map of shape \(2, 3, 3\)"),
    ],
    ids=[
        "empty-list", "empty", "outside", "below", "nan-point", "swapped", "triples",
        "nan-map", "line", "no-pixel", "colour",
    ],
)  # fmt: skip
def test_bad_input_in_words(name, heat, points, words):
    with pytest.raises(InvalidArgument, match=words):
        measured(name, heat, points)


@every
def test_wrong_kinds(name):
    with pytest.raises(InvalidType, match="expected real numbers"):
        measured(name, np.full((12, 9), "a"))
    with pytest.raises(InvalidType, match="rows and columns"):
        measured(name, bump(), [["a", "b"]])
    with pytest.raises(UnknownName, match="did you mean 'tuebingen'"):
        measured(name, bump(), convention="Tübingen".replace("ü", "u"))


@every
def test_densities_and_masks(name):
    """A metric of densities takes one; a metric of points says that it takes none."""
    metric = METRICS[name]
    if metric.density:
        assert math.isfinite(measured(name, bump(), bump(seed=1)))
        small = Heatmap(np.ones((3, 4), np.float32), Provenance("by hand"))
        with pytest.raises(InvalidArgument, match="the density of the fixations 3 x 4"):
            measured(name, bump(), small)
    else:
        with pytest.raises(InvalidArgument, match="takes points, not a density"):
            measured(name, bump(), bump(seed=1))
    mask = np.zeros((12, 9), bool)
    mask[3, 4] = True
    assert measured(name, bump(), mask) == measured(name, bump(), [[3, 4]])


def test_an_unknown_metric():
    with pytest.raises(UnknownName, match="did you mean 'auc-judd'"):
        METRICS["auc_jud"]
