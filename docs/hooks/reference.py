"""mkdocs hook: an API page for every public module, from the package tree."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

SOURCE = Path(__file__).resolve().parents[2] / "src"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the navigation's empty "API reference", one section a room."""
    rooms: dict[str, list] = {}
    for name in modules():
        room = name.split(".")[1] if name.count(".") else name
        title = name.removeprefix(f"heatlens.{room}.").removeprefix("heatlens.")
        rooms.setdefault(room, []).append({title: address(name)})
    sections = [
        {room: pages} if len(pages) > 1 else {room: next(iter(pages[0].values()))}
        for room, pages in rooms.items()
    ]
    for item in config.nav or []:
        if "API reference" in item:
            item["API reference"] = sections
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages; mkdocstrings fills them."""
    for name in modules():
        content = f"# `{name}`\n\n::: {name}\n"
        files.append(File.generated(config, address(name), content=content))
    return files


def address(name: str) -> str:
    """Where the module's page lies."""
    return f"reference/{name}.md"


def modules() -> list[str]:
    """Dotted names of the public modules; the command line has a page of its own."""
    names = []
    for file in sorted((SOURCE / "heatlens").rglob("*.py")):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if "cli" not in parts and not any(part.startswith("_") for part in parts):
            names.append(".".join(parts))
    return sorted(names)
