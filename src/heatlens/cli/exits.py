"""Exit codes that scripts can use, and where messages go."""

from __future__ import annotations

from enum import IntEnum

import typer

__all__ = ["Exit", "report"]


class Exit(IntEnum):
    """What the process says when it ends."""

    DONE = 0
    """Everything worked."""
    SOME_FAILED = 1
    """Some sources failed; the rest is done and written."""
    USAGE = 2
    """Nothing was done: a name, an option or a model that cannot be used."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C; what was finished is written."""


def report(message: str) -> None:
    """Tell the person at the terminal, on standard error."""
    typer.echo(f"heatlens: {message}", err=True)
