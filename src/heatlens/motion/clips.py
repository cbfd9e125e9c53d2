"""`moving_clip`: films of a photograph and moving objects, whose flow is known exactly.

The ground is a photograph that a camera looks at: frame t shows, at p, the ground at C_t p. Objects
lie on the ground and move over it: object k shows, at p, its texture at O_kt C_t p. All motion is
projective, so the flow follows in closed form:

    ground   f_t(p) = C_{t+1}^-1 C_t p - p
    object   f_t(p) = C_{t+1}^-1 O_k,t+1^-1 O_kt C_t p - p
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.frozen import frozen
from heatlens.image import Image
from heatlens.motion import clip_paths as paths
from heatlens.motion.clip_textures import covering, procedural, smoothed
from heatlens.motion.frames import colour_pair
from heatlens.motion.warp import sampled

__all__ = ["CAMERAS", "Clip", "moving_clip"]

CAMERAS = paths.CAMERAS

_SMALLEST = 3
"""Pixels across an object."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A film and what is known about it.

    Attributes:
        film: uint8, axes TYXC.
        labels: uint8 (T, H, W): 0 for the ground, 1, 2, ... for the objects.
        flow: float32 (T - 1, H, W, 2): each frame's exact flow to the next, objects included.
        cameras: float64 (T - 1, 3, 3): the homography of the ground from each frame to the next,
            of (row, column, 1).
        hidden: bool (T - 1, H, W): pixels that the next frame does not show: an object covers
            them, or they leave the picture.
    """

    film: Image
    labels: npt.NDArray[np.uint8]
    flow: npt.NDArray[np.float32]
    cameras: npt.NDArray[np.float64]
    hidden: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for name in ("labels", "flow", "cameras", "hidden"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def masks(self) -> npt.NDArray[np.bool_]:
        """Where objects are: bool (T, H, W)."""
        return self.labels > 0


def moving_clip(
    background: Image | npt.NDArray[Any],
    *,
    objects: int = 1,
    frames: int = 16,
    size: tuple[int, int] = (240, 320),
    camera: str = "pan",
    camera_speed: float = 2.0,
    object_speed: float = 3.0,
    object_size: float = 0.25,
    textures: Sequence[Image | npt.NDArray[Any]] | None = None,
    seed: int = 0,
) -> Clip:
    """A film of objects that move over a photograph, seen by a moving camera.

    Args:
        background: the ground: a picture; it is scaled so that the camera never sees its end.
        objects: how many, elliptic, each moving in a direction of its own; they turn before they
            leave the picture.
        frames: length, at least 2.
        size: height and width of the film, 16 pixels or more each.
        camera: "still", "pan" (even, in a seeded direction), "zoom" (towards the centre), "shake"
            (by hand: small steps and turns), "homography" (pan, turn, zoom and tilt together).
        camera_speed: pixels per frame: of a pan; of the picture's corners in a zoom; the standard
            deviation of a shake.
        object_speed: pixels of the ground per frame; 0 leaves them where they are.
        object_size: mean diameter as a share of the shorter side of the film; 3 pixels or more.
        textures: pictures that the objects are cut from, in turn; else made-up ones.
        seed: of every choice.

    Returns:
        The film with masks, flow and homographies, all exact; pixels are rounded to 8 bits.

    Raises:
        UnknownName: no such camera.
        InvalidType: a number where none belongs.
        InvalidArgument: a size or count that makes no film, a camera that runs away from an
            object, or so fast that the ground would be seen as a few pixels.

    Example:
        >>> ground = np.random.default_rng(0).integers(0, 255, (80, 100, 3), np.uint8)
        >>> clip = moving_clip(ground, frames=3, size=(48, 64), camera="still", objects=0)
        >>> clip.film.pixels.shape, float(abs(clip.flow).max())
        ((3, 48, 64, 3), 0.0)
    """
    size = _check(objects, frames, size, camera, object_size, seed)
    for name, speed in (("camera_speed", camera_speed), ("object_speed", object_speed)):
        if isinstance(speed, bool) or not isinstance(speed, int | float | np.number):
            raise InvalidType(f"{name} is {speed!r}; it is a number of pixels per frame")
        if not (np.isfinite(speed) and speed >= 0):
            raise InvalidArgument(f"{name} is {speed}; it is from 0 on, in pixels per frame")
    if textures is not None and len(textures) == 0:
        raise InvalidArgument("textures is empty; give a picture, or None for made-up ones")
    rng = np.random.default_rng(seed)
    views = paths.camera_path(camera, frames, size, camera_speed, rng)
    paths.check_views(views, size, camera_speed)
    ground, views = covering(_colours(background), views, size)
    diameter = object_size * min(size)
    things = []
    for number in range(objects):
        texture = (
            procedural(diameter, rng)
            if textures is None
            else smoothed(_colours(textures[number % len(textures)]), int(diameter * 1.3) + 1)
        )
        axes = diameter / 2 * np.exp(rng.uniform(-0.25, 0.25) * np.array([1, -1]))
        places = paths.object_path(views, size, object_speed, diameter, rng)
        things.append((texture, axes, places))
    film = np.empty((frames, *size, 3), np.uint8)
    labels = np.zeros((frames, *size), np.uint8)
    flow = np.empty((frames - 1, *size, 2), np.float32)
    for t in range(frames):
        positions = _moved(views[t], size)
        pixels = sampled(ground, positions.astype(np.float32))
        if t + 1 < frames:
            flow[t] = _flow(np.linalg.inv(views[t + 1]) @ views[t], size)
        for number, (texture, axes, places) in enumerate(things, start=1):
            offset = positions - places[t]
            # Pixels inside the ellipse; its rim is one pixel wide, as a camera would see it.
            reach = np.sqrt(((offset / axes) ** 2).sum(-1))
            cover = np.clip((1 - reach) * axes.min() + 0.5, 0, 1)[..., None]
            middle = (np.array(texture.shape[:2]) - 1) / 2
            pixels += cover * (sampled(texture, (offset + middle).astype(np.float32)) - pixels)
            inside = cover[..., 0] >= 0.5
            labels[t][inside] = number
            if t + 1 < frames:
                step = np.eye(3)
                step[:2, 2] = places[t + 1] - places[t]
                own = _flow(np.linalg.inv(views[t + 1]) @ step @ views[t], size)
                flow[t][inside] = own[inside]
        film[t] = np.rint(np.clip(pixels, 0, 255))
    cameras = np.stack([np.linalg.inv(b) @ a for a, b in pairwise(views)])
    return Clip(
        Image(film, "TYXC", name=f"moving clip ({camera})"),
        labels,
        flow,
        cameras / cameras[:, 2:, 2:],
        _hidden(labels, flow),
    )


def _colours(picture: Any) -> npt.NDArray[np.uint8]:
    return colour_pair(picture, picture)[0]


def _check(
    objects: int, frames: int, size: Any, camera: str, share: float, seed: int
) -> tuple[int, int]:
    try:
        height, width = size
    except (TypeError, ValueError):
        raise InvalidType(f"size is {size!r}; it is (height, width) in pixels") from None
    for name, value, least, most in (
        ("objects", objects, 0, 255),
        ("frames", frames, 2, 10**6),
        ("seed", seed, 0, None),
        ("size[0]", height, 16, 8192),
        ("size[1]", width, 16, 8192),
    ):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InvalidType(f"{name} is {value!r}; it is a whole number")
        if value < least or (most is not None and value > most):
            raise InvalidArgument(f"{name} is {value}; it can be {least} to {most or 'any'}")
    if isinstance(share, bool) or not isinstance(share, int | float | np.number):
        raise InvalidType(f"object_size is {share!r}; it is a number, a share of the picture")
    if not 0 < share < 1:
        raise InvalidArgument(f"object_size is {share}; it is a share of the picture, 0 to 1")
    if objects and share * min(height, width) < _SMALLEST:
        raise InvalidArgument(
            f"object_size is {share}, {share * min(height, width):.2g} pixels; {_SMALLEST} are "
            "the least that can be seen"
        )
    paths.check_camera(camera)
    return int(height), int(width)


def _moved(matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Where a homography takes every pixel, (H, W, 2)."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float64)
    moved = np.stack([rows, columns, np.ones_like(rows)], -1) @ matrix.T
    return np.asarray(moved[..., :2] / moved[..., 2:])


def _flow(matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> npt.NDArray[np.float64]:
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float64)
    return _moved(matrix, size) - np.stack([rows, columns], -1)


def _hidden(labels: npt.NDArray[np.uint8], flow: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Pixels whose next place shows something else, or lies outside."""
    height, width = labels.shape[1:]
    hidden = np.empty(flow.shape[:3], bool)
    rows, columns = np.mgrid[:height, :width]
    for t, step in enumerate(flow):
        row = np.rint(rows + step[..., 0]).astype(int)
        column = np.rint(columns + step[..., 1]).astype(int)
        away = (row < 0) | (column < 0) | (row >= height) | (column >= width)
        there = labels[t + 1][np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
        hidden[t] = away | (there != labels[t])
    return hidden
