"""Peak memory of integrated gradients, measured in a process of its own (Linux).

`python -m benchmarks.memory METHOD STEPS` prints by how many megabytes the peak grew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.settings import Settings

__all__ = ["BATCH", "METHODS", "SIDE", "available", "growth"]

BATCH, SIDE = 8, 112
METHODS = ("heatlens", "captum, internal_batch_size=8", "captum, defaults")
_BYTES_PER_ROW = 20 * 2**20
"""Of captum's defaults: one row of a ResNet-18 at this size with its graph, rounded up."""


def available(device: str = "cpu") -> float:
    """Bytes that a process may still take."""
    if device == "cuda":
        import torch

        return float(torch.cuda.mem_get_info()[0])
    return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def growth(method: str, steps: int, settings: Settings) -> float | None:
    """Megabytes; None where it would not fit, or failed."""
    if method == METHODS[2] and _BYTES_PER_ROW * BATCH * steps > available() / 2:
        return None
    command = [sys.executable, "-m", "benchmarks.memory", method, str(steps), str(settings.threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    return round(float(done.stdout.split()[-1]), 1) if done.returncode == 0 else None


def _child(method: str, steps: int, threads: int) -> float:
    import torch

    from benchmarks import peers
    from heatlens.attribution.attribute import attribute
    from heatlens.models.load import as_model

    torch.set_num_threads(threads)
    net = peers.network("resnet18", "cpu", 0)
    batch = torch.randn(BATCH, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(BATCH, dtype=torch.long)

    def explain(rows: torch.Tensor, number: int) -> object:
        if method == METHODS[0]:
            return attribute(
                as_model(net), rows, "integrated-gradients", [0] * len(rows), steps=number
            )
        from captum.attr import IntegratedGradients

        together = None if method == METHODS[2] else 8
        return IntegratedGradients(net).attribute(
            rows, target=target[: len(rows)], n_steps=number, internal_batch_size=together
        )

    explain(batch[:1], 2)  # libraries loaded, buffers of the kernels made
    before = _resident(reset=True)
    explain(batch, steps)
    return _resident() - before


def _resident(reset: bool = False) -> float:
    """The peak of resident memory in megabytes; `reset` makes it the present memory first.

    Not `ru_maxrss`: a child inherits that of the process it was started by.
    """
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 2**10


if __name__ == "__main__":
    print(_child(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
