"""Where the pixels of a scene come from: photographs, textures and handwritten digits.

Everything lies in the wheels of scikit-image and scikit-learn; nothing is downloaded.  Whole
photographs and a fixed fifth of the digits are held out for the split "test", so that held-out
accuracy is measured on backgrounds and handwriting that training has never seen.

Photographs: scikit-image's and scikit-learn's bundled files (their licences are listed in
``skimage/data/README.txt`` and ``sklearn/datasets/images/README.txt``).
Digits: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heatlens.errors import MissingDependency

Split: TypeAlias = Literal["train", "test"]
Pixels: TypeAlias = NDArray[np.float32]

SPLITS: Final[tuple[Split, ...]] = ("train", "test")

_SKIMAGE: Final = ("skimage", "data")
_SKLEARN: Final = ("sklearn", "datasets/images")
_PACKAGES: Final = {"skimage": "scikit-image", "sklearn": "scikit-learn"}

PHOTOGRAPHS: Final[dict[Split, tuple[tuple[tuple[str, str], str], ...]]] = {
    "train": (
        (_SKIMAGE, "astronaut.png"),
        (_SKIMAGE, "brick.png"),
        (_SKIMAGE, "camera.png"),
        (_SKIMAGE, "cell.png"),
        (_SKIMAGE, "chelsea.png"),
        (_SKIMAGE, "grass.png"),
        (_SKIMAGE, "hubble_deep_field.jpg"),
        (_SKIMAGE, "ihc.png"),
        (_SKIMAGE, "moon.png"),
        (_SKIMAGE, "motorcycle_left.png"),
        (_SKIMAGE, "retina.jpg"),
        (_SKLEARN, "china.jpg"),
    ),
    "test": (
        (_SKIMAGE, "coffee.png"),
        (_SKIMAGE, "coins.png"),
        (_SKIMAGE, "rocket.jpg"),
        (_SKLEARN, "flower.jpg"),
    ),
}

TEXTURES: Final[dict[Split, tuple[tuple[tuple[str, str], str], ...]]] = {
    "train": ((_SKIMAGE, "brick.png"), (_SKIMAGE, "grass.png")),
    "test": ((_SKIMAGE, "gravel.png"),),
}

# The pyramid stops before the smaller side falls below this many pixels.
_SMALLEST_LEVEL: Final = 96


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph as a pyramid, so that a large crop is shrunk without aliasing.

    Attributes:
        name: the file's name, unique over both splits.
        levels: float32 arrays (H, W, C) in 0..1, each half the size of the one before; C is 3
            for a colour photograph and 1 for a grey one.
    """

    name: str
    levels: tuple[Pixels, ...]


def file_of(place: tuple[str, str], name: str) -> Path:
    """Return the path of a file inside an installed wheel, without importing the package.

    Raises:
        MissingDependency: the package or the file is not installed.
    """
    package, folder = place
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / folder / name
        if path.is_file():
            return path
    raise MissingDependency(_PACKAGES[package], "scenes", f"heatlens.testing.scenes ({name})")


@cache
def photographs(split: Split) -> tuple[Photograph, ...]:
    """Load the background photographs of a split."""
    return tuple(_load(place, name) for place, name in PHOTOGRAPHS[split])


@cache
def textures(split: Split) -> tuple[Photograph, ...]:
    """Load the texture photographs of a split, which fill objects and distractors."""
    return tuple(_load(place, name) for place, name in TEXTURES[split])


@cache
def digits(split: Split) -> tuple[tuple[int, ...], ...]:
    """Return, for each class 0..9, the numbers of the split's digits in ``load_digits``.

    Every fifth digit of each class, in the file's order, belongs to "test".

    >>> train, test = digits("train"), digits("test")
    >>> sum(map(len, train)) + sum(map(len, test))
    1797
    >>> set(train[3]) & set(test[3])
    set()
    """
    _, labels = digit_pixels()
    numbers = [np.flatnonzero(labels == label) for label in range(10)]
    held_out = [np.arange(len(n)) % 5 == 2 for n in numbers]
    return tuple(
        tuple(int(i) for i in n[held if split == "test" else ~held])
        for n, held in zip(numbers, held_out, strict=True)
    )


@cache
def digit_pixels() -> tuple[Pixels, NDArray[np.int64]]:
    """Load scikit-learn's digits: (1797, 8, 8) float32 in 0..1, and their labels (1797,)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingDependency("scikit-learn", "scenes", "heatlens.testing.scenes") from error
    bunch = load_digits()
    return (bunch.images / 16.0).astype(np.float32), bunch.target.astype(np.int64)


def _load(place: tuple[str, str], name: str) -> Photograph:
    from PIL import Image

    with Image.open(file_of(place, name)) as opened:
        mode = "L" if opened.mode in {"L", "I", "I;16", "1"} else "RGB"
        pixels = np.asarray(opened.convert(mode), dtype=np.float32) / np.float32(255)
    level = np.ascontiguousarray(pixels.reshape(pixels.shape[0], pixels.shape[1], -1))
    levels = [level]
    while min(level.shape[:2]) >= 2 * _SMALLEST_LEVEL:
        level = _halved(level)
        levels.append(level)
    return Photograph(name, tuple(levels))


def _halved(level: Pixels) -> Pixels:
    """Average 2x2 cells; an odd last row or column is left out."""
    height, width = level.shape[0] // 2 * 2, level.shape[1] // 2 * 2
    cells = level[:height, :width].reshape(height // 2, 2, width // 2, 2, -1)
    return np.ascontiguousarray(cells.mean(axis=(1, 3), dtype=np.float32))
