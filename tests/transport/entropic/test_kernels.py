import pytest
import torch

from heatlens.transport.entropic.convolution import Convolution
from heatlens.transport.entropic.dense import EMPTY, Dense


@pytest.fixture
def chance():
    return torch.Generator().manual_seed(0)


def by_hand(h, cost):
    return torch.logsumexp(h[:, None, :] - cost, 2)


def grid_cost(targets, sources, epsilon):
    points = [torch.cartesian_prod(*axes) for axes in (targets, sources)]
    return torch.cdist(*points, compute_mode="donot_use_mm_for_euclid_dist") ** 2 / epsilon


def axes(height, width, step=1.0):
    return tuple(torch.arange(n, dtype=torch.float64) * step for n in (height, width))


@pytest.mark.parametrize("epsilon", [100.0, 2.0, 0.05])
@pytest.mark.parametrize("spread", [0.0, 1.0, 300.0])
def test_convolution_is_the_sum_term_by_term(epsilon, spread, chance):
    h = spread * torch.randn(2, 9, 14, generator=chance, dtype=torch.float64)
    targets, sources = axes(11, 7, 1.7), axes(9, 14)
    found = Convolution(epsilon, targets, sources)(h)
    expected = by_hand(h.flatten(1), grid_cost(targets, sources, epsilon)).reshape(2, 11, 7)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-9)


def test_convolution_with_a_reference_and_its_transpose(chance):
    grid = axes(8, 12)
    slope = 40 * grid[1][None, None, :] + 25 * grid[0][None, :, None]
    reference = slope + torch.randn(2, 8, 12, generator=chance, dtype=torch.float64)
    present = torch.rand(2, 8, 12, generator=chance) < 0.7
    logs = torch.where(present, 0.0, EMPTY).double()
    kernel = Convolution(3.0, grid, grid, reference, present)
    cost = grid_cost(grid, grid, 3.0)
    found = kernel(reference + logs)
    expected = by_hand((reference + logs).flatten(1), cost).reshape(found.shape)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-8)
    back = kernel.transposed()(-found, present)
    expected = by_hand(-found.flatten(1), cost).reshape(found.shape)
    torch.testing.assert_close(back[present], expected[present], rtol=1e-10, atol=1e-8)


def test_what_underflows_is_summed_again():
    h = torch.full((1, 1, 400), EMPTY, dtype=torch.float64)
    h[0, 0, 0] = 0.0
    grid = axes(1, 400)
    kernel = Convolution(1.0, grid, grid)
    torch.testing.assert_close(kernel(h)[0, 0], -(grid[1] ** 2))
    assert kernel.repaired
    kernel = Convolution(1.0, grid, grid)
    kernel(h, h > EMPTY)
    assert not kernel.repaired


def test_a_low_sum_along_a_row_counts_where_it_is_the_largest():
    """The columns' sums are fed by rows whose own sums have underflowed."""
    h = torch.full((1, 2, 300), EMPTY, dtype=torch.float64)
    h[0, 0, 0], h[0, 1, 299] = 0.0, -1e5
    grid = axes(2, 300)
    found = Convolution(1.0, grid, grid)(h)
    expected = by_hand(h.flatten(1), grid_cost(grid, grid, 1.0)).reshape(1, 2, 300)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("epsilon", [10.0, 0.01])
def test_dense_is_the_sum_term_by_term(epsilon, chance):
    cost = 10 * torch.rand(3, 6, 9, generator=chance, dtype=torch.float64)
    reference = torch.randn(3, 9, generator=chance, dtype=torch.float64) / epsilon
    h = reference + torch.randn(3, 9, generator=chance, dtype=torch.float64)
    for start in (None, reference):
        kernel = Dense(epsilon, cost, start)
        torch.testing.assert_close(kernel(h), by_hand(h, cost / epsilon))
        back = torch.randn(3, 6, generator=chance, dtype=torch.float64)
        torch.testing.assert_close(kernel.transposed()(back), by_hand(back, cost.mT / epsilon))


def test_sums_that_underflow_along_both_axes():
    grid = axes(200, 200)
    h = torch.full((1, 200, 200), EMPTY, dtype=torch.float64)
    h[0, 3, 3], h[0, 190, 5] = 0.0, -700.0
    found = Convolution(0.5, grid, grid)(h)
    y, x = grid[0][:, None], grid[1]
    ways = [-((y - 3) ** 2 + (x - 3) ** 2) / 0.5, -((y - 190) ** 2 + (x - 5) ** 2) / 0.5 - 700]
    torch.testing.assert_close(found[0], torch.logaddexp(*ways))
