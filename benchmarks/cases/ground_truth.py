"""Where the hottest point lies on scenes whose object is known, beside maps that know nothing."""

from __future__ import annotations

from benchmarks.cases import Said
from benchmarks.result import Extra, Result, Target
from benchmarks.settings import Settings
from heatlens.testing.ground_truth import VIEWS, ground_truth
from heatlens.testing.localisation import NULL_MAPS


def run(settings: Settings, said: Said) -> Result:
    """Hit rate and mass gain of the methods on both honest bundled networks."""
    count = settings.of(quick=24, default=200, full=1000)
    extras, targets = [], []
    for model in ("bundled:scene-cnn", "bundled:scene-vit"):
        said(f"explaining scenes with {model}")
        found = ground_truth(model, count, seed=settings.seed)
        measured = next(iter(found.values())).count
        extras.append(
            Extra(
                f"`{model}`, {measured} held-out scenes that it classifies rightly",
                ["map", "hottest point on the object", "mass gain", "gain of 3 or more"],
                [
                    [name, f"{one.hit_rate:.1%}", round(one.gain, 2), f"{one.gain_of_3:.1%}"]
                    for name, one in found.items()
                ],
            )
        )
        if model != "bundled:scene-cnn":
            continue
        excuse = max(found[name].hit_rate for name in NULL_MAPS)
        for view in (VIEWS[0], VIEWS[-1]):
            one, words = found[view.name], view.method
            hits, ahead = 100 * one.hit_rate, 100 * (one.hit_rate - excuse)
            targets += [
                Target(f"{words}: hottest point on the object", 90, round(hits, 1), False, "%"),
                Target(f"{words}: mass gain on the object", 3, round(one.gain, 2), False, "x"),
                Target(
                    f"{words}: ahead of the best null map", 30, round(ahead, 1), False, "points"
                ),
            ]
    return Result(
        name="ground-truth",
        title="Where the evidence lies, against known truth",
        setting={"scenes": count, "split": "test", "tolerance": "half a CAM cell"},
        entries=[],
        extras=extras,
        targets=targets,
        notes=[
            "Mass gain: the object's share of the positive mass over its share of the area.",
            "The last three rows of each table use no model: a centre Gaussian, an edge map and "
            "coarse noise. A method that does not beat them has shown nothing.",
        ],
        rounds=1,
    )
