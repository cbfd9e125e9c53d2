"""The checks of `heatlens.testing.backends` pass on good models, and bite on bad ones."""

from __future__ import annotations

import copy

import pytest
import torch

from heatlens.models.load import as_model
from heatlens.testing.backends import check_model
from tests.attribution.networks import NETWORKS, pictures, seeded


@pytest.mark.parametrize("name", NETWORKS)
def test_pytorch_keeps_its_promises(name):
    check_model(as_model(seeded(NETWORKS[name]())), pictures())


def broken(method, change):
    model = copy.copy(as_model(seeded(NETWORKS["residual"]())))
    own = getattr(model, method)
    setattr(model, method, lambda *given, **named: change(own(*given, **named)))
    return model


BROKEN = {
    "mixed rows": ("predict", lambda output: output - output.mean(0), "alone and in the batch"),
    "a graph": ("predict", lambda output: output.requires_grad_(), "hang on a graph"),
    "another sign": ("input_gradient", lambda slope: -slope, "finite differences"),
    "another scale": ("input_gradient", lambda slope: 2 * slope, "finite differences"),
    "another place": ("input_gradient", lambda slope: slope.roll(3, 3), "finite differences"),
    "a smaller map": ("input_gradient", lambda slope: slope[..., 1:], "a gradient of shape"),
    "another layer": (
        "layer_gradient",
        lambda pair: (pair[0] * 2, pair[1]),
        "differs between two primitives",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_model_is_found(name):
    method, change, words = BROKEN[name]
    with pytest.raises(AssertionError, match=words):
        check_model(broken(method, change), pictures())


def test_a_gradient_that_was_not_claimed():
    model = as_model(seeded(NETWORKS["residual"]()))
    model = copy.copy(model)
    model.capabilities = frozenset({"predict"})
    with pytest.raises(AssertionError, match="claims none"):
        check_model(model, pictures())
    assert torch.is_grad_enabled()
