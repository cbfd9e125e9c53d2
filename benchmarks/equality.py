"""`python -m benchmarks.equality`: one network on torch and on Keras's backends, map by map.

The same weights, the same pictures, the same seeds; each backend in a process of its own. Writes
benchmarks/results/equality/keras.json, from which the documentation makes its table.

A gradient jumps where the input of a ReLU changes sign. Of the million such inputs of a ResNet-50 one
or two lie nearer to zero than single precision can tell, and each framework rounds them its own way:
then the true gradients of two slightly different functions are compared. With a smooth activation in
the place of every ReLU there is nothing to jump, so there the methods themselves are compared; both
are written. (Double precision does not help: Keras's batch norm computes in single on JAX and torch.)
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import machine
from benchmarks.keras_twin import RESNET50, TorchTwin, keras_network, keras_weights
from benchmarks.result import RESULTS

__all__ = ["BACKENDS", "METHODS", "compare"]

BACKENDS = ("tensorflow", "jax", "torch")
METHODS: dict[str, dict[str, Any]] = {
    "gradient": {},
    "input-x-gradient": {},
    "integrated-gradients": {"steps": 10},
    "smoothgrad": {"samples": 4, "seed": 3},
    "gradcam": {},
    "gradcam++": {},
    "xgradcam": {},
    "hirescam": {},
    "layercam": {},
    "gradient-x-activation": {},
    "eigencam": {},
    "scorecam": {"samples": 32},
    "occlusion": {},
    "rise": {"budget": 64, "seed": 5},
}
"""What is compared, with the parameters that differ from the defaults."""
ACTIVATIONS = ("silu", "relu")


def compare(
    methods: dict[str, dict[str, Any]],
    *,
    side: int,
    blocks: tuple[int, ...] = RESNET50,
    backends: tuple[str, ...] = BACKENDS,
    rows: int = 2,
    smooth: bool = True,
) -> dict[str, dict[str, float]]:
    """Largest difference between the maps, over the largest value, by method and backend."""
    network = TorchTwin.drawn(blocks, side, smooth=smooth)
    generator = torch.Generator().manual_seed(1)
    batch = torch.randn(rows, 3, side, side, generator=generator)
    target = int(network(batch).mean(0).argmax())
    expected = _maps(network, batch.numpy(), methods, target)
    found: dict[str, dict[str, float]] = {name: {} for name in methods}
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.pickle"
        job.write_bytes(
            pickle.dumps(
                {
                    "weights": keras_weights(network),
                    "batch": batch.permute(0, 2, 3, 1).contiguous().numpy(),
                    "methods": methods,
                    "side": side,
                    "blocks": blocks,
                    "target": target,
                    "smooth": smooth,
                }
            )
        )
        for backend in backends:
            maps = _in_process(backend, job)
            for name in methods:
                ours = np.moveaxis(maps[name], -1, 1)
                largest = np.abs(expected[name]).max()
                found[name][backend] = float(np.abs(ours - expected[name]).max() / largest)
    return found


def _maps(
    network: Any, batch: np.ndarray, methods: dict[str, dict[str, Any]], target: int
) -> dict[str, Any]:
    import heatlens

    return {
        name: heatlens.attribute(network, batch, name, target, **parameters)
        for name, parameters in methods.items()
    }


def _in_process(backend: str, job: Path) -> dict[str, np.ndarray]:
    result = job.with_name(f"{backend}.npz")
    environment = {
        **os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }  # fmt: skip
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.equality", "--job", str(job)]
    done = subprocess.run(
        [*command, "--out", str(result)],
        env=environment,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    if done.returncode:
        raise RuntimeError(f"{backend}: {done.stderr[-3000:]}")
    with np.load(result) as maps:
        return dict(maps)


def _work(job: Path, out: Path) -> None:
    given = pickle.loads(job.read_bytes())
    network = keras_network(
        given["weights"], given["side"], given["blocks"], smooth=given["smooth"]
    )
    np.savez(out, **_maps(network, given["batch"], given["methods"], given["target"]))


def main() -> None:
    """Compare all methods on a ResNet-50 and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=64, help="pixels a side")
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--activations", nargs="*", default=list(ACTIVATIONS))
    parser.add_argument("--out", type=Path, default=RESULTS / "equality" / "keras.json")
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job is not None:
        _work(options.job, options.out)
        return
    methods = {name: METHODS[name] for name in options.methods}
    found = {
        activation: compare(methods, side=options.side, smooth=activation == "silu")
        for activation in options.activations
    }
    for activation, rows in found.items():
        for name, differences in rows.items():
            print(activation, name, *(f"{key} {value:.1e}" for key, value in differences.items()))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {
            "title": "One ResNet-50, every weight and statistic random, on torch and on Keras 3",
            "setting": {"side": options.side, "rows": 2, "class": "the likeliest"},
            "parameters": methods,
            "unit": "largest difference from torch / largest absolute value of the map",
            "limit": 1e-4,
            "differences": found,
            "command": f"python -m benchmarks.equality --side {options.side}",
            "date": machine.now(),
            "machine": machine.describe("cpu", torch.get_num_threads()),
        },
        indent=2,
    )
    options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
