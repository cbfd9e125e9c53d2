"""Graph-based visual saliency: milliseconds a picture, beside power iteration as published."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import heatlens as hl
from benchmarks.cases import Said
from benchmarks.cases.itti_koch import photograph, repeated
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.image import Image
from heatlens.perception.static.graph.chains import activation

SIZE, MAP = (480, 640), (24, 32)
MAPS, SIGMA = 21, 3.2
WHOLE = "heatlens.saliency, the whole model"
CLOSED, POWER = "activation of 21 maps, closed form", "the same, by power iteration in numpy"
STEPS, RESIDUAL = 1000, 1e-6


def run(settings: Settings, said: Said) -> Result:
    """One picture through the whole model; and its chains, in closed form and walked."""
    count = settings.of(quick=2, default=10, full=10)
    image = Image(photograph(SIZE))
    maps = np.random.default_rng(settings.seed).random((MAPS, *MAP)).astype(np.float32)
    contenders = [
        Contender(WHOLE, repeated(count, lambda: hl.saliency(image, "gbvs"))),
        Contender(CLOSED, repeated(count, lambda: activation(maps, SIGMA))),
        Contender(POWER, repeated(count, lambda: _walked(maps)), peer=True,
                  note=f"float32 matrices, until a step changes less than {RESIDUAL:g}"),
    ]  # fmt: skip
    times = race(contenders, settings, said=said)
    milliseconds = times[WHOLE].median / count * 1e3 if times[WHOLE].seconds else None
    closed, walked = activation(maps, SIGMA), _walked(maps)
    return Result(
        name="gbvs",
        title=f"Graph-based visual saliency of {count} pictures of {SIZE[1]} x {SIZE[0]}",
        setting={"picture": f"skimage.data.rocket, uint8 RGB, {SIZE[1]} x {SIZE[0]}",
                 "pictures a run": count, "places of a map": f"{MAP[0]} x {MAP[1]}, all pairs",
                 "maps": MAPS},
        entries=entries(times.values()),
        targets=[
            Target("GBVS of 640 x 480 at 32 places: a picture", 150.0,
                   None if milliseconds is None else float(f"{milliseconds:.3g}"), True, "ms"),
            Target("equilibrium: power iteration / closed form", 1.0,
                   ratio(times[POWER], times[CLOSED]), False, "x"),
        ],
        agreements=[Agreement("the equilibrium, walked and in closed form",
                              float(np.abs(closed - walked).max() / closed.max()))],
        notes=[f"A run is {count} calls on one picture, or on {MAPS} maps of noise."],
        rounds=settings.rounds,
    )  # fmt: skip


def _walked(maps: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Equilibria by multiplying with the matrix, as the paper describes."""
    places = np.argwhere(np.ones(maps.shape[1:]))
    near = np.exp(-((places[:, None] - places) ** 2).sum(-1) / (2 * SIGMA**2)).astype(np.float32)
    found = np.empty((len(maps), len(places)), np.float32)
    for index, values in enumerate(maps.reshape(len(maps), -1)):
        step = np.abs(values[:, None] - values) * near
        step /= step.sum(axis=1, keepdims=True)
        walker = np.full(len(values), 1 / len(values), np.float32)
        for _ in range(STEPS):
            moved = walker @ step
            change = np.abs(moved - walker).max()
            walker = moved
            if change < RESIDUAL / len(values):
                break
        found[index] = walker
    return found.reshape(maps.shape)
