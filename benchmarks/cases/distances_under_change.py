"""How distances grow when a picture or a heatmap is changed more and more: wins and losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.cases import Said
from benchmarks.changes import CHANGES, Pixels, changed
from benchmarks.result import Extra, Result
from benchmarks.settings import Settings
from heatlens.distributions import Distribution, as_distribution, distances, wasserstein
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance

Thing = Image | Heatmap

CROP, MARGIN, STEPS = 128, 32, 8
SIDE, CENTRED_SIDE = 32, 16
"""Cells along the longer side; centred, nothing lies on one grid any more and a pair costs more."""

PIXELWISE = ("euclidean", "cosine", "kl", "js", "chi-square", "ssim")


def run(settings: Settings, said: Said) -> Result:
    """Change photographs and maps step by step, and ask each distance how far they went."""
    count = settings.of(quick=3, default=12, full=12)
    extras = []
    for what, things in (("photographs", _photographs(count)), ("heatmaps", _heatmaps(count))):
        measured: dict[str, dict[str, npt.NDArray[np.float64]]] = {}
        ranks: dict[str, dict[str, float]] = {}
        for change in CHANGES:
            said(f"{what}: {change}")
            series = [
                changed(pixels, change, STEPS, settings.seed + i) for i, pixels in enumerate(things)
            ]
            originals = [_known(pixels, what) for pixels in things]
            rows = [
                [_all(original, _known(pixels, what)) for pixels in going]
                for original, going in zip(originals, series, strict=True)
            ]
            measured[change] = {
                name: np.array([[row[name] for row in steps] for steps in rows])
                for name in rows[0][0]
            }
            last = [_known(going[-1], what) for going in series]
            ranks[change] = _found_again(originals, last)
        extras += _tables(what, measured, ranks)
    return Result(
        name="distances-under-change",
        title="Distances under growing change",
        setting={"photographs": count, "heatmaps": count, "steps": STEPS, "grid of W1": SIDE},
        entries=[],
        extras=extras,
        notes=[
            "Photographs of scikit-image and scikit-learn, 128 x 128, cut from larger ones so that "
            "a shift or a turn brings real content in; heatmaps: Grad-CAM of the bundled network "
            "on its test scenes, with an empty border.",
            "Steps up to: "
            + "; ".join(f"{name} {most[1]}" for name, most in CHANGES.items())
            + ".",
            "In order: of all pairs of steps of one picture, the share in which the larger change "
            "has the larger distance; ties count half. 1 is perfect, .5 is chance.",
            "Evenness: the distance at half the change as a share of that at the full change; .5 is "
            "proportional, 1 means that the distance has no more to say. Not defined for KL where it "
            "is infinite.",
            "Found again: share of pictures that, changed to the full, are still nearer to their "
            "own original than to any other original.",
            f"W1 moves pixel mass on a grid of {SIDE} x {SIDE}; centred: both moved to their centroids "
            f"first, on {CENTRED_SIDE} x {CENTRED_SIDE}. "
            "It is meant to be blind to the shift of a map. SSIM is counted as 1 - SSIM.",
        ],
        rounds=1,
    )


def _photographs(count: int) -> list[Pixels]:
    """Float RGB in 0..1 with a margin around the part that is looked at."""
    from skimage import data, transform
    from sklearn.datasets import load_sample_images

    names = [
        "astronaut",
        "camera",
        "coffee",
        "chelsea",
        "rocket",
        "coins",
        "clock",
        "immunohistochemistry",
        "hubble_deep_field",
        "moon",
    ]
    sources = [*load_sample_images().images, *(getattr(data, name)() for name in names)]
    side = CROP + 2 * MARGIN
    found = []
    for source in sources[:count]:
        colour = source if source.ndim == 3 else np.repeat(source[..., None], 3, axis=2)
        shortest = min(colour.shape[:2])
        top, left = ((n - shortest) // 2 for n in colour.shape[:2])
        square = colour[top : top + shortest, left : left + shortest]
        found.append(transform.resize(square, (side, side), anti_aliasing=True))
    return found


def _heatmaps(count: int) -> list[Pixels]:
    """Grad-CAM of test scenes, float64, with an empty margin."""
    from heatlens.attribution.explain import explain
    from heatlens.models.load import load_model
    from heatlens.testing.scenes import scenes

    model = load_model("bundled:scene-cnn")
    batch = scenes(4 * count, split="test", seed=200)
    found: list[Pixels] = []
    for picture in batch.images:
        heat = explain(model, Image(picture), method="gradcam")
        if heat.values.max() > 0 and len(found) < count:
            found.append(np.pad(heat.positive().values.astype(np.float64), MARGIN))
    return found


def _seen(pixels: Pixels, what: str) -> Thing:
    """What a distance gets: the photograph's middle in 8 bits, or the whole map."""
    if what == "heatmaps":
        return Heatmap(pixels, Provenance("gradcam"), signed=False)
    middle = pixels[MARGIN : MARGIN + CROP, MARGIN : MARGIN + CROP]
    return Image(np.rint(np.clip(middle, 0, 1) * 255).astype(np.uint8))


@dataclass(frozen=True)
class _Known:
    """A thing and the distributions made of it, each once."""

    thing: Thing
    made: dict[str, Distribution]


def _known(pixels: Pixels, what: str) -> _Known:
    thing = _seen(pixels, what)
    made = {
        "W1 mass": as_distribution(thing, "mass", side=SIDE),
        "W1 mass, centred": as_distribution(thing, "mass", side=CENTRED_SIDE),
    }
    if isinstance(thing, Image):
        made["W1 histogram"] = as_distribution(thing, "histogram")
        made["W1 signature"] = as_distribution(thing, "signature", k=16)
        made["W1 orientation"] = as_distribution(thing, "orientation")
    return _Known(thing, made)


def _all(a: _Known, b: _Known) -> dict[str, float]:
    """Every contender between two things."""
    found = {
        name: wasserstein(first, b.made[name], first.kind, centred=name.endswith("centred"))
        for name, first in a.made.items()
    }
    for row in distances(a.thing, b.thing, PIXELWISE):
        found[row.name] = 1 - row.value if row.name == "ssim" else row.value
    return found


def _found_again(originals: list[_Known], moved: list[_Known]) -> dict[str, float]:
    """Share of changed things whose nearest original is their own."""
    table = [[_all(original, one) for original in originals] for one in moved]
    found = {}
    for name in table[0][0]:
        values = np.array([[entry[name] for entry in row] for row in table])
        own = np.diag(values).copy()
        np.fill_diagonal(values, np.inf)
        found[name] = float((own < values.min(1)).mean())
    return found


def _in_order(values: npt.NDArray[np.float64]) -> float:
    first, second = np.triu_indices(values.shape[1], 1)
    smaller, larger = values[:, first], values[:, second]
    return float(np.where(smaller == larger, 0.5, smaller < larger).mean())


def _evenness(values: npt.NDArray[np.float64]) -> float | None:
    half, full = values[:, STEPS // 2 - 1], values[:, -1]
    if not np.isfinite(full).all() or not full.all():
        return None
    return round(float(np.median(half / full)), 2)


def _tables(
    what: str,
    measured: dict[str, dict[str, npt.NDArray[np.float64]]],
    ranks: dict[str, dict[str, float]],
) -> list[Extra]:
    names = list(next(iter(measured.values())))
    head = ["distance", *CHANGES]
    return [
        Extra(
            f"{what.capitalize()}: steps in order",
            head,
            [[n, *(round(_in_order(measured[c][n]), 3) for c in CHANGES)] for n in names],
        ),
        Extra(
            f"{what.capitalize()}: evenness, .5 is proportional",
            head,
            [[n, *(_evenness(measured[c][n]) for c in CHANGES)] for n in names],
        ),
        Extra(
            f"{what.capitalize()}: found again after the full change",
            head,
            [[n, *(round(ranks[c][n], 2) for c in CHANGES)] for n in names],
        ),
    ]
