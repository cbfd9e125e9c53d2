import numpy as np
import pytest
from scipy.special import ndtr

from heatlens.errors import InvalidArgument
from heatlens.pixels import density
from heatlens.pixels.points.cells import Cells
from heatlens.pixels.points.lattice import lattice_of
from heatlens.pixels.points.sheather_jones import sheather_jones

SPREAD = 12
FREE = np.random.default_rng(6).normal([100, 130], SPREAD, (3000, 2))
ONES = np.ones(3000)


@pytest.mark.parametrize("step", [0.1, 0.5, 1, 2, 4, 10])
@pytest.mark.parametrize("start", [0, 0.25])
@pytest.mark.parametrize("stray", [0, 50])
def test_the_lattice_is_found(step, start, stray):
    places = np.rint(FREE[:, 0] / step) * step + start
    places[:stray] += np.random.default_rng(1).random(stray) * step
    found = lattice_of(places)
    assert found is not None
    assert found[0] == pytest.approx(step, rel=1e-9)
    turns = (found[1] - start) / step
    assert turns == pytest.approx(round(turns), abs=1e-6)


def test_free_and_few_places_are_on_no_lattice():
    assert lattice_of(FREE[:, 0]) is None
    assert lattice_of(np.array([1.0, 3, 4, 9])) is None  # as many places as points
    assert lattice_of(np.repeat([10.0, 50.0], 100)) is None


@pytest.mark.parametrize(
    "rounded",
    [
        pytest.param(lambda x: x.round(), id="whole pixels"),
        pytest.param(lambda x: x.round() + 0.5, id="half-pixel centres"),
        pytest.param(lambda x: (2 * x).round() / 2, id="half pixels"),
        pytest.param(lambda x: 2 * (x / 2).round(), id="every other pixel"),
        pytest.param(lambda x: np.vstack([[[90.25, 120.75]], x.round()[1:]]), id="a stray point"),
        pytest.param(lambda x: np.column_stack([x[:, 0], x[:, 1].round()]), id="one axis"),
    ],
)
def test_rounding_is_no_structure(rounded):
    exact, _ = sheather_jones(FREE, ONES, (260, 260), True)
    found, _ = sheather_jones(rounded(FREE), ONES, (260, 260), True)
    np.testing.assert_allclose(found, exact, rtol=0.06)


def test_a_lattice_is_said_unless_it_is_whole_pixels():
    def notes(points):
        heat = density(points, (260, 260), bandwidth="improved-sheather-jones")
        return heat.provenance.notes

    assert notes(FREE.round()) == ()
    said = notes(2 * (FREE / 2).round())
    assert len(said) == 4
    assert "along the rows most points lie on a lattice of 2 pixels" in said[0]
    assert "in cells of 2 pixels; a bandwidth of" in said[1]


def test_cells_lie_on_the_lattice():
    cells = Cells.over(-0.5, 99.5, 20, (1.0, 3.0))
    assert cells.width == 5
    assert (cells.first - 3) % 1 == 0
    assert not cells.finest
    np.testing.assert_allclose(cells.places(np.array([cells.first, cells.first + 5])), [0, 1])
    assert Cells.over(-0.5, 99.5, 512, (1.0, 3.0)) == Cells(0.0, 1.0, 100, True)


@pytest.mark.parametrize(("gap", "coarse"), [(1000, False), (2000, False)])
def test_the_grid_is_as_fine_as_the_blobs_need(gap, coarse):
    n, sigma = 2000, 8
    points = np.random.default_rng(0).normal([2000, 1000], sigma, (n, 2))
    points[: n // 2, 1] += gap
    found, notes = sheather_jones(points, np.ones(n), (4000, 4000), True)
    best = sigma * (n / 2) ** (-1 / 6)  # of one normal blob alone; the other does not reach it
    np.testing.assert_allclose(found, best, rtol=0.15)
    assert bool(notes) is coarse


def test_two_places_have_no_width_and_a_note_says_so():
    points = [[10, 20]] * 1000 + [[50, 60]] * 1000
    heat = density(points, (100, 100), bandwidth="improved-sheather-jones")
    assert heat.provenance.notes == (
        "the Sheather-Jones equation has no solution here; Scott's rule is used",
    )
    scott = density(points, (100, 100))
    np.testing.assert_array_equal(heat.values, scott.values)


@pytest.mark.parametrize("place", [-0.5, -0.3, -0.01, 0, 19.2, 19.5])
@pytest.mark.parametrize("width", [0.05, 0.4, 1.0, 30.0, 1e6])
def test_what_crosses_the_edge_is_lost_exactly(place, width):
    heat = density([[place, 8]], (20, 17), bandwidth=(width, 0.1), boundary=None)
    exact = ndtr((19.5 - place) / width) - ndtr((-0.5 - place) / width)
    assert heat.values.sum(dtype=float) == pytest.approx(exact, rel=1e-4, abs=1e-6)
    across = density([[8, place]], (17, 20), bandwidth=(0.1, width), boundary=None)
    np.testing.assert_allclose(across.values, heat.values.T, atol=1e-7)


@pytest.mark.parametrize("unit", [1e-200, 1e-300, 1e300])
@pytest.mark.parametrize("rule", ["scott", "improved-sheather-jones"])
def test_the_unit_of_weights_does_not_matter(unit, rule):
    generator = np.random.default_rng(3)
    points, weights = generator.normal(30, 6, (200, 2)), generator.random(200)
    plain = density(points, (60, 60), weights=weights, bandwidth=rule, total="one")
    scaled = density(points, (60, 60), weights=weights * unit, bandwidth=rule, total="one")
    np.testing.assert_allclose(scaled.values, plain.values, rtol=1e-5, atol=1e-12)
    info = "effective number of points"
    assert scaled.provenance.info[info] == plain.provenance.info[info]
    with pytest.raises(InvalidArgument, match="total='one' gives shares"):
        density(points, (60, 60), weights=weights * unit, bandwidth=rule)
