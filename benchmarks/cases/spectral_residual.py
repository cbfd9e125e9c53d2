"""Spectral residual of full-HD pictures, beside OpenCV contrib's."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import heatlens as hl
from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.image import Image
from heatlens.perception.enlarge import enlarged
from heatlens.perception.model import SALIENCY

SIZE = (1080, 1920)
OPENCV = "OpenCV contrib"
OURS, ARRAY = "heatlens.saliency, opencv variant", "the same, as an array"
PAPER = "heatlens.saliency, paper variant"
METHOD = "spectral-residual"


def run(settings: Settings, said: Said) -> Result:
    """The whole way from a picture in memory to a map of its size."""
    count = settings.of(quick=20, default=200, full=200)
    few = settings.of(quick=2, default=20, full=20)
    pixels = _photograph()
    image, model = Image(pixels), SALIENCY[METHOD]
    contenders = [
        Contender(OURS, _times(count, lambda: _map(image, "opencv")),
                  note="checked, with its provenance"),
        Contender(ARRAY, _times(count, lambda: enlarged(model(image, variant="opencv"), SIZE)),
                  note="what OpenCV hands out: values and nothing else"),
        Contender(PAPER, _times(count, lambda: _map(image, "paper"), few),
                  note="every pixel is averaged, in three channels"),
        _opencv(pixels, count, settings.threads),
    ]  # fmt: skip
    times = race(contenders, settings, said=said)
    agreements = []
    if times[OPENCV].seconds:
        off = np.abs(_map(image, "opencv") - contenders[-1].run()).max()
        agreements.append(
            Agreement("OpenCV's map and ours", float(off), "largest difference, of 1")
        )
    return Result(
        name="spectral-residual",
        title=f"Spectral residual of {count} pictures of {SIZE[1]} x {SIZE[0]}",
        setting={"picture": f"skimage.data.rocket, uint8 RGB, {SIZE[1]} x {SIZE[0]}",
                 "pictures a run": count, "of the paper's variant": few, "map": "float32"},
        entries=entries(times.values()),
        reference=OPENCV,
        targets=[
            Target("spectral residual at 1920 x 1080: OpenCV contrib / heatlens.saliency", 2.5,
                   ratio(times[OPENCV], times[OURS]), False, "x"),
            Target("the same, without the heatmap around the values", 2.5,
                   ratio(times[OPENCV], times[ARRAY]), False, "x"),
        ],
        agreements=agreements,
        notes=[
            f"A run is {count} calls on one picture, {few} for the paper's variant: divide by that.",
            "One map is freed before the next is made, so that nobody waits for the system's memory.",
        ],
        rounds=settings.rounds,
    )  # fmt: skip


def _photograph() -> npt.NDArray[np.uint8]:
    """A photograph that is enlarged to full HD, without a seam."""
    small = importlib.import_module("skimage.data").rocket()
    channels = np.moveaxis(small, -1, 0)
    large = np.stack([enlarged(channel, SIZE) for channel in channels], axis=-1)
    return np.ascontiguousarray(np.rint(large).astype(np.uint8))


def _map(image: Image, variant: str) -> npt.NDArray[np.float32]:
    return hl.saliency(image, METHOD, variant=variant).values


def _times(count: int, compute: Callable[[], Any], few: int | None = None) -> Callable[[], Any]:
    def run() -> Any:
        result = None
        for _ in range(few or count):
            result = None  # freed first
            result = compute()
        return result

    return run


def _opencv(pixels: npt.NDArray[np.uint8], count: int, threads: int) -> Contender:
    try:
        cv2 = importlib.import_module("cv2")
        model = cv2.saliency.StaticSaliencySpectralResidual_create()
    except (ImportError, AttributeError) as error:
        reason = str(error)

        def fail() -> Any:
            raise ImportError(reason)

        return Contender(OPENCV, fail, peer=True)
    blue_first = np.ascontiguousarray(pixels[..., ::-1])

    def run() -> Any:
        before = cv2.getNumThreads()
        cv2.setNumThreads(threads)
        try:
            return _times(count, lambda: model.computeSaliency(blue_first)[1])()
        finally:
            cv2.setNumThreads(before)

    about = f"OpenCV {peers.version('opencv-contrib-python-headless')}, {threads} threads"
    return Contender(OPENCV, run, peer=True, note=about)
