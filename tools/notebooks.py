"""Run the notebooks of examples/notebooks afresh and store what they show: `make notebooks`.

    python tools/notebooks.py                  all
    python tools/notebooks.py pytorch jax      these

Each runs from its first cell in a kernel of its own. What is stored is the same from run to run
where the outputs are: no times, no ids that change, no chatter of frameworks, small pictures.
"""

import base64
import io
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "examples/notebooks"
CHATTER = re.compile(
    r"WARNING: All log messages|[IWE]\d{4} \d|\d{4}-\d\d-\d\d \d\d:\d\d:|INFO:tensorflow:|Loading weights:"
    r"|compiling .* took \d+ s;"
)
"""How lines begin that logs write between the outputs, of frameworks or of a first compilation."""


def notebooks() -> list[Path]:
    """All of them, in the order of their names."""
    return sorted(FOLDER.glob("*.ipynb"))


def execute(path: Path, threads: int = 2, timeout: int = 240) -> NotebookNode:
    """The notebook at `path`, run in its own folder from a clean kernel.

    Args:
        path: of the notebook; the file stays as it is.
        threads: that each library may use.
        timeout: seconds that one cell may take.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed; its traceback is in the message.
    """
    notebook = nbformat.read(path, as_version=4)
    # Short, because a socket's path may not be long; gone with all that the kernel left.
    home = Path(tempfile.mkdtemp(prefix="nb"))
    begin_with_operators(home)
    kernel = {"transport": "ipc", "connection_file": str(home / "kernel.json")}
    client = NotebookClient(
        notebook,
        config=Config(KernelManager=kernel),
        kernel_name="python3",
        timeout=timeout,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
    )
    try:
        client.execute(env=environment(home, threads))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return notebook


def begin_with_operators(home: Path) -> None:
    """Let the kernel begin as a test does, where torchvision is not this torch's own."""
    startup = home / "profile_default/startup"
    startup.mkdir(parents=True)
    file = ROOT / "benchmarks/torchvision_operators.py"
    code = f"import runpy\n_kept = runpy.run_path({str(file)!r})\n_kept['declare']()\n"
    (startup / "operators.py").write_text(code)


def environment(home: Path, threads: int) -> dict[str, str]:
    """What the kernel finds around it: few threads, nothing of this user, no hub."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    limits = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return {
        **own,
        **dict.fromkeys(limits, str(threads)),
        "HF_HUB_OFFLINE": "1",
        "IPYTHONDIR": str(home),
        "KERAS_HOME": str(home),
        "PYTHONWARNINGS": "ignore:IProgress not found",  # of tqdm: no widgets are needed
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def tidied(notebook: NotebookNode, name: str) -> NotebookNode:
    """The notebook without anything that hangs on the machine or the moment."""
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{name}-{number:02}".replace("_", "-")
        cell.metadata = NotebookNode()
        if cell.cell_type == "code":
            cell.outputs = [kept for output in cell.outputs if (kept := stored(output))]
    return notebook


def stored(output: NotebookNode) -> NotebookNode | None:
    """An output as it is kept: streams without chatter, pictures with a palette."""
    if output.output_type == "stream":
        lines = output.text.splitlines(keepends=True)
        output.text = "".join(line for line in lines if not CHATTER.match(line))
        return output if output.text.strip() else None
    if "image/png" in output.get("data", {}):
        # The picture says it all; "<Figure size 627x408 with 2 Axes>" says nothing.
        output.data = NotebookNode({"image/png": smaller(output.data["image/png"])})
        output.metadata = NotebookNode()
    return output


def smaller(png: str, colours: int = 255) -> str:
    """A PNG in base64 with a palette."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    method, dither = Image.Quantize.MEDIANCUT, Image.Dither.NONE
    buffer = io.BytesIO()
    picture.quantize(colours, method, kmeans=1, dither=dither).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def main(names: list[str]) -> None:
    """Run and store the named notebooks, all if none is named."""
    known = {path.stem: path for path in notebooks()}
    for name in names or known:
        if name not in known:
            sys.exit(f"there is no notebook {name!r}; there are {', '.join(known)}")
        notebook = tidied(execute(known[name]), name)
        nbformat.write(notebook, known[name])
        print(f"{name}: {known[name].stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
