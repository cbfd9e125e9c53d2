"""Run one example cell by cell and record what a reader would have seen.

    python run_example.py examples/plot_x.py FOLDER

An example is an ordinary script: a docstring whose first line is the title, then cells that begin
with `# %%`; comment lines at the head of a cell are its text. After each cell the printed output
and the open figures are kept. FOLDER gets the PNG files and `cells.json`.
"""

import ast
import contextlib
import io
import json
import re
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure


def split(source: str) -> tuple[str, list[tuple[str, str, int]]]:
    """The docstring, and per cell its text, its code and the line on which the code begins."""
    tree = ast.parse(source)
    docstring = ast.get_docstring(tree) or ""
    lines = source.splitlines()
    start = tree.body[0].end_lineno or 0 if docstring else 0
    heads = [n for n, line in enumerate(lines) if n >= start and line.startswith("# %%")]
    cells = []
    for head, end in zip([start - 1, *heads], [*heads, len(lines)], strict=True):
        body = head + 1
        title = lines[head][4:].strip() if head >= start else ""
        text = [f"## {title}", ""] if title else []
        while body < end and lines[body].startswith("#"):
            text.append(re.sub("^# ?", "", lines[body]))
            body += 1
        cells.append(("\n".join(text).strip(), "\n".join(lines[body:end]).strip("\n"), body))
    return docstring, [cell for cell in cells if cell[0] or cell[1].strip()]


def run(code: str, line: int, path: Path, names: dict[str, object]) -> tuple[str, list[bytes]]:
    """Execute one cell; give what it printed and the figures it left, as PNG."""
    printed = io.StringIO()
    tree = ast.parse("\n" * line + code, filename=str(path))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    shown = None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, str(path), "exec"), names)
        if last is not None:
            # As in a notebook: what the last line evaluates to is shown, if it is a picture.
            shown = eval(compile(ast.Expression(last.value), str(path), "eval"), names)
    drawn = [plt.figure(number) for number in plt.get_fignums()]
    if isinstance(shown, Figure) and shown not in drawn:
        drawn.append(shown)
    figures = [png(figure) for figure in drawn]
    if not isinstance(shown, Figure) and (picture := getattr(shown, "_repr_png_", lambda: None)()):
        figures.append(picture)
    plt.close("all")
    return printed.getvalue(), figures


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, bbox_inches="tight")
    return buffer.getvalue()


def main(path: Path, folder: Path) -> None:
    """Run the example at `path`; write figures and `cells.json` to `folder`."""
    docstring, cells = split(path.read_text())
    title, _, introduction = docstring.partition("\n")
    names: dict[str, object] = {"__name__": "__main__", "__file__": str(path)}
    folder.mkdir(parents=True, exist_ok=True)
    record = []
    count = 0
    for text, code, line in cells:
        printed, pictures = run(code, line, path, names)
        files = []
        for picture in pictures:
            count += 1
            files.append(f"{path.stem}-{count}.png")
            (folder / files[-1]).write_bytes(picture)
        record.append({"text": text, "code": code.strip(), "printed": printed, "figures": files})
    example = {"title": title.strip(" #."), "introduction": introduction.strip(), "cells": record}
    (folder / "cells.json").write_text(json.dumps(example, indent=1))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(sys.argv[1]).resolve().parent))
    main(Path(sys.argv[1]), Path(sys.argv[2]))
