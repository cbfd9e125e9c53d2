"""`heatlens search PHOTO --index photos.lance`: which pictures of an index are nearest?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["search_command"]


def search_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PHOTO", help="A picture, or a heatmap saved as .npz or .tif, to look for."
        ),
    ],
    index: Annotated[
        str,
        typer.Option(
            "--index", "-i", metavar="INDEX", help="The index: a folder of `heatlens index`."
        ),
    ] = "photos.lance",
    k: Annotated[
        int | None,
        typer.Option("--k", "-k", min=1, metavar="K", help="How many neighbours; by default 10."),
    ] = None,
    radius: Annotated[
        float | None,
        typer.Option(
            metavar="DISTANCE", help="All within this distance, instead of the K nearest."
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="SQL", help="Only among rows with this condition: \"array_has(tags, 'cat')\"."
        ),
    ] = None,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="Faster, and not certified.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Write a result sheet as PNG and HTML."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Find the pictures nearest to a photo by exact Earth Mover's Distance.

    Example: `heatlens search photo.jpg --index photos.lance -k 10 --out out/`
    """
    from heatlens.cli.searching import Wanted, run

    wanted = Wanted(source, index, k, radius, where, approximate)
    raise typer.Exit(run(wanted, out, as_json=as_json))
