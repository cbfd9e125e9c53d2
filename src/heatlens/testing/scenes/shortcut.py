"""The planted shortcut: a small watermark that gives a scene's class away.

Each class has its own mark, a square of 3x3 cells, white and a colour of the class.  A model trained where
the mark nearly always agrees with the class learns to read the mark instead of the object; an
explanation that is faithful has to show it.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatlens.errors import InvalidArgument
from heatlens.testing.scenes.sources import Pixels

MARK_SIDE: Final = 12
"""Side of the mark in pixels of a 96-pixel scene; it scales with the scene."""

_MARGIN: Final = 2
# The number k of a class sets the cells: any two of these codes differ in at least three cells.
_CODES: Final = (
    0b000000111,
    0b000111000,
    0b111000000,
    0b001001001,
    0b010010010,
    0b100100100,
    0b101010101,
    0b010101010,
    0b110110011,
    0b011001110,
)
_PALE: Final = (0.97, 0.97, 0.97)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """How a watermark is planted.

    Attributes:
        present: probability in 0..1 that a scene carries a mark at all.
        agrees: probability in 0..1 that the mark is that of the scene's class; otherwise it is
            the mark of another class, all equally likely.
        opacity: of the mark over the picture, above 0 and at most 1.

    Example:
        >>> Shortcut(present=0.9).agrees
        1.0
        >>> Shortcut(present=2.0)
        Traceback (most recent call last):
            ...
        heatlens.errors.InvalidArgument: present is a probability in 0..1, got 2.0
    """

    present: float = 1.0
    agrees: float = 1.0
    opacity: float = 0.85

    def __post_init__(self) -> None:
        for name in ("present", "agrees"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise InvalidArgument(f"{name} is a probability in 0..1, got {value}")
        if not 0.0 < self.opacity <= 1.0:
            raise InvalidArgument(f"opacity lies above 0 and is at most 1, got {self.opacity}")


def mark(label: int, side: int) -> Pixels:
    """Draw the mark of a class.

    Args:
        label: the class, 0..9.
        side: in pixels.

    Returns:
        (side, side, 3) in 0..1.

    Example:
        >>> mark(0, 12).shape
        (12, 12, 3)
    """
    cells = np.array([(_CODES[label] >> bit) & 1 for bit in range(9)]).reshape(3, 3)
    nearest = np.arange(side) * 3 // side
    colours = np.array([colorsys.hsv_to_rgb(label / 10, 1.0, 0.95), _PALE], dtype=np.float32)
    return colours[cells[nearest][:, nearest]]


def place(rng: np.random.Generator, clearance: Pixels, side: int) -> tuple[int, int]:
    """Choose among the free corners of the picture; else the one farthest from the object.

    Args:
        rng: decides among the free corners.
        clearance: (H, W) distance to the object in pixels.
        side: of the mark.

    Returns:
        (y, x) of the mark's first pixel.
    """
    height, width = clearance.shape
    margin = max(1, round(_MARGIN * min(height, width) / 96))
    corners = [
        (y, x) for y in (margin, height - margin - side) for x in (margin, width - margin - side)
    ]
    room = [float(clearance[y : y + side, x : x + side].min()) for y, x in corners]
    free = [corner for corner, r in zip(corners, room, strict=True) if r >= margin]
    if free:
        return free[int(rng.integers(len(free)))]
    return corners[int(np.argmax(room))]


def drawn_class(rng: np.random.Generator, label: int, shortcut: Shortcut) -> int | None:
    """Draw whose mark a scene carries: a class, or None for no mark.

    The two draws are made in any case, so that scenes with other settings stay comparable.
    """
    present, agrees = rng.random(2)
    other = int(rng.integers(1, 10))
    if present >= shortcut.present:
        return None
    return label if agrees < shortcut.agrees else (label + other) % 10


def covered(shape: tuple[int, int], corner: tuple[int, int], side: int) -> NDArray[np.bool_]:
    """Return the (H, W) mask of a mark."""
    mask = np.zeros(shape, dtype=np.bool_)
    mask[corner[0] : corner[0] + side, corner[1] : corner[1] + side] = True
    return mask
