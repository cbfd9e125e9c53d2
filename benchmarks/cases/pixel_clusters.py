"""k-means of a 12-megapixel photograph's pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.distributions.kmeans import kmeans
from heatlens.image import Image
from heatlens.pixels import clusters, feature_stack
from heatlens.pixels.grouping import cluster_means

K = 8
SAMPLE = 32_768
RGB, LAB = "heatlens, red green blue", "heatlens, CIELAB"
MINI, OPENCV = "scikit-learn MiniBatchKMeans", "cv2.kmeans"

Labels = npt.NDArray[Any]


def run(settings: Settings, said: Said) -> Result:
    """From 8-bit pixels to a map of labels, beside scikit-learn and OpenCV on the same colours."""
    size = settings.of(quick=(600, 800), default=(3000, 4000), full=(3000, 4000))
    picture = _photograph(size, settings.seed)
    image = Image(picture, name="picture")
    rounds = settings.at_most(5)
    found: dict[str, Labels] = {}
    runs: dict[str, Callable[[], Labels]] = {
        RGB: lambda: clusters(image, k=K, features=("rgb",), seed=settings.seed).labels,
        LAB: lambda: clusters(image, k=K, seed=settings.seed).labels,
        MINI: lambda: _mini_batch(picture, settings.seed),
        OPENCV: lambda: _opencv(picture, settings),
    }
    notes = {
        RGB: "centres from 32,768 pixels, the best of 5 starts, then all are labelled; counts, "
        "distances and the silhouette of 2000 pixels too",
        LAB: "the same, and the conversion of every pixel",
        MINI: f"scikit-learn {peers.version('scikit-learn')}, fitted on 32,768 pixels, the best of 5 starts, then predict on all",
        OPENCV: "k-means++ start, all pixels, 10 iterations, one attempt",
    }
    contenders = [
        Contender(
            name,
            lambda n=name: found.update({n: runs[n]()}),
            peer=name in (MINI, OPENCV),
            note=notes[name],
        )
        for name in runs
    ]
    times = race(contenders, settings, rounds=rounds, said=said)
    said("one pixel of sixteen, until nothing moves")
    values = feature_stack(image, ("rgb",)).values
    few = kmeans(values[::4, ::4].reshape(-1, 3), K, seed=settings.seed, tolerance=0)
    best = _cost(values[::4, ::4], few.labels.reshape(values[::4, ::4].shape[:2]).astype(np.int32))
    large = size[0] * size[1] >= 12_000_000
    why = "" if large else "a smaller picture was used"
    costs = {
        name: _cost(values, labels)
        for name, labels in found.items()
        if name != LAB and times[name].seconds
    }
    return Result(
        name="pixel-clusters",
        title="k-means of a photograph's pixels",
        setting={"picture": f"{size[1]} x {size[0]}", "clusters": K, "features": "RGB; CIELAB"},
        entries=entries(times.values()),
        reference=RGB,
        targets=[
            Target(f"k-means map of 12 megapixels, {words}", 2.0,
                   times[name].median if large else None, True, "s", why=why)
            for name, words in ((RGB, "red green blue"), (LAB, "CIELAB"))
        ],
        agreements=[
            Agreement(f"{name} and Lloyd's iteration on one pixel of sixteen", cost / best - 1,
                      "mean squared distance to the centre, share above it")
            for name, cost in costs.items()
        ],
        extras=[
            Extra("Times heatlens's (red green blue)", ["contender", "ratio"],
                  [[name, _rounded(ratio(times[name], times[RGB]))] for name in (MINI, OPENCV)]),
        ],
        notes=[
            "The picture: scikit-image's `coffee`, enlarged and with seeded noise.",
            "Lloyd's iteration on one pixel of sixteen runs until no label changes; its "
            "time is not counted. Local optima differ, so a share below 0 is possible.",
        ],
        rounds=rounds,
    )  # fmt: skip


def _photograph(size: tuple[int, int], seed: int) -> npt.NDArray[np.uint8]:
    import skimage.data

    small = Pillow.fromarray(skimage.data.coffee())
    large = np.asarray(small.resize((size[1], size[0]), Pillow.Resampling.BICUBIC), np.float32)
    noise = np.random.default_rng(seed).standard_normal(large.shape, np.float32)
    return np.clip(large + 2 * noise, 0, 255).astype(np.uint8)


def _mini_batch(picture: npt.NDArray[np.uint8], seed: int) -> Labels:
    """Fitted on a sample as large as ours: on all 12 million pixels it takes minutes."""
    from sklearn.cluster import MiniBatchKMeans

    rows = picture.reshape(-1, 3).astype(np.float32) / 255
    drawn = np.random.default_rng(seed).choice(len(rows), min(SAMPLE, len(rows)), replace=False)
    model = MiniBatchKMeans(K, batch_size=4096, n_init=5, random_state=seed).fit(rows[drawn])
    return model.predict(rows).reshape(picture.shape[:2])


def _opencv(picture: npt.NDArray[np.uint8], settings: Settings) -> Labels:
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(settings.threads)
    cv2.setRNGSeed(settings.seed)
    try:
        rows = picture.reshape(-1, 3).astype(np.float32) / 255
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 10, 1e-4)
        _, labels, _ = cv2.kmeans(rows, K, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    finally:
        cv2.setNumThreads(before)
    return labels.reshape(picture.shape[:2])


def _cost(values: npt.NDArray[np.float32], labels: Labels) -> float:
    """Mean squared distance of the pixels to the mean of their cluster."""
    labels = np.ascontiguousarray(labels, np.int32)
    means, counts = cluster_means(values, labels, K)
    # sum |x - m|^2 = sum |x|^2 - sum n |m|^2
    squares = np.einsum("ijc,ijc->", values, values, dtype=np.float64)
    return float((squares - (counts[:, None] * means**2).sum()) / labels.size)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
