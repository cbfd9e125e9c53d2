"""How far maps of one network differ between PyTorch and its twins in Flax, Equinox and plain JAX.

    python -m benchmarks.equality_jax      writes benchmarks/results/equality/jax.json

The network is small, every weight and statistic random; methods with random masks or noise have
the same seed everywhere.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import jax
import torch
from torch import Tensor

from benchmarks import jax_twins
from heatlens.attribution.attribute import attribute
from heatlens.errors import AssumptionWarning
from heatlens.models.layout import from_canonical, to_canonical
from heatlens.models.load import load_model
from tests.attribution.networks import ResidualNet, pictures, seeded

__all__ = ["METHODS", "differences", "twins"]

RESULT = Path(__file__).parent / "results" / "equality" / "jax.json"
LAYER = "conv4"

METHODS: dict[str, dict[str, Any]] = {
    "gradient": {},
    "input-x-gradient": {},
    "integrated-gradients": {"steps": 8},
    "smoothgrad": {"samples": 4},
    "gradcam": {"layer": LAYER},
    "gradcam++": {"layer": LAYER},
    "xgradcam": {"layer": LAYER},
    "hirescam": {"layer": LAYER},
    "layercam": {"layer": LAYER},
    "gradient-x-activation": {"layer": LAYER},
    "eigencam": {"layer": LAYER},
    "scorecam": {"layer": LAYER},
    "occlusion": {},
    "rise": {"samples": 64},
}
"""Methods and their parameters."""


def twins(network: torch.nn.Module) -> dict[str, Any]:
    """Models that compute what `network` does, by framework."""
    module, variables = jax_twins.linen_twin(network)
    function = jax.jit(lambda batch: module.apply(variables, batch, train=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AssumptionWarning)
        return {
            "flax.linen": load_model((module, variables), layout="NHWC"),
            "flax.nnx": load_model(jax_twins.nnx_twin(network), layout="NHWC"),
            "equinox": load_model(jax_twins.equinox_twin(network), layout="NCHW"),
            "jax.jit": load_model(function, layout="NHWC"),
        }


def differences(
    methods: Collection[str] = tuple(METHODS), frameworks: Collection[str] | None = None
) -> dict[str, dict[str, float]]:
    """Largest difference from the map of PyTorch, as a share of its largest value.

    Args:
        methods: some of `METHODS`.
        frameworks: some of those of `twins`; None is all.
    """
    network, batch = seeded(ResidualNet()), pictures(3)
    models = twins(network)
    if frameworks is not None:
        models = {name: models[name] for name in frameworks}
    target = [1, 2, 3]
    found: dict[str, dict[str, float]] = {}
    for method in methods:
        parameters = METHODS[method]
        expected = attribute(network, batch, method, target, **parameters)
        found[method] = {}
        for name, model in models.items():
            if "layer" in parameters and not model.layers():
                continue
            own = from_canonical(batch, model.contract.layout).contiguous()
            heat = attribute(model, own, method, target, **parameters)
            found[method][name] = _relative(to_canonical(heat, model.contract.layout), expected)
    return found


def _relative(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max() / other.abs().max())


if __name__ == "__main__":
    RESULT.write_text(json.dumps(differences(), indent=2) + "\n", encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))
