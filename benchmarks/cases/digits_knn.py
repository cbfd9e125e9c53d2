"""Nearest neighbours of real handwritten digits: Wasserstein beside Euclid, wins and losses."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.cases import Said
from benchmarks.result import Extra, Result
from benchmarks.settings import Settings
from heatlens.distributions import as_distribution
from heatlens.transport import emd_matrix

Floats = npt.NDArray[np.float64]

NEIGHBOURS = 3
BORDER = 1


def run(settings: Settings, said: Said) -> Result:
    """Leave one out: each digit takes the class of most of its three nearest others."""
    from sklearn.datasets import load_digits

    count = settings.of(quick=120, default=1797, full=1797)
    queries = settings.of(quick=40, default=400, full=1797)
    digits = load_digits()
    images, labels = digits.images[:count], digits.target[:count]
    padded = np.pad(images, [(0, 0), (BORDER, BORDER), (BORDER, BORDER)])
    generator = np.random.default_rng(settings.seed)
    moved = generator.permutation(count)[:queries]
    ways = generator.integers(0, 4, queries)
    shifted = np.stack([_shifted(padded[i], way) for i, way in zip(moved, ways, strict=True)])

    said(f"{count * (count - 1) // 2} pairs of digits")
    points, masses = _masses(padded)
    emd_matrix(masses[:2], x=points, mass="normalise")  # compiled before the clock starts
    started = time.perf_counter()
    plain = emd_matrix(masses, x=points, mass="normalise", threads=settings.threads)
    seconds = time.perf_counter() - started
    said(f"{queries * count} pairs with shifted digits")
    crossed = emd_matrix(
        _masses(shifted)[1], masses, x=points, mass="normalise", threads=settings.threads
    )
    said("all pairs again, centred")
    centred = _centred(points, masses, settings.threads)
    # Centred, a shift changes nothing: the rows of the unshifted digits are those of the shifted.
    tables: dict[str, tuple[Floats, Floats]] = {
        "W1, on='mass'": (plain, crossed),
        "W1, on='mass', centred": (centred, centred[moved]),
        "Euclid": (_euclid(padded, padded), _euclid(shifted, padded)),
        "Euclid of shares of the total": (
            _euclid(_shares(padded), _shares(padded)),
            _euclid(_shares(shifted), _shares(padded)),
        ),
        "cosine": (_cosine(padded, padded), _cosine(shifted, padded)),
    }
    rows: list[list[str | float | None]] = []
    found = {}
    for name, (still, shift) in tables.items():
        found[name] = _accuracy(still, labels, np.arange(count)), _accuracy(shift, labels, moved)
        rows.append([name, round(found[name][0], 4), round(found[name][1], 4)])
    pairs = count * (count - 1) // 2
    return Result(
        name="digits-knn",
        title="Nearest neighbours of 1,797 handwritten digits",
        setting={"digits": count, "shifted queries": queries, "neighbours": NEIGHBOURS},
        entries=[],
        extras=[
            Extra(
                "Share of right classes, leave one out",
                ["distance", "digits as they are", "query shifted by one pixel"],
                rows,
            ),
            Extra(
                "Cost of the exact W1",
                ["pairs", "seconds", "us a pair"],
                [[pairs, round(seconds, 2), round(1e6 * seconds / pairs, 1)]],
            ),
        ],
        notes=[
            "The 8 x 8 digits of scikit-learn (UCI), with an empty border of one pixel so that a "
            "shift loses nothing; the query is shifted up, down, left or right, by its seed, and "
            "its neighbours are unshifted. Its own unshifted picture is left out.",
            "Ties in the vote go to the nearer one.",
            "Euclid wins where digits are centred and scaled already, and loses less to a shift than "
            "plain W1, which charges every stroke for it; only centred W1 does not mind.",
        ],
        rounds=1,
    )


def _masses(pictures: Floats) -> tuple[Floats, Floats]:
    made = [as_distribution(picture, "mass", unit="pixels") for picture in pictures]
    return np.array(made[0].points), np.stack([one.weights for one in made])


def _centred(points: Floats, masses: Floats, threads: int) -> Floats:
    """W1 of all pairs with every digit's centroid at 0."""
    places, weights = [], []
    for mass in masses:
        inked = mass > 0
        shares = mass[inked] / mass.sum()
        places.append(points[inked] - shares @ points[inked])
        weights.append(shares)
    options: dict[str, Any] = {"mass": "normalise", "threads": threads}
    return emd_matrix(weights, x=places, **options)


def _shifted(picture: Floats, way: int) -> Floats:
    """One pixel up, down, left or right; the empty border takes it."""
    return np.roll(picture, (-1, 1, -1, 1)[way], axis=(0, 0, 1, 1)[way])


def _shares(pictures: Floats) -> Floats:
    shares: Floats = pictures / pictures.sum((1, 2), keepdims=True)
    return shares


def _euclid(a: Floats, b: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(a.reshape(len(a), -1), b.reshape(len(b), -1)))


def _cosine(a: Floats, b: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(a.reshape(len(a), -1), b.reshape(len(b), -1), "cosine"))


def _accuracy(
    distances: Floats, labels: npt.NDArray[np.int64], own: npt.NDArray[np.int64]
) -> float:
    """Share of rows whose nearest others, without number own[row], vote for the right class."""
    distances = distances.copy()
    distances[np.arange(len(own)), own] = np.inf
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
    right = 0
    for row, neighbours in enumerate(nearest):
        votes = np.bincount(labels[neighbours], minlength=10)
        winners = np.flatnonzero(votes == votes.max())
        first = next(label for label in labels[neighbours] if label in winners)
        right += int(first == labels[own[row]])
    return right / len(own)
