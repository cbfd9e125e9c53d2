"""Where heat lies on words, pictures, sounds and clips whose truth is planted."""

from __future__ import annotations

from benchmarks import torchvision_operators
from benchmarks.cases import Said
from benchmarks.result import Extra, Result, Target
from benchmarks.settings import Settings
from heatlens.testing.truths import KIND_TRUTHS


def run(settings: Settings, said: Said) -> Result:
    """Share of held-out cases whose hottest place is the planted one, for every view."""
    torchvision_operators.declare()
    count = settings.of(quick=20, default=200, full=500)
    extras, targets = [], []
    for name, truth in KIND_TRUTHS.items():
        said(f"{name}: {truth.words}")
        found = truth.measure(count, settings.seed, truth.views)
        extras.append(
            Extra(
                f"{truth.words} (`{truth.model}`, {count} held-out cases)",
                ["map", "hottest place is the planted one"],
                [
                    *([view, f"{one.hit_rate:.1%}"] for view, one in found.items()),
                    ["anywhere with the same odds", f"{next(iter(found.values())).chance:.1%}"],
                ],
            )
        )
        if not truth.held:
            continue
        view, first = next(iter(found.items()))
        targets.append(
            Target(f"{truth.words}: {view}", 90, round(100 * first.hit_rate, 1), False, "%")
        )
    return Result(
        name="kinds",
        title="Where heat lies on words, sounds and films, against planted truth",
        setting={"cases": count, "split": "test", "seed": settings.seed},
        entries=[],
        extras=extras,
        targets=targets,
        notes=[
            "All held-out cases count, also those that the model gets wrong.",
            "The first row of each table is the view that a test holds to 90 %. On words without other "
            "pictures to tell this one from none is held: words that fit any picture bear heat too.",
        ],
        rounds=1,
    )
