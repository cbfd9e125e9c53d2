"""From a name, a file or a network to a `Model`."""

from __future__ import annotations

import copy
import fnmatch
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
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
from heatlens.models.adopt import adopted
from heatlens.models.backend import Backend
from heatlens.models.checkpoint import fill, read_checkpoint
from heatlens.models.layout import check_layout
from heatlens.models.metadata import contract_of
from heatlens.models.overrides import Numbers, in_layout, overridden, size_of
from heatlens.models.protocol import Model
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.port import Port
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
    if isinstance(model, TorchModel | Backend):
        return model
    if isinstance(model, str | PathLike):
        return load_model(model)
    wrapped = _wrapped(model, Wish(name=""))
    if warn:
        _say_assumed(wrapped)
    return wrapped


def _wrapped(network: Any, wish: Wish) -> Model:
    """Any object that is a network, as a model."""
    if isinstance(network, TorchModel | Backend):
        return network
    # A network of Keras on torch is a torch.nn.Module as well, but one with Keras's own ways.
    found = adopted(network, wish) if not _is_plain_torch(network) else None
    if found is not None:
        return found
    if isinstance(network, nn.Module):
        torch_model = TorchModel(network, port=Port(output=wish.output))
        torch_model.contract = contract_of(torch_model.module)
        if wish.layout is not None:
            torch_model.contract = in_layout(torch_model.contract, wish.layout)
        return torch_model
    if isinstance(network, Model):
        return network
    for score in ("decision_function", "predict"):
        if callable(getattr(network, score, None)) and not isinstance(network, type):
            raise InvalidType(
                f"{type(network).__name__} has no predict_proba, so give the function that scores: "
                f"its .{score}"
            )
    raise InvalidType(
        f"{type(network).__name__} is no model; give a network of PyTorch, Keras, TensorFlow or "
        "JAX, a callable on a batch, a name such as 'timm:resnet50', or what load_model() returned"
    )


def _is_plain_torch(network: Any) -> bool:
    keras = sys.modules.get("keras")
    layer = getattr(keras, "Layer", None)
    if isinstance(network, nn.Module):
        return layer is None or not isinstance(network, layer)
    return isinstance(network, Model)


def load_model(
    source: Any,
    *,
    weights: bool | str | PathLike[str] = True,
    input_size: int | tuple[int, ...] | None = None,
    mean: Numbers = None,
    std: Numbers = None,
    value_range: tuple[float, float] | None = None,
    labels: Sequence[str] | None = None,
    channel_order: str | None = None,
    trust_pickle: bool = False,
    seed: int = 0,
    device: str | torch.device | None = None,
    name: str | None = None,
    layout: str | None = None,
    output: str | int | None = None,
    framework: str | None = None,
) -> Model:
    """Load a model by name, or wrap a network, with all that its input needs.

    Args:
        source: "SOURCE:NAME" (`torchvision:resnet50`, `timm:vit_tiny_patch16_224`,
            `hf:google/vit-base-patch16-224`, `keras:ResNet50`, `bundled:scene-cnn`,
            `module:pkg.mod:factory`; see `list_models`), the path of a `.pt2`, `.keras` or
            `.onnx` file, the URL of an endpoint, a network of PyTorch, Keras, TensorFlow, Flax or
            Equinox, any callable from a batch to scores, or a model that is loaded already.
        weights: True for the source's own pretrained weights, False for random ones, or a
            checkpoint file: safetensors, or anything that `torch.load(weights_only=True)` opens.
        input_size: height and width, or one number for both; with another `layout` one number
            for each axis of its grid.
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
        layout: the network's order of axes, "NCHW", "NHWC", "NTCHW", ... (see
            `heatlens.models.layout`).
        output: which of several outputs, by name or place; without it the one with a usual name
            ("logits", "scores"), or the first of a sequence. "logits" of a Keras network is what
            goes into its last softmax or sigmoid.
        framework: whose arrays a plain callable takes and returns: "numpy" (the default),
            "torch", "tensorflow" or "jax".

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
    wish = Wish(
        name="",
        weights=weights if isinstance(weights, bool) else Path(weights).expanduser(),
        classes=None if labels is None else len(labels),
        input_size=size,
        trust_pickle=trust_pickle,
        labels=None if labels is None or isinstance(labels, str) else tuple(map(str, labels)),
        layout=None if layout is None else check_layout(layout),
        output=output,
        framework=framework,
    )
    if isinstance(source, str | PathLike):
        model = _by_name(str(source), wish, seed, device)
    else:
        model = _given(source, wish, device)
    if device is not None and isinstance(model, Backend) and _elsewhere(model, device):
        raise InvalidArgument(
            f"device is {str(device)!r}, but {model.name} runs on {model.device}, where its own "
            "framework put it; move it there, or give an onnxruntime.InferenceSession opened with "
            "the provider that you want"
        )
    contract = model.contract
    if layout is not None and layout != contract.layout:
        contract = in_layout(contract, layout)
    contract = overridden(contract, size, mean, std, value_range, labels, channel_order)
    if not isinstance(model, TorchModel | Backend):
        if contract != model.contract or name is not None:
            raise InvalidType(f"{type(model).__name__} is loaded already and cannot be changed")
        return model
    if weights is False and isinstance(source, str | PathLike):
        contract = contract.with_(notes=(*contract.notes, f"random weights (seed {seed})"))
    if contract != model.contract or name is not None:
        model = copy.copy(model)
        model.contract, model.name = contract, name or model.name
    _say_assumed(model)
    return model


def list_models(pattern: str | None = None, source: str | None = None) -> list[str]:
    """Names for `load_model`, sorted within each source.

    Sources whose package is not installed are left out unless asked for by name; so are those
    whose names nobody can list (`module:`, `export:`, `onnx:`).

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


def _by_name(source: str, wish: Wish, seed: int, device: str | torch.device | None) -> Model:
    prefix, rest = _parts(source)
    wish = replace(wish, name=rest)
    given = wish.weights
    # Read the file before the network is built: a wrong path should not take a minute to say.
    tensors = (
        read_checkpoint(given, trust_pickle=wish.trust_pickle) if isinstance(given, Path) else None
    )
    with seeded(seed):
        loaded = SOURCES[prefix].build(wish)
    if not isinstance(loaded, Loaded):
        if tensors is not None:
            raise InvalidArgument(
                f"{prefix}: takes no checkpoint of PyTorch in weights=; name the model's own file"
            )
        return loaded
    if tensors is not None:
        fill(loaded.network, tensors, repr(str(given)))
    if device is not None:
        loaded.network.to(device)
    port = loaded.port or Port()
    return loaded.wrap(
        loaded.network,
        loaded.contract,
        name=f"{prefix}:{rest}",
        capabilities=loaded.capabilities,
        row_limit=loaded.row_limit,
        port=port if wish.output is None else replace(port, output=wish.output),
    )


def _given(source: Any, wish: Wish, device: str | torch.device | None) -> Model:
    model = _wrapped(source, wish)
    if wish.weights is not True:
        raise InvalidArgument(
            f"{type(source).__name__} has its weights already, and heatlens changes no network of "
            "yours; load them into it yourself, or give a name such as 'timm:resnet50'"
        )
    if device is not None and isinstance(model, TorchModel) and _elsewhere(model, device):
        raise InvalidArgument(
            f"the network is on {model.device}; move it with network.to({str(device)!r}), heatlens "
            "moves no network of yours"
        )
    return model


def _elsewhere(model: TorchModel | Backend, device: str | torch.device) -> bool:
    wanted = torch.device(device)
    here = model.device
    return wanted.type != here.type or (wanted.index is not None and wanted.index != here.index)


def _parts(source: str) -> tuple[str, str]:
    """The source's name and what stands after the colon."""
    prefix, colon, rest = source.partition(":")
    if not (colon and prefix in SOURCES):
        for known in SOURCES.values():
            if source.endswith(known.suffixes):
                return known.name, source
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


def _say_assumed(model: Model) -> None:
    if model.contract.assumed:
        warnings.warn(
            f"{model.name} does not say how its input is prepared, so heatlens assumes: "
            f"{'; '.join(model.contract.assumed)}. Pass input_size=, mean=, std= to load_model() "
            "to say what holds",
            AssumptionWarning,
            stacklevel=3,
        )
