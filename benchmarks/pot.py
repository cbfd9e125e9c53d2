"""POT, the peer of exact transport: its solver with nothing around it, and its public function."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["LIMIT", "costs", "public", "solver", "version"]

LIMIT = 10_000_000
"""Iterations: POT's default of 100,000 stops short of the optimum on heatmaps."""

for _name in ("PYTORCH", "JAX", "TENSORFLOW", "CUPY"):
    os.environ.setdefault(f"POT_BACKEND_DISABLE_{_name}", "1")


def solver() -> Callable[[Any, Any, Any], float]:
    """`value(a, b, cost)` by the compiled solver itself, without POT's checks and copies."""
    from ot.lp.emd_wrap import emd_c

    def value(a: Any, b: Any, cost: Any) -> float:
        found: float = emd_c(a, b, cost, LIMIT, 1)[1]
        return found

    return value


def public() -> Callable[[Any, Any, Any], float]:
    """`value(a, b, cost)` as people call it: `ot.emd2`."""
    import ot

    def value(a: Any, b: Any, cost: Any) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(ot.emd2(a, b, cost, numItermax=LIMIT))

    return value


def costs(x: Any, y: Any) -> Any:
    """Euclidean costs as one writes them in NumPy."""
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T
    return np.sqrt(np.maximum(squares, 0))


def version() -> str:
    """Which POT was measured."""
    from importlib.metadata import version as installed

    return f"POT {installed('POT')}"
