"""Which arrays of a Zarr store are the picture and its copies, their axes and their spacing.

OME-Zarr: Moore et al., OME-NGFF, Nature Methods 2021; versions 0.1 to 0.5 of its `multiscales`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatlens.errors import ImageTooLarge, UnreadableImage
from heatlens.images.large.source import LARGEST_PIECE, MILLIMETRES

__all__ = ["Layout", "layout_of"]


@dataclass(frozen=True)
class Layout:
    """What a store's metadata say.

    Attributes:
        arrays: the picture and its smaller copies.
        axes: a letter for each dimension, of "tczyx".
        named: whether the metadata name the axes, or they were guessed from the shape.
        spacing: millimetres between rows and between columns; None where nothing says.
    """

    arrays: tuple[Any, ...]
    axes: str
    named: bool
    spacing: tuple[float, float] | None


def layout_of(store: Any, path: Path) -> Layout:
    """Read the metadata of an open store.

    Raises:
        UnreadableImage: no picture, or metadata that contradict themselves.
        ImageTooLarge: chunks that are too large to decode.
    """
    if hasattr(store, "shape"):
        layout = Layout((store,), _guessed(tuple(store.shape), path), False, None)
    else:
        layout = _multiscales(store, path)
    for array in layout.arrays:
        if array.dtype.kind not in "buif" or 0 in array.shape:
            raise UnreadableImage(f"{path}: {array.dtype} {array.shape} is not a picture")
        if (size := math.prod(array.chunks) * array.dtype.itemsize) > LARGEST_PIECE:
            raise ImageTooLarge(
                f"{path} has chunks of shape {tuple(array.chunks)}, {size / 1e9:.3g} GB, which have "
                "to be decoded whole: write it in smaller chunks first (about 512 x 512)"
            )
    return layout


def _multiscales(store: Any, path: Path) -> Layout:
    attributes: Mapping[str, Any] = dict(store.attrs)
    inside = attributes.get("ome")
    described = (inside if isinstance(inside, Mapping) else attributes).get("multiscales")
    if not described:
        held = [*sorted(name for name, _ in store.arrays()), *sorted(n for n, _ in store.groups())]
        raise UnreadableImage(
            f"{path} is a Zarr group without `multiscales`; give the picture inside it: "
            f"{', '.join(str(path / name) for name in held[:5]) or 'there is none'}"
        )
    try:
        first = described[0]
        paths = [str(item["path"]) for item in first["datasets"]]
        changes = [
            first["datasets"][0].get("coordinateTransformations") or (),
            first.get("coordinateTransformations") or (),
        ]
        given = first.get("axes")
        said = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in given or ()]
        names = [str(axis["name"]).lower() for axis in said]
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise UnreadableImage(
            f"{path} has `multiscales` that are none of OME-Zarr ({type(error).__name__}: {error}): "
            "each has a list `datasets`, of which each has a `path`"
        ) from error
    arrays = tuple(_array(store, name, path) for name in paths)
    axes = "".join(names) if given else "tczyx"[-arrays[0].ndim :]
    if not {"y", "x"} <= set(axes) or not set(axes) <= set("tczyx") or len(set(axes)) < len(axes):
        raise UnreadableImage(f"{path} has the axes {axes}; a picture has y, x and perhaps t, c, z")
    for name, array in zip(paths, arrays, strict=True):
        if array.ndim != len(axes) or array.dtype != arrays[0].dtype:
            raise UnreadableImage(
                f"{path}/{name} has shape {array.shape} of {array.dtype}, but the axes are {axes} "
                f"and the first level is of {arrays[0].dtype}"
            )
    if "c" in axes and len({array.shape[axes.index("c")] for array in arrays}) > 1:
        raise UnreadableImage(f"{path} has levels of different numbers of channels")
    units = [axis.get("unit") for axis in said] if given else [None] * len(axes)
    return Layout(arrays, axes, True, _spacing(axes, units, changes))


def _array(store: Any, name: str, path: Path) -> Any:
    try:
        found = store[name]
    except Exception as error:
        raise UnreadableImage(
            f"{path} says that it has a level {name!r}, which is not there or damaged ({error})"
        ) from error
    if not hasattr(found, "shape"):
        raise UnreadableImage(f"{path}: the level {name!r} is a group, not an array")
    return found


def _spacing(axes: str, units: list[Any], changes: list[Any]) -> tuple[float, float] | None:
    """The scale of the level, times that of the whole, along rows and columns."""
    found = []
    for axis in "yx":
        at, scaled = axes.index(axis), False
        step = MILLIMETRES.get(str(units[at]), math.nan)
        for change in (item for several in changes for item in several):
            if isinstance(change, Mapping) and change.get("type") == "scale":
                scale = change.get("scale")
                if not isinstance(scale, list) or len(scale) != len(axes):
                    return None
                if not isinstance(scale[at], int | float):
                    return None
                step, scaled = step * scale[at], True
        if not scaled or not (math.isfinite(step) and step > 0):
            return None
        found.append(step)
    return found[0], found[1]


def _guessed(shape: tuple[int, ...], path: Path) -> str:
    if len(shape) == 2:
        return "yx"
    if len(shape) == 3 and shape[2] <= 4:
        return "yxc"
    if len(shape) == 3 and shape[0] <= 4:
        return "cyx"
    raise UnreadableImage(
        f"{path} is an array of shape {shape}; a picture is (rows, columns), (rows, columns, "
        "channels) or (channels, rows, columns) with up to 4 channels, or OME-Zarr, which names them"
    )
