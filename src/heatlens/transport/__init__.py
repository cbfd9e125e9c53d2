"""Optimal transport on arrays: no knowledge of images, NumPy in and out.

| file or folder | what it gives |
|---|---|
| `mass` | the policies of mass, and the checks that every distance makes |
| `ground` | ground distances and their matrix of costs |
| `exact/` | `emd`, `emd_batch`, `emd_matrix`: a network simplex with a certificate |
| `line/` | on a line or a circle, in closed form |
| `sliced/` | averages and maxima over projections |
| `entropic/` | Sinkhorn, and its debiased divergence as a loss with gradients |
| `gaussian` | between normal distributions: Bures, Frechet |
| `barycenter/` | the mean of distributions, on grids and of points |
| `displacement` | the way from one distribution to another |
| `critic` | the dual, learned by a network |

Names are imported when they are first used: numba and torch take a while.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heatlens.transport.exact.batch import emd_batch, emd_matrix
    from heatlens.transport.exact.emd import emd
    from heatlens.transport.exact.transport import Transport
    from heatlens.transport.ground import ground_cost

__all__ = ["Transport", "emd", "emd_batch", "emd_matrix", "ground_cost"]

_HOME = {
    "Transport": "exact.transport",
    "emd": "exact.emd",
    "emd_batch": "exact.batch",
    "emd_matrix": "exact.batch",
    "ground_cost": "ground",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
