"""A compositional pattern producing network: colour as a small network of the place.

    (r, g, b) = sigmoid( N_w(x, y) )        N: layers of atan, with its square beside it

The weights are the parameters, so the picture has no resolution: it can be sampled at any. Smooth
curves and symmetries come of themselves. Stanley: Compositional pattern producing networks,
Genetic Programming and Evolvable Machines 8, 2007; by gradient ascent, with this activation and
these widths: Mordvintsev, Pezzotti, Schubert, Olah: Differentiable Image Parameterizations,
Distill 2018.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from heatlens.distributions.given import checked_whole
from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.parametrisations.parametrisation import (
    Parametrisation,
    checked_canvases,
    checked_positive,
    drawn,
    leaf,
    register,
)

__all__ = ["Cppn", "cppn"]

_ROOT_MEAN_SQUARES = (0.67, 0.60)
"""Of atan(u) and of its square for u standard normal: each feature is divided by its own."""

_BLOCK = 4096
"""Places at once on a CPU: what a layer makes of them fits its cache."""


class _AngleAndSquare(torch.autograd.Function):
    """atan(u) and its square; with their gradient in one formula, a step takes two thirds."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> tuple[Tensor, Tensor]:
        angle = torch.atan(values)
        ctx.save_for_backward(values, angle)
        return angle, angle * angle

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_angle: Tensor, of_square: Tensor) -> Tensor:
        values, angle = ctx.saved_tensors
        return of_angle.addcmul(angle, of_square, value=2) / (1 + values.square())


@dataclass(frozen=True, eq=False)
class Cppn(Parametrisation):
    """Canvases whose parameters are weights (n, out, in) and biases (n, out, 1) of each layer.

    Attributes:
        size: height and width of `pixels()`.
    """

    size: tuple[int, int]

    def pixels(self) -> Tensor:
        """The pictures, (n, c, h, w) in 0..1."""
        return self.sampled(self.size)

    def sampled(self, size: tuple[int, int]) -> Tensor:
        """The same pictures at another size, (n, c, *size) in 0..1: sampled, not enlarged.

        The longer side reaches from -sqrt(3) to sqrt(3), so that places have a variance of 1;
        pixels are sampled at their centres.
        """
        places = _places(size).to(self.parameters[0]).expand(len(self.parameters[0]), -1, -1)
        block = _BLOCK if places.device.type == "cpu" else places.shape[2]
        colours = [self._colours(part) for part in places.split(block, 2)]
        return torch.cat(colours, 2).unflatten(2, size)

    def _colours(self, places: Tensor) -> Tensor:
        """Colours (n, c, m) in 0..1 at places (n, 2, m)."""
        odd, even = _ROOT_MEAN_SQUARES
        (weight, bias), *later = self._layers()
        values = torch.baddbmm(bias, weight, places)
        for weight, bias in later:
            # The features are [angle / odd, angle^2 / even]: scaling the weights is cheaper.
            of_angle, of_square = weight.chunk(2, dim=2)
            angle, square = _AngleAndSquare.apply(values)  # type: ignore[no-untyped-call]
            values = torch.baddbmm(bias, of_angle / odd, angle)
            values = torch.baddbmm(values, of_square / even, square)
        return torch.sigmoid(values)

    def _layers(self) -> Iterator[tuple[Tensor, Tensor]]:
        return zip(self.parameters[::2], self.parameters[1::2], strict=True)


@register(paper="https://distill.pub/2018/differentiable-parameterizations")
def cppn(
    count: int,
    channels: int,
    size: tuple[int, int],
    *,
    seed: int = 0,
    spread: float = 0.3,
    layers: int = 8,
    width: int = 24,
    start: Tensor | None = None,
    device: torch.device | str | None = None,
) -> Cppn:
    """A small network from places to colours; its weights are the parameters.

    Args:
        count: how many canvases, each with a network of its own.
        channels: 3, or 1 for grey.
        size: height and width in pixels of `pixels()`; `sampled` gives any other.
        seed: of the weights.
        spread: standard deviation of the colours at the start, in units of the sigmoid's
            argument.
        layers: hidden ones; more make finer patterns.
        width: channels of each.
        start: refused: no weights are known that give a certain picture.
        device: where the parameters live.

    Raises:
        InvalidArgument: sizes or values that cannot be used, or a `start`.

    Example:
        >>> canvas = cppn(1, 3, (8, 9))
        >>> canvas.sampled((24, 27))[..., 1::3, 1::3].sub(canvas.pixels()).abs().max() < 1e-5
        tensor(True)
    """
    count, channels, size = checked_canvases(count, channels, size, start)
    if start is not None:
        raise InvalidArgument(
            "cppn cannot start from a picture: no weights are known that give it; "
            "fourier, pixels, laplacian and maco can"
        )
    checked_whole(layers, "layers")
    checked_whole(width, "width")
    fan_in = [2] + [2 * width] * layers
    fan_out = [width] * layers + [channels]
    shapes = [shape for i, o in zip(fan_in, fan_out, strict=True) for shape in ((o, i), (o, 1))]
    noises = drawn(count, seed, *shapes)
    scales = [scale for fan in fan_in for scale in (fan**-0.5, 0.1)]
    scales[-2:] = [checked_positive(spread, "spread") * fan_in[-1] ** -0.5, 0.0]
    parameters = [scale * noise for scale, noise in zip(scales, noises, strict=True)]
    return Cppn([leaf(values, device) for values in parameters], 0.002, size)


def _places(size: tuple[int, int]) -> Tensor:
    """Places (x, y) of the pixels, row by row, (2, h * w), float64."""
    height, width = size
    reach = 3**0.5 / max(size)
    y = torch.arange(1 - height, height, 2, dtype=torch.float64) * reach
    x = torch.arange(1 - width, width, 2, dtype=torch.float64) * reach
    return torch.stack([x.repeat(height), y.repeat_interleave(width)])
