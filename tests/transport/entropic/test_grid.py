import numpy as np
import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType, NotCertified, UnknownName
from heatlens.transport import emd, sinkhorn_divergence, sinkhorn_divergence_grid
from heatlens.transport.line.wasserstein import wasserstein_1d


@pytest.fixture
def chance():
    return np.random.default_rng(0)


def blob(side, centre, width):
    y, x = np.mgrid[:side, :side]
    image = np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / (2 * width**2))
    return torch.tensor(image / image.sum())


def points_of(shape, step=(1.0, 1.0)):
    return np.stack(np.mgrid[: shape[0], : shape[1]], -1).reshape(-1, 2) * np.array(step)


def exact(a, b):
    grid = points_of(a.shape)
    return emd(a.numpy().ravel(), b.numpy().ravel(), x=grid, y=grid, p=2, mass="normalise").value


def pair(chance, height, width, rows=()):
    images = chance.random((2, *rows, height, width)) ** 3 + 0.05
    images /= images.sum((-2, -1), keepdims=True)
    return torch.tensor(images[0]), torch.tensor(images[1])


@pytest.mark.parametrize("shift", [(5, 0), (12, 8), (-7, 20)])
def test_a_moved_image_is_as_far_as_it_was_moved(shift, chance):
    a, b = torch.zeros(2, 64, 64, dtype=torch.float64)
    patch = torch.tensor(chance.random((20, 20)))
    a[20:40, 20:40] = b[20 + shift[0] : 40 + shift[0], 20 + shift[1] : 40 + shift[1]] = patch
    found = sinkhorn_divergence_grid(a, b, mass="normalise")
    assert found.item() == pytest.approx(shift[0] ** 2 + shift[1] ** 2, rel=1e-3)


def test_an_image_does_not_hang_on_the_others(chance):
    a, b = pair(chance, 24, 20, rows=(3,))
    a[1] = 0
    a[1, :2, :2] = 0.25  # takes more sweeps than the others
    together = sinkhorn_divergence_grid(a, b, mass="normalise")
    alone = [sinkhorn_divergence_grid(a[k], b[k], mass="normalise") for k in range(3)]
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-9, atol=1e-12)


def test_products_of_lines_at_128_within_one_per_cent(chance):
    """W_2^2 of products is the sum over the axes, which is known exactly on a line."""
    line = np.arange(128.0)
    rows = chance.random((4, 128)) ** 2
    rows /= rows.sum(1, keepdims=True)
    truth = sum(
        wasserstein_1d(line, line, a, b, p=2) ** 2
        for a, b in ((rows[0], rows[2]), (rows[1], rows[3]))
    )
    a, b = (torch.tensor(np.outer(rows[k], rows[k + 1])) for k in (0, 2))
    assert sinkhorn_divergence_grid(a, b, mass="normalise").item() == pytest.approx(truth, rel=0.01)


def test_tends_to_the_exact_value_as_the_blur_falls(chance):
    a, b = pair(chance, 8, 9)
    truth = exact(a, b)
    errors = [
        abs(
            sinkhorn_divergence_grid(a, b, blur=blur, tolerance=1e-6, iterations=5000).item()
            / truth
            - 1
        )
        for blur in (1.0, 0.5, 0.25, 0.06)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.01


def test_agrees_with_the_divergence_of_points(chance):
    a, b = pair(chance, 7, 10, (3,))
    a[0, 2:5], b[1, :, 3] = 0, 0
    grid = torch.tensor(points_of((7, 10), (2.0, 0.5))).expand(3, -1, -1)
    settings = {"blur": 0.8, "mass": "normalise", "tolerance": 1e-10, "iterations": 5000}
    one = sinkhorn_divergence_grid(a, b, spacing=(2.0, 0.5), **settings)
    other = sinkhorn_divergence(grid, grid, a.flatten(1), b.flatten(1), **settings)
    torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-9)


def test_zero_for_equal_images_and_never_negative(chance):
    a, b = pair(chance, 16, 16, (4,))
    assert (sinkhorn_divergence_grid(a, a.clone(), tolerance=1e-6).abs() < 1e-4).all()
    values = sinkhorn_divergence_grid(a, b, mass="normalise")
    assert (values > 0.01).all()
    torch.testing.assert_close(
        values, sinkhorn_divergence_grid(b, a, mass="normalise"), rtol=1e-2, atol=0
    )


def test_gradient_against_finite_differences(chance):
    a, b = (image.requires_grad_() for image in pair(chance, 3, 4, (2,)))

    def loss(a, b):
        return sinkhorn_divergence_grid(
            a, b, blur=0.9, mass="normalise", tolerance=1e-13, iterations=5000
        )

    assert torch.autograd.gradcheck(loss, (a, b), atol=1e-6)


def test_gradient_with_equal_masses_along_changes_that_keep_the_total(chance):
    a, b = pair(chance, 6, 6)
    a, b = (3 * a).requires_grad_(), 3 * b
    change = torch.tensor(chance.normal(size=(6, 6)))
    change = 1e-5 * (change - change.mean())
    settings = {"tolerance": 1e-13, "iterations": 5000}
    sinkhorn_divergence_grid(a, b, **settings).backward()
    up, down = (
        sinkhorn_divergence_grid(a.detach() + sign * change, b, **settings) for sign in (1, -1)
    )
    assert (a.grad * change).sum().item() == pytest.approx((up - down).item() / 2, rel=1e-4)


def test_gradient_where_there_is_no_mass():
    """The potential of a point at distance r from the only mass there is: r^2 and a constant."""
    a, b = torch.zeros(2, 1, 40, dtype=torch.float64)
    a[0, 5] = b[0, 5] = 1.0
    a.requires_grad_()
    sinkhorn_divergence_grid(a, b, blur=0.5).backward()
    assert a.grad.abs().max() < 1e-9  # debiased: any mass there costs nothing to first order


def test_value_is_proportional_to_the_mass(chance):
    a, b = pair(chance, 8, 8)
    one = sinkhorn_divergence_grid(a, b, mass="normalise")
    torch.testing.assert_close(sinkhorn_divergence_grid(7 * a, 7 * b), 7 * one)
    torch.testing.assert_close(sinkhorn_divergence_grid(7 * a, b, mass="normalise"), one)


def test_batch_is_one_by_one_and_types_are_kept(chance):
    a, b = pair(chance, 20, 33, (3,))
    together = sinkhorn_divergence_grid(a, b, mass="normalise", tolerance=1e-7)
    for row in range(3):
        alone = sinkhorn_divergence_grid(a[row], b[row], mass="normalise", tolerance=1e-7)
        assert alone.shape == ()
        torch.testing.assert_close(alone, together[row], rtol=1e-5, atol=1e-8)
    single = sinkhorn_divergence_grid(a.float().requires_grad_(), b.float(), mass="normalise")
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), together, rtol=5e-3, atol=1e-4)


def test_spacing_is_the_unit(chance):
    a, b = pair(chance, 9, 9)
    one = sinkhorn_divergence_grid(a, b, blur=1.0)
    torch.testing.assert_close(sinkhorn_divergence_grid(a, b, blur=0.1, spacing=0.1), one / 100)


def test_a_second_derivative_is_an_error():
    a, b = blob(6, (2, 2), 1).requires_grad_(), blob(6, (3, 3), 1)
    (slope,) = torch.autograd.grad(
        sinkhorn_divergence_grid(a, b, mass="normalise"), a, create_graph=True
    )
    with pytest.raises(NotImplementedError, match="first derivatives only"):
        slope.square().sum().backward()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({(1, 2): float("nan")}, r"a\[0, 1, 2\] is nan"),
        ({(0, 3): float("inf")}, r"a\[0, 0, 3\] is inf"),
        ({(2, 2): -0.5}, r"a\[0, 2, 2\] is -0.5: a mass cannot be negative"),
        ({(2, 2): 9.0}, "totals of row 0 differ"),
    ],
)
def test_masses_that_cannot_be(change, said):
    a, b = blob(5, (2, 2), 1), blob(5, (2, 3), 1)
    for place, value in change.items():
        a[place] = value
    with pytest.raises(InvalidArgument, match=said):
        sinkhorn_divergence_grid(a, b)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"p": 1}, InvalidArgument, "p is 1"),
        ({"blur": 0}, InvalidArgument, "blur is 0"),
        ({"blur": float("nan")}, InvalidArgument, "blur is nan"),
        ({"spacing": -1.0}, InvalidArgument, "spacing is -1"),
        ({"scaling": 1.0}, InvalidArgument, "scaling is 1"),
        ({"tolerance": 0}, InvalidArgument, "tolerance is 0"),
        ({"iterations": 1}, InvalidArgument, "iterations is 1"),
        ({"mass": "partial"}, InvalidArgument, "not possible here"),
        ({"mass": "equl"}, UnknownName, "did you mean 'equal'"),  # misspelt on purpose
        ({"tolerance": 1e-15, "iterations": 2}, NotCertified, "marginals are off"),
    ],
)
def test_settings_that_cannot_be(settings, error, said):
    with pytest.raises(error, match=said):
        sinkhorn_divergence_grid(
            *pair(np.random.default_rng(1), 8, 8), **{"mass": "normalise", **settings}
        )


def test_shapes_and_types_that_cannot_be():
    a = torch.ones(4, 4)
    with pytest.raises(InvalidArgument, match="same grid"):
        sinkhorn_divergence_grid(a, torch.ones(4, 5))
    with pytest.raises(InvalidArgument, match=r"a has shape \(4,\)"):
        sinkhorn_divergence_grid(a[0], a)
    with pytest.raises(InvalidArgument, match="b has no mass in row 0"):
        sinkhorn_divergence_grid(a, 0 * a)
    with pytest.raises(InvalidArgument, match="empty"):
        sinkhorn_divergence_grid(a[:0], a)
    with pytest.raises(InvalidType, match="ndarray"):
        sinkhorn_divergence_grid(a.numpy(), a)
    with pytest.raises(InvalidType, match="int64"):
        sinkhorn_divergence_grid(a.long(), a)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_as_on_the_cpu(chance):
    a, b = pair(chance, 32, 32, (2,))
    here = sinkhorn_divergence_grid(a, b, mass="normalise")
    there = sinkhorn_divergence_grid(a.cuda(), b.cuda(), mass="normalise")
    torch.testing.assert_close(there.cpu(), here)


def test_a_few_far_points():
    """Sums along rows and along columns underflow together here."""
    a, b = torch.zeros(2, 128, 128, dtype=torch.float64)
    a[3, 3] = a[120, 5] = 0.5
    b[3, 120], b[120, 122], b[64, 64] = 0.3, 0.3, 0.4
    truth = emd(
        a[a > 0].numpy(), b[b > 0].numpy(), x=a.nonzero().numpy(), y=b.nonzero().numpy(), p=2
    ).value
    assert sinkhorn_divergence_grid(a, b).item() == pytest.approx(truth, rel=1e-3)
