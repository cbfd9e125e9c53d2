"""Small networks that ship with their weights: a default that works offline and has ground truth.

They classify the scenes of `heatlens.testing.scenes`, pictures in which it is known to the pixel
what makes the class.  ``scene-cheater`` learnt to read a watermark instead of the object.

    net, contract = build("scene-cnn")
    logits = net((pixels - mean) / std)      # pixels in 0..1, RGB

Trained by ``python training/train_bundled.py``; the card beside each weights file says how.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, TypedDict

from heatlens.errors import UnknownName, WeightsUnavailable

if TYPE_CHECKING:
    from torch import nn

__all__ = ["BundledContract", "build", "names"]

_ARCHITECTURES = {
    "scene-cnn": "SceneResNet",
    "scene-vit": "SceneViT",
    "scene-cheater": "SceneResNet",
}


class BundledContract(TypedDict):
    """What a bundled network expects of its input.

    Attributes:
        input_size: (96, 96).
        mean: per channel, of RGB pixels in 0..1.
        std: per channel.
        labels: "digit 0" to "digit 9".
        card: the model card: data, accuracy, seed, commit; empty without weights.
    """

    input_size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    labels: tuple[str, ...]
    card: dict[str, Any]


def names() -> list[str]:
    """Return the names of the bundled networks.

    >>> names()
    ['scene-cheater', 'scene-cnn', 'scene-vit']
    """
    return sorted(_ARCHITECTURES)


def build(name: str, weights: bool = True) -> tuple[nn.Module, BundledContract]:
    """Build a bundled network, in evaluation mode.

    Args:
        name: one of `names()`.
        weights: False leaves the random initial weights, drawn from torch's generator.

    Returns:
        The network and its contract.

    Raises:
        UnknownName: there is no such network.
        WeightsUnavailable: the installation lacks the weights file.

    Example:
        >>> net, contract = build("scene-vit", weights=False)
        >>> net.patch_grid, contract["labels"][3]
        ((8, 8), 'digit 3')
    """
    if name not in _ARCHITECTURES:
        raise UnknownName("bundled model", name, _ARCHITECTURES)
    # Architectures import torch: only when a network is wanted, so that names() stays cheap.
    if _ARCHITECTURES[name] == "SceneViT":
        from heatlens.models.bundled.vit import SceneViT

        network: nn.Module = SceneViT(len(_labels()))
    else:
        from heatlens.models.bundled.resnet import SceneResNet

        network = SceneResNet(len(_labels()))
    card: dict[str, Any] = {}
    if weights:
        card = _load(network, name)
    contract = BundledContract(
        input_size=(96, 96),
        mean=(0.45, 0.45, 0.45),
        std=(0.25, 0.25, 0.25),
        labels=_labels(),
        card=card,
    )
    return network.eval(), contract


def _labels() -> tuple[str, ...]:
    return tuple(f"digit {digit}" for digit in range(10))


def _load(network: nn.Module, name: str) -> dict[str, Any]:
    """Read the weights into a network and return the card."""
    from safetensors.torch import load_file

    folder = files("heatlens.models.bundled") / "weights"
    weights, card = folder / f"{name}.safetensors", folder / f"{name}.json"
    if not weights.is_file():
        key = name.removeprefix("scene-")
        raise WeightsUnavailable(
            f"the weights of {name!r} belong at {weights}, which does not exist; "
            f"`python training/train_bundled.py {key}` makes them"
        )
    with as_file(weights) as path:
        network.load_state_dict(load_file(path))
    described: dict[str, Any] = (
        json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {}
    )
    return described
