"""How far apart the pixels of a TIFF are, from its tags or from what programs write beside them."""

from __future__ import annotations

import math
import re
from typing import Any

from heatlens.images.large.source import MILLIMETRES

__all__ = ["spacing_of"]

_CENTIMETRE, _INCH = 3, 2
_NUMBER = r"([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"


def spacing_of(page: Any, description: str) -> tuple[float, float] | None:
    """Millimetres between rows and between columns; None where nothing says.

    OME-XML (PhysicalSizeX, PhysicalSizeY) and Aperio (MPP) say it in words, ImageJ says the unit of
    the resolution tags; else these tags are in inches or centimetres.
    """
    if "<OME" in description and (pixels := re.search(r"<(?:\w+:)?Pixels\b[^>]*>", description)):
        down, across = (_physical(pixels.group(), axis) for axis in "YX")
        return _checked(down, across)
    if description.startswith("Aperio"):
        if found := re.search(rf"\bMPP\s*=\s*{_NUMBER}", description):
            step = float(found.group(1)) * 1e-3
            return _checked(step, step)
        return None
    unit: float | None
    if description.startswith("ImageJ="):
        said = re.search(r"^unit=(.*)$", description, re.MULTILINE)
        name = said.group(1).strip().replace("\\u00B5", "µ") if said else ""
        unit = MILLIMETRES.get(name)
    else:
        unit = {_CENTIMETRE: 10.0, _INCH: 25.4}.get(int(page.resolutionunit or 1))
    across_per, down_per = page.resolution
    if unit is None or not across_per or not down_per or "XResolution" not in page.tags:
        return None
    return _checked(unit / down_per, unit / across_per)


def _physical(pixels: str, axis: str) -> float | None:
    """An attribute of OME's element Pixels in millimetres; micrometres where no unit is given."""
    size = re.search(rf"""\bPhysicalSize{axis}\s*=\s*["']{_NUMBER}["']""", pixels)
    unit = re.search(rf"""\bPhysicalSize{axis}Unit\s*=\s*["']([^"']*)["']""", pixels)
    scale = MILLIMETRES.get(unit.group(1).replace("&#181;", "µ") if unit else "µm")
    return float(size.group(1)) * scale if size and scale else None


def _checked(down: float | None, across: float | None) -> tuple[float, float] | None:
    if down is None or across is None:
        return None
    sensible = all(step > 0 and math.isfinite(step) for step in (down, across))
    return (down, across) if sensible else None
