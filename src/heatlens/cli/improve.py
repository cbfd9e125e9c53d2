"""`heatlens improve PHOTO...`: which pictures to look at again, and pictures to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heatlens.cli.options import AsJson, ModelName, Out, Weights

__all__ = ["improve_command"]


def improve_command(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO...", help="Pictures, folders of pictures, or quoted globs."),
    ],
    model: ModelName,
    masks: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with a mask of the object for each picture, of the same name.",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Attribution method; by default gradcam."),
    ] = None,
    target: Annotated[
        str, typer.Option(metavar="TARGET", help="Label, class index or 'predicted'.")
    ] = "predicted",
    top: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="How many to list, the most doubtful; else all."),
    ] = None,
    crops: Annotated[
        bool, typer.Option("--crops", help="Write each picture cut to its evidence.")
    ] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Write each picture without its hottest region.")
    ] = False,
    threshold: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="Of the highest evidence, from which on it is cut or hidden."
        ),
    ] = 0.5,
    fill: Annotated[
        str, typer.Option(metavar="NAME", help="What is put there instead: mean, blur or noise.")
    ] = "mean",
    fit: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="crop, squash, pad or tile for pictures not square."),
    ] = None,
    weights: Weights = None,
    out: Out = Path("out"),
    as_json: AsJson = False,
) -> None:
    """List pictures whose heat lies where it should not, and make pictures to train on.

    Writes queue.csv and queue.png; with --crops and --erase also folders of pictures with a
    manifest.csv each.

    Example: `heatlens improve photos/ --model torchvision:resnet50 --masks masks/ --crops`
    """
    from heatlens.cli.improving import Improvement, run
    from heatlens.cli.loading import chosen_method, loaded
    from heatlens.cli.sources import pictures

    files, failed = pictures(photos)
    asked = loaded(model, weights=True if weights is None else weights)
    job = Improvement(
        model=asked,
        masks=masks,
        method=method or chosen_method(asked, None),
        target=target,
        top=top,
        crops=crops,
        erase=erase,
        threshold=threshold,
        fill=fill,
        fit=fit,
        out=out,
    )
    raise typer.Exit(run(job, files, failed, as_json=as_json))
