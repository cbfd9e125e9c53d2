"""Displays whose odd item pops out, and fixations drawn from known densities: what one can prove on.

| file or folder | what it gives |
|---|---|
| `generator` | `popout`: a jittered grid of bars of which one is odd |
| `display` | `Display`: the picture or clip, and where the odd item is |
| `kinds/` | what the odd item differs in, one kind a file; their registry is `kind.KINDS` |
| `found` | `hit`, `hits`: whether a map finds the odd item |
| `sampling` | `sampled_fixations`: positions drawn from a density |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.perception.displays.display import Display
    from heatlens.perception.displays.found import hit, hits
    from heatlens.perception.displays.generator import popout
    from heatlens.perception.displays.kind import KINDS
    from heatlens.perception.displays.sampling import sampled_fixations

__all__ = ["KINDS", "Display", "hit", "hits", "popout", "sampled_fixations"]

_HOME = {
    "Display": "display",
    "KINDS": "kind",
    "hit": "found",
    "hits": "found",
    "popout": "generator",
    "sampled_fixations": "sampling",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
