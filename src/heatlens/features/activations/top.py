"""For every channel of a layer, the pictures of a folder that drive it most.

One forward pass per picture, no further than the layer, and a table of (channels x top) that each
batch is merged into: memory does not grow with the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from heatlens.errors import InvalidArgument
from heatlens.features.activations.answers import Answer, answers
from heatlens.features.activations.layer import By, checked_by
from heatlens.features.activations.ranking import Ranking
from heatlens.features.activations.streaming import Skipped, batches, pictures_of
from heatlens.features.activations.top_result import TopPictures
from heatlens.models.load import as_model

__all__ = ["top_pictures"]


def top_pictures(
    model: Any,
    pictures: Any,
    layer: str,
    *,
    top: int = 9,
    by: By = "max",
    fit: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> TopPictures:
    """The pictures that drive each channel of a layer most.

    Args:
        model: a loaded model, a bare network of any framework whose layers can be read, or a name.
        pictures: a folder (the pictures right in it), a list of paths, `Image`s or arrays, a
            stack (N, H, W, C), or an iterable of such, which is read once, a batch at a time.
        layer: name of any layer.
        top: how many pictures to keep for each channel.
        by: "max" ranks by a channel's largest cell, "mean" by the mean of its cells.
        fit: "crop", "squash" or "pad"; None is the model's own way.
        progress: called with the number of pictures done (skipped ones too) and of all, or None
            where that is not known.

    Returns:
        What was found. Pictures that cannot be read, that the network cannot take (too small for
        a window, say), or on which the layer is NaN, are told in `skipped`. After Ctrl-C the result is that of the pictures seen so far, if any.

    Raises:
        InvalidArgument: no picture at all could be used; the message has the first reason.
        UnknownLayer, UnknownName: no such layer; no such ranking.
        NoSpatialLayer: the layer's output is neither a grid of cells nor one number per channel.

    Example:
        >>> from torch import nn
        >>> stack = np.zeros((3, 8, 8, 3), np.uint8)
        >>> stack[1] = 255
        >>> network = nn.Conv2d(3, 1, 1, bias=False)
        >>> _ = nn.init.ones_(network.weight)
        >>> found = top_pictures(nn.Sequential(network), stack, "0", top=2)
        >>> [(item.index, item.value) for item in found.of(0)]
        [(1, 3.0), (0, 0.0)]
    """
    checked_by(by)
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise InvalidArgument(f"top is {top!r}; at least one picture is kept for each channel")
    adapted = as_model(model)
    items, total, again = pictures_of(pictures)
    skipped: list[Skipped] = []
    ranking = Ranking(top)
    complete = True
    try:
        given = batches(adapted, items, again=again, fit=fit, skipped=skipped)
        for answer in answers(adapted, given, layer, skipped):
            _add(ranking, answer, by, skipped)
            if progress is not None:
                progress(ranking.seen + len(skipped), total)
    except KeyboardInterrupt:
        if not ranking.seen:
            raise
        complete = False
    if not ranking.seen:
        first = f": {skipped[0].name}: {skipped[0].reason}" if skipped else ""
        raise InvalidArgument(f"none of {len(skipped)} pictures could be used{first}")
    if progress is not None and complete:
        progress(ranking.seen + len(skipped), total)
    values, indices, cells = ranking.table()
    return TopPictures(
        layer,
        by,
        values,
        indices,
        cells,
        ranking.kept_pictures(),
        ranking.seen,
        tuple(skipped),
        complete,
        adapted,
        fit,
    )


def _add(
    ranking: Ranking,
    answer: Answer,
    by: By,
    skipped: list[Skipped],
) -> None:
    """Merge what the layer says of some pictures."""
    batch, reading, units = answer.batch, answer.reading, answer.units
    flat = units.flatten(2) if reading.grid else units.unsqueeze(2)
    strongest = flat.max(2)
    value = strongest.values if by == "max" else flat.mean(2)
    # A NaN anywhere makes the maximum NaN, an infinity the mean or the maximum.
    good = torch.isfinite(value).all(1) & torch.isfinite(strongest.values).all(1)
    cells = np.unravel_index(strongest.indices.cpu().numpy(), reading.grid or (1,))
    places = torch.from_numpy(np.stack(cells, -1)[..., : len(reading.grid)])
    value = value.float().cpu()
    keep = torch.arange(len(value))
    if not bool(good.all()):
        good = good.cpu()
        for row in torch.nonzero(~good).flatten().tolist():
            reason = f"layer {reading.layer!r} is NaN or infinite on it"
            skipped.append(Skipped(batch.pictures[row].name, reason))
        keep = torch.nonzero(good).flatten()
    ranking.add(
        value[keep],
        torch.tensor(batch.indices)[keep],
        places[keep],
        [batch.pictures[row] for row in keep.tolist()],
    )
