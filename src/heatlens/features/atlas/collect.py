"""Activations of a layer at random cells of many pictures, streamed.

One cell of each picture, so that neighbours, which are nearly equal, do not crowd the map: Carter,
Armstrong, Schubert, Johnson, Olah: Activation Atlas, Distill 2019, "Collecting activations".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.activations.answers import Answer, answers
from heatlens.features.activations.streaming import Skipped, batches, pictures_of
from heatlens.models.load import as_model

__all__ = ["CollectedCells", "collect_cells"]


@dataclass(frozen=True, eq=False)
class CollectedCells:
    """Activations at cells of pictures.

    Attributes:
        vectors: (n, channels) float32.
        indices: (n,) int64, which picture of the collection each is from.
        cells: (n, axes of the grid) int64, and which cell of it.
        layer: the layer's name.
        model: what the model calls itself.
        skipped: pictures without a part in it, and why.
        complete: False if stopped by Ctrl-C: then it holds for the pictures seen.
    """

    vectors: Tensor = field(repr=False)
    indices: Tensor = field(repr=False)
    cells: Tensor = field(repr=False)
    layer: str
    model: str
    skipped: tuple[Skipped, ...] = field(default=(), repr=False)
    complete: bool = True


def collect_cells(
    model: Any,
    pictures: Any,
    layer: str,
    *,
    per_picture: int = 1,
    fit: str | None = None,
    seed: int = 0,
    progress: Callable[[int, int | None], None] | None = None,
) -> CollectedCells:
    """Activations of `layer` at random cells, one forward pass per picture and no further.

    Args:
        model: a loaded model, a bare network whose layers can be read, or a name.
        pictures: a folder, a list, a stack or a stream; see `top_pictures`.
        layer: name of any layer; one without a grid gives its one vector per picture.
        per_picture: cells of each picture, different ones.
        fit: "crop", "squash" or "pad"; None is the model's own way.
        seed: of the cells. A picture's cells depend on the seed and its place alone.
        progress: called with the number of pictures done and of all, or None if not known.

    Raises:
        InvalidArgument: no picture at all could be used, or `per_picture` below 1.
        UnknownName, NoSpatialLayer: see `top_pictures`.

    Example:
        >>> from torch import nn
        >>> network = nn.Sequential(nn.Conv2d(3, 5, 2, stride=2))
        >>> found = collect_cells(network, np.zeros((4, 8, 8, 3), np.uint8), "0", per_picture=3)
        >>> tuple(found.vectors.shape), found.indices.tolist()
        ((12, 5), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    """
    if isinstance(per_picture, bool) or not isinstance(per_picture, int) or per_picture < 1:
        raise InvalidArgument(f"per_picture is {per_picture!r}; at least one cell is drawn")
    adapted = as_model(model)
    items, total, again = pictures_of(pictures)
    skipped: list[Skipped] = []
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    complete = True
    try:
        given = batches(adapted, items, again=again, fit=fit, skipped=skipped)
        for answer in answers(adapted, given, layer, skipped):
            found.append(_drawn(answer, per_picture, seed, skipped))
            if progress is not None:
                progress(answer.batch.indices[-1] + 1, total)
    except KeyboardInterrupt:
        if not found:
            raise
        complete = False
    if not sum(len(vectors) for vectors, _, _ in found):
        first = f": {skipped[0].name}: {skipped[0].reason}" if skipped else ""
        raise InvalidArgument(f"none of {len(skipped)} pictures could be used{first}")
    if len({(part[0].shape[1], part[2].shape[1]) for part in found}) > 1:
        raise InvalidArgument(
            f"layer {layer!r} has another number of channels, or no grid of cells, on some "
            "pictures: fit them to one size"
        )
    vectors, indices, cells = (torch.cat(part) for part in zip(*found, strict=True))
    if progress is not None and complete:
        progress(len(indices.unique()) + len(skipped), total)
    return CollectedCells(vectors, indices, cells, layer, adapted.name, tuple(skipped), complete)


def _drawn(
    answer: Answer, count: int, seed: int, skipped: list[Skipped]
) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors, pictures and cells of the random cells of a batch."""
    batch, reading, units = answer.batch, answer.reading, answer.units
    flat = (units.flatten(2) if reading.grid else units.unsqueeze(2)).float().cpu()
    size = flat.shape[2]
    vectors, indices, places = [], [], []
    for row, (index, picture) in enumerate(zip(batch.indices, batch.pictures, strict=True)):
        draw = np.random.default_rng([seed, index])
        chosen = torch.from_numpy(draw.choice(size, min(count, size), replace=False))
        values = flat[row].T[chosen]
        if not bool(torch.isfinite(values).all()):
            reason = f"layer {reading.layer!r} is NaN or infinite on it"
            skipped.append(Skipped(picture.name, reason))
            continue
        vectors.append(values)
        indices.append(torch.full((len(chosen),), index))
        where = np.stack(np.unravel_index(chosen.numpy(), reading.grid or (1,)), -1)
        places.append(torch.from_numpy(where[:, : len(reading.grid)]))
    if not vectors:
        axes = len(reading.grid)
        none = torch.empty(0, dtype=torch.int64)
        return torch.empty(0, flat.shape[1]), none, none.reshape(0, axes)
    return torch.cat(vectors), torch.cat(indices), torch.cat(places)
