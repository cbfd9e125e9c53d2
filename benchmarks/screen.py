"""The same tables on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from benchmarks.result import Result
from benchmarks.tables import rows_of, verdict

__all__ = ["show"]


def show(result: Result, console: Console) -> None:
    """Print what was measured and which targets were met."""
    console.rule(result.title)
    console.print(", ".join(f"{key} {value}" for key, value in result.setting.items()))
    if result.entries:
        head, rows = rows_of(result)
        console.print(_table(head, rows))
    for extra in result.extras:
        rows = [["-" if c is None else c if isinstance(c, str) else f"{c:.4g}" for c in row]
                for row in extra.rows]  # fmt: skip
        console.print(_table(extra.head, rows, title=extra.title))
    for agreement in result.agreements:
        console.print(f"  {agreement.text}: {agreement.measure} {agreement.value:.3g}")
    for target in result.targets:
        colour = {True: "green", False: "red", None: "yellow"}[target.met]
        measured = "-" if target.measured is None else f"{target.measured:.3g}"
        console.print(
            f"  [{colour}]{verdict(target).replace('**', '')}[/]: {target.text}: "
            f"{measured} {target.unit} (goal {target.goal:.3g})"
        )
    for note in result.notes:
        console.print(f"  - {note}", style="dim")


def _table(head: list[str], rows: list[list[str]], title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left")
    for place, name in enumerate(head):
        table.add_column(name, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*row)
    return table
