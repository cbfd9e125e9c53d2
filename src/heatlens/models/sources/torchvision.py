"""`torchvision:NAME`: torchvision's classifiers and semantic segmentation networks."""

from __future__ import annotations

from typing import Any

from heatlens.errors import InvalidArgument, UnknownName, WeightsUnavailable
from heatlens.models.contract import Contract
from heatlens.models.hub import require_reachable, torch_hub_file, unavailable
from heatlens.models.metadata import IMAGENET
from heatlens.models.source import Loaded, Wish, register_source
from heatlens.optional import needed

__all__: list[str] = []

_PURPOSE = "the source torchvision:NAME"


def _names() -> list[str]:
    models = needed("torchvision.models", _PURPOSE)
    return sorted(
        [
            *models.list_models(module=models),
            *models.list_models(module=needed("torchvision.models.segmentation", _PURPOSE)),
        ]
    )


def _build(wish: Wish) -> Loaded:
    models = needed("torchvision.models", _PURPOSE)
    name, dot, version = wish.name.partition(".")
    known = _names()
    if name not in known:
        if name in models.list_models():
            raise InvalidArgument(
                f"torchvision:{name} is no classifier and no semantic segmentation; heatlens "
                "explains those. Wrap it in a torch.nn.Module that returns scores (N, classes)"
            )
        raise UnknownName("torchvision model", name, known)
    versions = models.get_model_weights(name)
    if dot and version not in versions.__members__:
        raise UnknownName(f"weights of torchvision:{name}", version, versions.__members__)
    weights: Any = versions[version] if dot else getattr(versions, "DEFAULT", None)
    settings: dict[str, Any] = {}
    if wish.pretrained:
        if weights is None:
            raise WeightsUnavailable(
                f"torchvision has no weights for {name}; weights=False gives random ones, "
                "weights=FILE takes a checkpoint"
            )
        if wish.classes not in (None, len(weights.meta["categories"])):
            raise InvalidArgument(
                f"labels= names {wish.classes} classes, the weights of torchvision:{name} have "
                f"{len(weights.meta['categories'])}"
            )
        return Loaded(_pretrained(models, name, weights).eval(), _contract(weights))
    if wish.classes is not None:
        settings["num_classes"] = wish.classes
    if wish.input_size is not None:
        settings |= _built_for(name, wish.input_size)
    if name in _segmentations():
        settings["weights_backbone"] = None
    elif name in ("googlenet", "inception_v3"):
        settings["init_weights"] = False
    network = models.get_model(name, weights=None, **settings)
    return Loaded(network.eval(), _contract(weights))


def _pretrained(models: Any, name: str, weights: Any) -> Any:
    file = torch_hub_file(weights.url)
    what, place = f"torchvision:{name}", f"Download {weights.url} and put it at {file}"
    if not file.is_file():
        require_reachable(weights.url, what, place)
    try:
        return models.get_model(name, weights=weights)
    except (OSError, RuntimeError, EOFError) as error:
        raise unavailable(what, error, place) from error


def _contract(weights: Any) -> Contract:
    """What the weights' own transforms do."""
    if weights is None:
        return Contract(input_size=(224, 224), resize=256, mean=IMAGENET[0], std=IMAGENET[1])
    preset = weights.transforms()
    crop = _pair(getattr(preset, "crop_size", None))
    resize = list(preset.resize_size)
    return Contract(
        input_size=crop,
        resize=resize[0] if len(resize) == 1 else (resize[0], resize[1]),
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        interpolation=preset.interpolation.value,
        labels=tuple(weights.meta["categories"]),
    )


def _pair(sides: Any) -> tuple[int, int] | None:
    if sides is None:
        return None
    return (sides[0], sides[0]) if len(sides) == 1 else (sides[0], sides[1])


def _segmentations() -> list[str]:
    models = needed("torchvision.models", _PURPOSE)
    return list(models.list_models(module=needed("torchvision.models.segmentation", _PURPOSE)))


def _built_for(name: str, size: tuple[int, ...]) -> dict[str, Any]:
    """The argument of architectures whose weights depend on the picture's size."""
    if name.startswith("vit_"):
        if size[0] != size[1]:
            raise InvalidArgument(f"torchvision:{name} takes square pictures, not {size}")
        return {"image_size": size[0]}
    return {"input_size": size} if name.startswith("maxvit") else {}


register_source(
    "torchvision",
    _build,
    form="torchvision:NAME or torchvision:NAME.WEIGHTS",
    summary="torchvision's image classifiers and semantic segmentation networks.",
    names=_names,
    package="torchvision",
    extra="models",
)
