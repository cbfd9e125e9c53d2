"""The work of `heatlens index`: add, remove, join and check, and tell what came of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from heatlens.cli.exits import Exit, report
from heatlens.cli.progress import bar
from heatlens.errors import InvalidArgument, MissingIndex, NotAnIndex
from heatlens.search.adding.add import Added, add_items
from heatlens.search.adding.describe import check_settings
from heatlens.search.adding.prune import prune
from heatlens.search.adding.sources import Failed, Item, items_of
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
from heatlens.search.store.verify import Report

__all__ = ["Job", "run"]


@dataclass(frozen=True)
class Job:
    """What was typed; see the options of `heatlens index`."""

    sources: tuple[str, ...]
    out: Path
    on: str | None
    options: Mapping[str, Any]
    tags: tuple[str, ...]
    prune: bool
    remove: str | None
    compact: bool
    verify: bool

    def check(self) -> None:
        """Fail now on what makes no sense.

        Raises:
            InvalidArgument: nothing is to be done, or options without sources.
        """
        if self.sources:
            if self.prune and not self.folders:
                raise InvalidArgument(
                    f"--prune looks below folders, and {self.sources[0]} is none; name the folder"
                )
            return
        if not (self.remove or self.compact or self.verify):
            raise InvalidArgument(
                "no folder was given; name folders or pictures, or --verify, --compact, --remove"
            )
        if self.on or self.options or self.tags or self.prune:
            raise InvalidArgument("options of rows belong to sources, and none was given")

    @property
    def folders(self) -> list[str]:
        """Those sources that are folders."""
        return [source for source in self.sources if Path(source).expanduser().is_dir()]


def run(job: Job, *, as_json: bool) -> Exit:
    """Do it: remove, then add, then prune, then join, then check.

    Returns:
        `DONE`; `SOME_FAILED` where a file could not be added or the index is damaged;
        `INTERRUPTED` after Ctrl-C, with what was committed kept.

    Raises:
        HeatlensError: nothing could be done.
    """
    job.check()
    console = Console(file=sys.stderr if as_json else sys.stdout)
    found: dict[str, Any] = {"index": str(job.out)}
    code = Exit.DONE
    if job.sources or job.remove or job.compact:
        store, items, failed = _store(job)
        if job.remove is not None:
            found["removed"] = store.remove(where=job.remove)
            console.print(f"{found['removed']} rows were removed")
        if job.sources:
            added = _added(store, job, items, failed, console)
            if added is None:
                return Exit.INTERRUPTED
            found |= _told_added(added, console)
            code = Exit.SOME_FAILED if added.failed else code
        if job.prune:
            found["pruned"] = prune(store, job.folders)
            console.print(f"{found['pruned']} rows were removed, whose files are gone")
        if job.compact:
            with console.status("joining files"):
                from heatlens.search.view import ordered

                store.compact()
                ordered(store)
        found["rows"] = len(store)
        found["settings"] = asdict(store.settings)
        console.print(
            f"{escape(str(job.out))}: {len(store)} rows, of {store.settings.on}",
            highlight=False,
            soft_wrap=True,
        )
    if job.verify:
        from heatlens.search.verifying import verified

        with console.status("checking"):
            checked = verified(job.out)
        found["verified"] = asdict(checked)
        code = _told_report(checked, console) or code
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    return code


def _store(job: Job) -> tuple[Store, list[Item], Failed]:
    """The index and what shall be added; made, if it is not there, once there is something to add.

    Of the options, those that were typed have to be the index's.
    """
    if not job.sources:
        return Store.open(job.out), [], []
    try:
        store = Store.open(job.out)
    except MissingIndex:
        store = None
    except NotAnIndex:  # an empty folder is as good as none; of others, `create` tells what it is
        if not Path(job.out).expanduser().is_dir():
            raise
        store = None
    if store is None:
        settings = check_settings(Settings.of(job.on or "signature", **job.options))
        items, failed = _sources(job, settings, needed=True)
        return Store.create(job.out, settings, exist_ok=True), items, failed
    if differing := store.settings.differing(job.on, **job.options):
        raise InvalidArgument(
            f"the index at {job.out} was made with {'; '.join(differing)}. Its rows are alike for "
            "good: leave those options out, or give another --out"
        )
    return store, *_sources(job, store.settings, needed=not job.prune)


def _sources(job: Job, settings: Settings, needed: bool) -> tuple[list[Item], Failed]:
    """What the sources hold; something, where it is needed."""
    one = len(job.sources) == 1
    source = job.sources[0] if one else list(job.sources)
    try:
        items, failed = items_of(source, heatmaps=settings.on == "mass")
    except InvalidArgument:
        if one and not needed:  # an empty folder, whose rows are pruned
            return [], []
        raise
    if not items and needed:
        raise InvalidArgument(
            f"none of the {len(job.sources)} sources can be added: "
            + "; ".join(
                reason if name in reason else f"{name}: {reason}" for name, reason in failed
            )
        )
    return items, failed


def _added(
    store: Store, job: Job, items: Sequence[Item], failed: Failed, console: Console
) -> Added | None:
    """What came of adding; None if it was stopped."""
    with bar(console, shown=console.is_terminal) as progress:
        task = progress.add_task("indexing", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        try:
            return add_items(store, items, failed, job.tags, tell)
        except KeyboardInterrupt:
            pass
    store.refresh()
    report(f"stopped; {len(store)} rows are in {job.out}, and the same command carries on")
    return None


def _told_added(added: Added, console: Console) -> dict[str, Any]:
    tagged = f" ({added.retagged} tagged)" if added.retagged else ""
    console.print(
        f"{added.added} added, {added.replaced} replaced, {added.unchanged} unchanged{tagged}, "
        f"{len(added.failed)} failed, in {added.seconds:.1f} s",
        highlight=False,
    )
    for source, reason in added.failed:
        report(reason if source in reason else f"{source}: {reason}")
    failed = [{"source": source, "error": reason} for source, reason in added.failed]
    return {**asdict(added), "failed": failed}


def _told_report(found: Report, console: Console) -> Exit | None:
    for problem in found.problems:
        report(problem)
    for path in found.unsealed:
        console.print(f"without a seal: {escape(path)}", highlight=False, soft_wrap=True)
    console.print(
        f"{found.files} files and {found.rows} rows were checked: "
        + (f"{len(found.problems)} problems" if found.problems else "all is as it was written"),
        highlight=False,
    )
    return None if found.ok else Exit.SOME_FAILED
