"""`popout`: a display of many items, one of which is odd."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.distributions.given import checked_seed, checked_whole
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.perception.displays.display import Display
from heatlens.perception.displays.drawing import draw_bar
from heatlens.perception.displays.kind import BACKGROUND, KINDS, Looks
from heatlens.perception.displays.layout import FILLED, jittered_grid

__all__ = ["popout"]

_SLENDER = 0.3
"""Width of a bar in its length."""

_FRAMES = 12
"""Frames of a clip unless it is said."""


def popout(
    kind: str = "colour",
    *,
    items: int = 35,
    size: tuple[int, int] = (240, 320),
    frames: int | None = None,
    seed: int = 0,
) -> Display:
    """Draw bars on a jittered grid, one of which differs from all others.

    Where the odd one stands, what the others look like and how it differs is drawn by the seed.
    The kinds are the classical ones of visual search (Treisman, Gelade: A feature-integration
    theory of attention, Cognitive Psychology 1980): a difference in one feature pops out, a
    conjunction of two does not.

    Args:
        kind: a name in `KINDS`: "colour", "isoluminant", "orientation", "size", "motion" (a clip),
            or "conjunction" (the hard control).
        items: how many bars, at least 4.
        size: height and width in pixels.
        frames: of a clip, at least 2; 12 unless said. Stills take none.
        seed: of all that is random.

    Returns:
        The picture or clip, uint8, and the odd item's mask.

    Raises:
        UnknownName: no such kind.
        InvalidArgument: too few or too many items, no size, frames for a still, one frame, or a
            seed below 0.
        InvalidType: a kind that is no name, or frames or a seed that are no whole numbers.

    Example:
        >>> display = popout("orientation", seed=3)
        >>> display.image.size, display.mask.sum() > 50, len(display.positions)
        ((240, 320), np.True_, 35)
    """
    if not isinstance(kind, str):
        raise InvalidType(f"kind is {kind!r}; expected a name: {', '.join(KINDS)}")
    chosen = KINDS[kind]
    height, width = _checked(size)
    if frames is not None and not chosen.moving:
        moving = ", ".join(repr(name) for name, one in KINDS.items() if one.moving)
        raise InvalidArgument(f"a {kind} display is a still and has no frames; moving is {moving}")
    count = _FRAMES if frames is None else checked_whole(frames, "frames", 2)
    seed = checked_seed(seed)
    rng = np.random.default_rng(seed)
    centres, cell = jittered_grid(items, (height, width), rng)
    odd = int(rng.integers(items))
    looks = chosen.looks(rng, items, odd)
    item = FILLED * cell
    if looks.velocities is None:
        pixels, mask = _drawn(centres, looks, odd, item, (height, width))
        image = Image(pixels, "YXC", name=f"{kind} display {seed}")
        return Display(image, mask, kind, centres, odd, item, seed)
    # In the middle of the clip every item is at its place on the grid.
    times = np.arange(count) - (count - 1) / 2
    places = centres + times[:, None, None] * looks.velocities * item
    places = (places + 0.5) % (height, width) - 0.5
    drawn = [_drawn(one, looks, odd, item, (height, width)) for one in places]
    pixels, mask = (np.stack(parts) for parts in zip(*drawn, strict=True))
    image = Image(pixels, "TYXC", name=f"{kind} display {seed}")
    return Display(image, mask, kind, places, odd, item, seed)


def _drawn(
    centres: npt.NDArray[np.float64], looks: Looks, odd: int, item: float, size: tuple[int, int]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Picture and mask; what leaves the picture on one side comes in on the other."""
    canvas = np.full((*size, 3), BACKGROUND, np.float32)
    cover = np.zeros(size, np.float32)
    others = [index for index in range(len(centres)) if index != odd]
    for index in (*others, odd):  # the odd one in front
        length = item * looks.scales[index]
        for centre in _wrapped(centres[index], length, size):
            draw_bar(
                canvas,
                cover if index == odd else None,
                centre,
                length,
                _SLENDER * length,
                float(looks.angles[index]),
                looks.colours[index],
            )
    return np.rint(canvas * 255).astype(np.uint8), cover >= 0.5


def _wrapped(
    centre: npt.NDArray[np.float64], length: float, size: tuple[int, int]
) -> list[npt.NDArray[np.float64]]:
    """The place itself and its copies that reach into the picture over the edge."""
    shifts = [(-n, 0, n) for n in size]
    copies = [centre + np.array((down, right)) for down in shifts[0] for right in shifts[1]]
    reach = 0.6 * length
    low, high = -reach, np.array(size) - 1 + reach
    return [one for one in copies if (one > low).all() and (one < high).all()]


def _checked(size: tuple[int, int]) -> tuple[int, int]:
    pair = isinstance(size, tuple | list | np.ndarray) and len(size) == 2
    if not pair or not all(isinstance(n, int | np.integer) and n > 0 for n in size):
        raise InvalidArgument(f"size is {size!r}; expected height and width in pixels")
    return int(size[0]), int(size[1])
