"""Itti-Koch of 640 x 480: how many pictures a second?"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import heatlens as hl
from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race
from heatlens.image import Image
from heatlens.perception.enlarge import enlarged

SIZE = (480, 640)
MAXIMUM, ITERATIVE = "heatlens.saliency, maximum", "heatlens.saliency, iterative"
FINE = "OpenCV contrib, fine-grained"


def run(settings: Settings, said: Said) -> Result:
    """The whole way from a picture in memory to a map of its size.

    No tested Python program of this model could be found to run beside it; OpenCV's fine-grained
    saliency, a centre-surround model of brightness alone, stands for what a library offers.
    """
    count = settings.of(quick=3, default=30, full=30)
    pixels = photograph(SIZE)
    image = Image(pixels)

    def ours(normalisation: str) -> npt.NDArray[np.float32]:
        return hl.saliency(image, "itti-koch", normalisation=normalisation).values

    contenders = [
        Contender(MAXIMUM, repeated(count, lambda: ours("maximum")), note="the model of 1998"),
        Contender(ITERATIVE, repeated(count, lambda: ours("iterative")), note="the model of 2000"),
        _fine_grained(pixels, count, settings.threads),
    ]
    times = race(contenders, settings, said=said)
    rates = {name: count / time.median for name, time in times.items() if time.seconds}
    alone = ours("maximum")
    mirrored = hl.saliency(Image(pixels[:, ::-1]), "itti-koch").values[:, ::-1]
    return Result(
        name="itti-koch",
        title=f"Itti-Koch saliency of {count} pictures of {SIZE[1]} x {SIZE[0]}",
        setting={"picture": f"skimage.data.rocket, uint8 RGB, {SIZE[1]} x {SIZE[0]}",
                 "pictures a run": count, "map": "float32, of the picture's size"},
        entries=entries(times.values()),
        targets=[Target("Itti-Koch at 640 x 480: pictures a second", 25.0, _rounded(rates.get(MAXIMUM)),
                        False)],
        agreements=[Agreement("the mirrored picture's map, mirrored back, and the map",
                              float(np.abs(mirrored - alone).max() / alone.max()))],
        extras=[Extra("Pictures a second", ["contender", "pictures a second"],
                      [[name, _rounded(rate)] for name, rate in rates.items()])],
        notes=[f"A run is {count} calls on one picture.",
               "OpenCV's fine-grained saliency looks at brightness only: no colour, no orientation."],
        rounds=settings.rounds,
    )  # fmt: skip


def photograph(size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """A photograph on another grid."""
    small = importlib.import_module("skimage.data").rocket()
    planes = [enlarged(plane, size) for plane in np.moveaxis(small, -1, 0)]
    return np.ascontiguousarray(np.rint(np.stack(planes, -1)).astype(np.uint8))


def repeated(count: int, compute: Callable[[], Any]) -> Callable[[], Any]:
    """A run of `count` calls; one result is freed before the next is made."""

    def run() -> Any:
        result = None
        for _ in range(count):
            result = None
            result = compute()
        return result

    return run


def _fine_grained(pixels: npt.NDArray[np.uint8], count: int, threads: int) -> Contender:
    try:
        cv2 = importlib.import_module("cv2")
        model = cv2.saliency.StaticSaliencyFineGrained_create()
    except (ImportError, AttributeError) as error:
        reason = str(error)

        def missing() -> Any:
            raise ImportError(reason)

        return Contender(FINE, missing, peer=True)
    reversed_channels = np.ascontiguousarray(pixels[..., ::-1])

    def compute() -> Any:
        before = cv2.getNumThreads()
        cv2.setNumThreads(threads)
        try:
            return model.computeSaliency(reversed_channels)[1]
        finally:
            cv2.setNumThreads(before)

    about = f"OpenCV {peers.version('opencv-contrib-python-headless')}, another, simpler model"
    return Contender(FINE, repeated(count, compute), peer=True, note=about)


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else float(f"{rate:.3g}")
