"""`heatlens methods [NAME]`: what there is, what it costs; one in full."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from heatlens.attribution.method import Method

__all__ = ["methods_command"]


def methods_command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Show this one in full.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the attribution methods, or show one in full."""
    from heatlens.attribution.method import METHODS, methods

    chosen = methods() if name is None else [METHODS[name]]
    if as_json:
        typer.echo(json.dumps([_described(method) for method in chosen], indent=2, default=str))
    elif name is None:
        _print_table(chosen)
    else:
        _print_one(chosen[0])


def _described(method: Method) -> dict[str, Any]:
    return {
        "name": method.name,
        "family": method.family,
        "level": method.level,
        "needs": sorted(method.needs),
        "passes": method.passes,
        "parameters": method.parameters,
        "paper": method.paper,
        "summary": method.summary,
    }


def _print_table(chosen: list[Method]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("method", "family", "passes", "what it is"):
        table.add_column(heading, no_wrap=heading != "what it is")
    for method in chosen:
        table.add_row(method.name, method.family, method.passes, method.summary)
    console = Console()
    console.print(table)
    console.print(
        "\npasses: forward + backward per picture, with default parameters; `heatlens methods NAME` "
        "shows one in full",
        style="dim",
    )


def _print_one(method: Method) -> None:
    module = inspect.getmodule(method.function)
    typer.echo(f"{method.name} ({method.family}), {method.passes} passes, {method.paper}\n")
    typer.echo(inspect.getdoc(module) or "")
    typer.echo("\nParameters (--set NAME=VALUE):")
    for name, default in method.parameters.items():
        typer.echo(f"  {name} = {default!r}")
    typer.echo("\n" + (inspect.getdoc(method.function) or ""))
