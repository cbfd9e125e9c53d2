"""Colour transfer of a 12-megapixel photograph."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race
from heatlens.image import Image
from heatlens.transfer import colour_transfer, palette_distance

Pixels = npt.NDArray[np.uint8]

REGULARISED, EXACT = "heatlens, regularised", "heatlens, exact"
HISTOGRAMS, POT = "scikit-image match_histograms", "POT EMDTransport"
SUBSET = 1000


def run(settings: Settings, said: Said) -> Result:
    """Time it beside scikit-image's histograms a channel and POT's out-of-sample mapping."""
    size = settings.of(quick=(600, 800), default=(3000, 4000), full=(3000, 4000))
    picture, goal = _photographs(size, settings.seed)
    image, reference = Image(picture, name="picture"), Image(goal, name="reference")
    every = settings.of(quick=4, default=10, full=10)
    few = picture[::every, ::every]
    rounds = settings.at_most(5)
    runs: dict[str, Callable[[], Any]] = {
        REGULARISED: functools.partial(
            colour_transfer, image, reference, threads=settings.threads, seed=settings.seed
        ),
        EXACT: functools.partial(
            colour_transfer, image, reference, method="exact", threads=settings.threads,
            seed=settings.seed,
        ),
        HISTOGRAMS: functools.partial(_matched_histograms, picture, goal),
        POT: functools.partial(_pot, np.ascontiguousarray(few), goal, settings.seed),
    }  # fmt: skip
    notes = {
        HISTOGRAMS: f"scikit-image {peers.version('scikit-image')}, red, green and blue apart",
        POT: f"POT {peers.version('POT')}, exact plan between {SUBSET} pixels of each, every other "
        f"of {few.shape[0] * few.shape[1]} pixels (one in {every**2}) moved with the nearest of them; "
        "sRGB, as in POT's example",
    }
    contenders = [
        Contender(name, call, peer=name in (HISTOGRAMS, POT), note=notes.get(name, ""))
        for name, call in runs.items()
    ]
    times = race(contenders, settings, rounds=rounds, said=said)
    large = size[0] * size[1] >= 12_000_000
    why = "" if large else "a smaller picture was used"
    return Result(
        name="colour-transfer",
        title="Colour transfer of a photograph",
        setting={"picture": f"{size[1]} x {size[0]}", "reference": "600 x 400", "palette": 128},
        entries=entries(times.values()),
        reference=REGULARISED,
        targets=[
            Target(f"colour transfer, {name}, 12 megapixels", 2.0, times[name].median if large else None, True, "s",
                   why=why)
            for name in (REGULARISED, EXACT)
        ],
        agreements=[
            Agreement(name, _left(call(), image, reference), "palette distance left, share of start")
            for name, call in runs.items()
            if times[name].seconds
        ],
        notes=[
            "The pictures: scikit-image's `coffee`, enlarged and with seeded noise, in the colours "
            "of scikit-image's `rocket`.",
            "The palette distance is exact, in CIELAB, from the finished 8-bit picture to the "
            "reference's palette of 128 colours.",
        ],
        rounds=rounds,
    )  # fmt: skip


def _photographs(size: tuple[int, int], seed: int) -> tuple[Pixels, Pixels]:
    import skimage.data

    small = Pillow.fromarray(skimage.data.coffee())
    large = np.asarray(small.resize((size[1], size[0]), Pillow.Resampling.BICUBIC), np.float32)
    noise = np.random.default_rng(seed).standard_normal(large.shape, np.float32)
    goal = Pillow.fromarray(skimage.data.rocket()).resize((600, 400))
    return np.clip(large + 2 * noise, 0, 255).astype(np.uint8), np.asarray(goal)


def _matched_histograms(picture: Pixels, goal: Pixels) -> Pixels:
    from skimage.exposure import match_histograms

    return np.clip(np.rint(match_histograms(picture, goal, channel_axis=-1)), 0, 255).astype(
        np.uint8
    )


def _pot(picture: Pixels, goal: Pixels, seed: int) -> Pixels:
    for library in ("PYTORCH", "JAX", "TENSORFLOW", "CUPY"):
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{library}", "1")  # else it imports them all
    import ot

    flat, wanted = (pixels.reshape(-1, 3) for pixels in (picture, goal))
    generator = np.random.default_rng(seed)
    few, others = (p[generator.integers(len(p), size=SUBSET)] / 255 for p in (flat, wanted))
    fitted = ot.da.EMDTransport().fit(Xs=few, Xt=others)
    moved = np.empty_like(flat)
    for start in range(0, len(flat), 1 << 17):  # its distances to all samples are kept at once
        part = slice(start, start + (1 << 17))
        colours = fitted.transform(Xs=flat[part] / 255, batch_size=1 << 14)
        moved[part] = np.rint(np.clip(colours, 0, 1) * 255)
    return moved.reshape(picture.shape)


def _left(result: Image | Pixels, image: Image, reference: Image) -> float:
    done = result if isinstance(result, Image) else Image(result)
    return round(palette_distance(done, reference) / palette_distance(image, reference), 4)
