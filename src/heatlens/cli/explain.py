"""`heatlens explain PHOTO...`: why does the model say that?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heatlens.cli.options import (
    AsJson,
    ColourMap,
    Formats,
    Hotspots,
    InputSize,
    Mean,
    ModelName,
    Settings,
    Std,
    Style,
    Weights,
)

__all__ = ["explain_command"]


def explain_command(
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO...",
            help="Pictures, WAV files, folders of pictures, quoted globs, films, a camera "
            "(camera:0) or a pipe (-).",
        ),
    ],
    model: ModelName,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Attribution method; may be repeated. See `heatlens methods`. By default gradcam, "
            "or what the model can give instead.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TARGET",
            help="Label, class index, 'predicted', 'top-3' (sum), 'cat - dog'; for an image-text "
            "model any words; repeatable.",
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(min=1, metavar="K", help="One map for each of the K classes ranked first."),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR|FILE",
            help="Folder for what is written; for one film also a file: heat.mp4, heat.webm; for "
            "one large picture why.tif.",
        ),
    ] = Path("out"),
    style: Style = "panels",
    file_format: Formats = None,
    colour_map: ColourMap = None,
    sign: Annotated[
        str, typer.Option(metavar="NAME", help="positive (evidence for), negative, signed or auto.")
    ] = "positive",
    threshold: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="SHARE", help="Overlay leaves out evidence below this share."
        ),
    ] = 0.0,
    hotspots: Hotspots = False,
    fit: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="crop, squash, pad or tile for pictures that are not square."
        ),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="max-abs, sum, mean-abs or norm; else what suits the method."
        ),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(metavar="NAME", help="Layer of a CAM, by name.")
    ] = None,
    setting: Settings = None,
    weights: Weights = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Names of the classes, one a line, in their order."),
    ] = None,
    input_size: InputSize = None,
    mean: Mean = None,
    std: Std = None,
    value_range: Annotated[
        str | None,
        typer.Option(metavar="LOW,HIGH", help="Black and white before mean and std: 0,255."),
    ] = None,
    channel_order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="Of the model's colours: RGB or BGR.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(metavar="AXES", help="Order of the model's axes: NCHW, NHWC, ...")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which of a model's outputs, by name or place."),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Heat on the words of a text, held against each picture."
        ),
    ] = None,
    zoomable: Annotated[
        bool,
        typer.Option(
            "--zoomable", help="Of a large picture also tiles and a page to zoom in a browser."
        ),
    ] = False,
    checks: Annotated[
        bool, typer.Option("--checks/--no-checks", help="The first line of trust.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Explain what a model sees in pictures, and write the heatmaps.

    Example: `heatlens explain photos/*.jpg --model torchvision:resnet50 --method gradcam`
    """
    from heatlens.cli.explaining import run
    from heatlens.cli.job import Job
    from heatlens.cli.loading import chosen_method, input_size_of, loaded, numbers, weights_of
    from heatlens.cli.settings import settings_of
    from heatlens.cli.sources import pictures, pictures_and_films
    from heatlens.errors import InvalidArgument

    if top is not None and target:
        raise InvalidArgument("--top chooses the classes itself: leave out --top or --target")
    if words is not None and (target or top is not None):
        raise InvalidArgument("--words are held against the picture: leave out --target and --top")
    asked = loaded(
        model,
        weights=weights_of(weights),
        labels=None if labels is None else _lines(labels),
        input_size=input_size_of(input_size),
        mean=numbers("--mean", mean),
        std=numbers("--std", std),
        value_range=numbers("--value-range", value_range, count=2),
        channel_order=channel_order,
        layout=layout,
        output=int(output) if output is not None and output.isdecimal() else output,
    )
    # A model of films takes a film as one input, one of pictures frame by frame.
    if asked.contract.axes == "HW":
        files, films, failed = pictures_and_films(photos)
    else:
        (files, failed), films = pictures(photos), []
    job = Job(
        model=asked,
        methods=tuple(dict.fromkeys(method or [chosen_method(asked, words)])),
        targets=tuple(dict.fromkeys(target or ["predicted"])),
        top=top,
        out=out,
        formats=tuple(dict.fromkeys(file_format or ["png"])),
        draw={
            "style": style,
            "colour_map": colour_map,
            "sign": sign,
            "threshold": threshold,
            "hotspots": hotspots,
        },
        fit=fit,
        channels=channels,
        settings={**({} if layer is None else {"layer": layer}), **settings_of(setting)},
        checks=checks,
        words=words,
        zoomable=zoomable,
    )
    raise typer.Exit(run(job, files, failed, films, as_json=as_json))


def _lines(file: Path) -> list[str]:
    """The labels in a file, one a line."""
    from heatlens.errors import InvalidArgument

    try:
        lines = [line.strip() for line in file.expanduser().read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"--labels {str(file)!r} cannot be read: {error}") from error
    found = [line for line in lines if line]
    if not found:
        raise InvalidArgument(f"--labels {str(file)!r} is empty; write one class a line")
    return found
