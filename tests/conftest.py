"""What holds for every test."""

import os
import sys

# Two workers on two cores: more threads than cores make each other wait. Before torch starts any.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# No test may ask a hub for anything: what is not on the machine is an error at once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest

from benchmarks import torchvision_operators

torchvision_operators.declare()


@pytest.fixture(autouse=True)
def _closed_figures():
    """A test that draws leaves no figure behind."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
