"""The command line: `heatlens VERB SOURCE... --model SRC:NAME --out DIR [--json]`.

One file per verb. Heavy imports happen inside a command, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from heatlens.cli import (
    compare,
    demo,
    explain,
    improve,
    index,
    inspect,
    methods,
    models,
    saliency,
    search,
    visualize,
)
from heatlens.cli.exits import Exit, report
from heatlens.errors import HeatlensError
from heatlens.version import __version__

__all__ = ["app", "main"]

app = typer.Typer(
    name="heatlens",
    help="Heatmaps: why a model says what it says, and whether the picture can be believed.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"heatlens {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.command(name="explain")(explain.explain_command)
app.command(name="saliency")(saliency.saliency_command)
app.command(name="inspect")(inspect.inspect_command)
app.command(name="visualize")(visualize.visualize_command)
app.command(name="improve")(improve.improve_command)
app.command(name="compare")(compare.compare_command)
app.command(name="index")(index.index_command)
app.command(name="search")(search.search_command)
app.command(name="models")(models.models_command)
app.command(name="methods")(methods.methods_command)
app.command(name="demo")(demo.demo_command)


def main() -> None:
    """Run the command line; errors of ours become one line and an exit code, not a traceback."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # else TensorFlow talks on standard error
    try:
        app()
    except HeatlensError as error:
        report(str(error))
        sys.exit(Exit.USAGE)
    except KeyboardInterrupt:
        report("stopped")
        sys.exit(Exit.INTERRUPTED)
