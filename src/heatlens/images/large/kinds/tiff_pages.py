"""Which pages of a TIFF are the picture and its smaller copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from heatlens.errors import UnreadableImage

__all__ = ["orientation_of", "pyramid", "usable"]

_REDUCED = 1
_SAME = ("dtype", "samplesperpixel", "photometric", "bitspersample", "extrasamples")


def usable(file: Any, path: Path) -> Any:
    """The first page, if it is a picture.

    Raises:
        UnreadableImage: no page, no pixel, or a volume.
    """
    page = file.pages[0] if len(file.pages) else None
    if page is None or 0 in (page.imagelength, page.imagewidth) or page.dtype is None:
        raise UnreadableImage(f"{path} is a TIFF without a picture")
    if page.imagedepth > 1:
        raise UnreadableImage(f"{path} holds a volume of {page.imagedepth} slices in one page")
    return page


def pyramid(file: Any, first: Any) -> tuple[list[Any], tuple[str, ...]]:
    """The first page and its smaller copies, largest first; and a note on pages left out.

    A copy has the same kind of pixels and the same proportions up to the rounding of both sides.
    It is a SubIFD, or a page that says so (NewSubfileType 1); of slides by Aperio, whose copies
    say nothing, a tiled page, as OpenSlide has it.
    """
    aperio = first.is_tiled and str(first.description).startswith("Aperio")
    copies, left_out = [], 0
    for inside, page in (
        *((True, page) for page in first.pages or ()),
        *((False, page) for page in list(file.pages)[1:]),
    ):
        whole = page.aspage() if hasattr(page, "aspage") else page
        said = inside or int(whole.subfiletype) & _REDUCED or (aperio and whole.is_tiled)
        if said and _is_copy(whole, first):
            copies.append(whole)
        else:
            left_out += 1
    levels = [first]
    for page in sorted(copies, key=lambda p: -p.imagewidth * p.imagelength):
        last = levels[-1]
        if page.imagewidth * page.imagelength < last.imagewidth * last.imagelength:
            levels.append(page)
        else:
            left_out += 1
    if not left_out:
        return levels, ()
    return levels, (
        f"the first picture of the TIFF; {left_out} other pages were left out (a smaller copy is "
        "a SubIFD, or marked by NewSubfileType 1)",
    )


def _is_copy(page: Any, first: Any) -> bool:
    alike = all(getattr(page, name) == getattr(first, name) for name in _SAME)
    if not alike or orientation_of(page) not in (1, orientation_of(first)):
        return False
    # Every scale at which each side comes out as it is, by rounding up or down.
    least, most = 1.0, float("inf")
    for old, new in ((first.imagelength, page.imagelength), (first.imagewidth, page.imagewidth)):
        if not 0 < new <= old:
            return False
        least = max(least, old / (new + 1))
        most = min(most, old / (new - 1) if new > 1 else most)
    return least <= most


def orientation_of(page: Any) -> int:
    """The tag Orientation: 1 is upright, and what holds where it says nothing sensible."""
    turn = page.tags.valueof(274, default=1)
    return turn if turn in range(1, 9) else 1
