"""Magnitude-constrained: the spectrum's amplitudes are those of photographs, phases are free.

    z = irfft2( A(f) exp(i phi) )        A fixed

What makes a picture look like a photograph is its amplitudes; what is to be seen in it is in the
phases. Fel, Boissin, Boutin, Picard, Novello, Colin, Linsley, Rousseau, Cadene, Goetschalckx,
Gardes, Serre: Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained
Optimization, NeurIPS 2023, arXiv:2306.06805.

The paper's code writes phases where a real picture allows none to be chosen (the columns that are
their own mirror image), which changes amplitudes there; here phi of those columns is
phi(f) - phi(-f), and the amplitudes stay exactly what they are.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.features.visualisation.parametrisations.colour import latent_of, pixels_of
from heatlens.features.visualisation.parametrisations.natural import natural_magnitude
from heatlens.features.visualisation.parametrisations.parametrisation import (
    Parametrisation,
    checked_canvases,
    checked_positive,
    checked_start,
    drawn,
    leaf,
    register,
)
from heatlens.features.visualisation.parametrisations.spectrum import edge_columns, mean_square

__all__ = ["Maco", "maco"]

_NOTHING = 1e-4
"""An amplitude below this is rounding."""


@dataclass(frozen=True, eq=False)
class Maco(Parametrisation):
    """Canvases whose parameters are the phases of their spectra, (n, c, h, w // 2 + 1), radians.

    Attributes:
        amplitude: of z, (n or 1, c, h, w // 2 + 1), in units of `rfft2(norm="ortho")`; negative
            where a coefficient without a phase is negative.
        size: height and width.
        decorrelate: whether the channels are uncorrelated colours, not red, green and blue.
    """

    amplitude: Tensor
    size: tuple[int, int]
    decorrelate: bool

    @property
    def magnitude(self) -> Tensor:
        """The amplitudes that stay fixed, (n or 1, c, h, w // 2 + 1)."""
        return self.amplitude.abs()

    def selected(self, rows: Sequence[int]) -> Maco:
        """Canvases like those of `rows`, with phases of their own and the same amplitudes."""
        amplitude = self.amplitude if len(self.amplitude) == 1 else self.amplitude[list(rows)]
        return dataclasses.replace(super().selected(rows), amplitude=amplitude)

    def latent(self) -> Tensor:
        """The pictures before colour and sigmoid, (n, c, h, w), without bounds."""
        phase = _odd(self.parameters[0], self.size[1])
        spectrum = torch.polar(self.amplitude.expand_as(phase), phase)
        return torch.fft.irfft2(spectrum, s=self.size, norm="ortho")

    def pixels(self) -> Tensor:
        """The pictures, (n, c, h, w) in 0..1."""
        return pixels_of(self.latent(), self.decorrelate)


@register(paper="arXiv:2306.06805")
def maco(
    count: int,
    channels: int,
    size: tuple[int, int],
    *,
    seed: int = 0,
    magnitude: Tensor | None = None,
    spread: float = 1.8,
    decorrelate: bool = True,
    start: Tensor | None = None,
    device: torch.device | str | None = None,
) -> Maco:
    """Phases are free, the amplitudes of the spectrum are fixed to those of photographs.

    Args:
        count: how many canvases.
        channels: 3, or 1 for grey.
        size: height and width in pixels.
        seed: of the phases at the start, all equally likely.
        magnitude: amplitudes (c, h, w // 2 + 1) or (h, w // 2 + 1) of the (uncorrelated) colours,
            up to a factor, as `mean_magnitude` measures them; None: the law of photographs, or
            those of `start`. The one at frequency 0 is not used: on the whole, a canvas is grey.
        spread: standard deviation of the canvas over pixels and colours, in units of the
            sigmoid's argument; it stays what it is. With 1.8, pixels deviate by 0.22, as
            ImageNet's do.
        decorrelate: take the channels as uncorrelated colours (see `colour`).
        start: pictures (count, channels, h, w) in 0..1 whose phases to start from. Without a
            `magnitude`, their amplitudes are kept too, and the canvas is that picture.
        device: where the parameters live.

    Raises:
        InvalidArgument: sizes, values, amplitudes or a start that cannot be used.

    Example:
        >>> canvas = maco(1, 3, (8, 9))
        >>> spectrum = torch.fft.rfft2(canvas.latent(), norm="ortho").abs()
        >>> bool((spectrum - canvas.magnitude).abs().max() < 1e-5)
        True
        >>> round(canvas.latent().std(correction=0).item(), 4)
        1.8
    """
    count, channels, size = checked_canvases(count, channels, size, start)
    shape = (channels, size[0], size[1] // 2 + 1)
    checked_positive(spread, "spread")
    if start is None:
        (chance,) = drawn(count, seed, shape, uniform=True)
        phases, signs = chance * math.tau, torch.ones(1)
        amplitude = None
    else:
        spectrum = torch.fft.rfft2(latent_of(checked_start(start).cpu(), decorrelate), norm="ortho")
        phases = spectrum.angle()
        edges = edge_columns(size[1])
        phases[..., edges] /= 2
        signs = torch.ones_like(phases)
        for row in edge_columns(size[0]):
            signs[..., row, edges] = torch.where(spectrum.real[..., row, edges] < 0, -1.0, 1.0)
        amplitude = spectrum.abs()
        if magnitude is None and bool(
            (amplitude.flatten(2)[..., 1:].amax((1, 2)) < _NOTHING).any()
        ):
            raise InvalidArgument(
                "start has a picture of one even colour, so no phase changes anything; give a "
                "magnitude too, or a picture with something in it"
            )
    if magnitude is not None or amplitude is None:
        given = natural_magnitude(size) if magnitude is None else magnitude
        amplitude = _scaled(_checked(given, shape), spread, size[1])[None]
    device = device if start is None or device is not None else start.device
    phase = leaf(phases, device)
    return Maco([phase], 0.05, (amplitude * signs).to(phase.device), size, decorrelate)


def _odd(phase: Tensor, width: int) -> Tensor:
    """Phases that are odd, phi(-f) = -phi(f), in the columns that are their own mirror image."""
    edges = edge_columns(width)
    column = phase[..., edges]
    mirrored = torch.roll(column.flip(-2), 1, -2)
    odd = column - mirrored
    inner = phase[..., 1 : width // 2 + 1 if len(edges) == 1 else width // 2]
    return torch.cat([odd[..., :1], inner, odd[..., 1:]], dim=-1)


def _checked(magnitude: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Amplitudes (c, h, w // 2 + 1), or an error that says what is wrong with them."""
    if not isinstance(magnitude, Tensor):
        raise InvalidType(
            f"magnitude is {type(magnitude).__name__}; it is a tensor, as `mean_magnitude` gives it"
        )
    if tuple(magnitude.shape) not in (shape, shape[1:]):
        raise InvalidArgument(
            f"magnitude has the shape {tuple(magnitude.shape)}; {shape} or {shape[1:]} is needed: "
            "measure it at the canvas's size (`mean_magnitude`)"
        )
    values = magnitude.detach().cpu().to(torch.float32, copy=True).expand(shape).clone()
    values[:, 0, 0] = 0
    if not bool(torch.isfinite(values).all()) or bool((values < 0).any()) or not values.any():
        raise InvalidArgument(
            "magnitude must be finite, nowhere below 0, and above 0 at some frequency other than 0"
        )
    return values


def _scaled(magnitude: Tensor, spread: float, width: int) -> Tensor:
    """Amplitudes, of the same at a frequency and its mirror image, of variance spread^2."""
    edges = edge_columns(width)
    column = magnitude[..., edges]
    magnitude[..., edges] = (column + torch.roll(column.flip(-2), 1, -2)) / 2
    power = mean_square(magnitude, width).mean()
    return magnitude * float(spread / power.sqrt())
