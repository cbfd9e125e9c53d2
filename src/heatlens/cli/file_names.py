"""Names of the files that commands write."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["free", "slug", "stem_of"]


def stem_of(file: Path, taken: set[str]) -> str:
    """The file's name without its ending; numbered if two photos share it."""
    stem = file.name.removesuffix(".gz")
    return free(stem.rsplit(".", 1)[0] or stem, taken)


def free(wanted: str, taken: set[str]) -> str:
    """The name, with "-2" and so on if it is taken; taken from now on.

    Example:
        >>> taken = {"stork"}
        >>> free("stork", taken), sorted(taken)
        ('stork-2', ['stork', 'stork-2'])
    """
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    taken.add(name)
    return name


def slug(words: str) -> str:
    """Words as part of a file's name.

    Example:
        >>> slug("White stork!")
        'white-stork'
    """
    return re.sub(r"[^\w]+", "-", words.casefold()).strip("-")[:60] or "target"
