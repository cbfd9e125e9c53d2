"""DHF1K: 1000 films, 17 observers.

    video/001.AVI                           640 x 360, 30 frames a second
    annotation/0001/maps/0001.png           blurred, a frame each
    annotation/0001/fixation/0001.png       white where somebody looked, or
    annotation/0001/fixation/maps/0001.mat  a mask `I`

A stimulus is a frame. The annotations of films 701 to 1000 are kept back by the authors. Pictures
among the maps that are not called by a frame's number (thumbnails) are skipped, with a warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatlens.errors import AssumptionWarning, MissingImage, UnreadableImage
from heatlens.perception.datasets.files import found_in, levels, marked, subfolder, variable
from heatlens.perception.datasets.layout import register
from heatlens.perception.datasets.stimulus import Stimulus

__all__ = ["dhf1k"]

Floats = npt.NDArray[np.float64]


@register("dhf1k", marks=("video", "annotation"), films=True, paper="arXiv:1801.07424")
def dhf1k(folder: Path, split: str | None) -> Sequence[Stimulus]:
    """1000 films with fixations of 17 observers, a frame each (Wang, Shen, Guo, Cheng, Borji 2018)."""
    films = _films(subfolder(folder, "video", "DHF1K", "001.AVI and so on"))
    truths = subfolder(folder, "annotation", "DHF1K", "0001/maps/*.png and so on")
    stimuli: list[Stimulus] = []
    for truth in sorted(one for one in truths.iterdir() if one.is_dir() and one.name.isdecimal()):
        number = int(truth.name)
        if number not in films:
            raise MissingImage(
                f"{folder / 'video'}: no film {number:03d}.AVI to the annotation {truth.name}; "
                f"there is {found_in(folder / 'video')}"
            )
        maps = subfolder(truth, "maps", "DHF1K", "a picture of the density for each frame")
        numbered, stray = _by_number(sorted(maps.glob("*.png")))
        if stray:
            warnings.warn(
                f"{maps}: {', '.join(one.name for one in stray[:8])} skipped; a frame's map is "
                "called by its number, 0001.png",
                AssumptionWarning,
                stacklevel=2,
            )
        stimuli += [
            Stimulus(
                f"{truth.name}/{density.stem}",
                films[number],
                frame=int(density.stem) - 1,
                density_file=density,
                points=_reader(truth / "fixation", density.stem),
            )
            for density in numbered
        ]
    return stimuli


def _by_number(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Those that are called by a frame's number, from 1 on, and those that are not."""
    numbered = [file for file in files if file.stem.isdecimal() and int(file.stem) > 0]
    return numbered, sorted(set(files) - set(numbered))


def _films(folder: Path) -> dict[int, Path]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".avi", ".mp4"))
    return {int(file.stem): file for file in files if file.stem.isdecimal()}


def _reader(folder: Path, frame: str) -> Callable[[], Floats] | None:
    picture, mask = folder / f"{frame}.png", folder / "maps" / f"{frame}.mat"
    if picture.is_file():
        return partial(_from_picture, picture)
    return partial(_from_matlab, mask) if mask.is_file() else None


def _from_picture(file: Path) -> Floats:
    return marked(levels(file))


def _from_matlab(file: Path) -> Floats:
    mask = np.asarray(variable(file, "I"))
    if mask.ndim != 2:
        raise UnreadableImage(f"{file}: I has shape {mask.shape}; expected a mask (H, W)")
    return marked(mask)
