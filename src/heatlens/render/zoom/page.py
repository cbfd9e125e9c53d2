"""The page of a zoomable picture: the viewer, with what it shows written in.

What it shows is data that the page reads and never runs, and the page's policy names its own
script and style by their hashes: a browser runs nothing else, whatever a name or note holds.
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.resources
import json
import re
from typing import Any

import numpy as np

from heatlens.provenance import Provenance
from heatlens.render.bar import ticks_of
from heatlens.render.colour import Scale
from heatlens.render.typography import number
from heatlens.render.words import notes, subtitle, title, unit

__all__ = ["legend", "page"]


def legend(made: Provenance, scale: Scale, extent: tuple[float, float]) -> dict[str, Any]:
    """What the page says about the heat: title, unit, notes, colours and ticks.

    Args:
        made: how the heat was made.
        scale: what its colours mean.
        extent: its lowest and highest value; where the scale ends before, its end says so.
    """
    steps = np.linspace(scale.low, scale.high, 64)
    ticks = [] if scale.empty else ticks_of(scale)
    span = scale.high - scale.low
    words = [number(tick) for tick in ticks]
    if words and np.float32(extent[1]) > np.float32(scale.high):
        words[-1] = f"≥ {words[-1]}"
    if words and scale.low < 0 and np.float32(extent[0]) < np.float32(scale.low):
        words[0] = f"≤ {words[0]}"
    return {
        "title": title(made),
        "subtitle": subtitle(made),
        "unit": unit([made]),
        "notes": notes([made]),
        "colours": ["#" + "".join(f"{c:02x}" for c in row) for row in scale.colours(steps)],
        "ticks": [
            [(tick - scale.low) / span, word] for tick, word in zip(ticks, words, strict=True)
        ],
        "empty": scale.empty,
    }


def page(about: dict[str, Any]) -> str:
    """The viewer with `about` in it."""
    viewer = importlib.resources.files(__package__).joinpath("viewer.html").read_text("utf-8")
    data = json.dumps(about).replace("<", "\\u003c").replace("&", "\\u0026")
    words = {
        "name": html.escape(str(about["name"])),
        "about": data,
        "style": _hash(viewer, "<style>", "</style>"),
        "script": _hash(viewer, "<script>", "</script>"),
    }
    # In one pass: what a name or note holds is not looked at again.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], viewer)


def _hash(text: str, start: str, end: str) -> str:
    """The source that a content security policy knows an element by."""
    inside = text.partition(start)[2].partition(end)[0]
    return "sha256-" + base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
