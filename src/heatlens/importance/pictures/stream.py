"""Pictures one after the other, from whatever holds them; what cannot be read is told."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.images.sniff import SUFFIXES
from heatlens.models.protocol import Model

__all__ = ["PictureStream", "pictures_in", "pictures_of_array", "pixels_of_batch"]

Array = npt.NDArray[Any]


class PictureStream:
    """Names and pictures, read when their turn comes; it can be gone through again.

    Attributes:
        count: how many there are.
        absent: how many were named that are not there; they are in `skipped` and not in `count`.
        skipped: (name, reason) of those that could not be read, filled while it is gone through.

    Example:
        >>> stream = pictures_in(np.zeros((2, 4, 4, 3), np.uint8))
        >>> [name for name, picture in stream]
        ['picture 0', 'picture 1']
    """

    def __init__(self, sources: list[tuple[str, Any]], missing: list[tuple[str, str]]) -> None:
        """Take (name, source of `read_image`) pairs and (name, reason) of what is not there."""
        self._sources, self._missing = sources, missing
        self.skipped: list[tuple[str, str]] = list(missing)
        self.count, self.absent = len(sources), len(missing)

    def __iter__(self) -> Iterator[tuple[str, Image]]:
        """Names and pictures in order."""
        self.skipped = list(self._missing)
        for name, source in self._sources:
            try:
                image = source() if isinstance(source, partial) else read_image(source)
            except (HeatlensError, OSError) as error:
                self.skipped.append((name, str(error)))
                continue
            yield name, image


def pictures_in(given: Any, model: Model | None = None) -> PictureStream:
    """What `given` holds.

    Args:
        given: a folder (with all below it), a file or a glob; a list of paths, `Image`s or arrays;
            an array of pixels (N, H, W, C) or (N, H, W), unsigned integers or floats in 0..1; a
            tensor (N, C, H, W) as `model` takes it.
        model: turns a tensor back into pixels.

    Raises:
        InvalidArgument: there is no picture, or floats outside of 0..1.
        InvalidType: something else.
    """
    if isinstance(given, PictureStream):
        return given
    if isinstance(given, torch.Tensor):
        return PictureStream(pictures_of_array(pixels_of_batch(given, model)), [])
    if isinstance(given, np.ndarray):
        return PictureStream(pictures_of_array(given), [])
    if isinstance(given, str | os.PathLike | Image):
        given = [given]
    if not isinstance(given, Iterable) or isinstance(given, bytes | dict):
        raise InvalidType(
            f"a {type(given).__name__} holds no pictures; give a folder, a list of paths or Images, "
            "or pixels (N, H, W, 3)"
        )
    sources: list[tuple[str, Any]] = []
    missing: list[tuple[str, str]] = []
    for number, item in enumerate(given):
        if isinstance(item, str | os.PathLike):
            files, reason = _files(os.fspath(item))
            sources += [(file, file) for file in files]
            if reason:
                missing.append((os.fspath(item), reason))
        else:
            name = item.name if isinstance(item, Image) else ""
            sources.append((name or f"picture {number}", item))
    if not sources:
        reason = f": {missing[0][0]}: {missing[0][1]}" if missing else "; give at least one"
        raise InvalidArgument(f"there is no picture{reason}")
    return PictureStream(sources, missing)


def pictures_of_array(pixels: Array) -> list[tuple[str, Any]]:
    """The pictures of an array (N, H, W[, C]): names and sources, all with one range of values.

    Raises:
        InvalidArgument: other axes, one picture, or floats outside of 0..1.
        InvalidType: neither unsigned integers nor floats.
    """
    if pixels.ndim not in (3, 4) or 0 in pixels.shape:
        raise InvalidArgument(
            f"an array of shape {pixels.shape} holds no pictures; expected (N, H, W, 3) or "
            "(N, H, W), at least one"
        )
    if pixels.ndim == 4 and pixels.shape[-1] not in (1, 3, 4):
        raise InvalidArgument(
            f"pixels of shape {pixels.shape} have no last axis of 1, 3 or 4 channels; expected "
            "(N, H, W, 3). A network's batch (N, 3, H, W) is given as a torch tensor"
        )
    if pixels.ndim == 3 and pixels.shape[-1] in (3, 4):
        raise InvalidArgument(
            f"an array of shape {pixels.shape} is one picture, or grey ones of {pixels.shape[-1]} "
            "columns; give [picture], or (N, H, W, 1)"
        )
    if pixels.dtype.kind == "f":
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            raise InvalidArgument(
                f"pixels given as floats lie in 0..1, these in {pixels.min():.3g}.."
                f"{pixels.max():.3g}: divide by what white is, such as 255; a batch that a network "
                "takes is given as a torch tensor"
            )
        scale = (0.0, 1.0)
        pixels = pixels.astype(np.float32, copy=False)
    elif pixels.dtype in (np.uint8, np.uint16):
        scale = (0.0, float(np.iinfo(pixels.dtype).max))
    else:
        raise InvalidType(f"pixels are uint8, uint16 or floats in 0..1, not {pixels.dtype}")
    axes = "YXC" if pixels.ndim == 4 else "YX"
    if axes == "YXC" and pixels.shape[-1] == 1:
        pixels, axes = pixels[..., 0], "YX"
    return [(f"picture {i}", partial(_row, pixels, i, axes, scale)) for i in range(len(pixels))]


def _row(pixels: Array, number: int, axes: str, scale: tuple[float, float]) -> Image:
    """One picture of an array: copied when its turn comes, opacity left out."""
    picture = pixels[number] if axes == "YX" else pixels[number, ..., :3]
    return Image(picture, axes, scale, f"picture {number}")


def pixels_of_batch(batch: torch.Tensor, model: Model | None) -> Array:
    """Pixels (N, H, W, C) in 0..1 of a batch as a model takes it."""
    if batch.ndim != 4:
        raise InvalidArgument(f"a batch of pictures is (N, C, H, W), got {tuple(batch.shape)}")
    if model is None:
        raise InvalidArgument(
            "a tensor is what a network takes, not pixels; give model= as well, whose contract "
            "turns it back, or pixels as an array (N, H, W, 3)"
        )
    pixels = model.contract.denormalise(batch.detach().cpu().float())
    # Rounding on the way to the network and back.
    if pixels.min() < -1e-3 or pixels.max() > 1 + 1e-3:
        raise InvalidArgument(
            f"the batch holds pixels of {float(pixels.min()):.3g}..{float(pixels.max()):.3g} by "
            f"the contract of {model.name}, not 0..1; normalise it with model.contract.normalise"
        )
    return pixels.clamp(0, 1).permute(0, 2, 3, 1).numpy()


def _files(text: str) -> tuple[list[str], str]:
    """Files that a path names, or why there are none."""
    path = Path(text).expanduser()
    if path.is_dir():
        inside = [
            str(file)
            for file in sorted(path.rglob("*"))
            if file.suffix.lower() in SUFFIXES
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and file.is_file()
        ]
        return inside, "" if inside else "the folder has no pictures"
    if path.exists() or not glob.has_magic(text):
        return [str(path)], ""
    matches = sorted(name for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
    matches = [name for name in matches if Path(name).is_file()]
    return matches, "" if matches else "the pattern matches no file"
