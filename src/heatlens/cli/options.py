"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AsJson",
    "ColourMap",
    "Formats",
    "Hotspots",
    "InputSize",
    "Mean",
    "ModelName",
    "Out",
    "Settings",
    "Std",
    "Style",
    "Weights",
]

ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="SOURCE:NAME",
        help="SOURCE:NAME (torchvision:resnet50, keras:ResNet50), a .keras, .onnx or .pt2 "
        "file, or an endpoint's URL; see `heatlens models`.",
    ),
]

Weights = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Checkpoint file, or 'random' for an untrained network."),
]

InputSize = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="Of the model's input: 224, or 224x320 (rows x columns)."),
]

Mean = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBERS", help="Of the model's input: one number, or one per channel: a,b,c."
    ),
]

Std = Annotated[
    str | None, typer.Option(metavar="NUMBERS", help="Likewise, its standard deviation.")
]

Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for what is written.")
]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]

Style = Annotated[str, typer.Option(metavar="NAME", help="panels, overlay, heatmap or contours.")]

Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format", metavar="NAME", help="png, svg (pictures), npz, tif (values); repeatable."
    ),
]

ColourMap = Annotated[
    str | None,
    typer.Option("--colour-map", "--color-map", metavar="NAME", help="viridis, ocean, ..."),
]

Hotspots = Annotated[bool, typer.Option("--hotspots", help="Box the hottest regions.")]

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A parameter of the method, NAME=VALUE; repeatable."
    ),
]
