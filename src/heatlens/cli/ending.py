"""How a run over many sources ends: what was found, what failed, the exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from heatlens.cli.exits import Exit, report

__all__ = ["ended"]


def ended(
    results: Sequence[Mapping[str, Any]],
    errors: Sequence[Mapping[str, str]],
    *,
    what: str,
    total: int,
    stopped: bool,
    as_json: bool,
    piped: bool,
) -> Exit:
    """Tell the end of a run, and what its exit code is.

    Args:
        results: of each source that worked what is said in JSON.
        errors: of each other its "source" and "error".
        what: was done to them ("explained").
        total: how many there were to do.
        stopped: whether Ctrl-C came.
        as_json: whether results and errors are printed as JSON.
        piped: whether standard output is a film's, so that JSON goes to standard error.
    """
    if as_json:
        answer = {"results": list(results), "errors": list(errors)}
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False), err=piped)
    for failure in errors:
        named = failure["source"] in failure["error"]
        report(failure["error"] if named else f"{failure['source']}: {failure['error']}")
    if errors:
        report(f"{len(errors)} of {len(errors) + len(results)} could not be {what}")
    if stopped:
        report(f"stopped; {len(results)} of {total} are {what}")
        return Exit.INTERRUPTED
    return Exit.SOME_FAILED if errors else Exit.DONE
