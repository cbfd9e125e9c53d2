"""From a name, a file or a network to a `Model`."""

from __future__ import annotations

import copy
import fnmatch
import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import nn

from heatlens.errors import (
    AssumptionWarning,
    InvalidArgument,
    InvalidType,
    MissingDependency,
    UnknownName,
)
from heatlens.models.checkpoint import fill, read_checkpoint
from heatlens.models.metadata import contract_of
from heatlens.models.overrides import Numbers, overridden, size_of
from heatlens.models.protocol import Model
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.randomness import seeded
from heatlens.models.source import SOURCES, Loaded, Wish

__all__ = ["as_model", "list_models", "load_model"]


def as_model(model: Any, *, warn: bool = False) -> Model:
    """A loaded model as it is, a bare network wrapped, a name loaded.

    Args:
        model: a `Model`, a `torch.nn.Module`, or a name for `load_model`.
        warn: say what had to be assumed about a bare network, as `load_model` does.

    Raises:
        InvalidType: it is none of these.
    """
    if isinstance(model, TorchModel):
        return model
    if isinstance(model, nn.Module):
        wrapped = TorchModel(model)
        wrapped.contract = contract_of(wrapped.module)
        if warn:
            _say_assumed(wrapped)
        return wrapped
    if isinstance(model, str | PathLike):
        return load_model(model)
    if isinstance(model, Model):
        return model
    raise InvalidType(
        f"{type(model).__name__} is no model; give a torch.nn.Module, a name such as "
        "'timm:resnet50', or what load_model() returned"
    )


def load_model(
    source: Any,
    *,
    weights: bool | str | PathLike[str] = True,
    input_size: int | tuple[int, int] | None = None,
    mean: Numbers = None,
    std: Numbers = None,
    value_range: tuple[float, float] | None = None,
    labels: Sequence[str] | None = None,
    channel_order: str | None = None,
    trust_pickle: bool = False,
    seed: int = 0,
    device: str | torch.device | None = None,
    name: str | None = None,
) -> Model:
    """Load a model by name, or wrap a network, with all that its input needs.

    Args:
        source: "SOURCE:NAME" (`torchvision:resnet50`, `timm:vit_tiny_patch16_224`,
            `hf:google/vit-base-patch16-224`, `bundled:scene-cnn`, `module:pkg.mod:factory`,
            `export:FILE.pt2`; see `list_models`), the path of a `.pt2` file, a `torch.nn.Module`,
            or a model that is loaded already.
        weights: True for the source's own pretrained weights, False for random ones, or a
            checkpoint file: safetensors, or anything that `torch.load(weights_only=True)` opens.
        input_size: height and width, or one number for both.
        mean: per channel, in units of `value_range`.
        std: per channel, in units of `value_range`.
        value_range: what black and white are before `mean` and `std`.
        labels: name of each class, in order. With a checkpoint file or random weights the head is
            built for that many classes.
        channel_order: "RGB" or "BGR".
        trust_pickle: open a file that only unpickling can open; that runs code of its author.
        seed: of random weights; torch's own random state stays as it is.
        device: where the network goes; default: where it is, or the CPU.
        name: what it is called in provenance.

    Raises:
        UnknownName: no such source, model or weights; the message names the nearest.
        MissingDependency: the source's package is not installed.
        WeightsUnavailable: the weights are not here and cannot be downloaded; the message says
            which file to put where.
        UntrustedPickle: only unpickling could open the file.
        InvalidArgument: arguments that contradict each other or the network.

    Warns:
        AssumptionWarning: something about the input was neither given nor written anywhere.

    Example:
        >>> model = load_model(nn.Conv2d(3, 2, 1), input_size=8, mean=0.5, std=0.5)
        >>> model.contract.input_size, model.contract.mean
        ((8, 8), (0.5, 0.5, 0.5))
    """
    size = size_of(input_size)
    if isinstance(source, nn.Module | Model):
        model = _wrapped(source, weights, device)
    else:
        model = _by_name(source, weights, size, labels, trust_pickle, seed, device)
    contract = overridden(model.contract, size, mean, std, value_range, labels, channel_order)
    if not isinstance(model, TorchModel):
        if contract != model.contract or name is not None:
            raise InvalidType(f"{type(model).__name__} is loaded already and cannot be changed")
        return model
    if contract != model.contract or name is not None:
        model = copy.copy(model)
        model.contract, model.name = contract, name or model.name
    _say_assumed(model)
    return model


def list_models(pattern: str | None = None, source: str | None = None) -> list[str]:
    """Names for `load_model`, sorted within each source.

    Sources whose package is not installed are left out unless asked for by name; so are those
    whose names nobody can list (`module:`, `export:`).

    Args:
        pattern: part of a name, or a glob such as "timm:vit_*"; case does not matter.
        source: this source alone.

    Raises:
        UnknownName: there is no such source.
        MissingDependency: the source asked for needs a package that is not installed.

    Example:
        >>> list_models("cnn", source="bundled")
        ['bundled:scene-cnn']
    """
    chosen = [SOURCES[source]] if source is not None else list(SOURCES.values())
    found: list[str] = []
    for item in chosen:
        if item.names is None:
            continue
        try:
            found += [f"{item.name}:{model}" for model in item.names()]
        except MissingDependency:
            if source is not None:
                raise
    if pattern is None:
        return found
    wanted = pattern.casefold()
    if not any(character in wanted for character in "*?["):
        wanted = f"*{wanted}*"
    return [
        model
        for model in found
        if fnmatch.fnmatchcase(model.casefold(), wanted)
        or fnmatch.fnmatchcase(model.partition(":")[2].casefold(), wanted)
    ]


def _by_name(
    source: Any,
    weights: bool | str | PathLike[str],
    size: tuple[int, int] | None,
    labels: Sequence[str] | None,
    trust_pickle: bool,
    seed: int,
    device: str | torch.device | None,
) -> TorchModel:
    if not isinstance(source, str | PathLike):
        raise InvalidType(
            f"{type(source).__name__} is no model; give 'SOURCE:NAME', a torch.nn.Module or the "
            "path of a .pt2 file"
        )
    prefix, rest = _parts(str(source))
    given = weights if isinstance(weights, bool) else Path(weights).expanduser()
    # Read the file before the network is built: a wrong path should not take a minute to say.
    tensors = read_checkpoint(given, trust_pickle=trust_pickle) if isinstance(given, Path) else None
    wish = Wish(
        name=rest,
        weights=given,
        classes=None if labels is None else len(labels),
        input_size=size,
        trust_pickle=trust_pickle,
    )
    with seeded(seed):
        loaded: Loaded = SOURCES[prefix].build(wish)
    if tensors is not None:
        fill(loaded.network, tensors, repr(str(given)))
    if device is not None:
        loaded.network.to(device)
    return TorchModel(
        loaded.network,
        loaded.contract,
        name=f"{prefix}:{rest}",
        capabilities=loaded.capabilities,
        row_limit=loaded.row_limit,
    )


def _wrapped(
    source: Any, weights: bool | str | PathLike[str], device: str | torch.device | None
) -> Model:
    if weights is not True:
        raise InvalidArgument(
            f"{type(source).__name__} has its weights already, and heatlens changes no network of "
            "yours; load them into it yourself, or give a name such as 'timm:resnet50'"
        )
    model = as_model(source)
    if device is not None and isinstance(model, TorchModel) and _elsewhere(model, device):
        raise InvalidArgument(
            f"the network is on {model.device}; move it with network.to({str(device)!r}), heatlens "
            "moves no network of yours"
        )
    return model


def _elsewhere(model: TorchModel, device: str | torch.device) -> bool:
    wanted = torch.device(device)
    here = model.device
    return wanted.type != here.type or (wanted.index is not None and wanted.index != here.index)


def _parts(source: str) -> tuple[str, str]:
    """The source's name and what stands after the colon."""
    prefix, colon, rest = source.partition(":")
    if source.endswith(".pt2") and not (colon and prefix in SOURCES):
        return "export", source
    if not colon:
        near = [model for model in list_models() if model.partition(":")[2] == source]
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise InvalidArgument(
            f"{source!r} is no SOURCE:NAME with one of the sources {', '.join(SOURCES)}{hint}"
        )
    if prefix not in SOURCES:
        raise UnknownName("model source", prefix, SOURCES)
    if not rest:
        raise InvalidArgument(f"{source!r} names no model; write {SOURCES[prefix].form}")
    return prefix, rest


def _say_assumed(model: TorchModel) -> None:
    if model.contract.assumed:
        warnings.warn(
            f"{model.name} does not say how its input is prepared, so heatlens assumes: "
            f"{'; '.join(model.contract.assumed)}. Pass input_size=, mean=, std= to load_model() "
            "to say what holds",
            AssumptionWarning,
            stacklevel=3,
        )
