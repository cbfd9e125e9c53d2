"""The words of a text with the colours of their evidence, for a page of print or of HTML."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.heatmap import Heatmap
from heatlens.render.colour import Scale
from heatlens.render.overlay import blend
from heatlens.render.typography import number, text

__all__ = ["MarkedWord", "contrast", "ink_on", "marked_words"]

_UNSEEN = "#d9d9d9"
_BLANK = "␣"
_FAINT = 1.2


@dataclass(frozen=True)
class MarkedWord:
    """One word as it is shown.

    Attributes:
        word: one line of text; blanks and line breaks show as "␣".
        value: its evidence in words; "not seen" where the model saw nothing.
        ground: colour behind the word, "#rrggbb".
        ink: of the word, black or white, whichever is legible on the ground.
        faint: whether the ground can hardly be told from white paper.
    """

    word: str
    value: str
    ground: str
    ink: str
    faint: bool


def marked_words(
    heatmap: Heatmap, scale: Scale, *, alpha: float | None = None, threshold: float = 0.0
) -> list[MarkedWord]:
    """The words of a map with axes "L" and their colours.

    Args:
        heatmap: its coordinates are the words; without any they are numbered from 1.
        scale: what colours mean. On an empty scale the ground is white.
        alpha: opacity of the strongest evidence over white; None shows the colours pure.
        threshold: below this fraction of the scale's largest magnitude the ground is white.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> heat = Heatmap(
        ...     np.array([0.0, 2.0]), Provenance("x"), "L", coordinates={"L": ["a", "dog"]}
        ... )
        >>> for marked in marked_words(heat, Scale(0, 2), alpha=1.0):
        ...     print(marked.word, marked.value, marked.ground, marked.ink)
        a 0 #ffffff #000000
        dog 2 #fde725 #000000
    """
    values = heatmap.values
    white = np.full((values.size, 3), 255, np.uint8)
    if scale.empty:
        grounds = white
    elif alpha is None:
        seen = scale.strength(values) >= threshold
        grounds = np.where(seen[:, None], scale.colours(values), white)
    else:
        grounds = blend(white, values, scale, alpha=alpha, threshold=threshold, desaturate=0.0)
    names = heatmap.coordinates.get("L") or tuple(str(k + 1) for k in range(values.size))
    marked = []
    for k, name in enumerate(names):
        value = float(values[k])
        valid = heatmap.valid is None or bool(heatmap.valid[k])
        shown = number(value) if valid else "not seen"
        if valid and heatmap.error is not None:
            shown += f" ± {number(float(heatmap.error[k]), 2)}"
        ground = "#{:02x}{:02x}{:02x}".format(*grounds[k]) if valid else _UNSEEN
        faint = valid and contrast(grounds[k], white[0]) < _FAINT
        ink = ink_on(grounds[k]) if valid else "#000000"
        marked.append(MarkedWord(text(str(name)) or _BLANK, shown, ground, ink, faint))
    return marked


def ink_on(ground: npt.NDArray[np.uint8]) -> str:
    """Black or white, whichever is read more easily on an sRGB colour (3,).

    One of them always has a contrast of at least 4.58, and WCAG 2.2 (1.4.3) asks for 4.5.

    Example:
        >>> ink_on(np.array([68, 1, 84])), ink_on(np.array([253, 231, 37]))
        ('#ffffff', '#000000')
    """
    black, white = np.zeros(3), np.full(3, 255.0)
    return "#000000" if contrast(ground, black) >= contrast(ground, white) else "#ffffff"


def contrast(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Contrast of two sRGB colours in 0..255, 1 (none) to 21 (black on white).

        (Y_light + 0.05) / (Y_dark + 0.05),   Y the relative luminance; WCAG 2.2.

    Example:
        >>> round(contrast([0, 0, 0], [255, 255, 255]), 6)
        21.0
    """
    dark, light = sorted(_luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: npt.ArrayLike) -> float:
    unit = np.asarray(colour, np.float64) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
