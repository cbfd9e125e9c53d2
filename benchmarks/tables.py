"""Results as Markdown, for the documentation and the README; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.result import RESULTS, Entry, Result, Target, read

__all__ = ["all_results", "everything", "markdown", "one", "overview", "rows_of", "verdict"]

# Cases are shown in this order; others follow by name.
ORDER = (
    "ground-truth",
    "kinds",
    "gradcam",
    "integrated-gradients",
    "scorecam",
    "explain",
    "channels-last",
    "start-up",
    "scenes",
    "signatures",
    "heatmap-transport",
    "histograms",
    "sinkhorn",
    "colour-transfer",
    "distances-under-change",
    "digits-knn",
    "search",
    "bounds",
    "build-signatures",
)


def everything(folder: Path = RESULTS) -> str:
    """All results, one section each: for the benchmarks page."""
    return "\n".join(f"## {result.title}\n\n{markdown(result)}" for result in all_results(folder))


def one(name: str, folder: Path = RESULTS) -> str:
    """One result by its name; empty if it was not measured."""
    return "\n".join(markdown(result) for result in all_results(folder) if result.name == name)


def overview(folder: Path = RESULTS) -> str:
    """One table of all targets, met or not: for the README."""
    rows = [
        (target.text, _number(target.goal, target), _number(target.measured, target),
         verdict(target), result.device)
        for result in all_results(folder)
        for target in result.targets
    ]  # fmt: skip
    return _table(("what", "goal", "measured", "", "device"), rows)


def all_results(folder: Path = RESULTS) -> list[Result]:
    """What is in the folder, in the order of reading."""
    found = [read(path) for path in sorted(folder.glob("*.json"))]
    rank = {name: place for place, name in enumerate(ORDER)}
    return sorted(found, key=lambda r: (rank.get(r.name, len(rank)), r.name, r.size, r.device))


def markdown(result: Result) -> str:
    """One result: its setting, its times, its targets, and how to measure it again."""
    setting = ", ".join(f"{key} {value}" for key, value in result.setting.items())
    clock = "" if result.clock == "wall" else f", {result.clock} time"
    parts = [f"{setting}; {result.rounds} rounds, seed {result.seed}{clock}.\n"]
    if result.entries:
        head, rows = rows_of(result)
        parts.append(_table(head, rows))
    parts += [
        f"{extra.title}:\n\n{_table(extra.head, [_cells(row) for row in extra.rows])}"
        for extra in result.extras
    ]
    if result.targets:
        rows = [
            (t.text, _number(t.goal, t), _number(t.measured, t), verdict(t)) for t in result.targets
        ]
        parts.append(_table(("target", "goal", "measured", ""), rows))
    if result.agreements:
        rows = [(a.text, f"{a.value:.3g}", a.measure) for a in result.agreements]
        parts.append(_table(("do they compute the same?", "figure", "measure"), rows))
    notes = [*result.notes, *(f"{e.name}: {e.note}." for e in result.entries if e.note)]
    if notes:
        parts.append("\n".join(f"- {note}" for note in notes) + "\n")
    parts.append(f"{_where(result)}: `{result.command}`\n")
    return "\n".join(parts)


def rows_of(result: Result) -> tuple[list[str], list[list[str]]]:
    """The table of times: fastest first, with each one's multiple of the reference."""
    known = {entry.name: entry for entry in result.entries}
    base = known.get(result.reference)
    head = ["contender", "median", "middle half"]
    if base is not None:
        head.append(f"x {base.name}")
    rows: list[list[str]] = []
    for entry in sorted(result.entries, key=lambda e: (e.median is None, e.median or 0.0)):
        row = [f"{entry.name}{' (peer)' if entry.peer else ''}", *_times(entry)]
        if base is not None:
            row.append(_against(entry, base))
        rows.append(row)
    return head, rows


def verdict(target: Target) -> str:
    """In words: met, NOT met, or why it is unknown."""
    if target.met is None:
        return f"not measured: {target.why}" if target.why else "not measured"
    word = "met" if target.met else "**not met**"
    return f"{word} ({target.why})" if target.why else word


def seconds(value: float) -> str:
    """A time to three digits, in a unit that suits it.

    Example:
        >>> seconds(0.01234), seconds(12.345)
        ('12.3 ms', '12.3 s')
    """
    return f"{value * 1e3:.3g} ms" if value < 0.9995 else f"{value:.3g} s"


def _times(entry: Entry) -> list[str]:
    if entry.median is None:
        return [entry.error or "did not run", ""]
    low, high = entry.first_quartile or 0.0, entry.third_quartile or 0.0
    return [seconds(entry.median), f"{seconds(low)} to {seconds(high)}"]


def _against(entry: Entry, base: Entry) -> str:
    from benchmarks.timing import Timing, ratio

    value = ratio(Timing(entry.name, entry.runs), Timing(base.name, base.runs))
    return "" if value is None else f"{value:.2f}"


def _number(value: float | None, target: Target) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}{' ' + target.unit if target.unit else ''}"


def _where(result: Result) -> str:
    machine = result.machine
    flags = f" ({', '.join(machine['flags'])})" if machine.get("flags") else ""
    versions = machine.get("versions", {})
    peers = ", ".join(f"{name} {version}" for name, version in versions.items())
    load = machine.get("load")
    busy = f", load {load[0]:g} at the start" if load else ""
    gpu = f"{machine['gpu']}, " if machine.get("gpu") else ""
    return (
        f"{gpu}{machine.get('cpu', '?')}{flags}, {machine.get('cores', '?')} cores, "
        f"{result.threads} threads, {machine.get('memory_gb', '?')} GB, "
        f"{machine.get('system', '?')}, Python {machine.get('python', '?')}, {peers}; "
        f"{result.date[:10]}, commit {result.commit or '?'}{busy}"
    )


def _cells(row: Sequence[str | float | None]) -> list[str]:
    return ["-" if c is None else c if isinstance(c, str) else f"{c:.4g}" for c in row]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    clean = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *clean]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
