"""MIT1003: 1003 photographs, 15 observers, free viewing for 3 seconds.

    ALLSTIMULI/<name>.jpeg                  the photographs
    ALLFIXATIONMAPS/<name>_fixPts.jpg       white where somebody looked (a mask, saved as JPEG)
    ALLFIXATIONMAPS/<name>_fixMap.jpg       blurred
    DATA/<observer>/<name>.mat              raw gaze, 240 Hz

The fixations are those of the mask: pixels, each once, whoever looked. Which fixation is whose is
in the raw gaze alone, from which the authors' Matlab code finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnreadableImage
from heatlens.perception.datasets.files import levels, marked, matlab, subfolder
from heatlens.perception.datasets.layout import register
from heatlens.perception.datasets.stimulus import Stimulus

__all__ = ["mit1003"]

_WHITE = 127.5
"""JPEG leaves grey around the white points; their middle stays above half."""


@register("mit1003", marks=("ALLSTIMULI", "ALLFIXATIONMAPS"), paper="doi:10.1109/ICCV.2009.5459462")
def mit1003(folder: Path, split: str | None) -> Sequence[Stimulus]:
    """1003 photographs with the fixations of 15 observers (Judd, Ehinger, Durand, Torralba 2009)."""
    pictures = subfolder(folder, "ALLSTIMULI", "MIT1003", "*.jpeg")
    maps = subfolder(folder, "ALLFIXATIONMAPS", "MIT1003", "*_fixPts.jpg and *_fixMap.jpg")
    data = folder / "DATA"
    people = sorted(one for one in data.iterdir() if one.is_dir()) if data.is_dir() else []
    stimuli = []
    for image in sorted(pictures.glob("*.jp*g")):
        points = maps / f"{image.stem}_fixPts.jpg"
        density = maps / f"{image.stem}_fixMap.jpg"
        files = {one.name: one / f"{image.stem}.mat" for one in people}
        stimuli.append(
            Stimulus(
                image.stem,
                image,
                density_file=density if density.is_file() else None,
                observers={name: file for name, file in files.items() if file.is_file()},
                points=partial(_points, points) if points.is_file() else None,
                samples=_gaze,
            )
        )
    return stimuli


def _points(file: Path) -> npt.NDArray[np.float64]:
    return marked(levels(file), above=_WHITE)


def _gaze(file: Path) -> npt.NDArray[np.float64]:
    """Samples (t, 2): Matlab's floor(x), floor(y) are the column and the row, from 1."""
    records = list(matlab(file).values())  # one variable, called as the picture
    trials = np.ravel(np.asarray(getattr(records[0] if records else None, "DATA", None), object))
    first = trials[0] if trials.size else None
    eye = getattr(first, "eyeData", None)
    if eye is None or np.ndim(eye) != 2 or np.shape(eye)[1] < 2:
        raise UnreadableImage(f"{file}: no DATA.eyeData of samples (t, 2) in it")
    samples = np.asarray(eye, np.float64)[:, :2]
    lost = ~(samples > 0).all(1)
    positions = samples[:, ::-1] - 1.5
    positions[lost] = np.nan
    return positions
