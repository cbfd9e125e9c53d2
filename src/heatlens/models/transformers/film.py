"""Classifiers of films: VideoMAE, TimeSformer, ViViT, V-JEPA 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heatlens.models.contract import Contract
from heatlens.models.metadata import from_transformers

__all__ = ["film_contract"]


def film_contract(config: Any, settings: Mapping[str, Any]) -> Contract:
    """Frames, size, normalisation and labels; the networks take (N, T, C, H, W).

    Args:
        config: the network's; how many frames of which size.
        settings: the processor's, for mean, deviation and crop; empty if there are none.
    """
    words = dict(settings)
    if words.get("offset"):  # ViViT's word for what EfficientNet calls rescale_offset
        words["rescale_offset"] = True
    contract = from_transformers(config, words)
    frames = getattr(config, "num_frames", None) or config.frames_per_clip
    size = getattr(config, "image_size", None) or config.crop_size
    sides = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
    return contract.with_(layout="NTCHW", input_size=(int(frames), *sides))
