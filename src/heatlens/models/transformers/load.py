"""From a checkpoint of transformers to a network with all that its kind needs."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.models.hub import unavailable
from heatlens.models.metadata import from_transformers, label_names
from heatlens.models.source import Loaded, Wish
from heatlens.models.transformers.checkpoint import Checkpoint, without_bars
from heatlens.models.transformers.film import film_contract
from heatlens.models.transformers.image_text import image_text
from heatlens.models.transformers.kinds import PURPOSE, class_for, kind_of, named_class
from heatlens.models.transformers.sound import sound, sound_contract
from heatlens.optional import needed

__all__ = ["any_size", "load_checkpoint"]


def load_checkpoint(checkpoint: Checkpoint, wish: Wish, what: str) -> Loaded:
    """A network with its contract, and what else its kind needs, from a checkpoint.

    Args:
        checkpoint: where it is.
        wish: what the caller wants of it.
        what: its name, for messages.

    Raises:
        InvalidArgument: a class that is not explained, or labels that do not fit.
        WeightsUnavailable: a file is missing or cannot be read; the message says which.
    """
    transformers = needed("transformers", PURPOSE)
    try:
        config = transformers.AutoConfig.from_pretrained(checkpoint.name, **checkpoint.options)
        class_name = class_for(config)
        kind = kind_of(class_name)
        network_class = named_class(transformers, class_name)
        if kind != "image-text":
            _fit_classes(config, wish, what)
        if wish.pretrained:
            # Maps in half precision are noise; a checkpoint that is stored so is widened.
            with without_bars():
                network = network_class.from_pretrained(
                    checkpoint.name, config=config, torch_dtype=torch.float32, **checkpoint.options
                )
        else:
            network = network_class(config)
        settings = checkpoint.settings()
        return _of_kind(kind, network.eval(), settings, checkpoint, wish)
    except HeatlensError:
        raise
    except Exception as error:
        # The hub's client raises errors of several libraries, and OSError for most.
        raise unavailable(what, str(error).split("\n")[0], checkpoint.place) from error


def any_size(network: nn.Module) -> nn.Module:
    """Let transformers interpolate position embeddings, where it can, for other picture sizes."""
    if "interpolate_pos_encoding" in inspect.signature(network.forward).parameters:
        network.register_forward_pre_hook(_interpolating, with_kwargs=True)
    return network.eval()


def _of_kind(
    kind: str,
    network: nn.Module,
    settings: dict[str, Any],
    checkpoint: Checkpoint,
    wish: Wish,
) -> Loaded:
    config: Any = network.config
    transformers = needed("transformers", PURPOSE)
    if kind == "film":
        return Loaded(any_size(network), film_contract(config, settings))
    if kind == "sound":
        extractor = checkpoint.part(
            transformers.AutoFeatureExtractor, "feature extractor", "preprocessor_config.json"
        )
        contract = sound_contract(config, extractor, label_names(config), wish.layout)
        return Loaded(network, contract, wrap=sound(extractor))
    if kind == "image-text":
        tokenizer = checkpoint.part(
            transformers.AutoTokenizer, "tokenizer", "tokenizer.json and tokenizer_config.json"
        )
        # The size stands in the configuration of the half that sees; labels are prompts.
        contract = from_transformers(config.vision_config, settings)
        contract = contract.with_(labels=wish.labels or ())
        return Loaded(network, contract, wrap=image_text(tokenizer))
    return Loaded(any_size(network), from_transformers(config, settings))


def _fit_classes(config: Any, wish: Wish, what: str) -> None:
    if wish.classes is None or wish.classes == config.num_labels:
        return
    if wish.pretrained:
        raise InvalidArgument(
            f"labels= names {wish.classes} classes, {what} has {config.num_labels}"
        )
    config.num_labels = wish.classes


def _interpolating(network: nn.Module, arguments: Any, named: dict[str, Any]) -> Any:
    return arguments, {"interpolate_pos_encoding": True, **named}
