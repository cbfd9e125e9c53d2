"""Results as pictures, for the documentation."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.result import RESULTS, Result, read

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["search_scaling"]

Lines = dict[str, list[tuple[float, float]]]


def search_scaling(folder: Path = RESULTS) -> bytes | None:
    """Time of an exact search against the number of images, by k and by signature, as SVG.

    None if it was not measured.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    path = folder / "search-cpu.json"
    if not path.exists():
        return None
    result = read(path)
    figure = Figure(figsize=(9.4, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    _draw(left, "nearest k of signatures with 32 colours", _lines(result, 1, "k = "))
    _draw(right, "nearest 10, by signature", _lines(result, 2, ""))
    left.set_ylabel("median time of a query, ms")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _lines(result: Result, table: int, prefix: str) -> Lines:
    """Of a further table (name, images, median, ...): a line for each name."""
    lines: Lines = defaultdict(list)
    for name, images, median, *_ in result.extras[table].rows:
        size = float(str(images).replace(",", ""))
        lines[f"{prefix}{name}"].append((size, float(median or 0)))
    return lines


def _draw(axes: Axes, title: str, lines: Lines) -> None:
    for style, (name, points) in zip(("o-", "s--", "^:"), lines.items(), strict=False):
        axes.loglog(*zip(*sorted(points), strict=True), style, label=name)
    sizes = [size for points in lines.values() for size, _ in points]
    ends = min(sizes), max(sizes)
    lowest = min(time for points in lines.values() for _, time in points)
    slope = [lowest * size / ends[0] for size in ends]
    axes.loglog(ends, slope, color="0.75", linewidth=1, label="in proportion to the images")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("images in the index")
    axes.grid(which="major", color="0.92")
    axes.legend(fontsize=8, frameon=False)
