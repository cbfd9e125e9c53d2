"""`export:FILE.pt2`: programs of torch.export, opened only if they cannot run foreign code."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from heatlens import attribute
from heatlens.errors import (
    AssumptionWarning,
    InvalidArgument,
    NeedsGradient,
    UntrustedPickle,
    WeightsUnavailable,
)
from heatlens.models.archive import _is_arithmetic
from heatlens.models.load import load_model
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")


class Net(nn.Module):
    def __init__(self, frozen: bool = False) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 8, 8), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.Conv2d(6, 8, 1)
        )
        self.head, self.frozen = nn.Linear(8, 4), frozen

    def forward(self, x):
        if self.frozen:
            with torch.no_grad():
                return self.head(self.features(x).mean((2, 3)))
        return self.head(torch.nn.functional.gelu(self.features(x)).mean((2, 3)))


def _network(**options) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Net(**options).eval()


def _saved(path: Path, network: nn.Module, rows: int = 2, dynamic: bool = True) -> Path:
    shapes = ({0: torch.export.Dim("n")},) if dynamic else None
    program = torch.export.export(network, (torch.zeros(rows, 3, 32, 48),), dynamic_shapes=shapes)
    torch.export.save(program, path)
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return _saved(tmp_path_factory.mktemp("export") / "net.pt2", _network())


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.randn(3, 3, 32, 48, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("form", ["export:{}", "{}"])
def test_round_trip(file, batch, form):
    model = load_model(form.format(file))
    network = _network()
    with torch.no_grad():
        torch.testing.assert_close(model.predict(batch), network(batch))
    assert model.contract.input_size == (32, 48)
    assert {"predict", "gradient", "activations", "layer-gradient"} == model.capabilities
    assert "features.3" in model.layers()


@pytest.mark.parametrize("rows", [1, 2])
def test_maps_equal_those_of_the_original(tmp_path, batch, rows):
    """Also where the program was exported for one row, as most are."""
    path = _saved(tmp_path / "net.pt2", _network(), rows, dynamic=rows > 1)
    model, original = load_model(path), TorchModel(_network())
    assert model.spatial_layer(batch) == original.spatial_layer(batch)
    for method in ("gradcam", "gradient", "input-x-gradient"):
        torch.testing.assert_close(
            attribute(model, batch, method, 1), attribute(original, batch, method, 1)
        )
    assert not torch.equal(
        model.with_random_head(batch, ClassIndex(0), 0).predict(batch), model.predict(batch)
    )


def test_what_is_assumed_is_said(file):
    with pytest.warns(AssumptionWarning, match="mean 0, std 1"):
        load_model(file)
    assert load_model(file, mean=0.5, std=0.5).contract.assumed == ()


def test_program_without_gradients_declares_it(tmp_path, batch):
    model = load_model(_saved(tmp_path / "net.pt2", _network(frozen=True)))
    assert model.capabilities == {"predict", "activations"}
    with pytest.raises(NeedsGradient, match="methods that work"):
        attribute(model, batch, "gradient", 0)


def test_fixed_batch_of_several_is_refused(tmp_path):
    with pytest.raises(InvalidArgument, match=r"batches of exactly 2.*dynamic_shapes"):
        load_model(_saved(tmp_path / "net.pt2", _network(), dynamic=False))


def test_training_mode_is_refused(tmp_path):
    with pytest.raises(InvalidArgument, match=r"training mode.*network\.eval\(\)"):
        load_model(_saved(tmp_path / "net.pt2", _network().train()))


def test_what_is_no_program(tmp_path):
    with pytest.raises(WeightsUnavailable, match="there is no file"):
        load_model(tmp_path / "none.pt2")
    (tmp_path / "text.pt2").write_text("no archive")
    with pytest.raises(InvalidArgument, match=r"no archive of torch.export.save"):
        load_model(tmp_path / "text.pt2")
    torch.save({"a": 1}, tmp_path / "weights.pt2")
    with pytest.raises((InvalidArgument, UntrustedPickle)):
        load_model(tmp_path / "weights.pt2")


def test_weights_cannot_be_exchanged(file):
    with pytest.raises(InvalidArgument, match="carries its weights"):
        load_model(file, weights=False)


def test_program_of_other_inputs_is_refused(tmp_path):
    program = torch.export.export(nn.Linear(3, 2).eval(), (torch.zeros(2, 3),))
    torch.export.save(program, tmp_path / "linear.pt2")
    with pytest.raises(InvalidArgument, match=r"\(2, 3\); heatlens explains"):
        load_model(tmp_path / "linear.pt2")


# --- archives made to run code ----------------------------------------------------------------


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def _bomb(trace: Path) -> bytes:
    buffer = io.BytesIO()
    torch.save(((_Bomb(trace),), {}), buffer)
    return buffer.getvalue()


def _altered(file: Path, into: Path, changes: dict) -> Path:
    """A copy of an archive; `changes` maps an entry's name to a function of its bytes."""
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(into, "w") as target:
        root = source.namelist()[0].split("/")[0]
        for name in source.namelist():
            change = changes.pop(name.removeprefix(f"{root}/"), bytes)
            target.writestr(name, change(source.read(name)))
        for name, content in changes.items():
            target.writestr(f"{root}/{name}", content(b""))
    return into


def _in_json(change):
    def edit(content: bytes) -> bytes:
        found = json.loads(content)
        change(found)
        return json.dumps(found).encode()

    return edit


def test_pickled_sample_inputs_are_not_opened(file, tmp_path):
    trace = tmp_path / "trace"
    evil = _altered(
        file, tmp_path / "evil.pt2", {"data/sample_inputs/model.pt": lambda _: _bomb(trace)}
    )
    with pytest.raises(UntrustedPickle, match="sample inputs are pickled"):
        load_model(evil)
    assert not trace.exists()
    with pytest.raises(InvalidArgument):  # it runs the code, then finds the inputs strange
        load_model(evil, trust_pickle=True)
    assert trace.exists()


def test_pickled_weights_are_not_opened(file, tmp_path):
    def pickled(listing):
        listing["config"]["head.weight"] |= {"use_pickle": True, "path_name": "weight_0"}

    trace = tmp_path / "trace"
    evil = _altered(
        file,
        tmp_path / "evil.pt2",
        {
            "data/weights/model_weights_config.json": _in_json(pickled),
            "data/weights/weight_0": lambda _: _bomb(trace),
        },
    )
    with pytest.raises(UntrustedPickle, match=r"'head\.weight' in it is pickled"):
        load_model(evil)
    assert not trace.exists()


@pytest.mark.parametrize(
    "name",
    [
        "data/aotinductor/model/code.so",
        "data/constants/opaque_obj_0",
        "data/constants/custom_obj_0",
        "data/weights/model.pt",
        "models/second.json",
    ],
)
def test_entries_that_no_plain_program_has(file, tmp_path, name):
    evil = _altered(file, tmp_path / "evil.pt2", {name: lambda _: b"x"})
    with pytest.raises(UntrustedPickle, match=f"it holds '{name}'"):
        load_model(evil)


def test_calls_of_anything_but_operators(file, tmp_path):
    def call(program):
        program["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.system"

    evil = _altered(file, tmp_path / "evil.pt2", {"models/model.json": _in_json(call)})
    with pytest.raises(UntrustedPickle, match=r"calls 'torch\.os\.system'"):
        load_model(evil)


@pytest.mark.parametrize("key", ["guards_code", "expr_str"])
def test_programs_in_the_place_of_sizes(file, tmp_path, key):
    code = "__import__('os').system('true')"

    def put(program):
        if key == "guards_code":
            program[key] = [code]
        else:
            program["range_constraints"] = {"s0": {"expr_str": code}}

    evil = _altered(file, tmp_path / "evil.pt2", {"models/model.json": _in_json(put)})
    with pytest.raises(UntrustedPickle, match="a size in it is the program"):
        load_model(evil)


def test_second_root_beside_the_first(file, tmp_path):
    evil = tmp_path / "evil.pt2"
    evil.write_bytes(file.read_bytes())
    with zipfile.ZipFile(evil, "a") as archive:
        archive.writestr("version", "8.1")
        archive.writestr("serialized_state_dict.pt", _bomb(tmp_path / "trace"))
    with pytest.raises(UntrustedPickle, match="beside its root"):
        load_model(evil)


@pytest.mark.parametrize(
    ("expression", "harmless"),
    [
        ("Symbol('s77', positive=True, integer=True)", True),
        ("2*s0 + Mod(s1, 4) - 1", True),
        ("L['x'].size()[0] >= 2", True),
        ("-1 + Max(1, s0)//2", True),
        ("exec(chr(112))", False),
        ("Symbol('a b')", False),
        ("().__class__", False),
        ("S('__import__(\"os\")')", False),
        ("[x for x in (1,)]", False),
        ("lambda: 1", False),
        ("f'{1}'", False),
        ("1 +", False),
    ],
)
def test_what_counts_as_arithmetic(expression, harmless):
    assert _is_arithmetic(expression) is harmless
