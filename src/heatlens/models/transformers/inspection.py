"""A virtual layer before a network of samples: heat in time and frequency.

    network'(S) = network(ISTFT(S)),   S = STFT(samples)

The short-time Fourier transform with a Hann window and a quarter of it as step is inverted exactly,
so the network's output stays what it was, and as the inverse is linear, gradient x input on S sums
to gradient x input on the samples.

Vielhaben, Lapuschkin, Montavon, Samek: Explainable AI for Time Series via Virtual Inspection
Layers, Pattern Recognition 2024.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument

__all__ = ["InspectionLayer", "spectrum_of"]


class InspectionLayer(nn.Module):
    """A network of samples (N, T) as one of spectra (N, 2, F, T'), real and imaginary parts.

    Args:
        network: takes samples (N, T).
        window: samples of the Hann window; F is half of it and one.

    Example:
        >>> layer = InspectionLayer(nn.Linear(64, 1), window=16)
        >>> samples = torch.randn(1, 64)
        >>> gap = layer(spectrum_of(samples, 16)) - layer.network(samples)
        >>> bool(gap.abs() < 1e-5)
        True
    """

    def __init__(self, network: nn.Module, window: int) -> None:
        """Put the layer before a network, which stays as it is."""
        super().__init__()
        self.network = network
        self.window = window

    def forward(self, spectrum: Tensor) -> object:
        """What the network returns for the samples that have this spectrum."""
        return self.network(self.samples(spectrum))

    def samples(self, spectrum: Tensor) -> Tensor:
        """Samples (N, T) of spectra (N, 2, F, T')."""
        if spectrum.shape[1] != 2 or spectrum.shape[2] != self.window // 2 + 1:
            raise InvalidArgument(
                f"the spectrum has shape {tuple(spectrum.shape)}; expected (N, 2, "
                f"{self.window // 2 + 1}, T), real and imaginary parts"
            )
        return torch.istft(
            torch.complex(spectrum[:, 0], spectrum[:, 1]),
            self.window,
            self.window // 4,
            window=torch.hann_window(self.window, dtype=spectrum.dtype, device=spectrum.device),
        )


def spectrum_of(samples: Tensor, window: int) -> Tensor:
    """Spectra (N, 2, F, T') of samples (N, T), which end with silence up to a whole step.

    Args:
        samples: (N, T), at least as many as half a window.
        window: samples of the Hann window, a multiple of 4; its quarter is the step.

    Raises:
        InvalidArgument: too few samples.

    Example:
        >>> spectrum_of(torch.zeros(1, 64), 16).shape
        torch.Size([1, 2, 9, 17])
    """
    if samples.shape[1] <= window // 2:
        raise InvalidArgument(
            f"the sound has {samples.shape[1]} samples; a window of {window} needs more than "
            f"{window // 2}"
        )
    silence = -samples.shape[1] % (window // 4)
    found = torch.stft(
        nn.functional.pad(samples, (0, silence)),
        window,
        window // 4,
        window=torch.hann_window(window, dtype=samples.dtype, device=samples.device),
        return_complex=True,
    )
    return torch.stack([found.real, found.imag], dim=1)
