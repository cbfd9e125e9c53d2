"""What a layer says about one picture: every channel, where it lies, the strongest of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, NoSpatialLayer, UnknownName
from heatlens.features.activations.channels import checked_channel
from heatlens.features.activations.reading import Reading, reading_of
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.models.inputs.prepared import Prepared
from heatlens.models.load import as_model
from heatlens.models.prepare import as_input, prepared
from heatlens.models.protocol import Model
from heatlens.provenance import Provenance
from heatlens.sound import Sound
from heatlens.version import __version__

__all__ = ["BY", "By", "LayerActivations", "checked_by", "layer_activations"]

By = Literal["max", "mean"]
BY: tuple[By, ...] = ("max", "mean")
"""What a channel is ranked by: its largest cell, or the mean of its cells."""


@dataclass(frozen=True, eq=False)
class LayerActivations:
    """The output of one layer for one input, on the layer's own grid.

    Attributes:
        values: (channels, *grid) float32, unnormalised, rows and columns for a picture;
            (channels,) for a layer without a grid (a linear head, a pooling to one cell).
        reading: the layer's name and how its cells lie over the input.
        source: the picture, film, volume or sound.
        model: what the model calls itself.
        prefix: (tokens, channels), the tokens before the grid's (class, register); None if none.
        ready: the input as the model took it, and the way back to the picture's own pixels.
        pixels: what the model saw, (channels of colour, *input's grid) with black 0 and white 1.
        passes: forward passes that were made.
    """

    values: Tensor
    reading: Reading
    source: Image | Sound
    model: str
    ready: Prepared = field(repr=False)
    pixels: Tensor = field(repr=False)
    prefix: Tensor | None = None
    passes: float = 1.0

    @property
    def layer(self) -> str:
        """The layer's name."""
        return self.reading.layer

    @property
    def channels(self) -> int:
        """How many channels (a transformer's: the width of a token)."""
        return len(self.values)

    @property
    def grid(self) -> tuple[int, ...]:
        """Cells along each axis of the input; empty for a layer without a grid."""
        return tuple(self.values.shape[1:])

    @property
    def signed(self) -> bool:
        """Whether any activation is below 0, as before a ReLU."""
        return bool((self.values < 0).any())

    def channel(self, k: int) -> Heatmap:
        """Channel `k` on the input's own grid, bilinear between the cells' centres.

        Raises:
            InvalidArgument, InvalidType: no such channel; not a whole number.
            NoSpatialLayer: the layer has no grid.
        """
        k = checked_channel(k, self.channels, self.layer)
        return self._heatmap(self.values[k], "activation", f"{self.layer}:{k}", {"channel": k})

    def mean(self) -> Heatmap:
        """The mean over channels of each cell, on the input's own grid."""
        self._need_grid()
        return self._heatmap(self.values.mean(0), "mean-activation", self.layer, {})

    def maximum(self) -> Heatmap:
        """The largest channel of each cell, on the input's own grid."""
        self._need_grid()
        return self._heatmap(self.values.amax(0), "maximum-activation", self.layer, {})

    def top(self, count: int = 10, by: By = "max") -> list[tuple[int, float]]:
        """The strongest channels as (channel, value), strongest first, ties by number.

        Args:
            count: how many at most.
            by: "max" ranks by the largest cell, "mean" by the mean of all cells.
        """
        if count < 1:
            raise InvalidArgument(f"count is {count}; at least one channel is asked for")
        checked_by(by)
        cells = self.values.reshape(self.channels, -1)
        strength = cells.amax(1) if by == "max" else cells.mean(1)
        order = torch.sort(strength, descending=True, stable=True).indices[:count]
        return [(int(k), float(strength[k])) for k in order]

    def _need_grid(self) -> None:
        if not self.grid:
            raise NoSpatialLayer(
                f"layer {self.layer!r} has one number per channel and no place in the picture: "
                "top() ranks its channels; for a map choose a layer before it"
            )

    def _heatmap(
        self, cells: Tensor, method: str, target: str, parameters: dict[str, Any]
    ) -> Heatmap:
        self._need_grid()
        values, valid = self.ready.back(cells[None])
        return Heatmap(
            values,
            Provenance(
                method=method,
                parameters={"layer": self.layer, **parameters},
                model=self.model,
                target=target,
                image=self.source.name,
                version=__version__,
                forward_passes=self.passes,
                info={"layer": self.layer, "grid": self.grid},
                notes=self.ready.notes,
            ),
            axes=self.ready.axes,
            signed=self.signed,
            valid=None if valid.all() else valid,
            coordinates={axis: tuple(along) for axis, along in self.ready.coordinates.items()},
        )


def layer_activations(
    model: Any, image: Any, layer: str, *, fit: str | None = None
) -> LayerActivations:
    """What a layer says about a picture, film, volume or sound: one forward pass up to it.

    Args:
        model: a loaded model, a bare network of any framework whose layers can be read, or a name.
        image: anything `read_image` takes, or a `heatlens.Sound`.
        layer: name of any layer: convolution, pooling, activation, attention, MLP, block, head.
        fit: how a picture is brought to the model's input: "crop", "squash" or "pad"; None is
            the model's own way.

    Raises:
        UnknownLayer: no such layer; the message shows the tree around what was probably meant.
        NoSpatialLayer: the layer's output is neither a grid of cells nor one number per channel.
        UnsupportedMethod: the model shows no layers.
        InvalidArgument: NaN or infinite activations, or fit="tile" that made several windows.

    Example:
        >>> import numpy as np
        >>> from torch import nn
        >>> network = nn.Sequential(nn.Conv2d(3, 4, 8, stride=8), nn.ReLU())
        >>> seen = layer_activations(network, np.zeros((32, 48, 3), np.uint8), "1")
        >>> tuple(seen.values.shape), seen.channel(2).size
        ((4, 4, 6), (32, 48))
    """
    adapted = as_model(model)
    source = as_input(image)
    ready = prepared(adapted, source, fit)
    if len(ready.batch) > 1:
        raise InvalidArgument(
            f"fit={fit!r} makes {len(ready.batch)} windows of this picture, and a layer's "
            "activations are read from one: take 'crop', 'squash' or 'pad'"
        )
    reading = reading_of(adapted, ready.batch, layer)
    with adapted.counting() as passes:
        output = adapted.activations(ready.batch, [layer])[layer]
    values = reading.units(output)[0].float().cpu().contiguous()
    if not bool(torch.isfinite(values).all()):
        bad = int((~torch.isfinite(values)).sum())
        raise InvalidArgument(
            f"{bad} of {values.numel()} activations of layer {layer!r} are NaN or infinite on "
            f"{source.name or 'this picture'}"
        )
    prefix = reading.prefix(output)
    return LayerActivations(
        values,
        reading,
        source,
        adapted.name,
        ready,
        _pixels(adapted, ready),
        None if prefix is None else prefix[0].float().cpu(),
        passes.forward,
    )


def checked_by(by: str) -> None:
    """Raise `UnknownName` if channels cannot be ranked by that."""
    if by not in BY:
        raise UnknownName("ranking", str(by), BY)


def _pixels(model: Model, ready: Prepared) -> Tensor:
    return model.contract.denormalise(ready.batch.detach().float())[0].clamp(0, 1).cpu()
