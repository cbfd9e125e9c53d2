"""`heatlens saliency SOURCE...`: what does the eye see first?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heatlens.cli.options import AsJson, ColourMap, Formats, Hotspots, Settings, Style

__all__ = ["saliency_command"]


def saliency_command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Pictures, folders, quoted globs, films, a camera (camera:0) or a pipe (-).",
        ),
    ],
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Model of saliency; may be repeated for pictures. By default gbvs "
            "for pictures and fusion for films; see `heatlens methods --kind saliency`.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR|FILE",
            help="Folder for what is written; for one film also a file: heat.mp4, heat.webm, "
            "heat.gif; for one large picture heat.tif.",
        ),
    ] = Path("out"),
    style: Style = "panels",
    file_format: Formats = None,
    colour_map: ColourMap = None,
    hotspots: Hotspots = False,
    flow: Annotated[
        bool, typer.Option("--flow", help="Beside a film's heat its motion, as a colour wheel.")
    ] = False,
    zoomable: Annotated[
        bool,
        typer.Option(
            "--zoomable", help="Of a large picture also tiles and a page to zoom in a browser."
        ),
    ] = False,
    setting: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Show what draws the eye in pictures and films, without a model, and write the heatmaps.

    Example: `heatlens saliency clip.mp4 --out heat.mp4`
    """
    from heatlens.cli.look import Look
    from heatlens.cli.looking import run
    from heatlens.cli.settings import settings_of

    look = Look(
        methods=tuple(dict.fromkeys(method or ())),
        out=out,
        formats=tuple(dict.fromkeys(file_format or ["png"])),
        draw={"style": style, "colour_map": colour_map, "hotspots": hotspots},
        flow=flow,
        zoomable=zoomable,
        settings=settings_of(setting),
    )
    raise typer.Exit(run(look, sources, as_json=as_json))
