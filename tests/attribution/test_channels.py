"""Channels to one value a pixel."""

from __future__ import annotations

import pytest
import torch

from heatlens.attribution.channels import REDUCTIONS, reduce_channels
from heatlens.errors import InvalidArgument
from tests.attribution.networks import pictures

EXPECTED = {
    "max-abs": lambda v: v.abs().max(1).values,
    "sum": lambda v: v[:, 0] + v[:, 1] + v[:, 2],
    "mean-abs": lambda v: (v[:, 0].abs() + v[:, 1].abs() + v[:, 2].abs()) / 3,
    "norm": lambda v: torch.linalg.vector_norm(v, dim=1),
}


@pytest.mark.parametrize("by", REDUCTIONS)
def test_reductions(by):
    values = pictures(2)
    found = reduce_channels(values, by)
    assert found.shape == (2, 32, 32)
    torch.testing.assert_close(found, EXPECTED[by](values))


@pytest.mark.parametrize("by", REDUCTIONS)
def test_one_channel_keeps_its_magnitude(by):
    values = pictures(2)[:, :1]
    found = reduce_channels(values, by)
    torch.testing.assert_close(found.abs(), values[:, 0].abs())
    assert (found < 0).any() == (by == "sum")


def test_an_unknown_reduction_is_refused():
    with pytest.raises(InvalidArgument, match="max-abs, sum, mean-abs, norm"):
        reduce_channels(pictures(1), "max")
