"""mkdocs hook: a page for every notebook of examples/notebooks, as its outputs are stored.

Nothing runs here: `make notebooks` runs them, and a test does.
"""

import base64
import json
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

FOLDER = Path(__file__).resolve().parents[2] / "examples/notebooks"
ORDER = ("pytorch", "keras_tensorflow", "keras_jax", "keras_torch", "tensorflow", "jax", "onnx")
"""These come first, in this order; the others follow by name."""
HEAD = """# Notebooks

One for each framework: a trained network of its own kind is explained, in seconds and without a
download. And three walk-throughs: words, sound and film; a drive; a square in the course of a day.
They lie in `examples/notebooks` and need `pip install 'heatlens[scenes]'` and the framework, those
on films `heatlens[scenes,pixels,video]`; `make notebooks` runs them all.
"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the navigation's empty "Notebooks"."""
    pages = ["notebooks/index.md", *(f"notebooks/{path.stem}.md" for path in notebooks())]
    for item in config.nav or []:
        if "Notebooks" in item:
            item["Notebooks"] = pages
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and pictures to the site."""
    cards = []
    for path in notebooks():
        cells = json.loads(path.read_text())["cells"]
        content, pictures = page(cells, path.stem)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=content))
        for name, data in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=data))
        cards.append(card(cells, path.stem, next(iter(pictures))))
    grid = '<div class="grid cards" markdown>\n\n' + "\n".join(cards) + "\n</div>\n"
    files.append(File.generated(config, "notebooks/index.md", content=f"{HEAD}\n{grid}"))
    return files


def notebooks() -> list[Path]:
    """All notebooks, those of `ORDER` first."""

    def rank(path: Path) -> tuple[int, str]:
        known = path.stem in ORDER
        return (ORDER.index(path.stem) if known else len(ORDER), path.stem)

    return sorted(FOLDER.glob("*.ipynb"), key=rank)


def page(cells: list[dict], name: str) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by file name."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            data = output.get("data", {})
            said = "".join(output.get("text", data.get("text/plain", "")))
            if "image/png" in data:
                file = f"{name}-{len(pictures) + 1}.png"
                pictures[file] = base64.b64decode("".join(data["image/png"]))
                parts.append(f"![{title_of(cells)}]({file})")
            elif said:
                parts.append(f"```text\n{said.rstrip()}\n```")
    parts.append(f"Run it: `jupyter lab examples/notebooks/{name}.ipynb`")
    return "\n\n".join(parts) + "\n", pictures


def title_of(cells: list[dict]) -> str:
    """The notebook's title, its first line."""
    return cells[0]["source"][0].strip("# \n")


def card(cells: list[dict], name: str, picture: str) -> str:
    """The notebook's entry on the first page: title, first paragraph, one picture."""
    title, words = title_of(cells), "".join(cells[0]["source"][1:]).strip()
    return (
        f"-   [**{title}**]({name}.md)\n\n    {words}\n\n    [![{title}]({picture})]({name}.md)\n"
    )
