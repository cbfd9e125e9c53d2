"""Images in, images out: what transport can do with a picture.

| file or folder | what it gives |
|---|---|
| `colour/` | `colour_transfer`: one picture in the colours of another |
| `style/` | `style_transfer`, `texture`: one picture in the texture of another |
| `film`, `film_files` | `interpolation_film`, `save_film`: the way from one picture to another |
| `mean` | `barycenter`: the mean heatmap by transport |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.transfer.colour.colour_map import ColourMap
    from heatlens.transfer.colour.transfer import colour_map, colour_transfer, palette_distance
    from heatlens.transfer.film import interpolation_film
    from heatlens.transfer.film_files import save_film
    from heatlens.transfer.mean import barycenter
    from heatlens.transfer.style.transfer import style_transfer, texture

__all__ = [
    "ColourMap",
    "barycenter",
    "colour_map",
    "colour_transfer",
    "interpolation_film",
    "palette_distance",
    "save_film",
    "style_transfer",
    "texture",
]

_HOME = {
    "ColourMap": "colour.colour_map",
    "barycenter": "mean",
    "colour_map": "colour.transfer",
    "colour_transfer": "colour.transfer",
    "interpolation_film": "film",
    "palette_distance": "colour.transfer",
    "save_film": "film_files",
    "style_transfer": "style.transfer",
    "texture": "style.transfer",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
