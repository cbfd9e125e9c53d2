"""A moving object under a moving camera: who finds it, beside background subtraction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.cases import Said
from benchmarks.cases.moving_camera_clips import HARD, hard_clip
from benchmarks.cases.moving_camera_peers import PEERS
from benchmarks.result import Extra, Result, Target
from benchmarks.settings import Settings
from heatlens.images.films.film import Frame
from heatlens.motion.clips import CAMERAS, moving_clip
from heatlens.perception.displays import hits, popout
from heatlens.perception.enlarge import enlarged
from heatlens.perception.moving.model import MOVING
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.observe import Observer
from heatlens.perception.moving.stream import observed, watch
from heatlens.statistics import wilson_interval

SIZE = (360, 640)
GROUNDS = ("astronaut", "coffee", "chelsea", "rocket")
MOVED = tuple(camera for camera in CAMERAS if camera != "still")
CLAIMED = ("motion-contrast", "fusion")
GROWN, WARM_UP, BLURS = 10, 50, (6.0, 20.0, 40.0)
"""Pixels that a mask is grown by; frames for background subtraction to learn the ground by; sigmas
by which its mask becomes a map with a peak: the best one counts."""

Pictures = list[npt.NDArray[np.uint8]]
Masks = list[npt.NDArray[np.bool_]]


@dataclass
class Row:
    """What one contender did: by kind of clip and blur, the frames it hit."""

    name: str
    peer: bool
    hits: dict[str, dict[float, list[bool]]] = field(default_factory=dict)
    marked: list[float] = field(default_factory=list)

    def look(self, kind: str, heat: npt.NDArray[Any], mask: npt.NDArray[np.bool_]) -> None:
        """Note whether the peak of a map lies on the object."""
        import cv2

        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * GROWN + 1, 2 * GROWN + 1))
        grown = cv2.dilate(mask.astype(np.uint8), disc) > 0
        if self.peer:
            self.marked.append(float((heat > 0).sum() / mask.sum()))
        for blur in BLURS if self.peer else (0.0,):
            peaked = cv2.GaussianBlur(heat, (0, 0), blur) if blur else heat
            found = bool(grown[peaked == peaked.max()].mean() > 0.5)
            self.hits.setdefault(kind, {}).setdefault(blur, []).append(found)

    def found(self, kinds: Iterable[str]) -> list[bool]:
        """Hits of some kinds of clips, at the blur that has most of them."""
        lists = [self.hits.get(kind, {}) for kind in kinds]
        blurs = {blur for one in lists for blur in one}
        each = [[hit for one in lists for hit in one.get(blur, [])] for blur in sorted(blurs)]
        return max(each, key=sum, default=[])

    def share(self, kinds: Iterable[str]) -> float:
        """Per cent of frames hit."""
        return round(100 * float(np.mean(self.found(kinds))), 1)

    def cell(self, kinds: Iterable[str]) -> str:
        """Per cent and interval, as the table has it."""
        found = self.found(kinds)
        if not found:
            return "-"
        interval = wilson_interval(sum(found), len(found))
        return f"{100 * np.mean(found):.1f} % ({interval.percent()})"


def run(settings: Settings, said: Said) -> Result:
    """Show all clips to all."""
    grounds = settings.of(quick=GROUNDS[:1], default=GROUNDS, full=GROUNDS)
    seeds = settings.of(quick=1, default=1, full=4)
    counted = settings.of(quick=4, default=12, full=30)
    hard = settings.of(quick=("poles",), default=tuple(HARD), full=tuple(HARD))
    rows = [Row(name, False) for name in MOVING] + [Row(name, True) for name in PEERS]
    for ground in grounds:
        for camera in CAMERAS:
            for seed in range(seeds):
                said(f"camera {camera}, {ground}, {seed + 1} of {seeds}")
                _show(rows, camera, *_clip(camera, ground, settings.seed + seed, counted))
        for kind in hard:
            said(f"{kind}, {ground}")
            pictures, masks = zip(*hard_clip(kind, ground, WARM_UP + counted, SIZE), strict=True)
            _show(rows, kind, list(pictures), list(masks))
    count = settings.of(quick=1, default=10, full=50)
    for row in rows[: len(MOVING)]:
        said(f"motion displays: {row.name}")
        for seed in range(count):
            display = popout("motion", seed=settings.seed * 1000 + seed)
            heats = np.stack([moment.heat for moment in watch(display.image, row.name)])
            row.hits.setdefault("displays", {}).setdefault(0.0, []).extend(
                bool(one) for one in hits(heats, display)
            )
    by_name = {row.name: row for row in rows}
    return Result(
        name="moving-camera",
        title="A moving object under a moving camera",
        setting={"clips": f"{len(grounds) * seeds} of each camera, {len(grounds)} of each hard kind, over "
                          f"photographs, {SIZE[1]} x {SIZE[0]}; {counted} frames count, the "
                          f"{WARM_UP} before them are for the peers to learn the ground by",
                 "an object": "a quarter of the height across, 3 pixels a frame",
                 "a camera": "4 pixels a frame",
                 "a hit": f"the peak on the object, grown by {GROWN} pixels"},
        entries=[],
        targets=[
            *(Target(f"{name}: frames whose peak is on the object, the camera moving", 90,
                     by_name[name].share(MOVED), False, "%") for name in CLAIMED),
            Target("OpenCV MOG2 as it is, at its best blur: frames hit, the camera moving",
                   by_name["motion-contrast"].share(MOVED), by_name["OpenCV MOG2"].share(MOVED), True,
                   "%", "what motion-contrast hits on the same frames"),
        ],
        extras=[_table("Frames hit, with 95 % intervals (Wilson)", rows,
                       {"all moving cameras": MOVED, **{one: (one,) for one in CAMERAS},
                        "motion displays": ("displays",)}),
                _table("Harder clips, the camera panning", rows, {one: (one,) for one in hard}),
                Extra("What background subtraction marks", ["model", "marked / object"],
                      [[row.name, round(float(np.median(row.marked)), 1)] for row in rows if row.peer])],
        notes=[
            "Frames of one clip are alike, so that the intervals are narrower than those of as many "
            "clips would be.",
            "Peers give a mask of foreground; blurred, it has a peak. In each cell the best of "
            f"sigma {', '.join(f'{blur:g}' for blur in BLURS)} pixels counts. Where several pixels tie "
            "for the peak, more than half of them have to lie on the object. `marked / object` is "
            "the area of the mask in areas of the object, the median over all frames: 1 would be right. "
            "The motion displays are too short to learn a background from.",
            "`MOG2 on stabilised frames` sees the frames warped onto one view by heatlens's camera "
            "motion: the fair peer, since it is given what the others have to find.",
            "`flow-magnitude` and `frame-difference` are baselines that take the camera's motion out as "
            "well: where the ground is flat, little but the object is left to them.",
            *(f"{kind}: {what}." for kind, what in HARD.items()),
            "Near poles have a parallax that no homography explains: they move otherwise than their "
            "surround, and the models that go by motion say so. There background subtraction on "
            "stabilised frames is better.",
            "Blurred over 40 pixels, the mask of `MOG2` is densest on a large object though it marks "
            "many times the object's area: a hit alone flatters it.",
        ],
        rounds=1,
    )  # fmt: skip


def _table(title: str, rows: list[Row], columns: dict[str, Sequence[str]]) -> Extra:
    return Extra(
        title,
        ["model", *columns],
        [
            [
                f"{row.name} (peer)" if row.peer else row.name,
                *(row.cell(kinds) for kinds in columns.values()),
            ]
            for row in rows
        ],
    )


def _clip(camera: str, ground: str, seed: int, counted: int) -> tuple[Pictures, Masks]:
    from skimage import data

    texture = getattr(data, "coffee" if ground == "chelsea" else "chelsea")()
    clip = moving_clip(
        getattr(data, ground)(), frames=WARM_UP + counted, size=SIZE, camera=camera,
        camera_speed=4.0, object_speed=3.0, textures=[texture] if seed % 2 else None, seed=seed,
    )  # fmt: skip
    return [np.ascontiguousarray(frame) for frame in clip.film.pixels], list(clip.masks)


def _show(rows: list[Row], kind: str, pictures: Pictures, masks: Masks) -> None:
    """One clip to all; its motion is found once."""
    frames = [Frame(k, float(k), picture) for k, picture in enumerate(pictures)]
    motions = [motion for _, motion in observed(iter(frames), Observer()) if motion is not None]
    for row in rows:
        if row.peer:
            heats = list(PEERS[row.name](pictures, motions))[WARM_UP:]
        else:
            heats = _ours(row.name, pictures[WARM_UP - 1 :], motions[WARM_UP - 1 :])[1:]
        for heat, mask in zip(heats, masks[WARM_UP:], strict=True):
            row.look(kind, np.asarray(heat, np.float32), mask)


def _ours(name: str, pictures: Pictures, motions: list[Motion]) -> list[npt.NDArray[np.float32]]:
    watcher = MOVING[name].start()
    seen = [watcher.see(*both) for both in zip(pictures, motions, strict=True)]
    return [enlarged(heat, SIZE) for heat in [*seen, *watcher.rest()] if heat is not None]
