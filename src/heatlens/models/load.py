"""From a name, a file or a network to a `Model`."""

from __future__ import annotations

from typing import Any

from torch import nn

from heatlens.errors import InvalidType
from heatlens.models.protocol import Model
from heatlens.models.pytorch.model import TorchModel

__all__ = ["as_model"]


def as_model(model: Any) -> Model:
    """A loaded model as it is, a bare network wrapped."""
    if isinstance(model, TorchModel):
        return model
    if isinstance(model, nn.Module):
        return TorchModel(model)
    if isinstance(model, Model):
        return model
    raise InvalidType(f"{type(model).__name__} is no model")
