import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import wasserstein_distance

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.render.files import encode, read_provenance, save_figure
from heatlens.render.flow import colour_flow, histogram_flow, place_flow
from heatlens.render.flow_arrows import Arcs, arcs_of, gathered
from heatlens.render.flow_order import crossings, least_crossings

GREY = np.full((12, 16), 128, np.uint8)


def words(figure):
    inside = [text.get_text() for axes in figure.axes for text in axes.texts]
    return " | ".join([text.get_text() for text in figure.texts] + inside).replace("\u00a0", " ")


def one_line(figure):
    """All that is written, whatever the line breaks."""
    return " ".join(text.get_text() for text in figure.texts).replace("\u00a0", " ")


def at(column, row, longest=4):
    """Where the centre of a cell is drawn, as (x, y)."""
    return (np.array([column, row]) + 0.5) * 900 / longest - 0.5


def arrows(figure):
    """The arrows (without their halos) as corners (k, 7, 2) of (x, y)."""
    [drawn] = [
        collection
        for axes in figure.axes
        for collection in axes.collections
        if collection.get_label() == "arrows"
    ]
    return np.stack([path.vertices[:7] for path in drawn.get_paths()[1::2]])


def shift(grid, rows, columns):
    """The plan that moves everything on a grid, as far as it stays on the grid."""
    cells = np.arange(grid[0] * grid[1]).reshape(grid)
    start = cells[: grid[0] - rows, : grid[1] - columns].ravel()
    end = cells[rows:, columns:].ravel()
    size = grid[0] * grid[1]
    return sparse.coo_array((np.full(len(start), 1 / len(start)), (start, end)), (size, size))


# from place to place


def test_an_arrow_goes_from_where_mass_leaves_to_where_it_arrives():
    plan = np.zeros((12, 12))
    plan[1, 11] = 0.25  # (0, 1) to (2, 3)
    plan[4, 4] = 0.75  # stays
    figure = place_flow(GREY, GREY, plan, (3, 4))
    [corners] = arrows(figure)
    np.testing.assert_allclose(corners[3], at(3, 2))
    np.testing.assert_allclose((corners[0] + corners[6]) / 2, at(1, 0))
    assert "1 arrow shows 100 % of the mass that moves" in one_line(figure)
    assert "75 % of the mass stays" in one_line(figure)
    assert "the widest 25 %" in one_line(figure)


def test_the_bar_has_the_real_distances(bars):
    plan = np.zeros((12, 12))
    plan[0, 11] = 1.0  # (0, 0) to (2, 3)
    figure = place_flow(GREY, GREY, plan, (3, 4), frame=(7.5, 10), unit="mm")
    [bar] = bars(figure)
    assert bar.get_ylim() == pytest.approx((0, 2.5 * 13**0.5))
    assert bar.get_ylabel() == "distance in mm"


def test_thousands_of_arcs_become_a_few_arrows():
    grid = (24, 32)
    figure = place_flow(GREY, GREY, shift(grid, 3, 5), grid, most=40, share=0.8)
    drawn = arrows(figure)
    assert len(drawn) <= 40
    along = drawn[:, 3] - (drawn[:, 0] + drawn[:, 6]) / 2
    np.testing.assert_allclose(along, np.tile((5.0, 3.0), (len(drawn), 1)) * 900 / 32)
    assert "arcs between common blocks of" in one_line(figure)


def test_width_is_mass():
    plan = np.zeros((12, 12))
    plan[0, 3] = 0.8
    plan[8, 11] = 0.4
    drawn = arrows(place_flow(GREY, GREY, plan, (3, 4), share=1.0))
    wide = np.linalg.norm(drawn[:, 1] - drawn[:, 5], axis=1)  # the neck
    assert sorted(wide / wide.max()) == pytest.approx([0.5, 1.0])


def test_arrows_that_are_drawn_alike_are_counted():
    plan = np.zeros((12, 12))
    plan[0, 3], plan[8, 11], plan[4, 7] = 0.8, 0.1, 0.1
    figure = place_flow(GREY, GREY, plan, (3, 4), share=1.0)
    wide = [np.linalg.norm(arrow[1] - arrow[5]) for arrow in arrows(figure)]
    assert sorted(wide / max(wide)) == pytest.approx([1.4 / 5.5, 1.4 / 5.5, 1.0])
    told = one_line(figure)
    assert "2 of 3 arrows carry less than 20 % and are drawn as wide as that" in told
    plan[8, 11] = plan[4, 7] = 0.8
    assert "drawn as wide" not in one_line(place_flow(GREY, GREY, plan, (3, 4), share=1.0))


def test_what_takes_no_part_is_said():
    plan = np.zeros((12, 12))
    plan[0, 3] = 1.0
    told = one_line(place_flow(GREY, GREY, plan, (3, 4), totals=(4.0, 1.0), names=("cat", "dog")))
    assert "75 % of the mass of cat takes no part" in told
    assert "of the mass of dog" not in told
    assert "100 % of the mass that takes part" in told
    assert "takes" not in one_line(place_flow(GREY, GREY, plan, (3, 4), totals=(1.0, 1.0)))
    with pytest.raises(InvalidArgument, match="were the totals normalised"):
        place_flow(GREY, GREY, plan, (3, 4), totals=(0.5, 1.0))


def test_pictures_of_different_sizes_share_a_frame(pictures):
    plan = np.zeros((12, 6))
    plan[11, 0] = 1.0  # (2, 3) to (0, 0)
    dark = np.zeros((30, 40), np.uint8)
    figure = place_flow(dark, np.zeros((60, 40), np.uint8), plan, (3, 4), second_grid=(3, 2))
    first, _, second = pictures(figure)
    assert first.shape == second.shape
    assert (first == 0).all()
    assert (second[:, : second.shape[1] // 2 - 1] == 0).all()
    assert (second[:, second.shape[1] // 2 + 1 :] == 238).all()
    np.testing.assert_allclose(arrows(figure)[0][3], at(0, 0))


def test_ground_shows_what_leaves_arrives_and_stays(pictures):
    plan = np.zeros((12, 12))
    plan[0, 3] = plan[5, 5] = 0.5
    ground = pictures(place_flow(GREY, GREY, plan, (3, 4)))[1]
    side = len(ground) // 3
    cell = {(r, c): ground[r * side, c * side].astype(int) for r in range(3) for c in range(4)}
    assert cell[0, 0][2] > cell[0, 0][0] + 30, "blue leaves"
    assert cell[0, 3][0] > cell[0, 3][2] + 30, "orange arrives"
    assert np.ptp(cell[1, 1]) == 0, "grey stays"
    assert (cell[2, 2] == 255).all()


@pytest.mark.parametrize("layout", ["beside", "over"])
@pytest.mark.parametrize("colour", ["distance", "direction"])
def test_every_look_is_drawn_and_saved(layout, colour, tmp_path):
    heat = Heatmap(np.arange(12.0).reshape(3, 4) - 5, Provenance("gradcam"))
    photo = Image(np.zeros((6, 8, 3), np.uint8), name="photo.png")
    plan = shift((3, 4), 1, 1)
    figure = place_flow(heat, photo, plan, (3, 4), layout=layout, colour=colour)
    made = Provenance("wasserstein", parameters={"on": "mass"}, info={"value": 2.0})
    path = save_figure(figure, tmp_path / "flow.png", made)
    assert read_provenance(path) == made
    assert b"</svg>" in encode(figure, "svg", (made,))
    labels = [axes.get_label() for axes in figure.axes]
    assert labels.count("picture") == (3 if layout == "beside" else 1)
    assert ("colour bar" in labels) == (colour == "distance")


def test_the_same_flow_gives_the_same_bytes():
    made = [
        encode(place_flow(GREY, GREY, shift((6, 8), 1, 2), (6, 8)), "svg", (Provenance("w"),))
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_nothing_moves(bars):
    figure = place_flow(GREY, GREY, np.eye(12), (3, 4))
    assert "nothing moves" in words(figure)
    assert "All mass stays where it is." in words(figure)
    assert bars(figure) == []


@pytest.mark.parametrize(
    ("change", "error", "hint"),
    [
        ({"plan": np.zeros((12, 12))}, InvalidArgument, "moves no mass"),
        ({"plan": np.ones((12, 11))}, InvalidArgument, "12 points to start from"),
        ({"plan": -np.eye(12)}, InvalidArgument, r"plan\[0, 0\] is -1"),
        ({"plan": np.full((12, 12), np.nan)}, InvalidArgument, r"plan\[0, 0\] is nan"),
        ({"plan": "plan"}, InvalidType, "matrix of masses"),
        ({"grid": (0, 4)}, InvalidArgument, "whole cells"),
        ({"frame": (0, 4)}, InvalidArgument, "above 0"),
        ({"layout": "besides"}, UnknownName, "did you mean 'beside'"),
        ({"colour": "red"}, UnknownName, "direction"),
        ({"most": 0}, InvalidArgument, "at least one arrow"),
        ({"share": 1.2}, InvalidArgument, "a share in 0..1"),
        ({"points": (np.zeros((12, 3)), None)}, InvalidArgument, "pairs"),
        ({"first": np.zeros((3, 4))}, InvalidType, "uint8"),
        (
            {"first": Heatmap(np.ones((2, 3, 4)), Provenance("x"), axes="ZYX")},
            InvalidArgument,
            "one slice",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(change, error, hint):
    good = {"first": GREY, "second": GREY, "plan": np.eye(12), "grid": (3, 4)}
    with pytest.raises(error, match=hint):
        place_flow(**(good | change))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 50), st.floats(0.05, 1.0))
def test_arrows_never_show_more_than_there_is(seed, most, share):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 400))
    starts, ends = rng.integers(0, 20, (2, count, 2)).astype(float)
    masses = rng.exponential(size=count)
    ways = np.linalg.norm(ends - starts, axis=1)
    found = gathered(starts, ends, masses, ways, 20, most=most, share=share)
    moved = masses[ways > 0].sum()
    assert len(found.masses) <= most
    assert found.masses.sum() == pytest.approx(found.shown * moved)
    assert 0 <= found.shown <= 1 + 1e-12
    assert (np.diff(found.masses) <= 1e-12).all()
    length = np.linalg.norm(found.ends - found.starts, axis=1)
    assert (length <= found.distances + 1e-9).all(), "a mean way is no longer than the mean length"


def test_arcs_of_sparse_and_dense_are_the_same():
    plan = np.array([[0.0, 2.0], [3.0, 0.0]])
    for made in (plan, sparse.csr_array(plan), sparse.coo_array(plan), plan.tolist()):
        found = arcs_of(made, (2, 2))
        assert sorted(zip(found.rows, found.columns, found.masses)) == [(0, 1, 2.0), (1, 0, 3.0)]


# from colour to colour

BLACK, GREY_LAB, WHITE = [0.0, 0, 0], [50.0, 0, 0], [100.0, 0, 0]


def ribbons(figure):
    [axes] = [axes for axes in figure.axes if axes.get_label() == "ribbons"]
    return [patch for patch in axes.patches if patch.get_label() == "ribbon"]


def heights(patch):
    """Height of a ribbon on the left and on the right."""
    at = patch.get_path().vertices
    return at[7, 1] - at[0, 1], at[4, 1] - at[3, 1]


def test_ribbons_are_as_high_as_their_mass():
    plan = [[0.25, 0.15], [0.0, 0.6]]
    figure = colour_flow(
        [BLACK, WHITE], [0.4, 0.6], [GREY_LAB, WHITE], [0.25, 0.75], plan, distance=20.5
    )
    drawn = ribbons(figure)
    assert len(drawn) == 3
    both = np.array([heights(patch) for patch in drawn])
    np.testing.assert_allclose(both[:, 0], both[:, 1])
    np.testing.assert_allclose(sorted(both[:, 0] / both[:, 0].sum()), [0.15, 0.25, 0.6])
    assert all(part in words(figure) for part in ("W1 = 20.5 CIELAB units", "40 %", "75 %"))


def test_swatches_have_the_palettes_colours():
    figure = colour_flow([WHITE], [2.0], [BLACK, WHITE], [1.0, 1.0], [[1.0, 1.0]])
    [right] = [axes for axes in figure.axes if axes.get_label() == "second colours"]
    faces = {patch.get_y() < 0.4: patch.get_facecolor()[:3] for patch in right.patches}
    assert faces[True] == pytest.approx((1, 1, 1), abs=1e-4), "white stands above black"
    assert faces[False] == pytest.approx((0, 0, 0), abs=1e-6)


def test_what_is_left_over_is_said():
    figure = colour_flow([WHITE], [1.0], [BLACK], [0.4], [[0.4]])
    assert "60 % on the left is not part of the plan" in one_line(figure)


def test_many_colours_are_counted_with_the_nearest():
    rng = np.random.default_rng(0)
    colours = np.column_stack([rng.uniform(0, 100, 90), rng.normal(0, 20, (90, 2))])
    weights = rng.dirichlet(np.ones(90))
    figure = colour_flow(colours, weights, colours, weights, sparse.diags_array(weights), most=20)
    assert "heaviest 20 of 90" in one_line(figure)
    assert len(ribbons(figure)) == 20
    total = sum(heights(patch)[0] for patch in ribbons(figure))
    assert total == pytest.approx(1 - 19 * 0.012)


def test_places_that_are_not_drawn_are_said():
    at = [[*WHITE, 0.0, 1.0]], [1.0], [[*BLACK, 2.0, 3.0]], [1.0], [[1.0]]
    assert "the distance counts them, and they are not drawn" in one_line(colour_flow(*at))
    flat = [WHITE], [1.0], [BLACK], [1.0], [[1.0]]
    assert "places" not in one_line(colour_flow(*flat))


def test_pictures_stand_beside_their_colours(pictures):
    photo = np.zeros((8, 6, 3), np.uint8)
    figure = colour_flow([WHITE], [1], [BLACK], [1], [[1.0]], pictures=(photo, photo + 9))
    first, second = pictures(figure)
    assert first.max() == 0
    assert second.min() == 9


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"first_colours": [[1.0, 2.0]]}, "do not belong together"),
        ({"first_weights": [-1.0]}, "no weight is negative"),
        ({"plan": [[0.0]]}, "moves no mass"),
        ({"plan": [[2.0]]}, "only 1; were the weights normalised"),
        ({"plan": [[1.0, 1.0]]}, "1 points to start from and 1"),
        ({"most": 0}, "at least one swatch"),
    ],
)
def test_palettes_that_cannot_be_drawn(change, hint):
    good = {
        "first_colours": [WHITE],
        "first_weights": [1.0],
        "second_colours": [BLACK],
        "second_weights": [1.0],
        "plan": [[1.0]],
    }
    with pytest.raises(InvalidArgument, match=hint):
        colour_flow(**(good | change))


def test_the_order_undoes_every_crossing_where_it_can():
    rng = np.random.default_rng(1)
    n = 12
    partner = rng.permutation(n)
    colours = rng.uniform(0, 100, (2, n, 3))
    arcs = Arcs(np.arange(n), partner, np.ones(n))
    first, second = least_crossings(*colours, arcs)
    ranks = np.argsort(first), np.argsort(second)
    assert crossings(ranks[0][arcs.rows], ranks[1][arcs.columns], arcs.masses) == 0


def test_crossings_by_the_slow_formula():
    rng = np.random.default_rng(2)
    starts, ends, masses = rng.permuted(np.tile(np.arange(9.0), (3, 1)), axis=1)
    slow = sum(
        masses[i] * masses[j]
        for i in range(9)
        for j in range(i)
        if (starts[i] < starts[j]) != (ends[i] < ends[j])
    )
    assert crossings(starts, ends, masses) == pytest.approx(slow)


# from bin to bin


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_shaded_area_is_the_distance(seed):
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=int(rng.integers(1, 9))).round(1) * 10 for _ in range(2)]
    weights = [rng.uniform(0.1, 2, len(v)) for v in values]
    figure = histogram_flow(values[0], weights[0], values[1], weights[1], unit="levels")
    [lower] = [axes for axes in figure.axes if axes.get_label() == "cumulated"]
    [path] = [
        path for part in lower.collections for path in part.get_paths() if len(path.vertices)
    ] or [None]
    expected = wasserstein_distance(values[0], values[1], weights[0], weights[1])
    x, y = path.vertices.T
    # The outline runs along the one curve and back along the other: strips of signed height.
    half = len(x) // 2
    upper, under = (x[1:half], y[1:half]), (x[half:][::-1], y[half:][::-1])
    grid = np.unique(x)
    at = (grid[:-1] + grid[1:]) / 2
    gap = [np.interp(at, *np.array(side)) for side in (upper, under)]
    assert np.abs(gap[0] - gap[1]) @ np.diff(grid) / 100 == pytest.approx(expected, abs=1e-9)


def test_histograms_face_each_other():
    figure = histogram_flow([0, 10, 20], [1, 1, 2], [0, 10], [3, 1], names=("cat", "dog"))
    [upper] = [axes for axes in figure.axes if axes.get_label() == "histograms"]
    tall = [patch.get_height() for patch in upper.patches]
    assert tall == pytest.approx([25, 25, 50, -75, -25])
    assert "W1 = 10 grey levels" in words(figure)
    assert {"cat", "dog"} <= {text.get_text() for text in upper.texts}


def test_an_area_that_is_not_the_distance_is_called_what_it_is():
    sides = [0, 10], [1, 1], [0, 10], [1, 3]
    told = one_line(histogram_flow(*sides, distance=5.0, p=2))
    assert "W2 = 5 grey levels" in told
    assert "W1 of the shares: 2.5 grey levels, not W2 = 5 grey levels" in told
    assert "is the distance W1" not in told
    told = one_line(histogram_flow(*sides, distance=20.0, distance_unit="grey levels x mass"))
    assert "not W1 = 20 grey levels x mass" in told
    assert "is the distance W1" in one_line(histogram_flow(*sides, distance=2.5))


def test_one_bin_each_is_a_distance_too():
    assert "W1 = 7 grey levels" in words(histogram_flow([3], [1], [10], [5]))


@pytest.mark.parametrize(
    ("first", "hint"),
    [
        (([1.0, 2.0], [1.0]), "2 values and 1 weights"),
        (([], []), "0 values"),
        (([1.0], [-1.0]), "no weight is negative"),
        (([np.nan], [1.0]), "finite"),
        (([1.0], [0.0]), "no mass"),
    ],
)
def test_histograms_that_are_none(first, hint):
    with pytest.raises(InvalidArgument, match=hint):
        histogram_flow(*first, [1.0], [1.0])


def test_many_bins_are_drawn_together_and_none_is_lost():
    rng = np.random.default_rng(0)
    values, first, second = np.arange(256), rng.random(256), rng.random(256)
    figure = histogram_flow(values, first, values, second)
    (axes,) = (axes for axes in figure.axes if axes.get_label() == "histograms")
    assert len(axes.patches) <= 2 * 64
    heights = [bar.get_height() for bar in axes.patches]
    assert sum(height for height in heights if height > 0) == pytest.approx(100)
    assert sum(height for height in heights if height < 0) == pytest.approx(-100)
