"""Functions of TensorFlow and SavedModels, in a process of their own."""

import pytest

from heatlens.errors import MissingDependency
from heatlens.models import source
from tests.models.keras_process.running import run_in_process


def test_functions_and_saved_models():
    run_in_process("tensorflow", "functions")


def test_tensorflow_is_not_installed(monkeypatch, tmp_path):
    def absent(package):
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    monkeypatch.setattr(source.importlib, "import_module", absent)
    with pytest.raises(MissingDependency, match=r"tensorflow:.* needs tensorflow: pip install"):
        source.SOURCES["tensorflow"].build(source.Wish(name=str(tmp_path)))
