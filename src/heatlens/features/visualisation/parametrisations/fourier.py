"""Fourier coefficients: the picture's spectrum, weighted so that all frequencies move alike.

    z = irfft2( s(f) * (a + i b) )        s(f) = k / max(f, 1 / max(h, w))

Photographs have about as much variance in each octave, so a coefficient's weight falls with its
frequency f (cycles per pixel): a step of one length in every parameter changes the picture like a
photograph, not like noise. Olah, Mordvintsev, Schubert: Feature Visualization, Distill 2017
("preconditioning"). Here k is set by Parseval's theorem so that parameters of variance 1 make a
picture z of variance 1 at every size; in the paper's code the variance depends on the size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.features.visualisation.parametrisations.colour import latent_of, pixels_of
from heatlens.features.visualisation.parametrisations.parametrisation import (
    Parametrisation,
    checked_canvases,
    checked_positive,
    checked_start,
    drawn,
    leaf,
    register,
)
from heatlens.features.visualisation.parametrisations.spectrum import (
    frequencies,
    mean_square,
    multiplicity,
)

__all__ = ["Fourier", "fourier", "weights"]


@dataclass(frozen=True, eq=False)
class Fourier(Parametrisation):
    """Canvases whose parameters are weighted Fourier coefficients, (n, c, h, w // 2 + 1, 2).

    Attributes:
        weight: s(f), (h, w // 2 + 1).
        size: height and width.
        decorrelate: whether the channels are uncorrelated colours, not red, green and blue.
    """

    weight: Tensor
    size: tuple[int, int]
    decorrelate: bool

    def latent(self) -> Tensor:
        """The pictures before colour and sigmoid, (n, c, h, w), without bounds."""
        spectrum = torch.view_as_complex(self.parameters[0]) * self.weight
        return torch.fft.irfft2(spectrum, s=self.size, norm="ortho")

    def pixels(self) -> Tensor:
        """The pictures, (n, c, h, w) in 0..1."""
        return pixels_of(self.latent(), self.decorrelate)


def weights(size: tuple[int, int]) -> Tensor:
    """s(f), (h, w // 2 + 1), float64, for which parameters of variance 1 make pixels of variance 1.

    A column that is its own mirror image counts half: of its two parameters for a frequency and
    its mirror image, only the part that makes a real picture remains.

    Example:
        >>> weight = weights((32, 48))
        >>> float(weight[0, 1] / weight[0, 2]), float(weight[0, 0] / weight[0, 1])
        (2.0, 1.0)
    """
    falling = 1 / frequencies(size).clamp(min=1 / max(size))
    return falling / mean_square(falling * multiplicity(size[1]).sqrt(), size[1]).sqrt()


@register(paper="https://distill.pub/2017/feature-visualization")
def fourier(
    count: int,
    channels: int,
    size: tuple[int, int],
    *,
    seed: int = 0,
    spread: float = 0.02,
    decorrelate: bool = True,
    start: Tensor | None = None,
    device: torch.device | str | None = None,
) -> Fourier:
    """Weighted Fourier coefficients, in uncorrelated colours.

    Args:
        count: how many canvases.
        channels: 3, or 1 for grey.
        size: height and width in pixels, odd or even.
        seed: of the start, clouds with the spectrum of photographs.
        spread: standard deviation of each uncorrelated colour over starts, in units of the
            sigmoid's argument; 1.8 has the contrast of photographs, 0.02 is nearly grey.
        decorrelate: move in uncorrelated colours (see `colour`).
        start: pictures (count, channels, h, w) in 0..1 to start from instead.
        device: where the parameters live.

    Raises:
        InvalidArgument: sizes, values or a start that cannot be used.

    Example:
        >>> canvas = fourier(1, 3, (8, 9), spread=1.0)
        >>> canvas.parameters[0].shape
        torch.Size([1, 3, 8, 5, 2])
        >>> canvas.pixels().shape
        torch.Size([1, 3, 8, 9])
    """
    count, channels, size = checked_canvases(count, channels, size, start)
    weight = weights(size).float()
    if start is None:
        (noise,) = drawn(count, seed, (channels, size[0], size[1] // 2 + 1, 2))
        coefficients = checked_positive(spread, "spread") * noise
    else:
        latent = latent_of(checked_start(start).cpu(), decorrelate)
        spectrum = torch.fft.rfft2(latent, norm="ortho")
        coefficients = torch.view_as_real(spectrum / weight)
    device = device if start is None or device is not None else start.device
    parameters = [leaf(coefficients, device)]
    return Fourier(parameters, 0.05, weight.to(parameters[0].device), size, decorrelate)
