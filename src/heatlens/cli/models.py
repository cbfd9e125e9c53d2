"""`heatlens models`: what can be loaded by name."""

from __future__ import annotations

import json
from typing import Annotated

import typer

__all__ = ["models_command"]


def models_command(
    pattern: Annotated[
        str | None, typer.Argument(help="Part of a name or a glob: resnet, 'timm:vit_*'.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Only this source: bundled, torchvision, timm, ...")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a list.")] = False,
) -> None:
    """List the models that can be loaded by name."""
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
