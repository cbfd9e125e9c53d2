"""`module:pkg.mod:factory` and `bundled:NAME`."""

from __future__ import annotations

import sys

import pytest
import torch

from heatlens.errors import AssumptionWarning, InvalidArgument, InvalidType, UnknownName
from heatlens.models.load import load_model

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")

CODE = """
from torch import nn
import torch

def build():
    return nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.Flatten(), nn.LazyLinear(2))

def small():
    return nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten())

class Holder:
    make = staticmethod(small)

ready = small()
number = 3

def text():
    return "no network"
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / "heatlens_lab.py").write_text(CODE)
    (tmp_path / "heatlens_torn.py").write_text("import a_package_that_is_not")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("heatlens_lab", "heatlens_torn"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("factory", ["small", "Holder.make", "ready"])
def test_factory_builds(lab, factory):
    with pytest.warns(AssumptionWarning):
        model = load_model(f"module:heatlens_lab:{factory}")
    assert model.name == f"module:heatlens_lab:{factory}"
    assert model.predict(torch.zeros(1, 3, 8, 8)).shape == (1, 4)


def test_seed_and_words(lab):
    words = {"mean": 0.5, "std": 0.5, "input_size": 8, "labels": list("abcd")}
    first, again = (load_model("module:heatlens_lab:small", seed=2, **words) for _ in range(2))
    batch = torch.ones(1, 3, 8, 8)
    assert torch.equal(first.predict(batch), again.predict(batch))
    assert first.contract.assumed == ()


def test_weights_from_a_file(lab, tmp_path):
    source = load_model("module:heatlens_lab:small", seed=9)
    torch.save(source.module.state_dict(), tmp_path / "w.pt")
    model = load_model("module:heatlens_lab:small", weights=tmp_path / "w.pt")
    batch = torch.ones(1, 3, 8, 8)
    assert torch.equal(model.predict(batch), source.predict(batch))


def test_errors_say_what_is_wrong(lab):
    with pytest.raises(InvalidArgument, match=r"module:pkg.mod:factory"):
        load_model("module:heatlens_lab")
    with pytest.raises(InvalidArgument, match="decides itself about its weights"):
        load_model("module:heatlens_lab:small", weights=False)
    with pytest.raises(InvalidArgument, match="no module 'heatlens_labb' to import"):
        load_model("module:heatlens_labb:build")
    with pytest.raises(UnknownName, match="did you mean 'small'"):
        load_model("module:heatlens_lab:smal")  # misspelt on purpose
    with pytest.raises(InvalidType, match="gave str"):
        load_model("module:heatlens_lab:text")
    with pytest.raises(InvalidType, match="is int"):
        load_model("module:heatlens_lab:number")
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not"):
        load_model("module:heatlens_torn:build")


def test_lazy_network_says_that_it_must_run_first(lab):
    with pytest.raises(InvalidArgument, match="not initialised"):
        load_model("module:heatlens_lab:build").predict(torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize("name", ["scene-cnn", "scene-vit", "scene-cheater"])
def test_bundled_contract(name):
    model = load_model(f"bundled:{name}", weights=False)
    assert model.contract.input_size == (96, 96)
    assert model.contract.labels[3] == "digit 3"
    found = model.spatial_layer(torch.zeros(1, 3, 96, 96))
    assert min(found.stride) >= 8
    assert min(found.grid) >= 8
    with pytest.raises(InvalidArgument, match="has 10 classes, labels= names 2"):
        load_model(f"bundled:{name}", weights=False, labels=["a", "b"])
