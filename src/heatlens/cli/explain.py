"""`heatlens explain PHOTO...`: why does the model say that?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["explain_command"]


def explain_command(
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO...", help="Pictures, WAV files, folders of pictures, or quoted globs."
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            metavar="SOURCE:NAME",
            help="SOURCE:NAME (torchvision:resnet50, keras:ResNet50), a .keras, .onnx or .pt2 "
            "file, or an endpoint's URL; see `heatlens models`.",
        ),
    ],
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
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the pictures.")
    ] = Path("out"),
    style: Annotated[
        str, typer.Option(metavar="NAME", help="panels, overlay, heatmap or contours.")
    ] = "panels",
    file_format: Annotated[
        list[str] | None,
        typer.Option(
            "--format", metavar="NAME", help="png, svg (pictures), npz, tif (values); repeatable."
        ),
    ] = None,
    colour_map: Annotated[
        str | None,
        typer.Option("--colour-map", "--color-map", metavar="NAME", help="viridis, ocean, ..."),
    ] = None,
    sign: Annotated[
        str, typer.Option(metavar="NAME", help="positive (evidence for), negative, signed or auto.")
    ] = "positive",
    threshold: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="SHARE", help="Overlay leaves out evidence below this share."
        ),
    ] = 0.0,
    hotspots: Annotated[bool, typer.Option("--hotspots", help="Box the hottest regions.")] = False,
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
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter of the method, NAME=VALUE; repeatable."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Checkpoint file, or 'random' for an untrained network."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Names of the classes, one a line, in their order."),
    ] = None,
    input_size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="Of the model's input: 224, or 224x320 (rows x columns)."
        ),
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS", help="Of the model's input: one number, or one per channel: a,b,c."
        ),
    ] = None,
    std: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Likewise, its standard deviation.")
    ] = None,
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
    checks: Annotated[
        bool, typer.Option("--checks/--no-checks", help="The first line of trust.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Explain what a model sees in pictures, and write the heatmaps.

    Example: `heatlens explain photos/*.jpg --model torchvision:resnet50 --method gradcam`
    """
    from heatlens.cli.explaining import run
    from heatlens.cli.job import Job
    from heatlens.cli.loading import chosen_method, loaded, numbers
    from heatlens.cli.sources import pictures
    from heatlens.errors import InvalidArgument

    if top is not None and target:
        raise InvalidArgument("--top chooses the classes itself: leave out --top or --target")
    if words is not None and (target or top is not None):
        raise InvalidArgument("--words are held against the picture: leave out --target and --top")
    files, failed = pictures(photos)
    asked = loaded(
        model,
        weights=_weights(weights),
        labels=None if labels is None else _lines(labels),
        input_size=None if input_size is None else _size(input_size),
        mean=numbers("--mean", mean),
        std=numbers("--std", std),
        value_range=numbers("--value-range", value_range, count=2),
        channel_order=channel_order,
        layout=layout,
        output=int(output) if output is not None and output.isdecimal() else output,
    )
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
        settings=_settings(setting or [], layer),
        checks=checks,
        words=words,
    )
    raise typer.Exit(run(job, files, failed, as_json=as_json))


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


def _size(text: str) -> int | tuple[int, ...]:
    """224, or numbers with an x between them."""
    from heatlens.errors import InvalidArgument

    parts = text.lower().split("x")
    if not all(part.strip().isdecimal() for part in parts):
        raise InvalidArgument(f"--input-size {text!r}: write 224, or 224x320 (rows x columns)")
    numbers = tuple(int(part) for part in parts)
    return numbers[0] if len(numbers) == 1 else numbers


def _weights(given: str | None) -> bool | str:
    if given is None:
        return True
    return False if given == "random" else given


def _settings(pairs: list[str], layer: str | None) -> dict[str, Any]:
    """NAME=VALUE pairs with values as numbers or booleans where they look like such."""
    from heatlens.errors import InvalidArgument

    settings: dict[str, Any] = {} if layer is None else {"layer": layer}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InvalidArgument(f"--set {pair!r}: write NAME=VALUE, such as steps=20")
        settings[name.replace("-", "_")] = _value(value)
    return settings


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
