"""The repository keeps its own promises: lazy imports, complete lists, honest tables."""

import importlib.metadata
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import heatlens

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
README = (ROOT / "README.md").read_text()

# What takes long to import. A shell completes, a script starts and a worker forks without it.
HEAVY = {
    "torch", "numpy", "scipy", "matplotlib", "numba", "PIL",
    "skimage", "sklearn", "timm", "torchvision", "transformers",
}  # fmt: skip


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`, less those it starts with."""
    code = f"import sys; before = set(sys.modules)\n{code}\n"
    code += "print('MODULES', *(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.rpartition("MODULES ")[2].split())


def roots(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_import_is_lazy():
    loaded = modules_after("import heatlens; dir(heatlens); heatlens.__version__")
    assert not roots(loaded) & (HEAVY | {"typer", "rich"})
    assert len(loaded) < 60


@pytest.mark.parametrize(
    "arguments", [["--help"], ["explain", "--help"], ["index", "--help"], ["--version"]]
)
def test_help_is_lazy(arguments):
    loaded = modules_after(
        f"sys.argv = ['heatlens', *{arguments!r}]\n"
        "from heatlens.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code, stop.code"
    )
    assert not roots(loaded) & HEAVY
    assert len(loaded) < 450


def test_every_public_name_is_there():
    assert list(heatlens.__all__) == sorted(heatlens.__all__)
    for name in heatlens.__all__:
        assert getattr(heatlens, name) is not None, name
        assert name in dir(heatlens)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'heatlense'"):
        _ = heatlens.heatlense


def test_version_is_the_same_everywhere():
    assert heatlens.__version__ == PROJECT["version"] == importlib.metadata.version("heatlens")
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text()


def requirements() -> dict[str, Requirement]:
    given = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
    found = {(parsed := Requirement(line)).name.lower(): parsed for line in given}
    del found["heatlens"]
    return found


def test_every_dependency_is_pinned_and_explained():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    reasons = (ROOT / "docs/decisions/0001-dependencies.md").read_text()
    for name, requirement in requirements().items():
        assert pins[name] in requirement.specifier, name
        assert f"`{name}`" in reasons, f"{name} has no sentence in 0001-dependencies.md"


def test_pins_name_no_build():
    assert "+" not in (ROOT / "constraints.txt").read_text().partition("# ---")[2]


def test_decisions_are_indexed():
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text()
    files = sorted(file.name for file in folder.glob("[0-9]*.md"))
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index) == files
    assert [name[:4] for name in files] == [f"{n:04}" for n in range(1, len(files) + 1)]


def test_wheel_holds_types_and_weights(tmp_path):
    # In this process's environment: an isolated build would ask the registry for the backend.
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    wanted = {
        file.relative_to(source).as_posix()
        for file in (source / "heatlens").rglob("*")
        if file.suffix in {".py", ".typed", ".safetensors", ".json", ".md", ".html"}
    }
    assert "heatlens/py.typed" in wanted
    assert wanted <= packed
    assert not [name for name in packed if name.startswith(("tests", "benchmarks", "training"))]


def test_tables_in_the_readme_are_generated():
    tables = runpy.run_path(str(ROOT / "docs/hooks/tables.py"))
    assert tables["filled"](README) == README, "run `make tables`"


def test_readme_starts_with_the_two_commands():
    top = README[:3000]
    assert "make demo" in top
    assert "make test" in top
