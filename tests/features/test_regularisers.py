"""Regularisers against their closed forms."""

import numpy as np
import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.features.visualisation.regularisers import l2, total_variation

REGULARISERS = {"l2": l2, "total-variation": total_variation}
EVEN = torch.full((1, 3, 5, 6), 0.3)


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", sorted(REGULARISERS))
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 1, 1), (3, 1, 1, 7), (2, 3, 6, 1)], ids=str)
def test_one_finite_value_per_row_with_a_gradient(name, shape):
    pixels = noise(*shape).requires_grad_()
    values = REGULARISERS[name](pixels)
    assert values.shape == shape[:1]
    assert bool((values >= 0).all())
    for row in range(shape[0]):
        alone = REGULARISERS[name](pixels[row : row + 1])
        torch.testing.assert_close(values[row : row + 1], alone)
    values.sum().backward()
    assert bool(torch.isfinite(pixels.grad).all())


def test_an_even_picture_has_no_variation_and_a_gradient():
    pixels = EVEN.clone().requires_grad_()
    value = total_variation(pixels)
    value.sum().backward()
    assert value.item() == pytest.approx(0, abs=1e-9)
    assert not pixels.grad.any()


def test_an_edge_counts_its_height_for_its_length():
    edge = torch.zeros(1, 3, 10, 10)
    edge[..., 4:] = 0.8  # one column of ten pixels of a hundred
    assert total_variation(edge).item() == pytest.approx(0.08, rel=2e-3)


def test_a_diagonal_edge_costs_less_where_all_directions_are_alike():
    corner = torch.zeros(1, 1, 2, 2)
    corner[..., 0, 0] = 1  # dx = dy = -1 at one pixel of four
    assert total_variation(corner).item() == pytest.approx(2**0.5 / 4, rel=1e-3)


def test_variation_is_numpys():
    pixels = noise(2, 3, 7, 8)
    values = pixels.double().numpy()
    across = np.diff(values, axis=3, append=values[..., -1:])
    down = np.diff(values, axis=2, append=values[..., -1:, :])
    expected = np.sqrt(across**2 + down**2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(total_variation(pixels), expected, rtol=5e-3)


def test_it_does_not_depend_on_the_size():
    tile = noise(1, 3, 32, 32)
    wide = tile.repeat(1, 1, 4, 4)
    assert total_variation(wide).item() == pytest.approx(total_variation(tile).item(), rel=0.05)
    torch.testing.assert_close(l2(wide), l2(tile))


def test_l2_is_the_mean_square_from_grey():
    assert l2(EVEN).item() == pytest.approx(0.04)


@pytest.mark.parametrize("name", sorted(REGULARISERS))
def test_arguments_are_refused_in_words(name):
    with pytest.raises(InvalidArgument, match=r"shape \(3, 4, 5\); \(n, c, h, w\)"):
        REGULARISERS[name](noise(3, 4, 5))
    with pytest.raises(InvalidType, match="pixels are ndarray"):
        REGULARISERS[name](np.zeros((1, 3, 4, 5)))
