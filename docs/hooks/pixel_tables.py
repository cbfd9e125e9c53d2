"""Tables of what makes heatmaps without a model, from the registries and the result files."""

import json
import math
from pathlib import Path

from markdown_parts import linked, table

ROOT = Path(__file__).resolve().parents[2]


def saliency() -> str:
    """Models of saliency for pictures, from their registry, with what the benchmark measured."""
    from heatlens.perception.model import SALIENCY

    measured, head = _measured_saliency()
    rows = [
        (
            f"`{model.name}`",
            model.summary,
            model.family,
            linked(model.paper),
            *measured.get(model.name, ("",) * len(head)),
        )
        for model in SALIENCY.values()
    ]
    return table(("model", "what it looks at", "family", "source", *head), rows)


def _measured_saliency() -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Of each model its cells in the committed result, and their heads; empty without a result."""
    file = ROOT / "benchmarks/results/saliency-models-cpu.json"
    if not file.is_file():
        return {}, ()
    found, *_ = json.loads(file.read_text())["extras"]
    wanted = [found["head"].index(name) for name in ("colour", "orientation", "size")]
    last = len(found["head"]) - 1
    chance = next((row for row in found["rows"] if row[1] == "chance"), None)
    heads = [
        found["head"][i] + ("" if chance is None else f" (chance {chance[i]})") for i in wanted
    ]
    cells = {
        row[0]: tuple("" if row[i] is None else str(row[i]) for i in (*wanted, last))
        for row in found["rows"]
    }
    return cells, (*heads, found["head"][last])


def saliency_films() -> str:
    """Models of saliency for films, from their registry."""
    from heatlens.perception.moving.model import MOVING

    rows = [
        (
            f"`{model.name}`",
            model.summary,
            model.family,
            str(model.delay(model.parameters)),
            model.unit,
            linked(model.paper),
        )
        for model in MOVING.values()
    ]
    head = ("model", "what it looks at", "family", "waits for (frames)", "unit", "source")
    return table(head, rows)


def saliency_metrics() -> str:
    """Metrics of saliency, from their registry."""
    from heatlens.perception.metrics import METRICS

    rows = [
        (
            f"`{metric.function.__name__}`",
            metric.summary,
            "a density, or points that are blurred" if metric.density else "points",
            ", ".join(f"`{name}=`" for name in sorted(metric.needs)),
            f"{_end(metric.low)} to {_end(metric.high)}",
            "" if metric.chance is None else f"{metric.chance:g}",
            "higher" if metric.higher_is_better else "lower",
            linked(metric.paper),
        )
        for metric in METRICS.values()
    ]
    head = ("metric", "what it is", "fixations as", "needs", "range", "chance", "better", "source")
    return table(head, rows)


def _end(x: float) -> str:
    return f"{'-' if x < 0 else ''}∞" if math.isinf(x) else f"{x:g}"


def displays() -> str:
    """What the odd item of a display may differ in, from the registry."""
    from heatlens.perception.displays import KINDS

    rows = [
        (
            f"`{kind.name}`",
            kind.summary,
            "a clip" if kind.moving else "a picture",
            "yes" if kind.popout else "no",
        )
        for kind in KINDS.values()
    ]
    return table(("kind", "what is odd", "it is", "pops out"), rows)


def fixation_datasets() -> str:
    """Data sets of fixations that can be read, from the registry."""
    from heatlens.perception.datasets import DATASETS

    rows = [
        (
            f"`{layout.name}`",
            layout.summary,
            ", ".join(f"`{mark}/`" for mark in layout.marks),
            ", ".join(f"`{split}`" for split in layout.splits),
            linked(layout.paper),
        )
        for layout in DATASETS.values()
    ]
    return table(("data set", "what it is", "recognised by", "splits", "source"), rows)


def pixel_parts(registry: str) -> str:
    """The parts of the chain from pixels to a map, from one of its registries."""
    from heatlens.pixels import part

    rows = [
        (
            f"`{one.name}`",
            one.summary,
            one.range,
            ", ".join(f"`{name}={value!r}`" for name, value in one.parameters.items()),
            linked(one.paper),
        )
        for one in getattr(part, registry).values()
    ]
    head = ("name", "what it does", "range", "parameters", "source")
    used = [k for k in range(len(head)) if any(row[k] for row in rows)]
    return table((head[k] for k in used), ([row[k] for k in used] for row in rows))
