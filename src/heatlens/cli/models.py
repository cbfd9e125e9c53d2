"""`heatlens models [PATTERN]`: where models come from on this machine; which names there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from heatlens.models.source import Source

__all__ = ["models_command"]

_IN_PYTHON = {"keras": "keras", "tensorflow": "tensorflow", "jax": "jax"}
"""Frameworks whose networks `load_model` takes as objects, and the extra that installs each."""

_ON_JAX = {"flax": "Flax", "equinox": "Equinox"}
"""Libraries of networks on JAX, by package."""


def models_command(
    pattern: Annotated[
        str | None,
        typer.Argument(
            help="Part of a name or a glob: resnet, 'timm:vit_*', '*' for all. Without one: what "
            "each source can do on this machine."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Only this source: bundled, torchvision, timm, ...")
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Import each source's package in a process of its own: takes a while."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a list.")] = False,
) -> None:
    """List what each source of models can do here, or the models that can be loaded by name."""
    if pattern is None and source is None:
        _list_sources(check, as_json)
    elif check:
        from heatlens.errors import InvalidArgument

        raise InvalidArgument("--check is for the table of sources: leave out PATTERN and --source")
    else:
        _list_names(pattern, source, as_json)


def _list_names(pattern: str | None, source: str | None, as_json: bool) -> None:
    from heatlens.models.load import list_models

    names = list_models(pattern, source)
    if as_json:
        typer.echo(json.dumps(names, indent=2))
        return
    for name in names:
        typer.echo(name)
    if not names:
        from heatlens.cli.exits import Exit, report

        report(f"no model's name has {pattern!r} in it")
        raise typer.Exit(Exit.SOME_FAILED)


def _list_sources(check: bool, as_json: bool) -> None:
    from heatlens.models.source import SOURCES

    described = [_described(source, check) for source in SOURCES.values()]
    if as_json:
        typer.echo(json.dumps(described, indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("written", "on this machine", "methods that work"):
        table.add_column(heading)
    for item in described:
        table.add_row(*map(Text, (item["form"], _here(item), _working(item))))
    console = Console()
    console.print(table)
    console.print(
        Text(
            f"\nIn Python load_model() also takes networks of PyTorch{_objects()}, and any callable "
            "on a batch.\n`heatlens models PATTERN` lists names of models; '*' lists all."
            + ("" if check else " `heatlens models --check` tries whether the packages work."),
            style="dim",
        )
    )


def _described(source: Source, check: bool) -> dict[str, Any]:
    """What is known of a source without importing its package, or with `check` from trying it."""
    methods, every = _methods(source.gives)
    trouble = source.trouble() if check and source.installed else None
    return {
        "name": source.name,
        "form": source.form,
        "summary": source.summary,
        "package": source.package,
        "installed": source.installed,
        "version": _version(source.package) if source.package and source.installed else None,
        "install": None if source.installed or not source.extra else _command(source.extra),
        "state": _state(source),
        "works": trouble is None if check and source.installed else None,
        "trouble": trouble,
        "gives": sorted(source.gives),
        "methods": methods,
        "all_methods": every,
    }


def _state(source: Source) -> str | None:
    """What the source says of this machine; what it complains of is said as well."""
    from heatlens.errors import HeatlensError

    if source.state is None or not source.installed:
        return None
    try:
        return source.state()
    except HeatlensError as error:
        return str(error)


def _methods(gives: frozenset[str]) -> tuple[dict[str, list[str]], bool]:
    """The methods that need no more than `gives`, by family; whether these are all there are."""
    from heatlens.attribution.method import METHODS

    found: dict[str, list[str]] = {}
    for method in METHODS.values():
        if method.needs <= gives:
            found.setdefault(method.family, []).append(method.name)
    return found, sum(map(len, found.values())) == len(METHODS)


def _here(item: dict[str, Any]) -> str:
    if not item["installed"]:
        return f"{item['package']} is missing" + (f": {item['install']}" if item["install"] else "")
    said = [f"{item['package']} {item['version'] or ''}".strip() if item["package"] else "ready"]
    if item["trouble"]:
        said.append(f"cannot be imported: {item['trouble']}")
    elif item["package"]:
        said.append("works" if item["works"] else "installed, not tried")
    return "; ".join([*said, *([item["state"]] if item["state"] else [])])


def _working(item: dict[str, Any]) -> str:
    if not item["installed"] or item["trouble"]:
        return "none yet"
    if item["all_methods"]:
        return "all"
    families = [f"{family} ({len(names)})" for family, names in item["methods"].items()]
    return f"{', '.join(families) or 'none'}; gives {', '.join(item['gives'])}"


def _objects() -> str:
    """The other frameworks whose networks can be given here, in words."""
    import importlib.util

    here = [
        f"{package} {_version(package) or ''}".strip()
        for package in _IN_PYTHON
        if importlib.util.find_spec(package) is not None
    ]
    here += [
        f"{name} {_version(package) or ''}".strip()
        for package, name in _ON_JAX.items()
        if importlib.util.find_spec(package) is not None
    ]
    missing = [
        f"{package} ({_command(extra)})"
        for package, extra in _IN_PYTHON.items()
        if importlib.util.find_spec(package) is None
    ]
    said = f", {', '.join(here)}" if here else ""
    return f"{said}; not installed: {', '.join(missing)}" if missing else said


def _command(extra: str) -> str:
    return f"pip install 'heatlens[{extra}]'"


def _version(package: str) -> str | None:
    """The version of what brought a package, which may bear another name (tensorflow-cpu)."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        pass
    names = metadata.packages_distributions().get(package)
    return metadata.version(names[0]) if names else None
