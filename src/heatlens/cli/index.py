"""`heatlens index FOLDER`: make pictures searchable by what they look like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["index_command"]


def index_command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FOLDER...",
            help="Folders (with all below them), pictures, quoted globs; saved heatmaps (.npz, "
            ".tif) with --on mass.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="INDEX", help="The index, a folder.")
    ] = Path("photos.lance"),
    on: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="signature (the default), signature-position, histogram, colour-histogram, "
            "orientation, patches, mass or features.",
        ),
    ] = None,
    k: Annotated[
        int | None, typer.Option("--k", min=1, metavar="K", help="Clusters of a signature.")
    ] = None,
    bins: Annotated[int | None, typer.Option(min=1, metavar="N", help="Of a histogram.")] = None,
    grid: Annotated[
        int | None, typer.Option(min=1, metavar="CELLS", help="Rows and columns, for mass.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of signed heatmaps: positive or negative.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="SRC:NAME", help="For features: bundled:scene-cnn, ...")
    ] = None,
    layer: Annotated[str | None, typer.Option(metavar="NAME", help="Of the model.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Of the clusters.")] = None,
    resolution: Annotated[
        int | None,
        typer.Option(min=2, metavar="PIXELS", help="Pictures are reduced to; by default 64."),
    ] = None,
    thumbnail: Annotated[
        int | None,
        typer.Option(min=0, metavar="PIXELS", help="Of stored thumbnails; 128, 0 for none."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="WORD", help="Of all that is named; repeatable.")
    ] = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove rows of the folders whose files are gone."),
    ] = False,
    remove: Annotated[
        str | None,
        typer.Option(metavar="CONDITION", help="Remove rows: \"path LIKE '%/old/%'\"."),
    ] = None,
    compact: Annotated[bool, typer.Option("--compact", help="Join small files.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Check every byte.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Add pictures to an index; run it again to bring in what is new or has changed.

    Unchanged files are passed over, and what cannot be read is listed. Ctrl-C keeps what is done,
    and the same command carries on. An index keeps the options it was made with.

    Example: `heatlens index photos/ --out photos.lance`
    """
    from heatlens.cli.indexing import Job, run

    given: dict[str, Any] = {
        "k": k,
        "bins": bins,
        "grid": None if grid is None else (grid, grid),
        "part": part,
        "model": model,
        "layer": layer,
        "seed": seed,
        "resolution": resolution,
        "thumbnail": thumbnail,
    }
    job = Job(
        sources=tuple(sources or ()),
        out=out,
        on=on,
        options={name: value for name, value in given.items() if value is not None},
        tags=tuple(tag or ()),
        prune=prune,
        remove=remove,
        compact=compact,
        verify=verify,
    )
    raise typer.Exit(run(job, as_json=as_json))
