"""Tables made from the registries and the result files, never typed.

In a page or in the README, the text between these two marks is replaced:

    <!-- table: methods -->
    <!-- end of table -->

    python docs/hooks/tables.py README.md
"""

import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # a hook, a script, or run by a test

from markdown_parts import linked, table
from pixel_tables import (
    displays,
    fixation_datasets,
    pixel_parts,
    saliency,
    saliency_films,
    saliency_metrics,
)

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def filled(text: str) -> str:
    """`text` with a fresh table between each pair of marks."""
    return MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", text)


def bundled() -> str:
    """The models that ship in the wheel, from their cards."""
    rows = []
    folder = ROOT / "src/heatlens/models/bundled"
    cards = [(file, file.with_suffix(".safetensors")) for file in folder.glob("weights/*.json")]
    cards += [
        (file, file.with_name("model.safetensors")) for file in folder.glob("kinds/*/card.json")
    ]
    for file, network in sorted(cards):
        card = json.loads(file.read_text())
        accuracy = card.get("accuracy", {})
        weights = network.stat().st_size
        rows.append(
            (
                f"`{card['name']}`",
                f"{card.get('parameters', 0):,}",
                f"{weights / 1e6:.2f} MB",
                "; ".join(
                    f"{value:.1%} {name.replace('_', ' ')}" for name, value in accuracy.items()
                ),
                f"`{card.get('command', '')}`",
            )
        )
    return table(("name", "parameters", "weights", "accuracy", "made by"), rows)


def methods() -> str:
    """The attribution methods, from their registry."""
    from heatlens.attribution.method import METHODS

    rows = []
    for method in METHODS.values():
        passes = method.cost(method.parameters)
        rows.append(
            (
                f"`{method.name}`",
                method.summary,
                f"{method.family}, per {'cell' if method.level == 'layer' else method.level}",
                ", ".join(sorted(method.needs)),
                f"{counted(passes.forward, method.each)} + {counted(passes.backward, method.each)}",
                linked(method.paper),
            )
        )
    head = ("method", "what it does", "family", "needs", "passes", "paper")
    return table(head, rows)


def sources() -> str:
    """Where models come from, from their registry."""
    from heatlens.models.protocol import CAPABILITIES
    from heatlens.models.source import SOURCES

    rows = [
        (
            f"`{source.form}`",
            source.summary,
            "everything" if source.gives == set(CAPABILITIES) else ", ".join(sorted(source.gives)),
            f"`pip install 'heatlens[{source.extra}]'`" if source.extra else "nothing more",
        )
        for source in SOURCES.values()
    ]
    return table(("written", "what it is", "gives", "install"), rows)


def distributions() -> str:
    """What pictures can be compared by, from the registry."""
    from heatlens.distributions import constructors

    rows = [
        (
            f'`"{kind.name}"`',
            kind.summary,
            kind.takes,
            kind.unit,
            ", ".join(f"`{name}`" for name in kind.parameters),
        )
        for kind in constructors()
    ]
    return table(("on=", "what it is", "of", "unit", "parameters"), rows)


def bounds() -> str:
    """Lower bounds of W1, from their registry."""
    from heatlens.search.bounds.bound import BOUNDS

    rows = [
        (f"`{bound.name}`", bound.summary, bound.cost, bound.paper) for bound in BOUNDS.values()
    ]
    return table(("bound", "what it is", "cost", "paper"), rows)


def objectives() -> str:
    """What feature visualisation can look for, from the registry."""
    from heatlens.features.visualisation.objectives.objective import OBJECTIVES

    rows = [
        (
            f"`{one.name}`",
            f'`"{one.words}"`' if one.words else "",
            one.summary,
            linked(one.paper),
        )
        for one in OBJECTIVES.values()
    ]
    return table(("objective", "in words", "what it is", "source"), rows)


def parametrisations() -> str:
    """What gradient ascent can change, from the registry."""
    from heatlens.features.visualisation.parametrisations.parametrisation import PARAMETRISATIONS

    rows = [
        (
            f"`{one.name}`",
            one.summary,
            ", ".join(f"`{name}`" for name in one.settings),
            linked(one.paper),
        )
        for one in PARAMETRISATIONS.values()
    ]
    return table(("parametrisation", "what it is", "settings", "source"), rows)


def transforms() -> str:
    """What a picture can go through in front of the network, from the registry."""
    from heatlens.features.visualisation.transforms.transform import TRANSFORMS

    rows = []
    for one in TRANSFORMS.values():
        strengths = ", ".join(f"{name}={value!r}" for name, value in one.strengths.items())
        rows.append((f"`{one.name}({strengths})`", one.summary, linked(one.paper)))
    return table(("transform", "what it does", "source"), rows)


def equality(name: str) -> str:
    """How far maps of one network differ between frameworks, from a committed result."""
    file = ROOT / "benchmarks/results/equality" / f"{name}.json"
    if not file.is_file():
        return "Nothing has been measured yet.\n"
    found = json.loads(file.read_text())
    if "differences" in found:
        # Networks that differ in one thing (the activation) stand side by side.
        found = {
            method: {
                f"{framework}, {kind}": value
                for kind, rows in found["differences"].items()
                for framework, value in rows.get(method, {}).items()
            }
            for method in found["parameters"]
        }
    frameworks = list(dict.fromkeys(one for row in found.values() for one in row))
    rows = [
        (f"`{method}`", *(f"{row[one]:.1e}" if one in row else "" for one in frameworks))
        for method, row in found.items()
    ]
    return table(("method", *frameworks), rows)


def counted(passes: float, each: str) -> str:
    """A number of passes; not a number where only the input says how many there are."""
    return f"one per {each}" if math.isnan(passes) else f"{passes:g}"


def picture_kinds() -> str:
    """Named features of pictures, from their registry."""
    import numpy as np

    from heatlens.importance.pictures.kind import KINDS
    from heatlens.importance.pictures.picture import Picture

    rows = []
    for one in KINDS.values():
        columns = list(one.compute(Picture(np.zeros((8, 8, 3)))))
        first = ", ".join(f'"{name}"' for name in columns[:2])
        rows.append(
            (f"`{one.name}`", one.summary, f"{len(columns)}: {first}, …", linked(one.paper))
        )
    return table(("kind", "what it says", "columns", "source"), rows)


def interventions() -> str:
    """What importance can change about a picture or inside a network, from the registry."""
    from heatlens.importance.interventions import KINDS

    # Those on pixels first, as a person comes to them.
    ordered = sorted(KINDS.values(), key=lambda kind: (kind.make is None, not kind.curve))
    rows = [
        (kind.summary, kind.written, kind.permuted, kind.ablated, "yes" if kind.curve else "")
        for kind in ordered
    ]
    head = ("feature", "written", "taken from another picture", "ablated", "a curve")
    return table(head, rows)


def scores() -> str:
    """What an importance can be a loss of, from the registry."""
    from heatlens.importance.scores import SCORES

    reads = {"classes": "the class said", "values": "numbers", "scores": "scores"}
    rows = [
        (
            f'`"{score.name}"`',
            score.summary,
            reads.get(score.reads, score.reads),
            "rows" if score.each is not None else "30 groups of rows",
        )
        for score in SCORES.values()
    ]
    return table(("score", "what it is", "read of the model", "interval by leaving out"), rows)


def benchmarks(part: str) -> str:
    """`everything`, the `overview`, or one of the committed results by name."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks import tables as results
    finally:
        sys.path.remove(str(ROOT))
    if not results.all_results():
        return "Nothing has been measured yet.\n"
    return getattr(results, part)() if hasattr(results, part) else results.one(part)


TABLES: dict[str, Callable[[], str]] = {
    "bounds": bounds,
    "build-signatures": lambda: benchmarks("build-signatures"),
    "bounds-measured": lambda: benchmarks("bounds"),
    "bundled": bundled,
    "methods": methods,
    "moving-camera": lambda: benchmarks("moving-camera"),
    "sources": sources,
    "benchmarks": lambda: benchmarks("everything"),
    "benchmarks-overview": lambda: benchmarks("overview"),
    "digits-knn": lambda: benchmarks("digits-knn"),
    "distances-under-change": lambda: benchmarks("distances-under-change"),
    "distributions": distributions,
    "objectives": objectives,
    "parametrisations": parametrisations,
    "picture-kinds": picture_kinds,
    "interventions": interventions,
    "scores": scores,
    "saliency": saliency,
    "saliency-films": saliency_films,
    "saliency-metrics": saliency_metrics,
    "saliency-models": lambda: benchmarks("saliency-models") or "Nothing has been measured yet.\n",
    "displays": displays,
    "fixation-datasets": fixation_datasets,
    "pixel-clusterings": lambda: pixel_parts("CLUSTERINGS"),
    "pixel-features": lambda: pixel_parts("FEATURES"),
    "pixel-measures": lambda: pixel_parts("MEASURES"),
    "pixel-steps": lambda: pixel_parts("STEPS"),
    "pixel-weightings": lambda: pixel_parts("WEIGHTINGS"),
    "transforms": transforms,
    "feature-visualisation": lambda: benchmarks("feature-visualisation"),
    "visualised-classes": lambda: benchmarks("visualised-classes"),
    "top-pictures": lambda: benchmarks("top-pictures"),
    "equality": lambda: equality("keras"),
    "equality-jax": lambda: equality("jax"),
    "kinds": lambda: benchmarks("kinds"),
    "right-reasons": lambda: benchmarks("right-reasons"),
    "search": lambda: benchmarks("search"),
    "ground-truth": lambda: benchmarks("ground-truth"),
}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(filled(path.read_text()))
