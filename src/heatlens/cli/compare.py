"""`heatlens compare A B`: how far apart are two pictures or heatmaps, and what moves?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["compare_command"]


def compare_command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="A B...",
            help="Pictures, or heatmaps saved as .npz or .tif; three or more give a matrix.",
        ),
    ],
    on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="mass, signature, signature-position, histogram, colour-histogram, orientation, "
            "patches; repeatable, or with commas. By default the first four.",
        ),
    ] = None,
    p: Annotated[float, typer.Option("--p", metavar="P", help="Exponent of Wasserstein.")] = 1.0,
    mass: Annotated[
        str,
        typer.Option(metavar="POLICY", help="normalise (shapes), equal, partial or unbalanced."),
    ] = "normalise",
    penalty: Annotated[
        float | None,
        typer.Option(
            metavar="PRICE",
            help="Of a unit made or destroyed, for unbalanced, in the unit of the "
            "distance to the power P: one price for one kind.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Write pictures of what moves here."),
    ] = None,
    k: Annotated[
        int | None, typer.Option("--k", min=1, metavar="K", help="Colours of a signature.")
    ] = None,
    bins: Annotated[
        int | None,
        typer.Option(
            "--bins", min=1, metavar="N", help="Of a histogram (by default 256), or an axis of it."
        ),
    ] = None,
    grid: Annotated[
        int | None,
        typer.Option(min=1, metavar="CELLS", help="Cells along the longer side, for mass."),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of signed heatmaps: positive or negative; else both."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Of the clusters of a signature; by default 0."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Say how far apart pictures or heatmaps are, in several distances and their units.

    Example: `heatlens compare day.jpg night.jpg --out out/`
    """
    from heatlens.cli.comparing import run
    from heatlens.cli.comparison import Question
    from heatlens.errors import InvalidArgument

    kinds = [name.strip() for one in on or [] for name in one.split(",") if name.strip()]
    if on is not None and not kinds:
        raise InvalidArgument("--on names nothing; leave it out for the usual four")
    question = Question(
        kinds=tuple(dict.fromkeys(kinds)),
        p=p,
        mass=mass,
        penalty=penalty,
        k=k,
        bins=bins,
        grid=grid,
        part=part,
        seed=seed,
    )
    raise typer.Exit(run(sources, question, out, as_json=as_json))
