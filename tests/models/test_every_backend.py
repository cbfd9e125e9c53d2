"""Every framework keeps the protocol's promises; see `heatlens.testing.backends`."""

from __future__ import annotations

import warnings

import jax
import pytest
import torch

from benchmarks import jax_twins
from heatlens.errors import AssumptionWarning
from heatlens.models.load import load_model
from heatlens.testing.backends import MODEL_CHECKS
from tests.attribution.networks import ResidualNet, pictures, seeded


def numpy_callable(network, folder):
    def scores(batch):
        with torch.no_grad():
            return network(torch.from_numpy(batch)).numpy()

    return load_model(scores, layout="NCHW")


def torch_callable(network, folder):
    return load_model(lambda batch: network(batch), framework="torch", layout="NCHW")


def jax_function(network, folder):
    module, variables = jax_twins.linen_twin(network)
    return load_model(
        jax.jit(lambda batch: module.apply(variables, batch, train=False)), layout="NHWC"
    )


def linen(network, folder):
    return load_model(jax_twins.linen_twin(network), layout="NHWC")


def nnx(network, folder):
    return load_model(jax_twins.nnx_twin(network), layout="NHWC")


def equinox(network, folder):
    return load_model(jax_twins.equinox_twin(network), layout="NCHW")


def onnx(network, folder):
    path = folder / "network.onnx"
    torch.onnx.export(
        network,
        (pictures(2),),
        path,
        dynamic_shapes=({0: torch.export.Dim("n")},),
        dynamo=True,
        verbose=False,
    )
    return load_model(path)


BACKENDS = {
    made.__name__: made
    for made in (numpy_callable, torch_callable, jax_function, linen, nnx, equinox, onnx)
}


@pytest.fixture(scope="module", params=BACKENDS)
def model(request, tmp_path_factory):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return BACKENDS[request.param](
            seeded(ResidualNet()), tmp_path_factory.mktemp(request.param)
        )


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.filterwarnings(f"ignore::{AssumptionWarning.__module__}.{AssumptionWarning.__name__}")
def test_promises_are_kept(model, check):
    check(model, pictures())
