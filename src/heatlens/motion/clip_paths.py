"""How the camera and the objects of a made-up clip move."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName

__all__ = ["CAMERAS", "camera_path", "check_camera", "check_views", "object_path"]

_NEAREST = 0.2
"""Least depth of a corner, that of the centre being 1."""
_LEAST_AREA = 1 / 256
"""Area of the ground that is seen, as a share of the first frame's: a sixteenfold zoom."""

CAMERAS = ("still", "pan", "zoom", "shake", "homography")
"""Ways the camera can move."""

Matrix = npt.NDArray[np.float64]


def check_camera(camera: str) -> None:
    """Raise `UnknownName` unless `camera` is one of `CAMERAS`."""
    if camera not in CAMERAS:
        raise UnknownName("camera", camera, CAMERAS)


def camera_path(
    camera: str, frames: int, size: tuple[int, int], speed: float, rng: np.random.Generator
) -> list[Matrix]:
    """For each frame the homography from its (row, column, 1) to the ground's.

    The ground has no origin yet: positions are relative to the first frame's centre.
    """
    height, width = size
    to_centre = _shift(-(height - 1) / 2, -(width - 1) / 2)
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.sin(angle), np.cos(angle)])
    reach = np.hypot(height, width) / 2
    path = []
    shake = np.zeros(3)
    for t in range(frames):
        row, column = 0.0, 0.0
        turn, zoom, tilt = 0.0, 1.0, np.zeros(2)
        if camera in ("pan", "homography"):
            row, column = direction * speed * t
        if camera == "zoom":
            zoom = np.exp(-speed / reach * t)
        if camera == "homography":
            turn = 0.25 * speed / reach * t
            zoom = np.exp(-0.25 * speed / reach * t)
            tilt = 0.1 * speed / reach**2 * t * direction[::-1]
        if camera == "shake" and t:
            # A hand that returns: an autoregressive process of order 1.
            shake = 0.7 * shake + rng.normal(0, speed, 3) * np.array([1, 1, 0.5 / reach])
            row, column, turn = shake
        path.append(_shift(row, column) @ _turned(turn, zoom, tilt) @ to_centre)
    return path


def check_views(views: list[Matrix], size: tuple[int, int], speed: float) -> None:
    """Raise `InvalidArgument` where a view is no picture of the ground any more."""
    height, width = size
    corners = np.array(
        [[0, 0, 1], [0, width - 1, 1], [height - 1, width - 1, 1], [height - 1, 0, 1]], float
    )
    for index, view in enumerate(views):
        seen = corners @ view.T
        good = bool((seen[:, 2] > _NEAREST).all())
        if good:
            row, column = (seen[:, :2] / seen[:, 2:]).T
            area = (np.roll(row, -1) * column - row * np.roll(column, -1)).sum() / 2
            good = _LEAST_AREA <= area / ((height - 1) * (width - 1)) <= 1 / _LEAST_AREA
        if not good:
            raise InvalidArgument(
                f"with camera_speed {speed:g} the camera sees no more than a few points of the "
                f"ground in frame {index}, or beyond its horizon; give a slower camera or fewer "
                "frames"
            )


def object_path(
    views: list[Matrix],
    size: tuple[int, int],
    speed: float,
    diameter: float,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """An object's centre on the ground, (T, 2), in even steps within the picture.

    It goes straight on until it would leave; then it turns back, or else as little as keeps it
    inside, for the camera may run away from it.

    Raises:
        InvalidArgument: the camera outruns the object, so that its centre leaves the picture.
    """
    low = np.full(2, 0.6 * diameter)
    high = np.array(size) - 1 - low
    centre = (np.array(size) - 1) / 2
    low, high = np.minimum(low, centre), np.maximum(high, centre)
    place = _on_ground(views[0], np.asarray(rng.uniform(low, high)))
    angle = rng.uniform(0, 2 * np.pi)
    step = speed * np.array([np.sin(angle), np.cos(angle)])
    path: list[npt.NDArray[np.float64]] = [place]

    def beside(view: Matrix, taken: npt.NDArray[Any]) -> float:
        """How far the object would stand outside, in pixels; 0 inside."""
        seen = _in_frame(view, path[-1] + taken)
        return float(np.maximum(np.maximum(low - seen, seen - high), 0).max())

    for index, view in enumerate(views[1:], start=1):
        if beside(view, step) > 0:
            step = min(_turns(step), key=lambda taken: beside(view, taken))
            seen = _in_frame(view, path[-1] + step)
            if (seen < 0).any() or (seen > np.array(size) - 1).any():
                raise InvalidArgument(
                    f"an object leaves the picture in frame {index}: the camera moves away from "
                    f"it faster than {speed:g} pixels a frame; give a faster object, a slower "
                    "camera or fewer frames"
                )
        path.append(path[-1] + step)
    return np.stack(path)


def _turns(step: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """Steps as long, the likeliest first: on, mirrored at an edge, turned ever more."""
    mirrored = [step * sign for sign in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    angles = [sign * np.pi / 16 * k for k in range(1, 17) for sign in (1, -1)]
    turned = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ step for a in angles]
    return mirrored + turned


def _on_ground(view: Matrix, place: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    moved = view @ np.array([*place, 1.0])
    return np.asarray(moved[:2] / moved[2])


def _in_frame(view: Matrix, place: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return _on_ground(np.asarray(np.linalg.inv(view), np.float64), place)


def _shift(row: float, column: float) -> Matrix:
    return np.array([[1.0, 0, row], [0, 1, column], [0, 0, 1]])


def _turned(turn: float, zoom: float, tilt: npt.NDArray[np.float64]) -> Matrix:
    cosine, sine = np.cos(turn) * zoom, np.sin(turn) * zoom
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [tilt[0], tilt[1], 1]])
