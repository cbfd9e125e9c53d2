"""Where the networks' evidence lies: hottest point and mass against the scenes' exact masks.

Plain re-tellings of Grad-CAM (Selvaraju et al. 2017, eq. 1-2) and of integrated gradients from
black, averaged over noisy copies (Sundararajan et al. 2017; Smilkov et al. 2017), so that training
does not depend on the library it serves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional as F

from augment import normalised
from heatlens.models.bundled.vit import SceneViT
from heatlens.testing.scenes import SceneBatch

HALF_A_CELL = 4.0  # pixels: the grid of SceneResNet's last stage has cells of 8


@dataclass(frozen=True)
class Localisation:
    """How well maps agree with masks.

    Attributes:
        hit: share of pictures whose hottest point lies within half a cell of the mask.
        gain: mean over pictures of the positive mass's share on the mask over its share of area.
        enough: share of pictures whose gain is at least 3.
    """

    hit: float
    gain: float
    enough: float


def measured(maps: NDArray[np.float32], masks: NDArray[np.bool_]) -> Localisation:
    """Compare maps (N, H, W) with masks (N, H, W)."""
    hits, gains = [], []
    for values, mask in zip(maps, masks, strict=True):
        positive = np.clip(values, 0, None)
        distance = ndimage.distance_transform_edt(~mask)
        hits.append(distance.flat[int(positive.argmax())] <= HALF_A_CELL)
        total = float(positive.sum())
        share = float(positive[mask].sum()) / total if total > 0 else 0.0
        gains.append(share / float(mask.mean()))
    return Localisation(
        float(np.mean(hits)), float(np.mean(gains)), float(np.mean(np.array(gains) >= 3))
    )


def grad_cam(model: nn.Module, pixels: Tensor, classes: Tensor) -> NDArray[np.float32]:
    """Grad-CAM of the last grid of cells, resized to the picture: (N, H, W), signed."""
    x = normalised(pixels)
    if isinstance(model, SceneViT):
        with torch.no_grad():
            cells = (model.stem(x) + model.position).flatten(2).transpose(1, 2)
            cells = model.blocks(cells)
        cells.requires_grad_()
        score = model.head(model.norm(cells).mean(dim=1)).gather(1, classes[:, None]).sum()
        (gradient,) = torch.autograd.grad(score, cells)
        cam = (cells * gradient.mean(dim=1, keepdim=True)).sum(dim=2)
        cam = cam.reshape(-1, 1, *model.patch_grid)
    else:
        with torch.no_grad():
            cells = model.stage3(model.stage2(model.stage1(model.stem(x))))
        cells.requires_grad_()
        score = model.head(model.pool(cells).flatten(1)).gather(1, classes[:, None]).sum()
        (gradient,) = torch.autograd.grad(score, cells)
        cam = (cells * gradient.mean(dim=(2, 3), keepdim=True)).sum(dim=1, keepdim=True)
    wide = F.interpolate(cam, pixels.shape[-2:], mode="bilinear", align_corners=False)
    return wide[:, 0].detach().numpy()


def integrated_gradients(
    model: nn.Module,
    pixels: Tensor,
    classes: Tensor,
    *,
    steps: int = 16,
    copies: int = 4,
    noise: float = 0.1,
    blur: float = 0.0,
) -> NDArray[np.float32]:
    """Integrated gradients from black, the mean of noisy copies, summed over channels.

    Returns:
        (N, H, W), signed; `blur` is the deviation in pixels of a last Gaussian filter.
    """
    generator = torch.Generator().manual_seed(0)
    black = normalised(torch.zeros_like(pixels))
    total = torch.zeros_like(pixels)
    for _ in range(copies):
        noisy = pixels + noise * torch.randn(pixels.shape, generator=generator)
        path = normalised(noisy) - black
        for step in range(steps):
            x = (black + (step + 0.5) / steps * path).requires_grad_()
            score = model(x).gather(1, classes[:, None]).sum()
            (gradient,) = torch.autograd.grad(score, x)
            total += gradient * path / (steps * copies)
    values = total.sum(dim=1).numpy()
    return ndimage.gaussian_filter(values, (0, blur, blur)) if blur else values


def localisations(model: nn.Module, batch: SceneBatch) -> dict[str, Localisation]:
    """Measure both methods on the scenes of a batch that the network classifies rightly."""
    pixels = torch.from_numpy(batch.images).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        classes = model(normalised(pixels)).argmax(1)
    right = classes.numpy() == batch.labels
    pixels, classes, masks = pixels[right], classes[right], batch.masks[right]
    raw = integrated_gradients(model, pixels, classes)
    return {
        "gradcam": measured(grad_cam(model, pixels, classes), masks),
        "smoothgrad_ig": measured(raw, masks),
        "smoothgrad_ig_blur2": measured(ndimage.gaussian_filter(raw, (0, 2, 2)), masks),
        "smoothgrad_ig_blur3": measured(ndimage.gaussian_filter(raw, (0, 3, 3)), masks),
        "smoothgrad_ig_abs_blur3": measured(ndimage.gaussian_filter(abs(raw), (0, 3, 3)), masks),
    }
