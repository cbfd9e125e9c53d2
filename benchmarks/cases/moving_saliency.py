"""Saliency of a film as it plays: decoding, flow, camera, model, and the film written again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.cases import Said
from benchmarks.result import Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race
from heatlens.image import Image
from heatlens.images.films import FilmWriter, open_film
from heatlens.motion.camera import camera_motion
from heatlens.motion.clips import moving_clip
from heatlens.motion.flow import optical_flow
from heatlens.perception.enlarge import enlarged
from heatlens.perception.model import SALIENCY
from heatlens.perception.moving.model import MOVING
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.observe import Observer, confidence
from heatlens.perception.moving.overlay_film import overlay_film
from heatlens.perception.moving.stream import watch

SIZE, GOAL = (360, 640), 30.0
FUSION, OVERLAY = "watch, fusion", "overlay film: watch, draw, encode"


def run(settings: Settings, said: Said) -> Result:
    """Time whole films, then each stage by itself."""
    count = settings.of(quick=20, default=120, full=300)
    rounds = settings.at_most(settings.of(quick=1, default=5, full=9))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        said(f"making a film of {count} frames")
        _film(path, count, settings.seed)
        contenders = [Contender("decode", lambda: _pixels(path))]
        contenders += [Contender(f"watch, {name}", _watching(path, name)) for name in MOVING]
        contenders += [
            Contender(OVERLAY, lambda: overlay_film(path, path.with_name("heat.mp4"))),
            *_peers(path),
        ]
        times = race(contenders, settings, rounds=rounds, said=said)
        said("stages")
        stages = _stages(_pixels(path), settings)
    rate = count / times[FUSION].median
    return Result(
        name="moving-saliency",
        title=f"Saliency of a film of {SIZE[1]} x {SIZE[0]} as it plays",
        setting={"film": f"{count} frames, MPEG-4, two objects over a photograph, the camera moving",
                 "motion is found on": "320 x 180, by DIS (medium)"},
        entries=entries(times.values()),
        reference="decode",
        targets=[
            Target(f"fusion at {SIZE[1]} x {SIZE[0]}, end to end with decoding", GOAL, round(rate, 1),
                   False, "frames/s"),
        ],
        extras=[
            Extra(
                "Frames per second, end to end",
                ["what", "frames/s", "ms a frame"],
                [[name, *_rates(timing, count)] for name, timing in times.items()],
            ),
            Extra(
                "Where the time of a frame of fusion goes, each stage by itself in one thread of "
                "Python",
                ["stage", "ms"],
                [[name, round(1000 * seconds, 2)] for name, seconds in stages.items()],
            ),
        ],
        notes=[
            "Decoding runs in a thread of its own, so that the whole takes less than its stages. "
            "Motion is found on a grid of half the size: each of its pixels is the mean of four.",
            "The peers do less: neither takes the camera's motion out; see `moving-camera` for what "
            "they find.",
        ],
        rounds=rounds,
    )  # fmt: skip


def _film(path: Path, count: int, seed: int) -> None:
    from skimage import data

    clip = moving_clip(
        data.coffee(), objects=2, frames=count, size=SIZE, camera="homography",
        textures=[data.chelsea(), data.astronaut()], seed=seed,
    )  # fmt: skip
    with FilmWriter(path, SIZE, 30) as film:
        for frame in clip.film.pixels:
            film.write(frame)


def _pixels(path: Path) -> list[npt.NDArray[np.uint8]]:
    with open_film(path) as film:
        return [frame.pixels for frame in film]


def _watching(path: Path, name: str) -> Callable[[], float]:
    return lambda: sum(float(moment.heat[0, 0]) for moment in watch(path, name))


def _rates(timing: Timing, count: int) -> tuple[float | None, float | None]:
    if not timing.seconds:
        return None, None
    return round(count / timing.median, 1), round(1000 * timing.median / count, 2)


def _stages(frames: list[npt.NDArray[np.uint8]], settings: Settings) -> dict[str, float]:
    """Median seconds of each stage of a frame."""
    observer = Observer()
    spent: dict[str, list[float]] = {}
    watcher, contrast = MOVING["fusion"].start(), MOVING["motion-contrast"].start()

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started = settings.clock()
        result = work()
        spent.setdefault(name, []).append(settings.clock() - started)
        return result

    before = observer.reduced(frames[0])
    for frame in frames[1:]:
        small = timed("reduce", lambda frame=frame: observer.reduced(frame))
        flow = timed("flow", lambda a=small, b=before: optical_flow(a, b, preset="medium"))
        camera = timed("camera", lambda a=small, b=before, f=flow: camera_motion(a, b, flow=f))
        sure = timed("confidence", lambda a=small: confidence(a))
        motion = Motion(small, before, flow, camera, sure)
        timed("residual and evidence", lambda m=motion: (m.residual, m.known, m.apart_from_camera))
        timed("motion contrast", lambda f=frame, m=motion: contrast.see(f, m))
        timed("image signature", lambda a=small: SALIENCY["image-signature"](Image(a)))
        heat = timed("fusion, all of it", lambda f=frame, m=motion: watcher.see(f, m))
        timed("enlarge", lambda h=heat: enlarged(h, SIZE))
        before = small
    return {name: float(np.median(seconds)) for name, seconds in spent.items()}


def _peers(path: Path) -> list[Contender]:
    import cv2

    def mog2() -> int:
        subtractor = cv2.createBackgroundSubtractorMOG2(detectShadows=False)
        return sum(int(subtractor.apply(frame)[0, 0]) for frame in _pixels(path))

    def contrib() -> float:
        model = cv2.saliency.MotionSaliencyBinWangApr2014_create()
        model.setImagesize(SIZE[1], SIZE[0])
        model.init()
        total = 0.0
        for frame in _pixels(path):
            total += model.computeSaliency(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))[1][0, 0]
        return total

    peers = [Contender("OpenCV MOG2, with decoding", mog2, peer=True)]
    if hasattr(cv2, "saliency"):
        peers.append(
            Contender("OpenCV MotionSaliencyBinWangApr2014, with decoding", contrib, peer=True)
        )
    return peers
