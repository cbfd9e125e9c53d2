"""Clips that are hard for who looks for motion: rendered here, so that the object is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["HARD", "hard_clip"]

HARD = {
    "dark disc": "20 pixels across, no texture, over a pan",
    "stays in the picture": "60 pixels across, textured, the camera following it",
    "lens": "barrel distortion of 12 %",
    "flicker": "brightness up and down by 12 % from frame to frame",
    "poles": "near poles that move 3 times as fast as the ground",
}
"""What is hard, and how hard."""

_PAN, _OBJECT = 4.0, np.array([1.4, 1.4])
"""Pixels a frame: the camera along the rows, the object in the picture."""


def hard_clip(
    kind: str, ground: str, frames: int, size: tuple[int, int]
) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]]:
    """Frames and masks of the object.

    Args:
        kind: one of `HARD`.
        ground: a photograph of scikit-image; so is the object's texture, another one.
        frames: how many.
        size: height and width.
    """
    import cv2
    from skimage import data

    height, width = size
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    far = _large(cv2, getattr(data, ground)(), frames, size)
    near = _large(cv2, data.rocket() if ground != "rocket" else data.coffee(), frames, size, 3.0)
    texture = cv2.resize(data.coffee() if ground == "chelsea" else data.chelsea(), (90, 90))
    radius = 10.0 if kind == "dark disc" else 30.0
    step = np.zeros(2) if kind == "stays in the picture" else _OBJECT
    start = np.array([0.5 * height, 0.55 * width]) - step * frames / 2
    for t in range(frames):
        place, pan = start + step * t, _PAN * t

        def looked(picture: Any, row: Any, column: Any) -> Any:
            return cv2.remap(
                picture, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT_101,
            )  # fmt: skip

        at_row, at_column = rows, columns
        if kind == "lens":
            down, right = (rows - height / 2) / (width / 2), (columns - width / 2) / (width / 2)
            bent = 1 + 0.12 * (down**2 + right**2)
            at_row, at_column = down * bent * width / 2 + height / 2, right * bent * width / 2
            at_column = at_column + width / 2
        picture = looked(far, at_row, at_column + pan)
        if kind == "poles":
            pole = (at_column + 3 * pan) % 210 < 45
            picture = np.where(pole[..., None], looked(near, at_row, at_column + 3 * pan), picture)
        apart = np.hypot(at_row - place[0], at_column - place[1])
        surface: Any = 20.0
        if kind != "dark disc":
            surface = looked(
                texture.astype(np.float32), at_row - place[0] + 44.5, at_column - place[1] + 44.5
            )
        cover = np.clip(radius - apart + 0.5, 0, 1)[..., None]
        picture = picture + cover * (surface - picture)
        if kind == "flicker":
            picture = picture * (1 + 0.12 * (-1) ** t)
        yield np.clip(np.rint(picture), 0, 255).astype(np.uint8), apart <= radius


def _large(
    cv2: Any, photo: Any, frames: int, size: tuple[int, int], speed: float = 1.0
) -> npt.NDArray[np.float32]:
    """A photograph so large that the camera stays on it, with a lens's blur."""
    wide = size[1] + _PAN * speed * frames
    scale = max(wide / photo.shape[1], size[0] / photo.shape[0])
    large = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), 0.7), np.float32)
