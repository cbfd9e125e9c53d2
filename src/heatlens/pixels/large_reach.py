"""How much of a large picture around a piece its features hang on."""

from __future__ import annotations

from heatlens.errors import InvalidArgument
from heatlens.images.large.image import LargeImage
from heatlens.pixels.checks import checked_count
from heatlens.pixels.part import FEATURES, STEPS, Chosen
from heatlens.pixels.stack import feature_stack

__all__ = ["halo_for"]

_OWN = 64
"""Pixels around a piece for functions of the caller's own, unless he says."""

_CORNER = 64
"""Rows and columns that parts are tried on."""

_MOST = 1024
"""More would cost hundreds of megabytes a piece, most of them computed for nothing."""


def halo_for(
    picture: LargeImage,
    features: tuple[Chosen, ...],
    steps: tuple[Chosen, ...],
    wanted: int | None,
) -> tuple[int, tuple[str, ...]]:
    """Pixels around each piece, and what a reader of the result has to know of it.

    Steps come one after the other, and their reaches add up; of the features the farthest counts.

    Args:
        picture: open; a corner of it is looked at, so that wrong parameters are told in the
            parts' own words.
        features: what is measured.
        steps: before.
        wanted: what the caller asks for; None is what is needed.

    Raises:
        InvalidArgument: a part that looks at the whole picture, or reaches too far for pieces; a
            halo that is smaller than the reach.
    """
    height, width = (min(side, _CORNER) for side in picture.size)
    feature_stack(picture.part(0, 0, height, width), features, steps)
    reaches = [_reach(part) for part in (*steps, *features)]
    own, known = None in reaches, [reach or 0 for reach in reaches]
    needed = sum(known[: len(steps)]) + max(known[len(steps) :])
    halo = needed + (_OWN if own else 0) if wanted is None else checked_count("halo", wanted, 0)
    words = ", ".join(part.words for part in (*steps, *features))
    if halo < needed:
        raise InvalidArgument(
            f"halo is {halo}, and {words} reach {needed} pixels: pieces would not fit together; "
            "leave it out"
        )
    if halo > _MOST:
        raise InvalidArgument(
            f"{words} reach {halo} pixels, and pieces see at most {_MOST} around them; compare a "
            "reduced picture, heatlens.pixels.similarity(large.reduced(4000), ...)"
        )
    return halo, (f"functions of one's own see {halo} pixels around each piece",) if own else ()


def _reach(part: Chosen) -> int | None:
    """How far a part sees; None of a function that nobody knows."""
    for registry in (STEPS, FEATURES):
        for known in registry.values():
            if known.function is part.part.function:
                if known.reach is None:
                    raise InvalidArgument(
                        f"{known.name} looks at the whole picture at once, which does not fit in "
                        "memory; leave it out, or give a reduced picture to "
                        "heatlens.pixels.similarity"
                    )
                return int(known.reach({**known.parameters, **part.parameters}))
    return None
