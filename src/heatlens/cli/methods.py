"""`heatlens methods [NAME]`: what there is, what it costs; one in full."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeGuard

import typer

if TYPE_CHECKING:
    from heatlens.attribution.method import Method
    from heatlens.perception.model import SaliencyModel
    from heatlens.perception.moving.model import MovingModel

    Item = Method | SaliencyModel | MovingModel

__all__ = ["methods_command"]

KINDS = ("attribution", "saliency", "films")


def methods_command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Show this one in full.")
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="attribution (of a model), saliency (of pictures) or films (saliency of films).",
        ),
    ] = "attribution",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the methods of one kind, or show one of any kind in full."""
    from heatlens.errors import UnknownName

    kinds = _kinds()
    if kind not in kinds:
        raise UnknownName("kind", kind, kinds)
    if name is None:
        chosen = list(kinds[kind].values())
    else:
        every = {known: item for items in kinds.values() for known, item in items.items()}
        if name not in every:
            raise UnknownName("method", name, every)
        chosen = [every[name]]
    if as_json:
        typer.echo(json.dumps([_described(method) for method in chosen], indent=2, default=str))
    elif name is None:
        _print_table(kind, chosen)
    else:
        _print_one(chosen[0])


def _kinds() -> dict[str, Mapping[str, Item]]:
    from heatlens.attribution.method import METHODS
    from heatlens.perception import MOVING, SALIENCY

    return dict(zip(KINDS, (METHODS, SALIENCY, MOVING), strict=True))


def _of_a_model(method: Item) -> TypeGuard[Method]:
    return hasattr(method, "passes")


def _described(method: Item) -> dict[str, Any]:
    common = {"name": method.name, "family": method.family}
    rest = {"parameters": method.parameters, "paper": method.paper, "summary": method.summary}
    if _of_a_model(method):
        model = {"level": method.level, "needs": sorted(method.needs), "passes": method.passes}
        return {**common, **model, **rest}
    return {**common, **rest}


def _print_table(kind: str, chosen: Iterable[Item]) -> None:
    from rich.console import Console
    from rich.table import Table

    passes = kind == "attribution"
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("method", "family", *(["passes"] if passes else []), "what it is"):
        table.add_column(heading, no_wrap=heading != "what it is")
    for method in chosen:
        cost = [method.passes] if _of_a_model(method) else []
        table.add_row(method.name, method.family, *cost, method.summary)
    console = Console()
    console.print(table)
    cost_words = "passes: forward + backward per picture, with default parameters; "
    others = ", ".join(f"--kind {other}" for other in KINDS if other != kind)
    console.print(
        f"\n{cost_words if passes else ''}`heatlens methods NAME` shows one in full; more: {others}",
        style="dim",
    )


def _print_one(method: Item) -> None:
    source = getattr(method, "function", None) or getattr(method, "start", None)
    module = inspect.getmodule(source)
    cost = f", {method.passes} passes" if _of_a_model(method) else ""
    typer.echo(f"{method.name} ({method.family}){cost}, {method.paper}\n")
    typer.echo(inspect.getdoc(module) or "")
    typer.echo("\nParameters (--set NAME=VALUE):")
    for name, default in method.parameters.items():
        typer.echo(f"  {name} = {default!r}")
    typer.echo("\n" + (inspect.getdoc(source) or ""))
