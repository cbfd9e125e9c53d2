"""Run the files of this folder in a process with one of Keras's backends."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def environment(backend):
    return {
        **os.environ,
        "KERAS_BACKEND": backend,
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "XLA_FLAGS": "--xla_backend_optimization_level=0",  # compiles in two thirds of the time
    }


def run_in_process(backend, *names):
    """Run test files on a backend; it is skipped where something is not installed."""
    for package in ("keras", backend):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    files = [
        str(HERE / f"{name}.py") if (HERE / f"{name}.py").is_file() else name for name in names
    ]
    command = [
        sys.executable, "-m", "pytest", *files, "-q", "--tb=short", "-rf", "-p", "no:cacheprovider",
        "-p", "no:xdist", "-W", "ignore", "-o", "addopts=--import-mode=importlib",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=environment(backend), capture_output=True, text=True, timeout=600
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    if done.returncode or passed is None:
        pytest.fail(f"{backend}, {names}:\n{done.stdout[-12000:]}\n{done.stderr[-2000:]}")
