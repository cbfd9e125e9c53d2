"""`heatlens models`, `heatlens methods`, and how the process ends."""

import json
import subprocess
import sys

from typer.testing import CliRunner

from heatlens.attribution.method import METHODS
from heatlens.cli import app


def test_methods_lists_what_is_registered():
    listed = json.loads(CliRunner().invoke(app, ["methods", "--json"]).stdout)
    assert [item["name"] for item in listed] == list(METHODS)
    assert all(item["summary"] and item["paper"] for item in listed)
    table = CliRunner().invoke(app, ["methods"]).stdout
    assert all(name in table for name in METHODS)


def test_one_method_in_full():
    said = CliRunner().invoke(app, ["methods", "integrated-gradients"]).stdout
    assert "steps = 50" in said
    assert "Sundararajan" in said


def test_models_by_pattern():
    listed = json.loads(CliRunner().invoke(app, ["models", "scene-", "--json"]).stdout)
    assert listed == ["bundled:scene-cheater", "bundled:scene-cnn", "bundled:scene-vit"]


def process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "heatlens", *words], capture_output=True, text=True, check=False
    )


def test_an_error_is_one_line_and_an_exit_code():
    ended = process("explain", "photo.jpg", "--model", "torchvison:resnet50")
    assert ended.returncode == 2
    assert ended.stderr.strip().startswith("heatlens: ")
    assert "torchvision" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_refused_before_the_work_exits_with_2(tmp_path):
    (tmp_path / "notes").write_text("mine")
    model = ("--model", "bundled:scene-cnn")
    ended = process("explain", "photo.jpg", *model, "--out", str(tmp_path / "notes"))
    assert ended.returncode == 2
    assert ended.stderr.startswith("heatlens: --out")
    assert "Traceback" not in ended.stderr


def test_version_and_unknown_options():
    assert process("--version").stdout.startswith("heatlens 0.")
    assert process("explain", "--nonsense").returncode == 2
