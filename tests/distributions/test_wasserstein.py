import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.optimize import linprog

from heatlens.distributions import as_distribution, wasserstein
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from tests.distributions.samples import heat, photo


def linear_programme(a, b, cost):
    """The textbook's way, by SciPy."""
    n, m = cost.shape
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    found = linprog(
        cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([a, b]), method="highs"
    )
    return found.fun


small = arrays(np.float64, (3, 4), elements=st.integers(0, 3).map(float)).filter(np.any)


@settings(max_examples=40, deadline=None)
@given(small, small, st.sampled_from([1, 2, 3]))
def test_mass_is_the_linear_programme(a, b, p):
    y, x = np.mgrid[:3, :4] / 5
    points = np.stack([y.ravel(), x.ravel()], axis=1)
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    expected = linear_programme((a / a.sum()).ravel(), (b / b.sum()).ravel(), distance**p)
    found = wasserstein(a, b, p=p)
    assert found**p == pytest.approx(expected, abs=1e-9)
    compared = wasserstein(a, b, p=p, plan=True)
    assert compared.distance == pytest.approx(found, abs=1e-7)
    assert compared.transport.plan.shape == (12, 12)
    np.testing.assert_allclose(compared.transport.plan.sum(1), (a / a.sum()).ravel(), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(small, small, small)
def test_it_is_a_metric_of_shapes(a, b, c):
    assert wasserstein(a, 3 * a) == pytest.approx(0, abs=1e-12)
    assert wasserstein(a, b) == pytest.approx(wasserstein(b, a), abs=1e-12)
    assert wasserstein(a, c) <= wasserstein(a, b) + wasserstein(b, c) + 1e-12


def test_histograms_are_scipys():
    one, two = photo(seed=1), photo(seed=2)
    first, second = (as_distribution(x, "histogram") for x in (one, two))
    expected = stats.wasserstein_distance(
        first.points[:, 0], second.points[:, 0], first.weights, second.weights
    )
    assert wasserstein(one, two, on="histogram") == pytest.approx(expected, rel=1e-12)
    planned = wasserstein(one, two, on="histogram", plan=True)
    assert planned.distance == pytest.approx(expected, rel=1e-9)
    assert planned.unit == "grey levels of 0..255"


def test_orientations_go_round_the_circle():
    y, x = np.mgrid[:40, :40]

    def grating(degrees):
        turned = np.deg2rad(degrees)
        return np.sin(0.3 * (x * np.cos(turned) + y * np.sin(turned))) / 2 + 0.5

    near = wasserstein(grating(175), grating(5), on="orientation")
    far = wasserstein(grating(85), grating(5), on="orientation")
    assert near == pytest.approx(10, abs=2)
    assert far == pytest.approx(80, abs=2)
    assert wasserstein(grating(85), grating(5), on="orientation", threshold=1.0) <= 1


def test_signatures_move_by_the_difference_of_colour():
    grey = Image(np.full((8, 8), 100, np.uint8), "YX")
    light = Image(np.full((8, 8), 160, np.uint8), "YX")
    expected = abs(
        as_distribution(grey, "signature").points[0, 0]
        - as_distribution(light, "signature").points[0, 0]
    )
    assert wasserstein(grey, light, on="signature") == pytest.approx(expected)
    assert wasserstein(grey, light, on="signature", threshold=5.0) == pytest.approx(5)


def test_shift_is_its_length_and_centring_takes_it_away():
    blob = np.zeros((20, 30))
    blob[4:8, 5:9] = np.arange(16).reshape(4, 4) + 1
    moved = np.roll(blob, (3, 4), (0, 1))
    assert wasserstein(blob, moved, unit="pixels") == pytest.approx(5)
    assert wasserstein(blob, moved) == pytest.approx(5 / np.hypot(20, 30))
    assert wasserstein(blob, moved, p=2, unit="pixels") == pytest.approx(5)
    assert wasserstein(blob, moved, centred=True) == pytest.approx(0, abs=1e-9)
    turned = wasserstein(blob, moved.T, centred=True)
    assert turned > 0


def test_sizes_may_differ():
    values = np.random.default_rng(0).random((24, 36)) ** 4
    double = np.kron(values, np.full((2, 2), 0.25))
    compared = wasserstein(heat(values), heat(double), plan=True)
    assert compared.distance == pytest.approx(0, abs=1e-7)
    wide = wasserstein(np.ones((4, 8)), np.ones((8, 4)), plan=True)
    assert wide.distance == pytest.approx(0, abs=1e-12)
    assert wide.first.grid == wide.second.grid == (8, 8)
    assert any("stretched" in note for note in wide.notes)
    made = as_distribution(values)
    assert wasserstein(made, double) == pytest.approx(0, abs=1e-7)
    assert wasserstein(double, made) == pytest.approx(0, abs=1e-7)


def test_a_reduction_is_said():
    large = np.random.default_rng(0).random((100, 200))
    compared = wasserstein(large, large[::-1], side=16, plan=True)
    assert compared.notes == ("100 x 200 pixels were reduced to 8 x 16 cells by sums of areas",)
    assert compared.first.grid == (8, 16)


def test_signed_maps_are_compared_part_by_part():
    a = heat([[4, 0, 0, 0, -1]])
    b = heat([[0, 1, 0, -1, 0]])
    compared = wasserstein(a, b, unit="pixels", plan=True)
    assert compared.parts["positive"].distance == 1
    assert compared.parts["negative"].distance == 1
    assert compared.shares == pytest.approx({"positive": 0.65, "negative": 0.35})
    assert compared.distance == pytest.approx(1)
    assert compared.transport is None
    assert "80.0% and 50.0%" in compared.notes[0]
    far = heat([[0, 0, 0, 1, -1]])
    assert wasserstein(a, far, unit="pixels") == pytest.approx(0.65 * 3)
    assert wasserstein(a, far, unit="pixels", p=2) == pytest.approx(np.sqrt(0.65 * 9))
    assert wasserstein(a, far, unit="pixels", part="negative") == 0
    assert wasserstein(a, far, unit="pixels", part="positive") == 3


def test_parts_that_are_missing():
    signed, positive = heat([[1, -2]]), heat([[1, 2]])
    with pytest.raises(InvalidArgument, match=r"second map has no negative evidence.*66\.7%"):
        wasserstein(signed, positive)
    assert wasserstein(signed, positive, part="positive") > 0
    assert wasserstein(positive, positive, part="both") == 0
    only = heat([[-1, 0]])
    assert wasserstein(only, heat([[0, -1]]), unit="pixels") == 1
    with pytest.raises(InvalidArgument, match="first map has no evidence"):
        wasserstein(heat([[0, 0]]), signed)
    with pytest.raises(InvalidArgument, match="no parts of opposite sign"):
        wasserstein(signed, Image(np.ones((1, 2), np.uint8), "YX"))


def test_the_part_of_a_map_beside_a_picture_is_the_maps():
    signed = heat([[4, 0, 0, 0, -1]])
    light = Image(np.array([[0, 255, 0, 0, 0]], np.uint8), "YX")
    for pair in ((signed, light), (light, signed)):
        with pytest.raises(InvalidArgument, match="pass part='positive'"):
            wasserstein(*pair)
        assert wasserstein(*pair, part="positive", unit="pixels") == 1
        assert wasserstein(*pair, part="negative", unit="pixels") == 3
    with pytest.raises(InvalidArgument, match="a picture has no parts"):
        wasserstein(light, light, part="positive")


@pytest.mark.parametrize("suffix", ["npz", "tif"])
def test_a_saved_heatmap_is_a_heatmap(tmp_path, suffix):
    a, b = heat([[4, 0, 0, 0, -1]]), heat([[0, 1, 0, -1, 0]])
    files = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for file, made in zip(files, (a, b), strict=True):
        made.save(file)
    assert wasserstein(*files, unit="pixels") == pytest.approx(wasserstein(a, b, unit="pixels"))
    assert wasserstein(*map(str, files), part="positive", unit="pixels") == 1


def test_a_tiff_of_a_picture_is_a_picture(tmp_path):
    from PIL import Image as Pillow

    file = tmp_path / "a.tif"
    Pillow.fromarray(np.full((3, 4), 51, np.uint8)).save(file)
    assert as_distribution(file).total == pytest.approx(12 * 0.2)


def test_notes_of_two_sources_name_them():
    one = photo(100, 120).with_(name="one")
    other = photo(60, 90).with_(name="other")
    found = wasserstein(one, other, side=8, plan=True)
    assert found.notes[0].startswith("one: 100 x 120 pixels were reduced to ")
    assert any(note.startswith("other: 60 x 90 pixels were stretched") for note in found.notes)
    assert found.notes == (*found.first.notes, *found.second.notes)
    unnamed = wasserstein(np.ones((1, 1)), np.ones((4, 8)), plan=True)
    assert unnamed.notes[0].startswith("first: 1 x 1 pixels were spread over ")
    alpha = np.ones((60, 90))
    alpha[:6] = 0
    seen = wasserstein(one, other.with_(alpha=alpha), "histogram", plan=True)
    assert seen.notes == (
        "bins are 25.6 grey levels wide: distances are right to that",
        "10.0% of other is transparent and does not count",
    )


@pytest.mark.parametrize("p", ["1", None, True, 1j])
def test_the_exponent_is_a_number(p):
    with pytest.raises(InvalidType, match="it is a number"):
        wasserstein(np.ones((2, 2)), np.ones((2, 2)), p=p)


def test_policies():
    a, b = np.array([[2.0, 0, 0]]), np.array([[0.0, 1, 1]])
    assert wasserstein(a, b, mass="equal", unit="pixels") == pytest.approx(3)
    with pytest.raises(InvalidArgument, match="totals differ"):
        wasserstein(a, 2 * b, mass="equal")
    less = np.array([[0.0, 1, 0]])
    partial = wasserstein(a, less, mass="partial", unit="pixels", plan=True)
    assert partial.distance == pytest.approx(1)
    assert partial.unit == "pixels of the 1 x 3 grid x mass"
    assert "totals are 2 and 1" in partial.notes[-1]
    changed = wasserstein(a, less, mass="unbalanced", penalty=10, unit="pixels")
    assert changed == pytest.approx(1 + 10)
    with pytest.raises(InvalidArgument, match="needs a penalty"):
        wasserstein(a, b, mass="unbalanced")
    with pytest.raises(InvalidArgument, match="no other policy"):
        wasserstein(a, b, penalty=1.0)


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"on": "mas"}, UnknownName, "did you mean 'mass'"),
        ({"p": 0.5}, InvalidArgument, "at least 1"),
        ({"p": np.inf}, InvalidArgument, "finite"),
        ({"mass": "equals"}, UnknownName, "did you mean 'equal'"),
        ({"threshold": -1}, InvalidArgument, "threshold is -1"),
        ({"bins": 3}, InvalidArgument, "no parameter 'bins'"),
        ({"side": 40_000, "grid": (200, 200)}, InvalidArgument, "side= for 'mass'"),
    ],
)
def test_errors(parameters, error, words):
    with pytest.raises(error, match=words):
        wasserstein(np.ones((200, 200)), np.ones((200, 200)) + np.eye(200), **parameters)


def test_empty_things_say_so():
    with pytest.raises(InvalidArgument, match="the map has no evidence"):
        wasserstein(heat([[0, 0]]), heat([[1, 0]]))


def test_units_must_agree():
    deep = Image(np.ones((4, 4), np.uint16), "YX", (0, 65535))
    with pytest.raises(InvalidArgument, match="unit='range'"):
        wasserstein(photo(), deep, on="histogram")
    assert wasserstein(photo(), deep, on="histogram", unit="range") > 0
    with pytest.raises(InvalidArgument, match="no centroid"):
        wasserstein(photo(), photo(), on="orientation", centred=True)
