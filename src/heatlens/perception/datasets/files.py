"""Masks, densities and Matlab files, as data sets of fixations have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import MissingImage, UnreadableImage
from heatlens.images.read import read_image

__all__ = ["found_in", "inside", "levels", "marked", "matlab", "one_based", "subfolder", "variable"]

Floats = npt.NDArray[np.float64]


def levels(file: Path) -> Floats:
    """Grey levels of a picture file, (H, W); of a coloured one its first channel."""
    pixels = read_image(file).pixels
    if pixels.ndim not in (2, 3):
        raise UnreadableImage(f"{file}: expected one grey picture, got shape {pixels.shape}")
    return (pixels if pixels.ndim == 2 else pixels[..., 0]).astype(np.float64)


def marked(mask: npt.NDArray[Any], above: float = 0.0) -> Floats:
    """Positions (n, 2) of the pixels above a level.

    Example:
        >>> marked(np.array([[0, 255], [3, 0]]), above=127).tolist()
        [[0.0, 1.0]]
    """
    return np.argwhere(mask > above).astype(np.float64)


def one_based(xy: npt.ArrayLike) -> Floats:
    """Matlab's x, y from 1 as rows and columns from 0; (n, 2) or empty.

    Example:
        >>> one_based([[640, 1]]).tolist()
        [[0.0, 639.0]]
    """
    points: Floats = np.asarray(xy, np.float64).reshape(-1, 2)[:, ::-1] - 1
    return points


def inside(points: Floats, size: tuple[int, int]) -> Floats:
    """Those positions that lie in a picture of that size; trackers see the eyes leave it."""
    kept = ((points >= -0.5) & (points < np.array(size) - 0.5)).all(1)
    return points[kept]


def matlab(file: Path) -> dict[str, Any]:
    """The variables of a Matlab file, structures with their fields as attributes.

    Raises:
        MissingImage: there is no such file.
        UnreadableImage: it is no Matlab file that SciPy reads.
    """
    import scipy.io

    if not file.is_file():
        raise MissingImage(f"{file}: no such file")
    try:
        found = scipy.io.loadmat(file, squeeze_me=True, struct_as_record=False)
    except NotImplementedError:
        raise UnreadableImage(
            f"{file}: a Matlab file of version 7.3 (HDF5), which SciPy does not read; save it "
            "again in Matlab with -v7"
        ) from None
    except Exception as error:  # SciPy raises whatever its parser stumbles over
        raise UnreadableImage(f"{file}: not a Matlab file that can be read ({error})") from error
    return {name: value for name, value in found.items() if not name.startswith("__")}


def variable(file: Path, name: str) -> Any:
    """One variable of a Matlab file.

    Raises:
        UnreadableImage: it is not in the file; the message says what is.
    """
    found = matlab(file)
    if name not in found:
        raise UnreadableImage(
            f"{file}: no variable {name!r} in it; there are {', '.join(sorted(found)) or 'none'}"
        )
    return found[name]


def subfolder(folder: Path, name: str, dataset: str, holds: str) -> Path:
    """A folder that a data set must have.

    Raises:
        MissingImage: it is not there; the message says what was expected and what was found.
    """
    path = folder / name
    if not path.is_dir():
        raise MissingImage(
            f"{path}: no such folder; {dataset} has {holds} there. In {folder} there is "
            f"{found_in(folder)}"
        )
    return path


def found_in(folder: Path, most: int = 8) -> str:
    """What lies in a folder, in words."""
    names = sorted(f"{item.name}/" if item.is_dir() else item.name for item in folder.iterdir())
    if not names:
        return "nothing"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
