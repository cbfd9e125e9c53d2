"""Thumbnails as they lie in an index: a JPEG of a picture, a coloured PNG of a heatmap."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pillow

from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.reduced import reduced

__all__ = ["thumbnail"]


def thumbnail(source: Image | Heatmap, longest: int) -> bytes | None:
    """An encoded picture with at most `longest` pixels along the longer side.

    Transparent pixels lie on white. A heatmap has the colours that its picture has elsewhere.
    None for a volume, and for `longest` 0.
    """
    if longest < 1 or source.axes not in ("YX", "YXC"):
        return None
    if isinstance(source, Heatmap):
        from heatlens.render.colour import scale_for

        share = min(1, longest / max(source.size))
        height, width = (max(1, round(n * share)) for n in source.size)
        colours = scale_for(source).colours(source.values)
        picture = Pillow.fromarray(colours).resize((width, height), Pillow.Resampling.BOX)
        return _encoded(picture, "PNG")
    small = reduced(source, longest)
    levels = small.rgb()
    if small.alpha is not None:
        alpha = small.alpha[..., None]
        levels = np.rint(levels * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return _encoded(Pillow.fromarray(levels), "JPEG", quality=85)


def _encoded(picture: Pillow.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
