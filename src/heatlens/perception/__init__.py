"""What the eye sees first, in still and moving pictures, and how well a model foretells it.

| file or folder | what it gives |
|---|---|
| `saliency` | `heatlens.saliency`: a map of any picture or film |
| `static/` | models for still pictures, one a file; their registry is `model.SALIENCY` |
| `moving/` | models for films; `watch`, `overlay_film`: stream in, stream out |
| `learned` | networks whose output is a map |
| `large` | `large_saliency`: pictures too large for memory |
| `metrics/` | how well a map foretells fixations |
| `displays/` | pop-out displays and sampled fixations |
| `datasets/` | readers of the folders of MIT1003, CAT2000, SALICON and DHF1K |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.perception.large import large_saliency
    from heatlens.perception.model import SALIENCY
    from heatlens.perception.moving.model import MOVING
    from heatlens.perception.moving.overlay_film import overlay_film
    from heatlens.perception.moving.stream import watch

__all__ = ["MOVING", "SALIENCY", "large_saliency", "overlay_film", "watch"]

_HOME = {
    "MOVING": "moving.model",
    "SALIENCY": "model",
    "large_saliency": "large",
    "overlay_film": "moving.overlay_film",
    "watch": "moving.stream",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
