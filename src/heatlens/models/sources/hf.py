"""`hf:NAME`: models of transformers for pictures, films, sounds, and pictures with words.

NAME is a checkpoint on the hub (`google/vit-base-patch16-224`, with `@REVISION` if wanted), a
folder that holds one, or, for random weights, an architecture (`vit`, `ViTForImageClassification`,
`SegformerForSemanticSegmentation`).
"""

from __future__ import annotations

from typing import Any

from heatlens.models.hub import unavailable
from heatlens.models.metadata import from_transformers
from heatlens.models.source import Loaded, Wish, register_source
from heatlens.models.transformers.checkpoint import found_checkpoint
from heatlens.models.transformers.film import film_contract
from heatlens.models.transformers.kinds import KINDS, PURPOSE, architectures, named_class
from heatlens.models.transformers.load import any_size, load_checkpoint
from heatlens.optional import needed

__all__: list[str] = []


def _names() -> list[str]:
    return sorted({name for kind in KINDS for name in architectures(kind)})


def _build(wish: Wish) -> Loaded:
    transformers = needed("transformers", PURPOSE)
    by_kind = {kind: architectures(kind) for kind in KINDS}
    name = wish.name.partition("@")[0]
    if name in by_kind["picture"]:
        return _of_architecture(transformers, wish, "picture", by_kind["picture"][name])
    if name in by_kind["film"]:
        return _of_architecture(transformers, wish, "film", by_kind["film"][name])
    for kind in ("sound", "image-text"):
        if name in by_kind[kind]:
            raise unavailable(
                f"hf:{wish.name}",
                "it is an architecture, not a checkpoint",
                "Name a checkpoint or its folder: how it hears or reads stands in files beside "
                "the weights",
            )
    known = {item: "" for names in by_kind.values() for item in names}
    return load_checkpoint(found_checkpoint(wish, known), wish, f"hf:{wish.name}")


def _of_architecture(transformers: Any, wish: Wish, kind: str, class_name: str) -> Loaded:
    """An architecture in its default configuration; there are no weights for that."""
    if wish.pretrained:
        raise unavailable(
            f"hf:{wish.name}",
            "it is an architecture, not a checkpoint",
            "Name a checkpoint on the hub, such as google/vit-base-patch16-224, or its folder",
        )
    network_class = named_class(transformers, class_name)
    settings: dict[str, Any] = {} if wish.classes is None else {"num_labels": wish.classes}
    if wish.input_size is not None:
        frames, size = wish.input_size[:-2], wish.input_size[-2:]
        settings["image_size"] = size[0] if len(set(size)) == 1 else size
        if frames:
            settings["num_frames"] = frames[0]
    network = network_class(network_class.config_class(**settings))
    contract = from_transformers if kind == "picture" else film_contract
    return Loaded(any_size(network), contract(network.config, {}))


register_source(
    "hf",
    _build,
    form="hf:ORGANISATION/NAME, hf:FOLDER or hf:ARCHITECTURE",
    summary=(
        "Models of transformers: classifiers of pictures, films and sounds, semantic "
        "segmentation, and pictures with words (CLIP, SigLIP)."
    ),
    names=_names,
    package="transformers",
    extra="models",
    modules=("transformers.models.vit.modeling_vit", "transformers.models.clip.modeling_clip"),
)
