"""`heatlens inspect PHOTO...`: what is inside of the model?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heatlens.cli.options import AsJson, InputSize, Mean, ModelName, Out, Std, Weights

__all__ = ["inspect_command"]


def inspect_command(
    model: ModelName,
    photos: Annotated[
        list[str] | None,
        typer.Argument(metavar="PHOTO...", help="Pictures, folders of pictures, or quoted globs."),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Layer to look at; without it all are listed."),
    ] = None,
    channels: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="How many of the strongest channels; 35, and 8 with --over."
        ),
    ] = None,
    unit: Annotated[
        int | None,
        typer.Option(min=0, metavar="K", help="Channel to look at closely; else the strongest."),
    ] = None,
    over: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Find the pictures in it that drive channels most."),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, metavar="N", help="Pictures for each channel, with --over.")
    ] = 9,
    by: Annotated[
        str, typer.Option(metavar="NAME", help="Rank by max (largest cell) or mean.")
    ] = "max",
    out: Out = Path("out"),
    fit: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="crop, squash or pad for pictures that are not square."),
    ] = None,
    weights: Weights = None,
    input_size: InputSize = None,
    mean: Mean = None,
    std: Std = None,
    as_json: AsJson = False,
) -> None:
    """List a model's layers, or show what one of them says about pictures.

    With a layer: its channels on one scale, their mean and maximum over the photo, the strongest
    channels, and the receptive field of a unit. With --over: the top pictures of a folder.

    Example: `heatlens inspect photo.jpg --model torchvision:resnet18 --layer layer3`
    """
    from heatlens.cli.inspecting import Inspection, run
    from heatlens.cli.loading import input_size_of, loaded, numbers, weights_of
    from heatlens.cli.sources import pictures

    files, failed = pictures(photos) if photos else ([], [])
    asked = loaded(
        model,
        weights=weights_of(weights),
        input_size=input_size_of(input_size),
        mean=numbers("--mean", mean),
        std=numbers("--std", std),
    )
    job = Inspection(
        model=asked,
        layer=layer,
        channels=channels,
        unit=unit,
        over=over,
        top=top,
        by=by,
        out=out,
        fit=fit,
    )
    raise typer.Exit(run(job, files, failed, as_json=as_json))
