"""What a network says of its own input, in the words of timm, transformers or not at all."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from heatlens.models.contract import Contract

__all__ = [
    "IMAGENET",
    "contract_of",
    "from_timm",
    "from_transformers",
    "label_names",
    "processor_settings",
]

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and standard deviation of ImageNet's pixels in 0..1."""

# What transformers' processors call Pillow's filters by number.
_FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}


def contract_of(network: nn.Module) -> Contract:
    """What a bare network expects of its input; what it does not tell stands in `assumed`.

    timm's networks carry a `pretrained_cfg`, transformers' a `config`; of any other only the
    number of channels can be read.

    Example:
        >>> contract = contract_of(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten()))
        >>> contract.channels, contract.input_size
        (1, None)
        >>> contract.assumed[0]
        'pixels in 0..1 go in as they are (mean 0, std 1)'
    """
    card = getattr(network, "pretrained_cfg", None) or getattr(network, "default_cfg", None)
    if card is not None and not isinstance(card, Mapping):
        card = vars(card)
    if card and "mean" in card and "input_size" in card:
        contract = from_timm(card)
        built_for = getattr(getattr(network, "patch_embed", None), "img_size", None)
        if isinstance(built_for, tuple) and len(built_for) == 2:
            contract = contract.with_(input_size=built_for)
        return contract
    config = getattr(network, "config", None)
    if hasattr(config, "id2label") and hasattr(config, "model_type"):
        return from_transformers(config, _processor_in_cache(config))
    convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    channels = next(
        (part.in_channels for part in network.modules() if isinstance(part, convolutions)), 3
    )
    return Contract(
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        assumed=("pixels in 0..1 go in as they are (mean 0, std 1)", "pictures of any size go in"),
    )


def from_timm(card: Mapping[str, Any], labels: tuple[str, ...] = ()) -> Contract:
    """The contract in one of timm's `pretrained_cfg`.

    Example:
        >>> card = {"input_size": (3, 224, 224), "crop_pct": 0.875, "mean": [0.5], "std": [0.5]}
        >>> from_timm(card).resize
        256
    """
    channels, height, width = card["input_size"]
    mode = {"squash": "squash", "border": "pad"}.get(card.get("crop_mode") or "center", "crop")
    share = card.get("crop_pct") or 0.875
    interpolation = card.get("interpolation") or "bicubic"
    return Contract(
        input_size=(height, width),
        mean=_per_channel(card["mean"], channels),
        std=_per_channel(card["std"], channels),
        fit=mode,
        resize=math.floor(height / share) if mode == "crop" and height == width else None,
        interpolation=interpolation if interpolation in _FILTERS.values() else "bilinear",
        labels=labels or tuple(card.get("label_names") or ()),
    )


def from_transformers(config: Any, processor: Mapping[str, Any]) -> Contract:
    """The contract in a transformers configuration and its image processor's settings.

    Args:
        config: the model's configuration; its labels and picture size are read.
        processor: what `preprocessor_config.json` holds; empty if there is none.
    """
    channels = int(getattr(config, "num_channels", 3) or 3)
    labels = label_names(config)
    if not processor:
        size = _pair(getattr(config, "image_size", None)) or (224, 224)
        normal = IMAGENET if channels == 3 else ((0.5,), (0.5,))
        return Contract(
            input_size=size,
            mean=_per_channel(normal[0], channels),
            std=_per_channel(normal[1], channels),
            labels=labels,
            assumed=(f"pixels are normalised with mean {normal[0]} and std {normal[1]}",),
        )
    mean, std = _statistics(processor, channels)
    return Contract(
        **_geometry(processor),
        mean=mean,
        std=std,
        value_range=_range(processor),
        channel_order="BGR" if processor.get("do_flip_channel_order") else "RGB",
        interpolation=_FILTERS.get(processor.get("resample", 2), "bilinear"),
        labels=labels,
    )


def _geometry(processor: Mapping[str, Any]) -> dict[str, Any]:
    """Size, resize and fit of a processor."""
    size = _pair(processor.get("size"))
    shortest = processor.get("size")
    if isinstance(shortest, Mapping):
        shortest = shortest.get("shortest_edge")
    crop = _pair(processor.get("crop_size")) if processor.get("do_center_crop") else None
    if "crop_pct" in processor and isinstance(shortest, int):
        # ConvNeXt's way: below 384 pixels resize, then crop; from there on squash.
        share = processor["crop_pct"] or 224 / 256
        if shortest >= 384:
            return {"input_size": (shortest, shortest), "fit": "squash"}
        return {"input_size": (shortest, shortest), "resize": int(shortest / share)}
    if crop is not None:
        return {"input_size": crop, "resize": shortest if isinstance(shortest, int) else size}
    if size is not None:
        return {"input_size": size, "fit": "squash"}
    if isinstance(shortest, int):
        return {"input_size": (shortest, shortest), "resize": shortest}
    return {"input_size": (224, 224)}


def _statistics(
    processor: Mapping[str, Any], channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if not processor.get("do_normalize", True):
        return (0.0,) * channels, (1.0,) * channels
    mean = _per_channel(processor.get("image_mean") or IMAGENET[0], channels)
    std = _per_channel(processor.get("image_std") or IMAGENET[1], channels)
    if processor.get("include_top"):
        # EfficientNet of transformers divides by the standard deviation twice.
        std = tuple(value * value for value in std)
    return mean, std


def _range(processor: Mapping[str, Any]) -> tuple[float, float]:
    if not processor.get("do_rescale", True):
        return (0.0, 255.0)
    low = -1.0 if processor.get("rescale_offset") else 0.0
    return (low, low + 255 * float(processor.get("rescale_factor") or 1 / 255))


def label_names(config: Any) -> tuple[str, ...]:
    """The class names, unless they are the placeholders LABEL_0, LABEL_1, ..."""
    named = dict(getattr(config, "id2label", None) or {})
    ordered = tuple(str(named[key]) for key in sorted(named, key=int))
    return () if all(re.fullmatch(r"LABEL_\d+", label) for label in ordered) else ordered


def _processor_in_cache(config: Any) -> dict[str, Any]:
    """The processor's settings, if the network came from a folder or from the hub's cache."""
    origin = getattr(config, "_name_or_path", "")
    if not origin:
        return {}
    if Path(origin).is_dir():
        return processor_settings(Path(origin))
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(origin, "preprocessor_config.json")
    return processor_settings(Path(found).parent) if isinstance(found, str) else {}


def processor_settings(folder: Path) -> dict[str, Any]:
    """The image processor's settings among a checkpoint's files; empty if there are none."""
    for name in ("preprocessor_config.json", "processor_config.json"):
        if (folder / name).is_file():
            settings = json.loads((folder / name).read_text(encoding="utf-8"))
            return dict(settings.get("image_processor", settings))
    return {}


def _pair(size: Any) -> tuple[int, int] | None:
    if isinstance(size, Mapping):
        return (size["height"], size["width"]) if "height" in size else None
    if isinstance(size, list | tuple) and len(size) == 2:
        return (int(size[0]), int(size[1]))
    return (size, size) if isinstance(size, int) else None


def _per_channel(values: Any, channels: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values) if hasattr(values, "__iter__") else (values,)
    return numbers * channels if len(numbers) == 1 else numbers
