"""Networks of Keras: one process for each of its backends, as a process holds only one."""

import subprocess
import sys
import zipfile

import pytest

from heatlens.errors import InvalidArgument, MissingDependency, WeightsUnavailable
from heatlens.models.keras import files, importing
from heatlens.models.source import SOURCES
from tests.models.keras_process.running import environment, run_in_process


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_on_each_backend(backend):
    run_in_process(backend, "gradients", "structures")


def test_by_name_and_from_files():
    run_in_process("torch", "origins", "families", "-m", "not slow")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_by_name_and_from_files_elsewhere(backend):
    run_in_process(backend, "origins")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_the_cam_layer_of_all_families(backend):
    run_in_process(backend, "families")


def without(monkeypatch, *packages):
    monkeypatch.setattr(
        importing.importlib.util,
        "find_spec",
        lambda name: None if name in packages else object(),
    )
    monkeypatch.delitem(sys.modules, "keras", raising=False)


def test_keras_is_not_installed(monkeypatch):
    without(monkeypatch, "keras")
    with pytest.raises(MissingDependency, match=r"keras:ResNet50 needs keras: pip install"):
        importing.imported("keras:ResNet50")


def test_the_backend_is_not_installed(monkeypatch):
    without(monkeypatch, "jax")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(
        MissingDependency,
        match=r"KERAS_BACKEND=jax .*can be tensorflow or torch here\) needs jax: pip install",
    ):
        importing.imported("keras:ResNet50")
    assert "not installed" in importing.state()


def test_a_backend_that_keras_chose_by_itself_is_not_installed(monkeypatch, tmp_path):
    without(monkeypatch, "tensorflow")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(MissingDependency, match=r"Keras's own choice.*needs tensorflow"):
        importing.imported("keras:ResNet50")
    (tmp_path / "keras.json").write_text('{"backend": "nonsense"}')
    with pytest.raises(InvalidArgument, match=r"keras\.json names the backend 'nonsense'"):
        importing.imported("keras:ResNet50")


def test_a_backend_without_gradients(monkeypatch):
    without(monkeypatch)
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    with pytest.raises(InvalidArgument, match=r"KERAS_BACKEND=numpy.*tensorflow, jax, torch"):
        importing.imported("keras:ResNet50")


@pytest.mark.parametrize("name", ["net.keras", "NET.KERAS"])
def test_a_file_that_was_cut_short(name, tmp_path):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}" * 99)
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(InvalidArgument, match="damaged or cut short"):
        files.read(None, path, trusted=False)
    with pytest.raises(WeightsUnavailable, match="there is no file"):
        files.read(None, tmp_path / "missing.keras", trusted=False)


def test_nothing_is_imported_to_list_the_source():
    """Keras takes seconds to import, and TensorFlow with it."""
    code = (
        "import sys; from heatlens.models.load import list_models; "
        "from heatlens.models.source import SOURCES; "
        "assert list_models('keras:*'); SOURCES['keras'].state(); SOURCES['tensorflow']; "
        "assert not {'keras', 'tensorflow', 'jax'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment("torch"), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert SOURCES["keras"].extra == "keras"
