"""`picture_features`: a table of named features of many pictures, read one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.importance.pictures.channels import batch_of, pooled_channels
from heatlens.importance.pictures.concept import Concept
from heatlens.importance.pictures.kind import KINDS, PictureKind
from heatlens.importance.pictures.picture import LONGEST, picture_of
from heatlens.importance.pictures.stream import PictureStream, pictures_in
from heatlens.importance.table import FeatureTable
from heatlens.models.load import as_model
from heatlens.models.protocol import Model

__all__ = ["picture_features"]

_CHUNK = 32

Progress = Callable[[int, int], object]


def picture_features(
    pictures: Any,
    kinds: Sequence[str] | None = None,
    *,
    model: Any = None,
    layers: Sequence[str] = (),
    concepts: Sequence[Concept] = (),
    longest: int = LONGEST,
    fit: str | None = None,
    progress: Progress | None = None,
) -> FeatureTable:
    """Describe pictures by numbers that have names.

    Pictures are read one after the other; at most 32 are in memory. One that cannot be read is
    left out, and `skipped` of the table says why. Ctrl-C keeps what is described, and `skipped`
    says how far it got.

    Args:
        pictures: a folder, a list of paths, `Image`s or arrays, pixels (N, H, W, 3), or a tensor
            (N, C, H, W) as `model` takes it.
        kinds: names of kinds (see `heatlens.importance.pictures.kind.KINDS`); by default all. An
            empty list leaves only what `layers` and `concepts` give.
        model: whose layers are read; needed for `layers`, `concepts` and tensors.
        layers: whose channels' mean activations become columns, "stage3: channel 12".
        concepts: whose scores become columns, "concept: watermark".
        longest: longer side in pixels that larger pictures are reduced to before anything is
            measured. The network gets them as its contract says.
        fit: how the network gets them: "crop", "squash" or "pad".
        progress: called as `progress(done, total)` after each picture.

    Returns:
        One row for each picture that could be read; groups are the kinds, layers and "concepts".

    Raises:
        UnknownName: no such kind or layer.
        InvalidArgument: nothing was asked for, or no picture could be read.

    Example:
        >>> grey = np.full((2, 8, 8, 3), 128, np.uint8)
        >>> picture_features(grey, ["brightness"]).column("brightness").round(3).tolist()
        [0.502, 0.502]
    """
    chosen = _kinds(kinds)
    network = None if model is None else as_model(model)
    _check(network, layers, concepts, chosen, longest)
    stream = pictures_in(pictures, network)
    rows: list[dict[str, float]] = []
    names: list[str] = []
    groups: dict[str, str] = {}
    failed: list[tuple[str, str]] = []
    entries = iter(stream)
    try:
        while chunk := list(islice(entries, _CHUNK)):
            made: list[tuple[str, dict[str, float]]] = []
            inputs: list[Tensor] = []
            for name, image in chunk:
                try:
                    found = _described(image, chosen, longest, groups)
                    if network is not None and (layers or concepts):
                        inputs.append(batch_of(network, image, fit))
                except HeatlensError as error:
                    failed.append((name, str(error)))
                else:
                    made.append((name, found))
                _tell(progress, len(rows) + len(made) + len(failed), stream)
            if inputs and network is not None:
                described = [found for _, found in made]
                _add_network(network, inputs, described, layers, concepts, groups)
            names += [name for name, _ in made]
            rows += [found for _, found in made]
        if stream.skipped:  # the last may have been among them
            _tell(progress, len(rows) + len(failed), stream)
    except KeyboardInterrupt:
        if not rows:
            raise
        failed.append(("the rest", f"stopped after {len(rows)} of {stream.count} pictures"))
    skipped = (*stream.skipped, *failed)
    if not rows:
        raise InvalidArgument(
            f"none of {len(skipped)} pictures can be used, the first because of: {skipped[0][1]}"
        )
    columns = list(groups)
    other = next((i for i, row in enumerate(rows) if len(row) < len(columns)), None)
    if other is not None:
        raise InvalidArgument(
            f"a layer of {layers} has other channels for {names[other]!r} than for other pictures: "
            "it has no grid, and its size is that of the picture; choose a layer with a grid"
        )
    values = np.array([[row[name] for name in columns] for row in rows])
    return FeatureTable(
        values, tuple(columns), tuple(groups.values()), tuple(names), tuple(skipped)
    )


def _tell(progress: Callable[[int, int], object] | None, read: int, stream: PictureStream) -> None:
    unread = len(stream.skipped) - stream.absent
    if progress is not None:
        progress(read + unread, stream.count)


def _kinds(kinds: Sequence[str] | None) -> list[PictureKind]:
    if isinstance(kinds, str):
        raise InvalidType(f"kinds is {kinds!r}; it is a list of names, [{kinds!r}]")
    return [KINDS[name] for name in dict.fromkeys(KINDS if kinds is None else kinds)]


def _check(
    model: Model | None,
    layers: Sequence[str],
    concepts: Sequence[Concept],
    kinds: Sequence[PictureKind],
    longest: int,
) -> None:
    if isinstance(layers, str):
        raise InvalidType(f"layers is {layers!r}; it is a list of names, [{layers!r}]")
    if (layers or concepts) and model is None:
        raise InvalidArgument("layers= and concepts= are read from a network; give model= as well")
    if not (layers or concepts or kinds):
        raise InvalidArgument(f"nothing was asked for; kinds are {', '.join(KINDS)}")
    if longest < 3:
        raise InvalidArgument(f"longest is {longest}; a picture has at least 3 pixels a side")
    for concept in concepts:
        if not isinstance(concept, Concept):
            raise InvalidType(f"{type(concept).__name__} is no Concept; see learn_concept")


def _described(
    image: Image, kinds: Iterable[PictureKind], longest: int, groups: dict[str, str]
) -> dict[str, float]:
    """Pixel features of a picture; `groups` learns which kind each name is of."""
    picture = picture_of(image, longest)
    found: dict[str, float] = {}
    for kind in kinds:
        values = kind.compute(picture)
        found.update(values)
        groups.update(dict.fromkeys(values, kind.name))
    return found


def _add_network(
    model: Model,
    inputs: Sequence[Tensor],
    rows: Sequence[dict[str, float]],
    layers: Sequence[str],
    concepts: Sequence[Concept],
    groups: dict[str, str],
) -> None:
    """Write what the network says of pictures into their rows; equal sizes go together."""
    for shape in dict.fromkeys(item.shape for item in inputs):
        own = [i for i, item in enumerate(inputs) if item.shape == shape]
        batch = torch.cat([inputs[i] for i in own])
        for layer, values in (pooled_channels(model, batch, layers) if layers else {}).items():
            for channel in range(values.shape[1]):
                name = f"{layer}: channel {channel}"
                groups[name] = layer
                for i, value in zip(own, values[:, channel].tolist(), strict=True):
                    rows[i][name] = value
        for concept in concepts:
            name = f"concept: {concept.name}"
            groups[name] = "concepts"
            for i, value in zip(own, concept.scores(model, batch).tolist(), strict=True):
                rows[i][name] = value
