import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument, InvalidType, NotCertified
from heatlens.transport import emd, sinkhorn_divergence
from heatlens.transport.entropic.points import _squared

TIGHT = {"tolerance": 1e-12, "iterations": 20_000}


def clouds(n, m, d, seed=0, rows=()):
    chance = np.random.default_rng(seed)
    x, y = chance.normal(size=(*rows, n, d)), chance.normal(size=(*rows, m, d)) + 0.7
    a, b = chance.random((*rows, n)) + 0.1, chance.random((*rows, m)) + 0.1
    return tuple(map(torch.tensor, (x, y, a, b)))


def by_the_book(x, y, a, b, epsilon, p):
    """Three plain Sinkhorn loops, epsilon KL(P, a (x) b) counted by the dual."""

    def solve(x, y, a, b):
        cost = np.linalg.norm(x[:, None] - y, axis=2) ** p
        kernel, v = np.exp(-cost / epsilon), np.ones(len(b))
        for _ in range(20_000):
            u = 1 / (kernel @ (b * v))
            v = 1 / (kernel.T @ (a * u))
        return epsilon * (a @ np.log(u) + b @ np.log(v))

    return solve(x, y, a, b) - (solve(x, x, a, a) + solve(y, y, b, b)) / 2


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_is_the_formula(p):
    x, y, a, b = clouds(6, 8, 2)
    a, b = a / a.sum(), b / b.sum()
    found = sinkhorn_divergence(x, y, a, b, p=p, blur=0.8, **TIGHT)
    arrays = [tensor.numpy() for tensor in (x, y, a, b)]
    assert found.item() == pytest.approx(by_the_book(*arrays, p * 0.8**p, p), rel=1e-6)


@pytest.mark.parametrize("p", [1, 2])
def test_tends_to_the_exact_value_as_the_blur_falls(p):
    x, y, a, b = clouds(20, 25, 3)
    arrays = {"x": x.numpy(), "y": y.numpy()}
    truth = emd(a.numpy(), b.numpy(), **arrays, p=p, mass="normalise").value
    errors = [
        abs(sinkhorn_divergence(x, y, a, b, p=p, blur=blur, mass="normalise").item() / truth - 1)
        for blur in (1.0, 0.3, 0.1, 0.03, 0.01)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.01


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 3),
    st.integers(0, 99),
    st.sampled_from([1, 2]),
)
@settings(max_examples=25, deadline=None)
def test_positive_symmetric_and_zero_for_equal_clouds(n, m, d, seed, p):
    x, y, a, b = clouds(n, m, d, seed)
    loss = {"p": p, "blur": 0.3, "mass": "normalise", "tolerance": 1e-9, "iterations": 20_000}
    forth, back = sinkhorn_divergence(x, y, a, b, **loss), sinkhorn_divergence(y, x, b, a, **loss)
    assert forth > 0
    assert forth.item() == pytest.approx(back.item(), rel=1e-4, abs=1e-7)
    assert sinkhorn_divergence(x, x.clone(), a, a, **loss).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("p", [1, 1.5, 2])
def test_gradients_against_finite_differences(p):
    tensors = [tensor.requires_grad_() for tensor in clouds(3, 4, 2, rows=(2,))]

    def loss(*tensors):
        return sinkhorn_divergence(*tensors, p=p, blur=0.8, mass="normalise", **TIGHT)

    assert torch.autograd.gradcheck(loss, tensors, atol=1e-6)


def test_gradient_of_a_moved_cloud_is_the_way_back():
    x, _, a, _ = clouds(10, 1, 2)
    shift = torch.tensor([2.0, -1.0], dtype=torch.float64)
    a = a / a.sum()
    moved = (x + shift).requires_grad_()
    loss = sinkhorn_divergence(moved, x, a, a, blur=0.05, **TIGHT)
    loss.backward()
    assert loss.item() == pytest.approx(5, rel=1e-6)
    torch.testing.assert_close(moved.grad, 2 * a[:, None] * shift, rtol=1e-4, atol=1e-6)


def test_gradient_descent_brings_a_cloud_to_another():
    x, y, _, _ = clouds(30, 30, 2)
    x.requires_grad_()
    first = None
    for _ in range(25):
        loss = sinkhorn_divergence(x, y, blur=0.1)
        first = loss.item() if first is None else first
        (slope,) = torch.autograd.grad(loss, x)
        x = (x - 0.5 * len(x) * slope).detach().requires_grad_()
    assert loss.item() < 0.002 * first


def test_batch_is_one_by_one_and_types_are_kept():
    x, y, a, b = clouds(5, 7, 2, rows=(3,))
    chosen = {"blur": 0.2, "mass": "normalise", **TIGHT}
    together = sinkhorn_divergence(x, y, a, b, **chosen)
    alone = [sinkhorn_divergence(x[k], y[k], a[k], b[k], **chosen) for k in range(3)]
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-6, atol=1e-9)
    x32 = x.float().requires_grad_()
    loss = sinkhorn_divergence(x32, y.float(), blur=0.2)
    loss.sum().backward()
    assert loss.dtype == x32.grad.dtype == torch.float32


def test_close_pairs_that_lie_far_apart():
    """Of squares as large as these, no digit of the distances would be left."""
    x = torch.tensor([[0.0], [1e6]], dtype=torch.float64)
    for blur in (1e-4, 1e-2, 1.0):
        moved = (x + 1e-3).requires_grad_()
        loss = sinkhorn_divergence(moved, x, blur=blur)
        loss.backward()
        assert loss.item() == pytest.approx(1e-6, rel=1e-5)
        assert moved.grad[:, 0].tolist() == pytest.approx([1e-3, 1e-3], rel=1e-5)


@pytest.mark.parametrize("clusters", [2, 60])
def test_distances_in_many_dimensions_keep_their_digits(clusters):
    chance = torch.Generator().manual_seed(0)
    centres = 1e6 * torch.rand(1, clusters, 40, generator=chance, dtype=torch.float64)
    x = centres[:, torch.arange(60) % clusters]
    y = x + torch.rand(1, 60, 40, generator=chance, dtype=torch.float64)
    expected = (x[:, :, None] - y[:, None]).square().sum(3)
    torch.testing.assert_close(_squared(x, y), expected, rtol=1e-12, atol=0)
    assert bool((_squared(x, x).diagonal(dim1=1, dim2=2) == 0).all())


def test_a_value_that_is_lost_in_rounding_is_not_handed_out():
    points = torch.rand(40, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    far = points + 1e7 * (torch.arange(40) % 3)[:, None]
    with pytest.raises(NotCertified, match=r"row 0 is .*, and rounding is up to"):
        sinkhorn_divergence(far, far + 1e-3, blur=0.1, iterations=5000)


@pytest.mark.parametrize("blur", [None, 0.1])
def test_a_row_does_not_hang_on_the_others(blur):
    x, y, a, b = clouds(20, 25, 2, rows=(4,))
    sizes = torch.tensor([1.0, 1e-3, 300.0, 20.0], dtype=torch.float64)[:, None, None]
    x, y = (x * sizes).requires_grad_(), y * sizes
    together = sinkhorn_divergence(x, y, a, b, blur=blur, mass="normalise")
    alone = [
        sinkhorn_divergence(x[k], y[k], a[k], b[k], blur=blur, mass="normalise") for k in range(4)
    ]
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-9, atol=1e-15)
    slopes = [torch.autograd.grad(values.sum(), x)[0] for values in (together, torch.stack(alone))]
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-7, atol=1e-12)


def test_short_types_do_not_overflow():
    one = torch.tensor([[0.0]], dtype=torch.float16, requires_grad=True)
    loss = sinkhorn_divergence(one, one.detach() + 300)
    loss.backward()
    assert (loss.item(), loss.dtype, one.grad.dtype) == (90_000, torch.float32, torch.float16)
    far = torch.tensor([[1e20]])
    with pytest.raises(InvalidArgument, match=r"1e\+40, beyond torch.float32"):
        sinkhorn_divergence(0 * far, far)


def test_masses_and_points_without_mass():
    x, y, a, b = clouds(6, 5, 2)
    a[2], b[0] = 0, 0
    chosen = {"blur": 0.3, "mass": "normalise", **TIGHT}
    whole = sinkhorn_divergence(x, y, a, b, **chosen)
    keep = torch.tensor([0, 1, 3, 4, 5])
    part = sinkhorn_divergence(x[keep], y[1:], a[keep], b[1:], **chosen)
    torch.testing.assert_close(whole, part)
    scaled = sinkhorn_divergence(x, y, 6 * a / a.sum(), 6 * b / b.sum(), blur=0.3, **TIGHT)
    torch.testing.assert_close(scaled, 6 * part)


def test_far_and_near_and_single_points():
    one = torch.tensor([[0.0]], dtype=torch.float64)
    assert sinkhorn_divergence(one, one + 1e6, blur=1e-3).item() == pytest.approx(1e12)
    assert sinkhorn_divergence(one, one).item() == 0
    assert sinkhorn_divergence(one, one + 3, p=1).item() == pytest.approx(3)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"x": torch.full((2, 2), float("nan"))}, InvalidArgument, r"x\[0, 0\] is nan"),
        ({"x": torch.zeros(2, 3)}, InvalidArgument, "x has shape"),
        ({"x": torch.zeros(1, 2, 2)}, InvalidArgument, "x has shape"),
        ({"x": torch.zeros(0, 2)}, InvalidArgument, "x is empty"),
        ({"x": [[0.0]]}, InvalidType, "x is a list"),
        ({"x": torch.zeros(2, 2, dtype=torch.int64)}, InvalidType, "int64"),
        ({"x": torch.full((2, 2), 1e200, dtype=torch.float64)}, InvalidArgument, "overflow"),
        ({"a": torch.tensor([0.5, -0.5])}, InvalidArgument, r"a\[0, 1\] is -0.5"),
        ({"a": torch.tensor([0.0, 0.0])}, InvalidArgument, "a has no mass"),
        ({"a": torch.tensor([1.0, 1.0, 1.0])}, InvalidArgument, "a mass for each point of x"),
        ({"a": torch.tensor([1.0, 1.0])}, InvalidArgument, "totals of row 0 differ"),
        ({"p": 0.5}, InvalidArgument, "p is 0.5"),
        ({"blur": -1.0}, InvalidArgument, "blur is -1"),
        ({"tolerance": 1e-15, "iterations": 2}, NotCertified, "marginals are off"),
    ],
)
def test_what_cannot_be(arguments, error, said):
    x, y, _, _ = clouds(2, 5, 2)
    with pytest.raises(error, match=said):
        sinkhorn_divergence(**{"x": x, "y": y, **arguments})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_as_on_the_cpu():
    x, y, a, b = clouds(20, 30, 3, rows=(2,))
    here = sinkhorn_divergence(x, y, a, b, mass="normalise")
    there = sinkhorn_divergence(x.cuda(), y.cuda(), a.cuda(), b.cuda(), mass="normalise")
    torch.testing.assert_close(there.cpu(), here)
