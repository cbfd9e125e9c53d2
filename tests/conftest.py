"""What holds for every test."""

import os
import sys
from pathlib import Path

# Two workers on two cores: more threads than cores make each other wait. Before torch starts any.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# No test may ask a hub for anything: what is not on the machine is an error at once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# POT imports every framework it finds; as a reference it only needs NumPy.
os.environ.update(
    {f"POT_BACKEND_DISABLE_{name}": "1" for name in ("PYTORCH", "JAX", "TENSORFLOW", "CUPY")}
)

import pytest

from benchmarks import torchvision_operators

torchvision_operators.declare()


@pytest.fixture(autouse=True)
def _closed_figures():
    """A test that draws leaves no figure behind."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def pytest_configure():
    """Forget compiled functions that are older than a source that is compiled.

    numba compiles a function again when its own file changes, not when it calls one of a file
    that did, be it in another room.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    package = Path(__file__).parents[1] / "src/heatlens"
    compiled = [path for path in package.rglob("*.py") if "njit" in path.read_text()]
    newest = max(path.stat().st_mtime for path in compiled)
    for index in package.rglob("__pycache__/*.nbi"):
        if index.stat().st_mtime < newest:
            index.unlink(missing_ok=True)
