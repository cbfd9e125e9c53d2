"""`heatlens demo`: the main job on pictures whose truth is known, with nothing from the network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo_command"]


def demo_command(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures.")] = Path(
        "out/demo"
    ),
    count: Annotated[int, typer.Option(min=1, max=100, help="How many scenes.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Of the scenes.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Explain scenes and real photographs with the bundled models, and check against the truth."""
    from heatlens.cli.demonstration import run

    raise typer.Exit(run(out, count, seed, as_json=as_json))
