"""Batches for training: windows of scenes, shifted, recoloured and noisy.

No flips and no turns: the classes are digits.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scene_arrays import Arrays


def batch(
    data: Arrays,
    chosen: NDArray[np.int64],
    window: int,
    rng: np.random.Generator,
    step: int,
    varied: bool,
) -> Tensor:
    """Cut, swap channels, overlay, recolour and normalise some pictures.

    Args:
        data: the rendered scenes.
        chosen: (N,) numbers of pictures.
        window: side of the square cut out of each: 96 keeps the scene and shifts it by up to
            6 px, a smaller one lies around the object.
        rng: of this batch.
        step: windows lie at multiples of it (a transformer's windows keep to its token grid).
        varied: whether colours change and noise is added, or the picture is only shifted.

    Returns:
        (N, 3, window, window) float32, channels last, normalised.
    """
    size = data.images.shape[1]
    cut = np.empty((len(chosen), window, window, 3), dtype=np.uint8)
    corners = _corners(data.centres[chosen], size, window, rng, step)
    for i, number in enumerate(chosen):
        y, x = corners[i]
        if window < size:
            cut[i] = data.images[number, y : y + window, x : x + window]
        else:
            cut[i] = _shifted(data.images[number], y, x)
    if not varied:
        return normalised(_as_planes(cut))
    swapped = rng.permuted(np.tile(np.arange(3), (len(chosen), 1)), axis=1)
    cut = np.take_along_axis(cut, swapped[:, None, None, :], axis=3)
    pixels = _overlaid(_as_planes(cut), np.flatnonzero(data.labels[chosen] < 0), rng)
    return normalised(recoloured(pixels, rng))


def normalised(pixels: Tensor) -> Tensor:
    """Bring 0..1 to about -2..2, as the bundled contract says: mean 0.45, deviation 0.25."""
    return (pixels - 0.45) / 0.25


def recoloured(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Mix channels, change brightness and contrast, add noise; values stay in 0..1."""
    n = pixels.shape[0]

    def draw(low: float, high: float, channels: int) -> Tensor:
        values = rng.uniform(low, high, (n, channels, 1, 1)).astype(np.float32)
        return torch.from_numpy(values)

    gain = draw(0.75, 1.25, 1) * draw(0.85, 1.15, 3)
    result = (pixels - 0.5) * gain + 0.5 + draw(-0.12, 0.12, 1)
    inverted = torch.from_numpy(rng.random((n, 1, 1, 1)) < 0.15)
    result = torch.where(inverted, 1 - result, result)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    noise = torch.randn(pixels.shape, generator=generator)
    noise = noise.contiguous(memory_format=torch.channels_last)
    # Half the pictures stay clean; SmoothGrad's noisy copies then lie within what was trained on.
    strength = draw(-0.1, 0.1, 1).clamp_min(0)
    return (result + strength * noise).clamp(0, 1)


def _overlaid(pixels: Tensor, empty: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
    """Lay pictures without an object faintly over half of a batch: backgrounds never seen."""
    if not len(empty):
        return pixels
    ghosts = pixels[torch.from_numpy(rng.choice(empty, len(pixels)))]
    strength = rng.uniform(-0.3, 0.3, (len(pixels), 1, 1, 1)).clip(0).astype(np.float32)
    return pixels.lerp(ghosts, torch.from_numpy(strength))


def _as_planes(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def _corners(
    centres: NDArray[np.float32], size: int, window: int, rng: np.random.Generator, step: int
) -> NDArray[np.int64]:
    if window == size:
        return rng.integers(-6, 7, (len(centres), 2))
    wanted = centres - window / 2 + rng.uniform(-6, 6, centres.shape)
    steps = np.rint(np.clip(wanted, 0, size - window) / step)
    return np.minimum(steps * step, (size - window) // step * step).astype(np.int64)


def _shifted(picture: NDArray[np.uint8], y: int, x: int) -> NDArray[np.uint8]:
    """Shift a picture; what comes in is its mirrored edge."""
    size = picture.shape[0]
    pad = ((max(-y, 0), max(y, 0)), (max(-x, 0), max(x, 0)), (0, 0))
    wide = np.pad(picture, pad, mode="reflect")
    top, left = max(y, 0), max(x, 0)
    return wide[top : top + size, left : left + size]
