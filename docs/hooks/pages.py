"""mkdocs hook: pages that stand elsewhere in the repository, and the generated tables."""

import subprocess
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))
import tables

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs/decisions"
ELSEWHERE = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the navigation's empty "Decisions"."""
    records = [f"decisions/{file.name}" for file in sorted(DECISIONS.glob("[0-9]*.md"))]
    for item in config.nav or []:
        if "Decisions" in item:
            item["Decisions"] = ["decisions/README.md", *records]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that every visitor of the repository finds in its root."""
    for name, source in ELSEWHERE.items():
        content = (ROOT / source).read_text().replace("](docs/", "](")
        files.append(File.generated(config, name, content=content))
    files.append(File.generated(config, "command-line.md", content=command_line()))
    drawn = scaling()
    if drawn is not None:
        files.append(File.generated(config, "pictures/search-scaling.svg", content=drawn))
    return files


def scaling() -> bytes | None:
    """The plot of the search benchmark, drawn from its result file."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.plots import search_scaling
    finally:
        sys.path.remove(str(ROOT))
    return search_scaling()


def command_line() -> str:
    """Every verb with its options, as the command line itself describes them."""
    command = [sys.executable, "-m", "typer", "heatlens.cli", "utils", "docs", "--name", "heatlens"]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return run.stdout.replace("# `heatlens`\n", "# Command line\n", 1)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the page's tables."""
    return tables.filled(markdown)
