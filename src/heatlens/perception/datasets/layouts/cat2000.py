"""CAT2000: 2000 pictures of 20 categories, 1920 x 1080, 18 observers each, 5 seconds.

    Stimuli/<category>/<number>.jpg
    FIXATIONLOCS/<category>/<number>.mat     a mask `fixLocs`
    FIXATIONMAPS/<category>/<number>.jpg     blurred

The test set has the pictures alone. Smaller pictures stand in a grey frame of 1920 x 1080.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnreadableImage
from heatlens.perception.datasets.files import marked, subfolder, variable
from heatlens.perception.datasets.layout import register
from heatlens.perception.datasets.stimulus import Stimulus

__all__ = ["cat2000"]


@register("cat2000", marks=("Stimuli",), paper="arXiv:1505.03581")
def cat2000(folder: Path, split: str | None) -> Sequence[Stimulus]:
    """2000 pictures of 20 categories with fixations of 18 observers each (Borji, Itti 2015)."""
    pictures = subfolder(folder, "Stimuli", "CAT2000", "<category>/*.jpg")
    stimuli = []
    for image in sorted(pictures.glob("*/*.jpg")):
        category = image.parent.name
        points = folder / "FIXATIONLOCS" / category / f"{image.stem}.mat"
        density = folder / "FIXATIONMAPS" / category / image.name
        stimuli.append(
            Stimulus(
                f"{category}/{image.stem}",
                image,
                density_file=density if density.is_file() else None,
                category=category,
                points=partial(_points, points) if points.is_file() else None,
            )
        )
    return stimuli


def _points(file: Path) -> npt.NDArray[np.float64]:
    mask = np.asarray(variable(file, "fixLocs"))
    if mask.ndim != 2:
        raise UnreadableImage(f"{file}: fixLocs has shape {mask.shape}; expected a mask (H, W)")
    return marked(mask)
