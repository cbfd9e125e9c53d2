"""SALICON: 20 000 pictures of MS COCO, looked at by moving a mouse over blurred pictures.

    images/<split>/<name>.jpg                     or <split>/<name>.jpg
    fixations/<split>/<name>.mat                  `gaze`, one structure per observer
    maps/<split>/<name>.png                       blurred
    annotations/fixations_<split>2014.json        the first edition's fixations, or beside images/

Positions are x, y from 1 in the Matlab files, and row, column from 1 in the annotations.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatlens.errors import MissingImage, UnreadableImage
from heatlens.perception.datasets.files import found_in, inside, one_based, variable
from heatlens.perception.datasets.layout import register
from heatlens.perception.datasets.stimulus import Stimulus

__all__ = ["salicon"]

_SPLITS = ("train", "val", "test")

Floats = npt.NDArray[np.float64]


@register("salicon", marks=("images",), splits=_SPLITS, paper="doi:10.1109/CVPR.2015.7298710")
def salicon(folder: Path, split: str | None) -> Sequence[Stimulus]:
    """20 000 pictures with fixations taken from a mouse (Jiang, Huang, Duan, Zhao 2015)."""
    stimuli = []
    wanted = _SPLITS if split is None else (split,)
    places = [folder / "images" / one for one in wanted] + [folder / one for one in wanted]
    there = [place for place in places if place.is_dir()]
    if not there:
        raise MissingImage(
            f"{folder}: SALICON has its pictures in {' or '.join(f'images/{n}/' for n in wanted)}; "
            f"there is {found_in(folder)}"
        )
    for place in there:
        part = place.name
        annotations = _annotations(folder, part)
        for image in sorted(place.glob("*.jpg")):
            density = folder / "maps" / part / f"{image.stem}.png"
            stimuli.append(
                Stimulus(
                    image.stem,
                    image,
                    density_file=density if density.is_file() else None,
                    split=part,
                    points=_reader(folder, part, image, annotations),
                )
            )
    return stimuli


def _annotations(folder: Path, part: str) -> Path | None:
    name = f"fixations_{part}2014.json"
    places = (folder / "annotations" / name, folder / name)
    return next((file for file in places if file.is_file()), None)


def _reader(
    folder: Path, part: str, image: Path, annotations: Path | None
) -> Callable[[], Floats] | None:
    """The Matlab file if there is one (it is small), else the annotations of the whole split."""
    file = folder / "fixations" / part / f"{image.stem}.mat"
    if file.is_file():
        return partial(_from_matlab, file, image)
    return partial(_from_annotations, annotations, image) if annotations is not None else None


def _from_matlab(file: Path, image: Path) -> Floats:
    observers = np.atleast_1d(variable(file, "gaze"))
    try:
        each = [one_based(observer.fixations) for observer in observers]
    except (AttributeError, ValueError) as error:
        raise UnreadableImage(f"{file}: `gaze` has no fixations (x, y) in it ({error})") from error
    return inside(np.concatenate([np.empty((0, 2)), *each]), _size(image))


def _from_annotations(file: Path, image: Path) -> Floats:
    found = _loaded(file, file.stat().st_mtime_ns).get(image.name)
    if found is None:
        raise UnreadableImage(f"{file}: no picture {image.name} in it")
    return inside(found, _size(image))


@lru_cache(maxsize=2)
def _loaded(file: Path, changed: int) -> dict[str, Floats]:
    """Of each picture's file name the positions of all observers; read once, as it is large."""
    try:
        content = json.loads(file.read_text())
        names = {one["id"]: one["file_name"] for one in content["images"]}
        gathered: dict[str, list[Floats]] = {name: [] for name in names.values()}
        for one in content["annotations"]:
            positions = np.asarray(one["fixations"], np.float64).reshape(-1, 2) - 1
            gathered[names[one["image_id"]]].append(positions)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableImage(
            f"{file}: not the annotations of SALICON, images and annotations with fixations "
            f"({type(error).__name__}: {error})"
        ) from error
    return {name: np.concatenate([np.empty((0, 2)), *some]) for name, some in gathered.items()}


def _size(image: Path) -> tuple[int, int]:
    """From the header alone."""
    from PIL import Image as PillowImage

    with PillowImage.open(image) as opened:
        width, height = opened.size
    return height, width
