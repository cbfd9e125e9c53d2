"""`heatlens visualize`: what would a unit of the model like to see most?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heatlens.cli.options import AsJson, Mean, ModelName, Out, Std, Weights

__all__ = ["visualize_command"]


def visualize_command(
    model: ModelName,
    unit: Annotated[
        list[str],
        typer.Option(
            metavar="OBJECTIVE",
            help="'layer4:12' (channel), 'layer4:12@centre' (neuron), 'layer4' (dream), "
            "'logit:tabby'; joined by ' + ', ' - ' and '*'. Repeatable: all climb at once.",
        ),
    ],
    count: Annotated[
        int, typer.Option(min=1, metavar="N", help="Pictures of each, from different starts.")
    ] = 1,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Of gradient ascent.")] = 512,
    size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Of the pictures: 224, or 224x320 (rows x columns)."),
    ] = None,
    parametrisation: Annotated[
        str, typer.Option(metavar="NAME", help="fourier, pixels, laplacian, cppn or maco.")
    ] = "fourier",
    transforms: Annotated[
        str,
        typer.Option(
            metavar="WORDS", help="robust, none, maco, or such as 'jitter(8), rotate(10)'."
        ),
    ] = "robust",
    rate: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="Learning rate; else what suits.")
    ] = None,
    total_variation: Annotated[
        float, typer.Option(min=0, metavar="WEIGHT", help="Penalty on uneven pictures.")
    ] = 0.0,
    l2: Annotated[
        float, typer.Option(min=0, metavar="WEIGHT", help="Penalty on colours far from grey.")
    ] = 0.0,
    tolerance: Annotated[
        float | None,
        typer.Option(min=0, metavar="SHARE", help="End when 32 steps gain less than this share."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(metavar="PHOTO", help="Start from a picture instead of noise (DeepDream)."),
    ] = None,
    film: Annotated[
        int,
        typer.Option(
            min=0, metavar="FRAMES", help="Write the way there as a film, so many frames."
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Of start and transforms.")] = 0,
    out: Out = Path("out"),
    weights: Weights = None,
    mean: Mean = None,
    std: Std = None,
    as_json: AsJson = False,
) -> None:
    """Make pictures that units of a model answer to most, by gradient ascent.

    Example: `heatlens visualize --model torchvision:resnet18 --unit layer3:7 --unit logit:tabby`
    """
    from heatlens.cli.loading import input_size_of, loaded, numbers, weights_of
    from heatlens.cli.visualizing import Climb, run

    asked = loaded(
        model,
        weights=weights_of(weights),
        mean=numbers("--mean", mean),
        std=numbers("--std", std),
    )
    job = Climb(
        model=asked,
        units=tuple(dict.fromkeys(unit)),
        out=out,
        film=film,
        settings={
            "count": count,
            "steps": steps,
            "size": None if size is None else input_size_of(size, "--size"),
            "parametrisation": parametrisation,
            "transforms": transforms,
            "rate": rate,
            "total_variation": total_variation,
            "l2": l2,
            "tolerance": tolerance,
            "start": start,
            "seed": seed,
        },
    )
    raise typer.Exit(run(job, as_json=as_json))
