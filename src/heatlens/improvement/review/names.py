"""What pictures are called in a list: short, and two files never the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["names"]


def names(sources: Sequence[str], called: Sequence[str]) -> list[str]:
    """Of each picture its path from the folder that all have in common; without a path its name.

    Args:
        sources: paths, "" for a picture that has none.
        called: their own names.

    Example:
        >>> names(["photos/a/0.png", "photos/b/0.png", ""], ["0.png", "0.png", "scene"])
        ['a/0.png', 'b/0.png', 'scene']
        >>> names(["photos/0.png"], ["0.png"])
        ['0.png']
    """
    whole = [os.path.abspath(source) if source else "" for source in sources]  # noqa: PTH100
    try:
        root = os.path.commonpath([os.path.dirname(path) for path in whole if path])  # noqa: PTH120
    except ValueError:  # no path at all, or on several drives
        return [source or name for source, name in zip(sources, called, strict=True)]
    return [
        Path(path).relative_to(root).as_posix() if path else name
        for path, name in zip(whole, called, strict=True)
    ]
