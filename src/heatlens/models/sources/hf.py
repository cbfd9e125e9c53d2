"""`hf:NAME`: image classifiers and semantic segmentation networks of transformers.

NAME is a checkpoint on the hub (`google/vit-base-patch16-224`, with `@REVISION` if wanted), a
folder that holds one, or, for random weights, an architecture (`vit`, `ViTForImageClassification`,
`SegformerForSemanticSegmentation`).
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from torch import nn

from heatlens.errors import (
    HeatlensError,
    InvalidArgument,
    MissingDependency,
    UnknownName,
    WeightsUnavailable,
)
from heatlens.models.hub import hub_file, require_reachable, unavailable
from heatlens.models.metadata import from_transformers, processor_settings
from heatlens.models.source import Loaded, Wish, cause_of, needed, register_source

__all__: list[str] = []

_PURPOSE = "the source hf:NAME"
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
_MAPPINGS = (
    "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING_NAMES",
)


def _names() -> list[str]:
    return sorted(_architectures())


def _build(wish: Wish) -> Loaded:
    transformers = needed("transformers", _PURPOSE)
    name, _, revision = wish.name.partition("@")
    known = _architectures()
    if name in known:
        return _of_architecture(transformers, wish, known)
    if name.startswith((".", "/", "~")):
        name = str(Path(name).expanduser())
        if not Path(name).is_dir():
            raise WeightsUnavailable(f"there is no folder {name!r} to load a checkpoint from")
    elif not Path(name).is_dir() and "/" not in name:
        raise UnknownName("architecture or checkpoint of transformers", name, known)
    options: dict[str, Any] = {} if Path(name).is_dir() else {"revision": revision or None}
    offline = _is_here(name, revision or None, wish.pretrained)
    options["local_files_only"] = offline
    what, place = f"hf:{wish.name}", _place(name)
    try:
        config = transformers.AutoConfig.from_pretrained(name, **options)
        network_class = _class_for(transformers, config)
        if wish.classes is not None and wish.classes != config.num_labels:
            if wish.pretrained:
                raise InvalidArgument(
                    f"labels= names {wish.classes} classes, {what} has {config.num_labels}"
                )
            config.num_labels = wish.classes
        if wish.pretrained:
            network = network_class.from_pretrained(name, config=config, **options)
        else:
            network = network_class(config)
        processor = _processor(name, revision or None, offline)
    except HeatlensError:
        raise
    except Exception as error:
        # The hub's client raises errors of several libraries, and OSError for most.
        raise unavailable(what, str(error).split("\n")[0], place) from error
    return Loaded(_any_size(network), from_transformers(network.config, processor))


def _of_architecture(transformers: Any, wish: Wish, known: dict[str, str]) -> Loaded:
    """An architecture in its default configuration; there are no weights for that."""
    if wish.pretrained:
        raise unavailable(
            f"hf:{wish.name}",
            "it is an architecture, not a checkpoint",
            "Name a checkpoint on the hub, such as google/vit-base-patch16-224, or its folder",
        )
    network_class = _class(transformers, known[wish.name])
    settings: dict[str, Any] = {} if wish.classes is None else {"num_labels": wish.classes}
    if wish.input_size is not None:
        size = wish.input_size
        settings["image_size"] = size[0] if size[0] == size[1] else size
    network = network_class(network_class.config_class(**settings))
    return Loaded(_any_size(network), from_transformers(network.config, {}))


def _architectures() -> dict[str, str]:
    """Names of architectures and the classes that build them."""
    needed("transformers", _PURPOSE)
    auto = needed("transformers.models.auto.modeling_auto", _PURPOSE)
    found: dict[str, str] = {}
    for mapping in reversed(_MAPPINGS):
        for kind, names in getattr(auto, mapping).items():
            first, *others = (names,) if isinstance(names, str) else names
            found[kind] = first
            found |= {other: other for other in (first, *others)}
    return found


def _class_for(transformers: Any, config: Any) -> Any:
    """The class that the checkpoint was saved with, where it is one we explain."""
    saved = list(getattr(config, "architectures", None) or [])
    ours = _architectures()
    for name in saved:
        if name in ours.values():
            return _class(transformers, name)
    if config.model_type in ours and not saved:
        return _class(transformers, ours[config.model_type])
    raise InvalidArgument(
        f"the checkpoint holds {', '.join(saved) or config.model_type}, which is no image "
        "classifier and no semantic segmentation network"
    )


def _class(transformers: Any, name: str) -> Any:
    """A class of transformers, which imports the modules that it needs when first asked for."""
    try:
        return getattr(transformers, name)
    except (ImportError, RuntimeError) as error:
        raise MissingDependency("transformers", "models", _PURPOSE, cause_of(error)) from error


def _is_here(name: str, revision: str | None, weights: bool) -> bool:
    """Whether the checkpoint is on this machine; if not, the hub must answer."""
    if Path(name).is_dir():
        return True
    have = hub_file(name, "config.json", revision=revision) is not None
    if have and (not weights or hub_file(name, *_WEIGHTS, revision=revision) is not None):
        return True
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise unavailable(f"hf:{name}", "HF_HUB_OFFLINE is set", _place(name))
    address = f"{constants.ENDPOINT}/{name}/resolve/{revision or 'main'}/config.json"
    require_reachable(address, f"hf:{name}", _place(name))
    return False


def _place(name: str) -> str:
    from huggingface_hub import constants

    return (
        f"Download the files of {constants.ENDPOINT}/{name} (config.json, model.safetensors, "
        "preprocessor_config.json) into a folder and name it as hf:FOLDER"
    )


def _processor(name: str, revision: str | None, offline: bool) -> dict[str, Any]:
    """Settings of the image processor; read as a file, for its class may need torchvision."""
    if Path(name).is_dir():
        return processor_settings(Path(name))
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for file in ("preprocessor_config.json", "processor_config.json"):
        try:
            found = hf_hub_download(name, file, revision=revision, local_files_only=offline)
        except (EntryNotFoundError, LocalEntryNotFoundError):
            continue
        return processor_settings(Path(found).parent)
    return {}


def _any_size(network: nn.Module) -> nn.Module:
    """Let transformers interpolate position embeddings, where it can, for other picture sizes."""
    if "interpolate_pos_encoding" in inspect.signature(network.forward).parameters:
        network.register_forward_pre_hook(_interpolating, with_kwargs=True)
    return network.eval()


def _interpolating(network: nn.Module, arguments: Any, named: dict[str, Any]) -> Any:
    return arguments, {"interpolate_pos_encoding": True, **named}


register_source(
    "hf",
    _build,
    form="hf:ORGANISATION/NAME, hf:FOLDER or hf:ARCHITECTURE",
    summary="Image classifiers and semantic segmentation networks of transformers.",
    names=_names,
    package="transformers",
    extra="models",
)
