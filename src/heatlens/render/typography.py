"""Text in figures: one typeface, measured and broken into lines before it is placed."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

__all__ = ["INK", "MUTED", "NO_BREAK", "font", "line_height", "number", "text", "width", "wrapped"]

NO_BREAK = "\u00a0"
INK, MUTED = "#1a1a1a", "#5c5c5c"

# Measured large, where hinting does not move the letters; at some resolutions (110 and 150 dots an
# inch) it makes a line of small print 5 % longer.
_DPI, _SPARE = 400, 1.065
# DejaVu Sans comes with matplotlib; the others are tried for scripts that it lacks.
_FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Microsoft YaHei",
    "Yu Gothic",
    "PingFang SC",
    "Hiragino Sans",
    "Arial Unicode MS",
)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def font(size: float, bold: bool = False) -> FontProperties:
    """The typeface of all figures at `size` points, whatever the user's rcParams say."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=_families(), size=size, weight="bold" if bold else "normal")


def text(string: str) -> str:
    """`string` as one line of text that any font engine takes: no control or half characters."""
    whole = string.encode("utf-8", "replace").decode("utf-8")
    clean = "".join(c if c.isprintable() or c == NO_BREAK else " " for c in whole)
    return " ".join(part for part in clean.split(" ") if part)


@functools.lru_cache(maxsize=4096)
def width(string: str, size: float, bold: bool = False) -> float:
    """Width of a line in inches."""
    properties = font(size, bold)
    across, _, _ = _renderer().get_text_width_height_descent(string, properties, ismath=False)
    return _SPARE * float(across) / _DPI


def line_height(size: float) -> float:
    """Distance of two base lines in inches."""
    return 1.3 * size / 72


def wrapped(
    string: str, room: float, size: float, *, bold: bool = False, most: int = 4
) -> list[str]:
    """`string` in lines of at most `room` inches; what `most` lines cannot hold ends in "…".

    Example:
        >>> wrapped("white stork", 0.5, 8)
        ['white', 'stork']
    """
    lines: list[str] = []
    for word in filter(None, text(string).split(" ")):
        candidate = f"{lines[-1]} {word}" if lines else word
        if lines and width(candidate, size, bold) <= room:
            lines[-1] = candidate
            continue
        while width(word, size, bold) > room and len(word) > 1:
            cut = _fitting(word, room, size, bold)
            lines.append(word[:cut])
            word = word[cut:]
        lines.append(word)
    if len(lines) > most:
        last = f"{lines[most - 1]} {lines[most]}"
        while last and width(f"{last}…", size, bold) > room:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip()}…"]
    return lines


def number(value: float, digits: int = 3) -> str:
    """A number for readers: three digits, a true minus, powers of ten written out.

    Example:
        >>> number(-0.125), number(1234567.0), number(0.0000321), number(0.0)
        ('−0.125', '1.23×10⁶', '3.21×10⁻⁵', '0')
    """
    if value == 0:
        return "0"
    plain = f"{value:.{digits}g}"
    if "e" in plain or (abs(value) < 1e-3):
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        if abs(int(exponent)) <= digits and abs(value) >= 1:
            plain = f"{value:.0f}"
        else:
            plain = f"{'' if mantissa == '1' else f'{mantissa}×'}10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    return plain.replace("-", "−")


def _fitting(word: str, room: float, size: float, bold: bool) -> int:
    """How many of the first characters of `word` fit; at least one."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if width(word[:middle], size, bold) <= room else (low, middle - 1)
        )
    return low


@functools.cache
def _families() -> list[str]:
    from matplotlib.font_manager import fontManager

    there = {entry.name for entry in fontManager.ttflist}
    return [name for name in _FAMILIES if name in there] or ["sans-serif"]


@functools.cache
def _renderer() -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    return FigureCanvasAgg(Figure(figsize=(1, 1), dpi=_DPI)).get_renderer()
