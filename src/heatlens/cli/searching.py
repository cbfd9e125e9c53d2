"""The work of `heatlens search`: describe, search, and write the sheet; `searched` tells it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from heatlens.cli import searched
from heatlens.cli.exits import Exit
from heatlens.cli.folders import check_folder
from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.search.adding.describe import describe
from heatlens.search.answer import answered
from heatlens.search.index import ImageIndex
from heatlens.search.sheet import Answer

__all__ = ["Wanted", "run"]


@dataclass(frozen=True)
class Wanted:
    """What `heatlens search` was asked for; see its options."""

    source: str
    index: str
    k: int | None = None
    radius: float | None = None
    where: str | None = None
    approximate: bool = False

    def check(self) -> None:
        """Refuse options that do not go together.

        Raises:
            InvalidArgument: which ones, and why.
        """
        if self.radius is None:
            return
        if not self.radius >= 0:
            raise InvalidArgument(f"--radius {self.radius:g}: a distance is 0 or more")
        if self.k is not None:
            raise InvalidArgument(
                "--radius brings all within a distance and -k a number of them; give one of the two"
            )
        if self.approximate:
            raise InvalidArgument("--radius is always exact; leave --approximate out")


def run(wanted: Wanted, out: Path | None, *, as_json: bool) -> Exit:
    """Search, print what was found, and write the sheet.

    Raises:
        HeatlensError: an index, a picture or a condition that cannot be used.
    """
    wanted.check()
    if out is not None:
        check_folder(out)
    index = ImageIndex.open(wanted.index)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    with console.status("searching"):
        query = describe(wanted.source, index.settings)
        if wanted.radius is not None:
            hits = index.range(query, wanted.radius, where=wanted.where)
        else:
            exact = not wanted.approximate
            hits = index.search(query, wanted.k or searched.K, where=wanted.where, exact=exact)
        answer = answered(index, hits, query, pictured=out is not None)
    files = [] if out is None else _written(answer, wanted, out, console)
    searched.tell(console, answer, wanted, query.notes, files, as_json=as_json)
    return Exit.DONE


def _written(answer: Answer, wanted: Wanted, out: Path, console: Console) -> list[Path]:
    """The sheet as PNG and as HTML; another result of the same name is not overwritten."""
    from heatlens.provenance import Provenance
    from heatlens.render.files import save_figure
    from heatlens.search.sheet_page import save_result_page
    from heatlens.search.sheet_picture import sheet
    from heatlens.version import __version__

    terms = {"neighbours": wanted.k or searched.K, "radius": wanted.radius, "where": wanted.where}
    terms["approximate"] = wanted.approximate
    made = Provenance(
        "search",
        {"on": answer.kind, **answer.parameters, **terms},
        image=str(Path(wanted.source).resolve()),
        version=__version__,
        info={"index": str(wanted.index), "images": answer.images, "certified": answer.certified},
    )
    picture = _free(out, _slug(Path(wanted.source).stem), made)
    page = picture.with_suffix(".html")
    with console.status("drawing") as status:
        save_figure(sheet(answer), picture, made, dpi=130)
        save_result_page(
            answer, page, progress=lambda done, of: status.update(f"drawing {done} of {of}")
        )
    return [picture, page]


def _free(out: Path, stem: str, made: Any) -> Path:
    path, count = out / f"{stem}-nearest.png", 1
    while (path.exists() or path.with_suffix(".html").exists()) and not _shows(path, made):
        count += 1
        path = out / f"{stem}-nearest-{count}.png"
    return path


def _shows(path: Path, made: Any) -> bool:
    """Whether the sheet that is there answers the same question."""
    from heatlens.provenance import Provenance
    from heatlens.render.files import read_provenance

    try:
        there = read_provenance(path)
    except (HeatlensError, OSError):
        return False
    made = Provenance.from_json(made.to_json())
    same = all(getattr(there, x) == getattr(made, x) for x in ("method", "parameters", "image"))
    return same and there.info.get("index") == made.info["index"]


def _slug(words: str) -> str:
    return re.sub(r"[^\w.]+", "-", words).strip("-.")[:60] or "picture"
