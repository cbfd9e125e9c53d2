import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from heatlens.render.cielab import from_srgb
from heatlens.transfer.colour.kernels import mapped_levels, padded, read, spread
from heatlens.transfer.colour.lab import lab_of
from heatlens.transfer.colour.palette import Palette, carried, nearest
from heatlens.transfer.colour.sweeps import random_frame, swept
from heatlens.transport import wasserstein_1d


def interpolated(lattice, points):
    axis = np.linspace(0, 1, len(lattice))
    return RegularGridInterpolator((axis,) * 3, lattice)(np.clip(points, 0, 1))


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 9), st.integers(0, 2**31))
def test_lattices_are_read_as_scipy_reads_them(n, seed):
    generator = np.random.default_rng(seed)
    lattice, points = generator.random((n, n, n, 3)), generator.random((700, 3)) * 1.2 - 0.1
    np.testing.assert_allclose(read(points, lattice), interpolated(lattice, points), atol=2e-6)


def test_levels_go_through_all_lattices():
    generator = np.random.default_rng(0)
    first, second = generator.random((2, 5, 5, 5, 3))
    pixels = generator.integers(0, 256, (1500, 3), np.uint8)
    pixels[:2] = [[0] * 3, [255] * 3]
    result = np.empty_like(pixels)
    mapped_levels(pixels, padded(np.stack([first, second])), result)
    expected = interpolated(second, interpolated(first, pixels / 255)) * 255
    assert np.abs(result - expected).max() <= 0.501


def test_spread_is_the_transpose_of_read():
    generator = np.random.default_rng(1)
    lattice, points = generator.random((4, 4, 4, 3)), generator.random((50, 3))
    values = generator.random((50, 3))
    total = spread(points, values, 4)
    assert (read(points, lattice) * values).sum() == pytest.approx(
        (lattice * total[..., :3]).sum(), rel=1e-6
    )
    assert total[..., 3].sum() == pytest.approx(50)


def test_cielab_is_the_one_of_render():
    colours = np.concatenate(
        [np.random.default_rng(0).random((500, 3)), np.eye(3), np.ones((1, 3))]
    )
    colours[:100] *= 0.05  # both branches
    np.testing.assert_allclose(lab_of(colours), from_srgb(colours), atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31))
def test_after_a_sweep_the_projections_agree(seed):
    generator = np.random.default_rng(seed)
    colours, goal = generator.normal(50, 12, (400, 3)), generator.normal(30, 20, (300, 3)) ** 1
    frame = random_frame(generator)
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
    moved = colours + swept(colours, goal, frame)
    for axis in frame:
        before, after = (wasserstein_1d(c @ axis, goal @ axis) for c in (colours, moved))
        assert after < max(0.02 * before, 0.2)


def test_a_sweep_leaves_what_is_right():
    colours = np.random.default_rng(0).normal(50, 12, (400, 3))
    colours[:150] = colours[0]  # an atom, and gaps
    assert np.abs(swept(colours, colours[::-1], np.eye(3))).max() < 0.2


def test_carried_is_the_weighted_mean():
    generator = np.random.default_rng(0)
    places = generator.random((6, 3)) * 40
    palette = Palette(generator.random(6), places, places)
    shifts, colours = generator.normal(size=(6, 3)), generator.random((30, 3)) * 40
    squared = ((colours[:, None] - palette.colours) ** 2).sum(2)
    weight = palette.masses * np.exp(-squared / (2 * 9.0**2))
    expected = weight @ shifts / weight.sum(1, keepdims=True)
    np.testing.assert_allclose(carried(colours, palette, shifts, 9.0), expected, atol=1e-6)
    np.testing.assert_array_equal(nearest(colours, palette.colours), squared.argmin(1))
