"""A model arranged for many passes over inputs of one size.

Two things that each pass would do again are done once, on a copy of the weights they touch:

- a channels-last pass copies weights that lie in the usual order every time: they are rearranged;
- batch normalisation in evaluation is an affine map, which the convolution before it can hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from heatlens.models.protocol import Model
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.shadow import shadow_of

__all__ = ["settled"]

_FEW = 4
"""Convolutions below which nothing is gained."""
_SAME = 1e-3
"""Of the largest value: what rounding may change, and more is no rounding."""


def settled(model: Model, batch: Tensor, keep: Collection[str]) -> Model:
    """The same model, faster by what can be done before the first pass.

    What the owner changes about the weights afterwards is not seen.

    Args:
        model: of any framework; one that is not PyTorch's, or has few convolutions, is returned
            as it is.
        batch: (1, C, H, W), like the inputs to come.
        keep: the layers that will be asked ("" is the network's own output). On noise they are
            compared with the model's own; where they differ by more than rounding, the model is
            returned as it is. Other layers may no longer say what they said.

    Example:
        >>> from heatlens.models.load import load_model
        >>> model = load_model("bundled:scene-cnn")
        >>> quick = settled(model, torch.zeros(1, 3, 96, 96), keep=["stage2"])
        >>> batch = torch.rand(1, 3, 96, 96)
        >>> a, b = (one.predict(batch, "stage2") for one in (model, quick))
        >>> bool((a - b).abs().max() < 1e-4)
        True
    """
    if not isinstance(model, TorchModel) or batch.ndim != 4:
        return model
    network = shadow_of(model.network)
    convolutions = [part for part in network.modules() if type(part) is nn.Conv2d]
    if len(convolutions) < _FEW:
        return model
    twin = model.of(network, name=model.name, ours=True)
    twin.learn(model)
    with torch.inference_mode(False):
        for convolution, norm in _pairs(twin, network, batch, keep):
            _fold(network, convolution, norm)
        _rearrange(convolutions)
    return twin if _alike(model, twin, batch, keep) else model


def _pairs(
    twin: TorchModel, network: nn.Module, batch: Tensor, keep: Collection[str]
) -> list[tuple[str, str]]:
    """Names of convolutions, and of the normalisations that see nothing but their output."""
    parts = {name: part for name, part in network.named_modules() if name not in keep}
    made: dict[str, tuple[Tensor, int]] = {}
    runs: dict[str, int] = {}
    found: dict[str, str] = {}

    def after(name: str, output: Any) -> None:
        runs[name] = runs.get(name, 0) + 1
        made[name] = (output, output._version)

    def before(name: str, given: Any) -> None:
        runs[name] = runs.get(name, 0) + 1
        for other, (output, version) in made.items():
            if output is given and given._version == version:
                found[name] = other

    with _heard(parts, after, before):
        twin.predict(batch)
    pairs = [(convolution, norm) for norm, convolution in found.items()]
    return [pair for pair in pairs if runs[pair[0]] == runs[pair[1]] == 1]


@contextmanager
def _heard(parts: dict[str, nn.Module], after: Any, before: Any) -> Iterator[None]:
    handles = []
    for name, part in parts.items():
        if part._forward_hooks or part._forward_pre_hooks:
            continue  # the owner's, which see what would change
        if type(part) is nn.Conv2d:
            handles.append(part.register_forward_hook(lambda _, __, out, n=name: after(n, out)))
        elif type(part) is nn.BatchNorm2d and part.running_mean is not None:
            handles.append(part.register_forward_pre_hook(lambda _, x, n=name: before(n, x[0])))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _fold(network: nn.Module, convolution: str, norm: str) -> None:
    """W' = W s, b' = (b - m) s + t, for the normalisation (y - m) s + t, s = gamma / deviation."""
    first: Any = network.get_submodule(convolution)
    second: Any = network.get_submodule(norm)
    scale = torch.rsqrt(second.running_var + second.eps)
    if second.weight is not None:
        scale = scale * second.weight
    bias = -second.running_mean if first.bias is None else first.bias - second.running_mean
    bias = bias * scale
    if second.bias is not None:
        bias = bias + second.bias
    weight = first.weight * scale.view(-1, 1, 1, 1)
    first.weight = nn.Parameter(weight.detach(), requires_grad=False)
    first.bias = nn.Parameter(bias.detach(), requires_grad=False)
    parent, _, own = norm.rpartition(".")
    network.get_submodule(parent)._modules[own] = nn.Identity()


def _rearrange(convolutions: list[nn.Conv2d]) -> None:
    rearranged: dict[int, nn.Parameter] = {}
    for part in convolutions:
        weight = part.weight
        if id(weight) not in rearranged:
            values = weight.detach().contiguous(memory_format=torch.channels_last)
            rearranged[id(weight)] = nn.Parameter(values, requires_grad=False)
        part.weight = rearranged[id(weight)]


def _alike(model: TorchModel, twin: TorchModel, batch: Tensor, keep: Collection[str]) -> bool:
    """Whether all kept layers say the same of noise."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(batch.shape, generator=generator).to(batch)
    names = [name for name in keep if name]
    with torch.no_grad():
        pairs = [] if not names else [one.activations(noise, names) for one in (model, twin)]
        outputs = [(pairs[0][name], pairs[1][name]) for name in names]
        if "" in keep:
            outputs.append((model.predict(noise), twin.predict(noise)))
    return all(
        float((one - other).abs().max()) <= _SAME * float(one.abs().max().clamp(min=1e-12))
        for one, other in outputs
    )
