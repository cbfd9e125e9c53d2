"""Learn the basis that AIM looks through: ``python training/train_aim_basis.py [--seed 0]``.

Independent components of colour patches of the photographs that scikit-image and scikit-learn bring
(of `heatlens.testing.scenes` the split "train"), by PCA to as many as the authors' basis has and
FastICA. Writes the filters and their card into src/heatlens/perception/static/aim_basis.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from heatlens.testing.scenes.sources import photographs

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "src" / "heatlens" / "perception" / "static" / "aim_basis"

SIDE = 21
PATCHES = 20_000
FILTERS = 54
SCALES = (1, 2, 3)
"""Levels of the photographs' pyramids that patches are cut from: half to an eighth of their size."""

Floats = npt.NDArray[np.float64]


def main(arguments: list[str] | None = None) -> int:
    """Learn, check and write; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patches", type=int, default=PATCHES)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    rows = patches(options.patches, np.random.default_rng(options.seed))
    filters, kept, rounds = basis(rows, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    shaped = filters.reshape(-1, SIDE, SIDE, 3).transpose(0, 3, 1, 2)
    save_file(
        {"filters": np.ascontiguousarray(shaped, np.float16)},
        options.out / "filters.safetensors",
    )
    write_card(options.out, len(filters), kept, rounds, options)
    print(f"{len(filters)} filters of {SIDE} x {SIDE} x 3, {kept:.1%} of the variance")
    return 0


def patches(count: int, rng: np.random.Generator) -> Floats:
    """(count, 21 * 21 * 3) colour patches without their mean, as many of each photograph."""
    levels = [
        level
        for photo in photographs("train")
        for level in (photo.levels[s] for s in SCALES if s < len(photo.levels))
        if level.shape[2] == 3 and min(level.shape[:2]) >= SIDE
    ]
    rows = np.empty((count, SIDE * SIDE * 3))
    for index in range(count):
        level = levels[index % len(levels)]
        top, left = (rng.integers(0, n - SIDE + 1) for n in level.shape[:2])
        patch = level[top : top + SIDE, left : left + SIDE].astype(np.float64)
        if rng.random() < 0.5:
            patch = patch[:, ::-1]
        rows[index] = np.rot90(patch, int(rng.integers(4))).ravel()
    return rows - rows.mean(axis=1, keepdims=True)


def basis(rows: Floats, seed: int) -> tuple[Floats, float, int]:
    """Filters that give independent responses of variance 1, their share of variance, rounds."""
    from sklearn.decomposition import FastICA

    centred = rows - rows.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / (len(rows) - 1))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = float(values[:FILTERS].sum() / values.sum())
    whitening = vectors[:, :FILTERS] / np.sqrt(values[:FILTERS])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one that has not converged is not to be shipped
        ica = FastICA(whiten=False, fun="logcosh", max_iter=2000, tol=1e-4, random_state=seed)
        ica.fit(centred @ whitening)
    unmixing = np.asarray(ica.components_) @ whitening.T
    # Signs and order of independent components mean nothing: make them a convention.
    largest = np.abs(unmixing).argmax(axis=1)
    unmixing *= np.sign(unmixing[np.arange(len(unmixing)), largest])[:, None]
    order = np.argsort(np.abs(unmixing).sum(axis=1), kind="stable")
    return unmixing[order], kept, int(ica.n_iter_)


def write_card(
    out: Path, count: int, kept: float, rounds: int, options: argparse.Namespace
) -> None:
    """What a reader has to know, in words and as JSON."""
    names = [photo.name for photo in photographs("train") if photo.levels[0].shape[2] == 3]
    card = {
        "filters": count,
        "shape": [3, SIDE, SIDE],
        "patches": options.patches,
        "variance_kept": round(kept, 4),
        "fast_ica_rounds": rounds,
        "seed": options.seed,
        "photographs": names,
        "scales": [f"1/{2**s}" for s in SCALES],
    }
    (out / "filters.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    (out / "README.md").write_text(
        f"# The basis of AIM\n\n"
        f"`filters.safetensors` holds {count} filters, (filters, red green blue, rows, columns), "
        f"{SIDE} x {SIDE} pixels, float16. They are the independent components of {options.patches:,} "
        f"colour patches: each patch without its mean, reduced by PCA to {kept:.1%} of the variance, "
        f"unmixed by FastICA (logcosh, seed {options.seed}, {rounds} rounds). On such patches the "
        "responses are uncorrelated and of variance 1. Sign and order are by convention: the largest "
        "weight is positive, smooth filters come first.\n\n"
        f"Patches come from the colour photographs that scikit-image and scikit-learn bring, at a "
        f"half, a quarter and an eighth of their size, turned and mirrored at random: "
        f"{', '.join(names)}. That is a small and mixed lot (a portrait, a cat, tissue, stars, a "
        "retina); the filters are what natural colour patches give everywhere, blobs, edges and bars "
        "in brightness, blue-yellow and red-green, but a basis of thousands of photographs is "
        "smoother.\n\n"
        f"Made by `python training/train_aim_basis.py --seed {options.seed}`.\n",
        "utf-8",
    )


if __name__ == "__main__":
    sys.exit(main())
