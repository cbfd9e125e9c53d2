"""One network with every weight random, on torch and on Keras's three backends: the same maps."""

import importlib.util

import pytest

from benchmarks.equality import BACKENDS, METHODS, compare

AGREEMENT = 1e-4
HERE = [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


def check(found):
    too_far = {
        (method, backend): value
        for method, differences in found.items()
        for backend, value in differences.items()
        if not value < AGREEMENT
    }
    assert found
    assert not too_far, too_far


@pytest.mark.skipif("importlib.util.find_spec('keras') is None")
@pytest.mark.parametrize("backend", HERE)
def test_a_shallow_resnet(backend, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    methods = {name: METHODS[name] for name in ("gradient", "smoothgrad", "gradcam", "rise")}
    check(compare(methods, side=64, blocks=(1, 1, 1, 1), backends=(backend,)))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif("importlib.util.find_spec('keras') is None")
def test_resnet50_with_all_methods():
    check(compare(METHODS, side=64, backends=tuple(HERE)))
