"""CIELAB channels of a picture, as they are or whitened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.perception.channels import colour
from heatlens.render import cielab

__all__ = ["lab", "whitened"]

Array = npt.NDArray[np.float32]

FLAT = 0.2
"""CIELAB units of deviation below which a channel is taken as constant: rounding to 8 bits."""


def lab(image: Image) -> Array:
    """CIELAB of a flat picture, (H, W, 3) float32: L* in 0..100; outside of 0..1 is clipped.

    Example:
        >>> lab(Image(np.uint8([[0, 255]]), "YX")).round(0)[0, :, 0].tolist()
        [0.0, 100.0]
    """
    return cielab.from_srgb(np.clip(colour(image), 0, 1)).astype(np.float32)


def whitened(channels: Array) -> Array:
    """The channels (H, W, C) turned and scaled so that they are uncorrelated, of variance 1.

        W = V diag(1 / sqrt(e)) V^T,   C = V diag(e) V^T their covariance

    Of all such matrices the one that changes the channels least. Directions in which the picture
    hardly varies (`FLAT`) are left at 0 instead of being scaled up.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(50, 40, 2)) @ [[3, 1], [0, 2]]
        >>> np.cov(whitened(noise.astype(np.float32)).reshape(-1, 2).T).round(3).tolist()
        [[1.0, -0.0], [-0.0, 1.0]]
    """
    flat = channels.reshape(-1, channels.shape[-1]).astype(np.float64)
    flat = flat - flat.mean(axis=0)
    values, vectors = np.linalg.eigh(flat.T @ flat / max(len(flat) - 1, 1))
    scales = np.where(values > FLAT**2, 1 / np.sqrt(np.maximum(values, FLAT**2)), 0)
    white: Array = (flat @ (vectors * scales) @ vectors.T).astype(np.float32)
    return white.reshape(channels.shape)
