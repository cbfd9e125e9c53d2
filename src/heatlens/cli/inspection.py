"""What `heatlens inspect` was asked to do, and whether it can be done at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heatlens.cli.folders import check_folder
from heatlens.errors import HeatlensError, InvalidArgument, UnknownName
from heatlens.features.activations.channels import checked_channel
from heatlens.features.activations.layer import BY
from heatlens.features.activations.reading import reading_of
from heatlens.features.activations.streaming import pictures_of
from heatlens.features.activations.tree import LayerLine, around, layer_tree
from heatlens.features.activations.unknown import UnknownLayer
from heatlens.models.prepare import as_input, prepared
from heatlens.models.protocol import Model

__all__ = ["Inspection"]

_FITS = ("crop", "squash", "pad")


@dataclass(frozen=True)
class Inspection:
    """See the options of `heatlens inspect`."""

    model: Model
    layer: str | None
    channels: int | None
    unit: int | None
    over: str | None
    top: int
    by: Any
    out: Path
    fit: str | None

    def check(self, files: Sequence[Path]) -> list[LayerLine]:
        """Fail now on what would fail for every photo; makes the folder `out` if it is needed.

        Returns:
            The tree of layers; empty where only names are known.

        Raises:
            HeatlensError: a name, a value or a folder that cannot be used.
        """
        for option, given, known in (
            ("--by", self.by, BY),
            ("--fit", self.fit, (None, *_FITS)),
        ):
            if given not in known:
                raise UnknownName(option, str(given), [item for item in known if item])
        for option, value in (
            ("--unit", self.unit),
            ("--channels", self.channels),
            ("--over", self.over),
        ):
            if value is not None and self.layer is None:
                raise InvalidArgument(f"{option} is about one layer: name it with --layer")
        if self.layer is not None and not files and self.over is None:
            raise InvalidArgument(
                "a layer says something about pictures: give a photo, or a folder with --over"
            )
        names = self.model.layers()
        if not names:
            raise InvalidArgument(f"{self.model.name} shows no layer inside")
        over = [] if self.over is None else pictures_of(self.over)[0]
        row = self._row([*files, *over])
        lines = [] if row is None else layer_tree(self.model, row)
        if self.layer is not None:
            self._check_layer(self.layer, names, lines, row)
            check_folder(self.out)
        return lines

    def _check_layer(
        self, layer: str, names: Sequence[str], lines: list[LayerLine], row: Tensor | None
    ) -> None:
        if layer not in names:
            raise UnknownLayer(layer, names, around(lines, layer))
        if row is None:
            return
        reading = reading_of(self.model, row, layer)
        output = self.model.activations(row, [layer])[layer]
        width = int(reading.units(output).shape[1])
        if self.unit is not None:
            checked_channel(self.unit, width, layer)
        if self.channels is not None and self.channels > width:
            raise InvalidArgument(
                f"--channels is {self.channels}, and layer {layer!r} has {width}: ask for at most "
                "as many"
            )

    def _row(self, files: Iterable[Any]) -> Tensor | None:
        """One row to send through: the first photo that can be read, else grey of the input's size."""
        for file in files:
            try:
                return prepared(self.model, as_input(file), self.fit).batch[:1]
            except (HeatlensError, OSError):
                continue
        contract = self.model.contract
        if contract.input_size is None:
            return None
        grey = torch.full((1, contract.channels, *contract.input_size), 0.5)
        return self.model.prepare(contract.normalise(grey))
