"""Which classes of transformers are explained, and what kind each of them is."""

from __future__ import annotations

from typing import Any, Final

from heatlens.errors import InvalidArgument, MissingDependency
from heatlens.optional import cause_of, needed

__all__ = ["KINDS", "PURPOSE", "architectures", "class_for", "kind_of", "named_class"]

PURPOSE: Final = "the source hf:NAME"

KINDS: Final = {
    "picture": (
        "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
        "MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING_NAMES",
    ),
    "film": ("MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING_NAMES",),
    "sound": ("MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES",),
    "image-text": ("MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION_MAPPING_NAMES",),
}
"""Mappings of transformers from a `model_type` to classes, by kind."""

_ONLY: Final = {
    "film": ("timesformer", "videomae", "vivit", "vjepa2"),
    "sound": (
        "audio-spectrogram-transformer",
        "data2vec-audio",
        "hubert",
        "sew",
        "sew-d",
        "unispeech",
        "unispeech-sat",
        "wav2vec2",
        "wav2vec2-conformer",
        "wavlm",
        "whisper",
    ),
    "image-text": ("clip", "metaclip_2", "siglip"),
}
"""Of those mappings the types whose inputs we know; of pictures we take all."""


def architectures(kind: str) -> dict[str, str]:
    """Names of a kind's architectures and the classes that build them."""
    needed("transformers", PURPOSE)
    auto = needed("transformers.models.auto.modeling_auto", PURPOSE)
    found: dict[str, str] = {}
    for mapping in reversed(KINDS[kind]):
        for name, classes in getattr(auto, mapping, {}).items():
            if kind in _ONLY and name not in _ONLY[kind]:
                continue
            first, *others = (classes,) if isinstance(classes, str) else classes
            found[name] = first
            found |= {other: other for other in (first, *others)}
    return found


def kind_of(class_name: str) -> str:
    """The kind of a class that `class_for` or `architectures` named."""
    for kind in KINDS:
        if class_name in architectures(kind).values():
            return kind
    raise InvalidArgument(f"{class_name} is of no kind that heatlens knows")


def class_for(config: Any) -> str:
    """The class that a checkpoint was saved with, where it is one we explain.

    Raises:
        InvalidArgument: it is none of them.
    """
    saved = list(getattr(config, "architectures", None) or [])
    by_kind = {kind: architectures(kind) for kind in KINDS}
    for ours in by_kind.values():
        for name in saved:
            if name in ours.values():
                return name
        if config.model_type in ours and not saved:
            return ours[config.model_type]
    raise InvalidArgument(
        f"the checkpoint holds {', '.join(saved) or config.model_type}, which is no image "
        "classifier, no semantic segmentation network, no classifier of films or sounds and no "
        f"model of pictures and words ({', '.join(_ONLY['image-text'])})"
    )


def named_class(transformers: Any, name: str) -> Any:
    """A class of transformers, which imports the modules that it needs when first asked for."""
    try:
        return getattr(transformers, name)
    except (ImportError, RuntimeError) as error:
        raise MissingDependency("transformers", "models", PURPOSE, cause_of(error)) from error
