"""Every notebook runs from a clean kernel, and what is stored in it reads well."""

import base64
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from tools.notebooks import CHATTER, FOLDER, execute, notebooks, tidied

NAMES = [path.stem for path in notebooks()]
BACKENDS = {
    "any_callable", "jax", "keras_jax", "keras_tensorflow", "keras_torch", "onnx", "pytorch",
    "tensorflow",
}  # fmt: skip
COLOURED = re.compile(r"\x1b\[[0-9;]*m")
PLACES = re.compile(r"(?<![\w./])/(home|root|tmp|usr|var|work|Users|private|opt|mnt)/|[A-Z]:\\")
"""A path that begins at the root of some machine."""


def texts(output) -> str:
    """All that an output says in words."""
    said = [output.get("text", ""), *output.get("traceback", ())]
    said += [value for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join(said)


def stored(name: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def outputs(notebook) -> list:
    return [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]


@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_from_a_clean_kernel(name, tmp_path):
    shutil.copytree(FOLDER, tmp_path / "notebooks")
    try:
        notebook = execute(tmp_path / "notebooks" / f"{name}.ipynb", threads=1)
    except CellExecutionError as error:
        pytest.fail(COLOURED.sub("", str(error)), pytrace=False)
    drawn = [output for output in outputs(notebook) if "image/png" in output.get("data", {})]
    assert len(drawn) >= 2
    # What is stored now would be stored again: nothing of this machine, no warning.
    for output in outputs(tidied(notebook, name)):
        assert output.get("name") != "stderr", texts(output)
        assert not PLACES.search(texts(output)), texts(output)


def test_there_is_one_for_every_backend():
    assert set(NAMES) >= BACKENDS


@pytest.mark.parametrize("name", NAMES)
def test_stored_outputs_read_well(name):
    notebook = stored(name)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    pictures = 0
    for cell in notebook.cells:
        assert cell.metadata == {}
        if cell.cell_type == "code":
            assert cell.execution_count, "run `make notebooks`"
            assert cell.source.count("\n") < 35, "a cell is short"
    for output in outputs(notebook):
        said = texts(output)
        assert output.output_type != "error", said
        assert output.get("name") != "stderr", said
        assert not PLACES.search(said), said
        assert not any(CHATTER.match(line) for line in said.splitlines()), said
        if "image/png" in output.get("data", {}):
            pictures += 1
            assert base64.b64decode(output.data["image/png"])[1:4] == b"PNG"
    assert pictures >= 2
    assert notebook.cells[0].source.startswith("# "), "the title comes first"


def test_all_are_small_and_have_cells_of_their_own_name():
    assert sum(path.stat().st_size for path in notebooks()) < 2.5e6
    for path in notebooks():
        ids = [cell.id for cell in stored(path.stem).cells]
        stem = path.stem.replace("_", "-")
        assert ids == [f"{stem}-{number:02}" for number in range(len(ids))]


TWIN = """
import json, sys
import numpy as np
import torch
sys.path.insert(0, sys.argv[1])
import heatlens as hl
from heatlens.testing.scenes import scenes
from twins.weights import normalised

batch = normalised(scenes(4, split="test").images)
first = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
with torch.no_grad():
    truth = hl.load_model("bundled:scene-cnn").module(torch.from_numpy(first)).numpy()
{code}
print(json.dumps(float(abs(np.asarray(logits) - truth).max())))
"""
KERAS = """
import os
os.environ["KERAS_BACKEND"] = "{backend}"
import keras
from twins.in_keras import scene_cnn
assert keras.backend.backend() == "{backend}"
logits = scene_cnn().predict_on_batch(batch)
"""
TWINS = {
    **{f"keras-{name}": KERAS.format(backend=name) for name in ("tensorflow", "jax", "torch")},
    "flax": (
        "import jax\nfrom twins.in_flax import SceneCNN, variables\n"
        "logits = jax.jit(SceneCNN().apply)(variables(), batch)"
    ),
    "equinox": (
        "import jax\nfrom twins.in_equinox import scene_cnn\nlogits = jax.jit(jax.vmap(scene_cnn()))(first)"
    ),
    "onnx": (
        "import onnxruntime\nfrom twins.in_onnx import export\n"
        "session = onnxruntime.InferenceSession(export('twin.onnx'))\n"
        "[logits] = session.run(None, {'image': first})"
    ),
}


@pytest.mark.parametrize("framework", TWINS)
def test_twin_has_the_logits_of_the_bundled_network(framework, tmp_path):
    script = tmp_path / "twin.py"
    script.write_text(TWIN.replace("{code}", TWINS[framework]))
    run = subprocess.run(
        [sys.executable, str(script), str(FOLDER)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) < 1e-4


def test_tool_names_what_there_is():
    tool = Path(__file__).resolve().parent.parent / "tools/notebooks.py"
    command = [sys.executable, str(tool), "kears_jax"]  # misspelt on purpose
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "there is no notebook 'kears_jax'" in run.stderr  # misspelt on purpose
    assert "keras_jax" in run.stderr
