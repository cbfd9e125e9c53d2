"""Pyramid and network of places: closed forms of their own."""

import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.features.visualisation.parametrisations.cppn import cppn
from heatlens.features.visualisation.parametrisations.laplacian import laplacian
from heatlens.features.visualisation.parametrisations.pixels import pixels


@pytest.mark.parametrize("size", [(16, 16), (13, 20)], ids=["square", "odd"])
def test_the_pyramid_has_mean_variance_one(size):
    canvas = laplacian(1, 1, size)
    effects = torch.zeros(size)
    for index, level in enumerate(canvas.parameters):
        count = level.numel()
        others = [torch.zeros(count, *one.shape[1:]) for one in canvas.parameters]
        others[index].view(count, count).fill_diagonal_(1)
        object.__setattr__(canvas, "parameters", others)
        effects += canvas.latent().square().sum((0, 1))
        object.__setattr__(canvas, "parameters", [one[:1] for one in others])
    assert effects.mean().item() == pytest.approx(1, rel=1e-5)


def test_every_octave_of_the_pyramid_has_the_same_share():
    canvas = laplacian(400, 1, (16, 16), spread=1.0)
    shares = []
    for index in range(len(canvas.parameters)):
        alone = [
            level if at == index else torch.zeros_like(level)
            for at, level in enumerate(canvas.parameters)
        ]
        one = laplacian(400, 1, (16, 16))
        object.__setattr__(one, "parameters", alone)
        shares.append(one.latent().square().mean().item())
    assert shares == pytest.approx([1 / len(shares)] * len(shares), rel=0.1)


def test_a_coarse_level_is_smooth_and_a_constant_lives_on_the_coarsest():
    canvas = laplacian(1, 3, (16, 12), start=torch.full((1, 3, 16, 12), 0.7))
    *finer, coarsest = canvas.parameters
    assert all(level.abs().max() < 1e-5 for level in finer)
    assert coarsest.std() > 0  # its channels differ: uncorrelated colours of a grey


def test_levels_can_be_told():
    assert len(laplacian(1, 3, (64, 64), levels=2).parameters) == 2
    assert len(laplacian(1, 3, (64, 64)).parameters) == 5
    with pytest.raises(InvalidArgument, match="have at most 7"):
        laplacian(1, 3, (64, 64), levels=8)
    with pytest.raises(InvalidType, match="levels is 'all'"):
        laplacian(1, 3, (64, 64), levels="all")


def test_pixels_of_red_green_and_blue_are_their_logits():
    start = torch.rand(1, 3, 4, 5) * 0.9 + 0.05
    canvas = pixels(1, 3, (4, 5), start=start, decorrelate=False)
    torch.testing.assert_close(canvas.parameters[0], torch.logit(start))


def test_ascent_on_pixels_finds_the_picture():
    goal = 0.3 + 0.4 * torch.rand(1, 3, 6, 7, generator=torch.Generator().manual_seed(0))
    canvas = pixels(1, 3, (6, 7))
    adam = torch.optim.Adam(canvas.parameters, lr=canvas.rate)
    for _ in range(500):
        adam.zero_grad()
        (canvas.pixels() - goal).square().sum().backward()
        adam.step()
    assert (canvas.pixels() - goal).abs().max() < 0.02


@pytest.mark.parametrize("size", [(8, 8), (5, 9)], ids=["square", "wide"])
def test_cppn_has_no_resolution(size):
    canvas = cppn(2, 3, size, spread=1.0)
    coarse = canvas.pixels()
    finer = canvas.sampled((3 * size[0], 3 * size[1]))
    torch.testing.assert_close(finer[..., 1::3, 1::3], coarse, atol=1e-5, rtol=0)
    twice = canvas.sampled((16 * size[0], 16 * size[1]))
    fine = canvas.sampled((8 * size[0], 8 * size[1]))
    means = torch.nn.functional.avg_pool2d(twice, 2)
    assert (means - fine).abs().mean() < 0.01
    assert fine.std() > 0.05


def test_cppn_is_its_formula():
    canvas = cppn(1, 1, (3, 2), layers=1, width=2)
    w1, b1, w2, b2 = (parameter[0].detach() for parameter in canvas.parameters)
    reach = 3**0.5
    x, y = reach * 0.5 / 1.5, reach * 1 / 1.5  # the last pixel; the longer side has 3
    angle = torch.atan(w1 @ torch.tensor([[x], [y]]) + b1)
    features = torch.cat([angle / 0.67, angle.square() / 0.6])
    expected = torch.sigmoid(w2 @ features + b2)
    torch.testing.assert_close(canvas.pixels()[0, 0, 2, 1], expected[0, 0])


def test_cppn_has_the_gradient_of_its_formula():
    canvas = cppn(2, 3, (70, 60), layers=2, width=3)  # more than one block of places
    weights = torch.randn(2, 3, 70, 60, generator=torch.Generator().manual_seed(0))
    found = torch.autograd.grad((canvas.pixels() * weights).sum(), canvas.parameters)
    y = torch.arange(-69, 70, 2.0)[:, None].expand(70, 60) * 3**0.5 / 70
    x = torch.arange(-59, 60, 2.0)[None].expand(70, 60) * 3**0.5 / 70
    values = torch.stack([x, y]).flatten(1)
    for weight, bias in zip(canvas.parameters[:-2:2], canvas.parameters[1:-2:2]):
        angle = torch.atan(weight @ values + bias)
        values = torch.cat([angle / 0.67, angle.square() / 0.6], 1)
    plain = torch.sigmoid(canvas.parameters[-2] @ values + canvas.parameters[-1])
    torch.testing.assert_close(canvas.pixels().flatten(2), plain)
    expected = torch.autograd.grad((plain * weights.flatten(2)).sum(), canvas.parameters)
    for one, other in zip(found, expected):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-3)


def test_cppn_features_have_size_one():
    angle = torch.atan(torch.randn(100_000, generator=torch.Generator().manual_seed(0)))
    assert (angle / 0.67).square().mean().sqrt().item() == pytest.approx(1, abs=0.02)
    assert (angle.square() / 0.6).square().mean().sqrt().item() == pytest.approx(1, abs=0.02)
