"""Baselines are meant in pixel space, and a row's does not depend on its neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from heatlens.attribution.baselines import BASELINES, baseline_like, blurred
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.contract import Contract
from tests.attribution.networks import pictures

CONTRACTS = {
    "plain": Contract(),
    "imagenet": Contract(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    "caffe": Contract(
        mean=(104.0, 117.0, 123.0), std=(1.0,) * 3, value_range=(0, 255), channel_order="BGR"
    ),
    "minus-one": Contract(value_range=(-1.0, 1.0)),
}


@pytest.fixture(params=CONTRACTS)
def contract(request):
    return CONTRACTS[request.param]


@pytest.mark.parametrize(("name", "pixel"), [("black", 0.0), ("white", 1.0), ("grey", 0.5)])
def test_constants_are_pixels(contract, name, pixel):
    found = contract.denormalise(baseline_like(pictures(2), name, contract))
    torch.testing.assert_close(found, torch.full((2, 3, 32, 32), pixel), atol=1e-5, rtol=0)


def test_mean_is_each_pictures_own_colour(contract):
    batch = pictures(2)
    found = baseline_like(batch, "mean", contract)
    assert found.shape == batch.shape
    torch.testing.assert_close(found.mean((2, 3)), batch.mean((2, 3)))
    assert found.flatten(2).std(2).max() < 1e-6


def test_noise_is_uniform_seeded_and_the_same_for_every_row(contract):
    batch = pictures(3)
    state = torch.get_rng_state()
    found = baseline_like(batch, "noise", contract, seed=5)
    assert torch.equal(torch.get_rng_state(), state)
    pixels = contract.denormalise(found)
    assert pixels.min() > -1e-4
    assert pixels.max() < 1 + 1e-4
    assert abs(pixels.mean() - 0.5) < 0.03
    assert torch.equal(found[0], found[2])
    assert torch.equal(found, baseline_like(batch, "noise", contract, seed=5))
    assert not torch.equal(found, baseline_like(batch, "noise", contract, seed=6))


@pytest.mark.parametrize("sigma", [0.4, 1.0, 4.0])
@pytest.mark.parametrize("size", [(24, 24), (9, 31), (3, 3)])
def test_blur_is_scipys(sigma, size):
    batch = pictures(2, size).double()
    radius = max(1, int(np.ceil(3 * sigma)))
    expected = gaussian_filter(
        batch.numpy(), (0, 0, sigma, sigma), mode="nearest", truncate=radius / sigma
    )
    np.testing.assert_allclose(blurred(batch, sigma).numpy(), expected, atol=1e-10)


def test_blur_keeps_dtype_and_layout_apart():
    batch = pictures(2).contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(blurred(batch, 2.0), blurred(batch.contiguous(), 2.0))
    assert blurred(batch.half(), 2.0).dtype == torch.float16


@pytest.mark.parametrize("name", BASELINES)
def test_every_name_gives_rows_apart(contract, name):
    batch = pictures(3)
    together = baseline_like(batch, name, contract)
    assert together.shape == batch.shape
    assert together.dtype == batch.dtype
    apart = [baseline_like(batch[row : row + 1], name, contract) for row in range(3)]
    torch.testing.assert_close(together, torch.cat(apart))


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 3, 32, 32), (2, 3, 32, 32), ()])
def test_a_tensor_is_broadcast(shape):
    batch = pictures(2)
    given = torch.rand(shape, dtype=torch.float64)
    found = baseline_like(batch, given, Contract())
    assert found.dtype == batch.dtype
    torch.testing.assert_close(found, given.float().expand_as(batch))


@pytest.mark.parametrize(
    ("baseline", "error", "message"),
    [
        ("blakc", InvalidArgument, "'blakc' is unknown; there are black, white"),
        (torch.zeros(2, 2), InvalidArgument, r"\(2, 2\) does not fit the batch \(2, 3, 32, 32\)"),
        (3, InvalidType, "baseline is int"),
    ],
)
def test_refusals(baseline, error, message):
    with pytest.raises(error, match=message):
        baseline_like(pictures(2), baseline, Contract())
