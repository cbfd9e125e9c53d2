"""Small models of other kinds that ship with their weights: words, sound, films.

They know the cases of `heatlens.testing.kinds`, in which it is known what makes the class:

    caption-clip   pictures of two shapes, and their captions       CLIP of transformers
    tone-net       spectrograms with a tone                         Audio Spectrogram Transformer
    tone-wave      the same sounds as samples                       wav2vec 2.0
    event-net      clips with a shape in one frame                  convolutions and a GRU

Those of transformers lie in folders as transformers saves them, so that they come in as any other
checkpoint does. Trained by ``python training/train_kinds.py``; each folder has its card.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from heatlens.errors import UnknownName, WeightsUnavailable

if TYPE_CHECKING:
    from torch import nn

__all__ = ["CHECKPOINTS", "EVENTS", "build_event_net", "folder_of", "kind_names"]

CHECKPOINTS = ("caption-clip", "tone-net", "tone-wave")
"""Names of those that transformers opens."""

EVENTS = ("square", "circle", "triangle", "cross")
"""Labels of event-net."""


def kind_names() -> list[str]:
    """Names of the bundled models of other kinds.

    >>> kind_names()
    ['caption-clip', 'event-net', 'tone-net', 'tone-wave']
    """
    return sorted([*CHECKPOINTS, "event-net"])


def folder_of(name: str) -> Path:
    """The folder with a model's weights and card.

    Raises:
        UnknownName: there is no such model.
        WeightsUnavailable: the installation lacks its weights.
    """
    if name not in kind_names():
        raise UnknownName("bundled model", name, kind_names())
    folder = Path(str(files(__name__))) / name
    if not (folder / "model.safetensors").is_file():
        raise WeightsUnavailable(
            f"the weights of {name!r} belong at {folder / 'model.safetensors'}, which does not "
            f"exist; `python training/train_kinds.py {name}` makes them"
        )
    return folder


def build_event_net(weights: bool = True) -> nn.Module:
    """The network of clips, in evaluation mode.

    Args:
        weights: False leaves the random initial weights, drawn from torch's generator.

    Raises:
        WeightsUnavailable: the installation lacks its weights.
    """
    from heatlens.models.bundled.kinds.event import EventNet

    network = EventNet(len(EVENTS))
    if weights:
        from safetensors.torch import load_file

        network.load_state_dict(load_file(folder_of("event-net") / "model.safetensors"))
    return network.eval()
