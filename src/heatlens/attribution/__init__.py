"""Attribution: which pixels a model's score comes from, one method a file.

| file or folder | what it gives |
|---|---|
| `attribute`, `explain` | `heatlens.attribute` on tensors, `heatlens.explain` on pictures, films, sounds, texts |
| `frames`, `explained_film` | `explain_frames`, `explain_film`: a model of pictures on a film, one frame in memory |
| `large` | `explain_large`: pictures too large for memory |
| `gradient/`, `cam/`, `perturbation/` | the methods; their registry is `method.METHODS` |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.attribution.explained_film import ExplainedFilm, explain_film
    from heatlens.attribution.frames import ExplainedFrame, explain_frames
    from heatlens.attribution.large import explain_large

__all__ = ["ExplainedFilm", "ExplainedFrame", "explain_film", "explain_frames", "explain_large"]

_HOME = {
    "ExplainedFilm": "explained_film",
    "ExplainedFrame": "frames",
    "explain_film": "explained_film",
    "explain_frames": "frames",
    "explain_large": "large",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
