"""Pictures by their numbers, as the network sees them but in pixels of 0..1, within bounded memory.

Permuted features need any picture at any time. Those that fit the budget are kept as they were
prepared; of more, each is read again when it is needed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.importance.pictures.stream import pictures_of_array, pixels_of_batch
from heatlens.importance.subject import Ints
from heatlens.models.prepare import as_input, prepared
from heatlens.models.protocol import Model

__all__ = ["Stack"]

_BUDGET = 1 << 29
"""Bytes of prepared pictures that are kept: 512 MB."""


class Stack:
    """The pictures of a data set.

    Args:
        model: whose contract says how pictures are prepared.
        pictures: paths, `Image`s or arrays, each with its own range of values; or one array
            (n, h, w), (n, h, w, 3) with one range, or one tensor (n, C, h, w) as the network takes
            it; see `heatlens.importance.pictures.stream.pictures_in`.
        fit: how they are brought to the network's size.
        budget: bytes that may be kept.
    """

    def __init__(
        self, model: Model, pictures: Any, fit: str | None = None, budget: int = _BUDGET
    ) -> None:
        """Keep the sources; nothing is read yet.

        Raises:
            InvalidArgument: no picture, one picture, or values in no range that is known.
        """
        self._model, self._fit, self._budget = model, fit, budget
        if isinstance(pictures, Tensor):
            pictures = pixels_of_batch(pictures, model)
        if isinstance(pictures, np.ndarray):
            pictures = [source for _, source in pictures_of_array(pictures)]
        self._pictures: Sequence[Any] = pictures
        self._kept: OrderedDict[int, Tensor] = OrderedDict()
        self._shape: tuple[int, ...] | None = None
        if not len(pictures):
            raise InvalidArgument("there is no picture: the list is empty")

    def __len__(self) -> int:
        return len(self._pictures)

    def pixels(self, rows: Ints) -> Tensor:
        """Pictures of these numbers, (m, C, h, w) in 0..1.

        Raises:
            InvalidArgument: one cannot be read, or has another size than the others where the
                network takes any; the message says which.
        """
        return torch.stack([self._one(int(row)) for row in rows])

    def _one(self, row: int) -> Tensor:
        kept = self._kept.get(row)
        if kept is not None:
            return kept
        try:
            source = self._pictures[row]
            image = source() if isinstance(source, partial) else as_input(source)
            ready = prepared(self._model, image, self._fit)
        except HeatlensError as error:
            raise InvalidArgument(
                f"picture {row} cannot be used: {error}; leave it out, its label and masks too"
            ) from error
        if len(ready.batch) != 1:
            raise InvalidArgument("fit='tile' makes several inputs of one picture; take another")
        made = self._model.contract.denormalise(ready.batch)[0].detach().float().clamp(0, 1)
        if self._shape is None:
            self._shape = tuple(made.shape)
        if tuple(made.shape) != self._shape:
            raise InvalidArgument(
                f"picture {row} comes to the network as {tuple(made.shape[1:])}, the others as "
                f"{self._shape[1:]}; give pictures of one size, or load the model with input_size="
            )
        self._kept[row] = made
        while len(self._kept) > 1 and len(self._kept) * made.numel() * 4 > self._budget:
            self._kept.popitem(last=False)
        return made
