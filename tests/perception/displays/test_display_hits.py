"""What counts as finding the odd item, and fixations drawn from a density."""

import numpy as np
import pytest
import scipy.ndimage
import torch

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.perception.displays import hit, hits, popout, sampled_fixations
from heatlens.provenance import Provenance


@pytest.fixture(scope="module")
def display():
    return popout("orientation", seed=2)


def spot(display, row, column):
    heat = np.zeros(display.mask.shape)
    heat[int(row), int(column)] = 1
    return heat


def test_the_peak(display):
    row, column = np.rint(display.positions[display.odd])
    other = np.rint(display.positions[display.odd - 1])
    assert hit(spot(display, row, column), display)
    assert not hit(spot(display, *other), display)
    blurred = scipy.ndimage.gaussian_filter(spot(display, row, column), 8)
    assert hit(blurred, display)
    assert hit(Heatmap(blurred.astype(np.float32), Provenance("by hand")), display)


def test_half_an_item_around(display):
    """The mask grown by a disc of half an item's radius, by dilation."""
    reach = int(display.item / 2)
    disc = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= display.item / 2
    assert (display.area == scipy.ndimage.binary_dilation(display.mask, disc)).all()


def test_ties(display):
    """All of them have to lie there; so a flat map finds nothing."""
    assert not hit(np.ones(display.mask.shape), display)
    assert hit(display.mask, display)
    both = display.mask.astype(float)
    both[0, 0] = 1
    assert not hit(both, display)


@pytest.mark.parametrize("grid", [(48, 64), (30, 40), (61, 83)])
def test_coarse_grids(display, grid):
    """A map on any grid, aligned edge to edge, by the centre of its highest cell."""
    place = (display.positions[display.odd] + 0.5) / (240, 320) * grid
    heat = np.zeros(grid)
    heat[tuple(place.astype(int))] = 1
    assert hit(heat, display)
    assert hit(heat, display, rule="item")


def test_the_rule_of_items(display):
    heat = scipy.ndimage.gaussian_filter(display.mask.astype(float), 10)
    assert hit(heat, display, rule="item")
    # One far peak between items does not count by this rule.
    heat[0, 0] = 100
    assert hit(heat, display, rule="item")
    assert not hit(heat, display)
    assert not hit(-heat, display, rule="item")


def test_clips():
    clip = popout("motion", frames=3, seed=0)
    heat = clip.mask.astype(float)
    assert hits(heat, clip).tolist() == [True] * 3
    heat[1] = heat[1, ::-1, ::-1]
    assert hits(heat, clip).tolist() == [True, False, True]
    assert hits(clip.mask, clip, rule="item").all()
    with pytest.raises(InvalidArgument, match="ask `hits`"):
        hit(heat, clip)
    with pytest.raises(InvalidArgument, match="2 maps for a clip of 3 frames"):
        hits(heat[:2], clip)


def test_bad_maps(display):
    with pytest.raises(InvalidArgument, match="takes \\(h, w\\)"):
        hit(np.ones((2, 3, 4)), display)
    with pytest.raises(InvalidArgument, match="not finite"):
        hit(np.full((3, 4), np.nan), display)
    with pytest.raises(InvalidArgument, match="several lengths"):
        hit([[1.0], [1.0, 2.0]], display)
    with pytest.raises(InvalidType, match="expected real numbers"):
        hit(np.full((3, 4), "a"), display)
    assert hit(torch.tensor(display.mask.astype(float), requires_grad=True), display)
    with pytest.raises(UnknownName, match="did you mean 'peak'"):
        hit(np.ones((3, 4)), display, rule="peaks")


def test_a_random_map_hits_by_chance():
    """Peaks anywhere: within four standard errors of the area's share."""
    display, rng = popout("colour", seed=5), np.random.default_rng(0)
    n = 3000
    found = np.mean([display.area[rng.integers(240), rng.integers(320)] for _ in range(n)])
    share = display.chance
    assert abs(found - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_sampled_fixations_follow_the_density():
    """Counts against expectation: chi-square within five standard deviations."""
    density = np.random.default_rng(1).random((5, 6)) + 0.1
    n = 20_000
    points = sampled_fixations(density, n, seed=2)
    assert points.shape == (n, 2)
    cells = points.astype(int)
    assert (points == cells).all()
    counts = np.zeros((5, 6))
    np.add.at(counts, tuple(cells.T), 1)
    expected = n * density / density.sum()
    chi_square = ((counts - expected) ** 2 / expected).sum()
    assert abs(chi_square - 29) < 5 * np.sqrt(2 * 29)
    assert (sampled_fixations(density, 9, seed=2) == sampled_fixations(density, 9, seed=2)).all()


@pytest.mark.parametrize(
    ("density", "n", "words"),
    [
        (np.zeros((2, 2)), 3, "a density of zeros"),
        ([[-1.0, 2.0]], 3, "not negative"),
        ([[np.nan, 2.0]], 3, "finite"),
        ([1.0, 2.0], 3, "shape"),
        ([[1.0], [1.0, 2.0]], 3, "several lengths"),
        ([["a"]], 3, "expected real numbers"),
        ([[1.0]], 0, "n is 0"),
        ([[1.0]], 2.5, "n is 2.5; it is a whole number"),
        ([[1.0]], "a", "n is 'a'"),
    ],
    ids=["zeros", "negative", "nan", "line", "ragged", "word", "none", "half", "letter"],
)
def test_bad_densities(density, n, words):
    with pytest.raises((InvalidArgument, InvalidType), match=words):
        sampled_fixations(density, n)


def test_densities_of_any_scale():
    """Sums that overflow or vanish draw as others do."""
    density = np.random.default_rng(1).random((5, 6))
    expected = sampled_fixations(density, 50, seed=3)
    for scale in (2.0**1023, 2.0**-900):
        assert (sampled_fixations(density * scale, 50, seed=3) == expected).all()
    with pytest.raises(InvalidArgument, match="seed is -1"):
        sampled_fixations(density, 5, seed=-1)
