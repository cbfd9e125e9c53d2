"""The libraries we are measured beside, each set up as its own documentation does it."""

from __future__ import annotations

import copy
import importlib.metadata
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import torchvision_operators

__all__ = ["captum_gradcam", "gradcam_library", "network", "scaled_like_gradcam", "version"]


def network(name: str, device: str, seed: int) -> nn.Module:
    """A torchvision network with seeded weights, in evaluation mode."""
    torchvision_operators.declare()
    import torchvision

    torch.manual_seed(seed)
    built: nn.Module = getattr(torchvision.models, name)(weights=None)
    return built.eval().to(device)


def version(package: str) -> str:
    """The installed version, "?" if there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def captum_gradcam(
    net: nn.Module, layer: str, batch: Tensor, index: Sequence[int]
) -> Callable[[], Tensor]:
    """captum's LayerGradCam on a copy of the network."""
    from captum.attr import LayerGradCam

    own = copy.deepcopy(net)
    method = LayerGradCam(own, own.get_submodule(layer))
    target = torch.tensor(list(index), device=batch.device)
    return lambda: method.attribute(batch, target=target)


def gradcam_library(
    kind: str, net: nn.Module, layer: str, batch: Tensor, index: Sequence[int]
) -> Callable[[], Any]:
    """A method of the package grad-cam on a copy of the network, which its hooks stay on."""
    torchvision_operators.declare()
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    own = copy.deepcopy(net)
    method = getattr(pytorch_grad_cam, kind)(model=own, target_layers=[own.get_submodule(layer)])
    targets = [ClassifierOutputTarget(one) for one in index]
    return lambda: method(input_tensor=batch, targets=targets)


def scaled_like_gradcam(cells: Tensor, size: tuple[int, int]) -> Tensor:
    """A map (N, 1, h, w) as grad-cam hands it out: positive part, 0..1, enlarged, 0..1 again."""
    torchvision_operators.declare()
    from pytorch_grad_cam.utils.image import scale_cam_image

    positive = cells.clamp(min=0).squeeze(1).cpu().numpy()
    return torch.from_numpy(scale_cam_image(scale_cam_image(positive, (size[1], size[0]))))
