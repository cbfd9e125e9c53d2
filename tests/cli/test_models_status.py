"""`heatlens models`: what each source can do on this machine, and what to install."""

import importlib.util
import json
import subprocess
import sys
from importlib import metadata

import pytest
from typer.testing import CliRunner

from heatlens.attribution.method import METHODS
from heatlens.cli import app
from heatlens.errors import InvalidArgument
from heatlens.models.source import SOURCES, Source


@pytest.fixture
def one_source(monkeypatch):
    """Replace the registry by a single source."""

    def only(**fields):
        given = {
            "name": "shelf",
            "form": "shelf:NAME",
            "summary": "A shelf.",
            "build": lambda wish: None,
        }
        source = Source(**{**given, **fields})
        monkeypatch.setattr(SOURCES, "_items", {source.name: source})

    return only


def said(*words):
    result = CliRunner().invoke(app, ["models", *words], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_source_is_told_of():
    listed = {item["name"]: item for item in json.loads(said("--json"))}
    assert list(listed) == list(SOURCES)
    for name, item in listed.items():
        assert item["form"] == SOURCES[name].form
        assert item["installed"] == SOURCES[name].installed
        assert (item["install"] is None) == (item["installed"] or SOURCES[name].extra is None)
    assert listed["timm"]["version"] == metadata.version("timm")
    assert listed["bundled"]["all_methods"]
    assert sum(map(len, listed["bundled"]["methods"].values())) == len(METHODS)
    table = said()
    assert f"timm {metadata.version('timm')}" in table
    assert "https://HOST/PATH" in table


def test_a_black_box_has_the_methods_that_need_scores_alone():
    (item,) = [item for item in json.loads(said("--json")) if item["name"] == "https"]
    names = {name for family in item["methods"].values() for name in family}
    assert names == {name for name in METHODS if METHODS[name].needs <= {"predict"}}
    assert not item["all_methods"]


def test_what_is_missing_comes_with_the_command(one_source):
    one_source(package="a_package_nobody_has", extra="shelves")
    table = said()
    assert "a_package_nobody_has is missing: pip install 'heatlens[shelves]'" in table
    assert "none yet" in table
    (item,) = json.loads(said("--json"))
    assert item["install"] == "pip install 'heatlens[shelves]'"
    assert item["version"] is None


def test_the_state_of_a_backend_is_said_where_it_is_installed(one_source):
    one_source(package="numpy", state=lambda: "backend [dim] at work")
    version = metadata.version("numpy")
    assert f"numpy {version}; installed, not tried; backend [dim] at work" in said()


def test_check_imports_the_package(one_source):
    one_source(package="numpy")
    assert f"numpy {metadata.version('numpy')}; works" in said("--check")
    assert json.loads(said("--json", "--check"))[0]["works"] is True
    assert json.loads(said("--json"))[0]["works"] is None


def test_check_says_what_goes_wrong(one_source, tmp_path, monkeypatch):
    (tmp_path / "a_broken_package.py").write_text("raise RuntimeError('no operator [shelve]')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    one_source(package="numpy", modules=("a_broken_package",))
    table = said("--check")
    assert "cannot be imported: RuntimeError: no operator [shelve]" in table
    assert "none yet" in table
    (item,) = json.loads(said("--json", "--check"))
    assert (item["works"], item["trouble"]) == (False, "RuntimeError: no operator [shelve]")


def test_check_is_for_the_table_of_sources():
    result = CliRunner().invoke(app, ["models", "scene", "--check"])
    assert isinstance(result.exception, InvalidArgument)


@pytest.mark.parametrize("here", [True, False])
def test_bundled_says_which_models_need_more(monkeypatch, here):
    found = SOURCES["bundled"].state
    monkeypatch.setattr(
        "heatlens.models.sources.bundled.importlib.util.find_spec",
        lambda name: object() if here else None,
    )
    told = found()
    assert "tone-net, tone-wave need transformers" in told
    assert ("pip install" in told) != here


def test_the_libraries_on_jax_are_named():
    for package, name in (("flax", "Flax"), ("equinox", "Equinox")):
        if importlib.util.find_spec(package) is not None:
            assert f"{name} {metadata.version(package)}" in said()


def test_a_state_that_is_trouble_is_said_too(one_source):
    def state():
        raise InvalidArgument("KERAS_BACKEND is 'theano'")

    one_source(package="numpy", state=state)
    assert "KERAS_BACKEND is 'theano'" in said()


def test_a_package_of_another_name_has_a_version(one_source):
    one_source(package="PIL")  # it comes with pillow
    assert f"PIL {metadata.version('pillow')}" in said()


def test_names_are_listed_for_a_pattern_or_a_source():
    assert "bundled:scene-cnn\n" in said("--source", "bundled")
    assert "bundled:scene-cnn\n" in said("scene-*")


def test_no_framework_is_imported_to_tell():
    code = (
        "import sys; sys.argv = ['heatlens', 'models']\n"
        "from heatlens.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "loaded = {'keras', 'tensorflow', 'jax', 'onnxruntime', 'timm', 'transformers'}\n"
        "print('LOADED', *(loaded & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.rpartition("LOADED")[2].split() == []
