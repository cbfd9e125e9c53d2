"""`timm:NAME`: the image classifiers of timm."""

from __future__ import annotations

from typing import Any

from heatlens.errors import InvalidArgument, UnknownName, WeightsUnavailable
from heatlens.models.hub import hub_file, require_reachable, torch_hub_file, unavailable
from heatlens.models.metadata import from_timm
from heatlens.models.source import Loaded, Wish, register_source
from heatlens.optional import needed

__all__: list[str] = []

_PURPOSE = "the source timm:NAME"
_FILES = ("model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin")


def _names() -> list[str]:
    return list(needed("timm", _PURPOSE).list_models())


def _build(wish: Wish) -> Loaded:
    timm = needed("timm", _PURPOSE)
    on_hub = wish.name.startswith(("hf-hub:", "hf_hub:", "local-dir:"))
    card = None if on_hub else _card(timm, wish.name)
    settings: dict[str, Any] = {}
    if wish.classes is not None:
        settings["num_classes"] = wish.classes
    if wish.input_size is not None and card is not None and card.fixed_input_size:
        settings["img_size"] = wish.input_size
    if wish.pretrained:
        if card is not None and wish.classes not in (None, card.num_classes):
            raise InvalidArgument(
                f"labels= names {wish.classes} classes, the weights of timm:{wish.name} have "
                f"{card.num_classes}"
            )
        what, place = _ask(timm, wish.name, card)
        try:
            network = timm.create_model(wish.name, pretrained=True, **settings)
        except Exception as error:
            # timm downloads with several clients, each with errors of its own.
            raise unavailable(what, error, place) from error
    else:
        network = timm.create_model(wish.name, pretrained=False, **settings)
    labels = _labels(network) if wish.classes is None else ()
    contract = from_timm(network.pretrained_cfg, labels)
    if "img_size" in settings:
        contract = contract.with_(input_size=wish.input_size, resize=None)
    return Loaded(network.eval(), contract)


def _card(timm: Any, name: str) -> Any:
    """timm's own description of the weights; `UnknownName` if there is no such network."""
    architecture, dot, tag = name.partition(".")
    if not timm.is_model(architecture):
        raise UnknownName("timm model", architecture, timm.list_models())
    tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{architecture}.*")]
    if dot and tag not in tags:
        raise UnknownName(f"weights of timm:{architecture}", tag, tags)
    return timm.get_pretrained_cfg(name, allow_unregistered=True)


def _ask(timm: Any, name: str, card: Any) -> tuple[str, str]:
    """Make sure that the weights are there or can be had; what to say if they fail to come."""
    what = f"timm:{name}"
    if name.startswith("local-dir:"):
        return what, "See that the folder holds config.json and the weights"
    if card is None:
        repository = name.partition(":")[2]
    elif not card.has_weights:
        have = timm.list_pretrained(f"{name.partition('.')[0]}*")[:4]
        near = f"; there are weights for {', '.join(have)}" if have else ""
        raise WeightsUnavailable(
            f"timm has no weights for {name}{near}. weights=False gives random ones, weights=FILE "
            "takes a checkpoint"
        )
    else:
        repository = card.hf_hub_id
    if repository is None:
        file = torch_hub_file(card.url)
        place = f"Download {card.url} and put it at {file}"
        if not file.is_file():
            require_reachable(card.url, what, place)
        return what, place
    from huggingface_hub import constants

    names = _FILES if card is None or not card.hf_hub_filename else (card.hf_hub_filename,)
    address = f"{constants.ENDPOINT}/{repository}/resolve/main/{names[0]}"
    place = f"Download {address} where there is a network and pass it as weights=FILE"
    if hub_file(repository, *names) is None:
        if constants.HF_HUB_OFFLINE:
            raise unavailable(what, "HF_HUB_OFFLINE is set", place)
        require_reachable(address, what, place)
    return what, place


def _labels(network: Any) -> tuple[str, ...]:
    """Class names of the data set that the weights were trained on, where timm knows them."""
    data = needed("timm.data", _PURPOSE)
    card = network.pretrained_cfg
    if card.get("label_names") or card.get("num_classes") != network.num_classes:
        return ()
    subset = data.infer_imagenet_subset(network)
    if not subset:
        return ()
    info = data.ImageNetInfo(subset)
    return tuple(info.index_to_description(index) for index in range(info.num_classes()))


register_source(
    "timm",
    _build,
    form="timm:NAME or timm:NAME.TAG",
    summary="timm's image classifiers.",
    names=_names,
    package="timm",
    extra="models",
)
