"""mkdocs hook: a page for every examples/plot_*.py, with the figures that it draws.

Each example runs in its own interpreter (`run_example.py`). What came out is kept under
build/gallery as long as neither the example nor the package changes.
"""

import hashlib
import json
import logging
import subprocess
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build/gallery"
log = logging.getLogger("mkdocs.hooks.gallery")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the navigation's empty "Gallery"."""
    pages = ["gallery/index.md", *(f"gallery/{path.stem}.md" for path in examples())]
    for item in config.nav or []:
        if "Gallery" in item:
            item["Gallery"] = pages
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the gallery's pages and pictures to the site."""
    cards = []
    for path in examples():
        folder = outcome(path)
        example = json.loads((folder / "cells.json").read_text())
        name = f"gallery/{path.stem}.md"
        files.append(File.generated(config, name, content=page(example, path)))
        for picture in sorted(folder.glob("*.png")):
            file = File.generated(config, f"gallery/{picture.name}", content=picture.read_bytes())
            files.append(file)
        cards.append(card(example, path))
    head = "# Gallery\n\nEvery page is a script in `examples/` that runs as it stands.\n\n"
    grid = '<div class="grid cards" markdown>\n\n' + "\n".join(cards) + "\n</div>\n"
    files.append(File.generated(config, "gallery/index.md", content=head + grid))
    return files


def examples() -> list[Path]:
    """The scripts that make a page each."""
    return sorted((ROOT / "examples").glob("plot_*.py"))


def outcome(path: Path) -> Path:
    """The folder with what the example printed and drew, made now if it is not kept already."""
    folder = KEPT / path.stem / fingerprint(path)
    if not (folder / "cells.json").exists():
        log.info("running %s", path.name)
        runner = Path(__file__).with_name("run_example.py")
        command = [sys.executable, str(runner), str(path), str(folder)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode:
            raise PluginError(f"{path.name} failed:\n{run.stderr}")
    return folder


def fingerprint(path: Path) -> str:
    """Changes when the example or anything in the package changes."""
    digest = hashlib.sha256()
    package = sorted(p for p in (ROOT / "src").rglob("*") if p.is_file() and p.suffix != ".pyc")
    for file in [path, Path(__file__).with_name("run_example.py"), *package]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def page(example: dict, path: Path) -> str:
    """The example as Markdown."""
    parts = [f"# {example['title']}", example["introduction"]]
    for cell in example["cells"]:
        parts.append(cell["text"])
        if cell["code"]:
            parts.append(f"```python\n{cell['code']}\n```")
        if cell["printed"]:
            parts.append(f"```text\n{cell['printed'].rstrip()}\n```")
        parts += [f"![{example['title']}]({figure})" for figure in cell["figures"]]
    parts.append(f"Run it: `python examples/{path.name}`")
    return "\n\n".join(part for part in parts if part) + "\n"


def card(example: dict, path: Path) -> str:
    """The example's entry on the gallery's first page."""
    figures = [figure for cell in example["cells"] for figure in cell["figures"]]
    picture = f"\n\n    [![{example['title']}]({figures[-1]})]({path.stem}.md)" if figures else ""
    return f"-   [**{example['title']}**]({path.stem}.md){picture}\n"
