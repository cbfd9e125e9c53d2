"""`style_transfer` and `texture`: pictures whose patches are distributed like a reference's.

From coarse to fine: at each level of an image pyramid the picture is changed by gradient descent
until its patches of 7 x 7 pixels are distributed like the reference's at that level (see
`heatlens.transfer.style.patches`), then enlarged. Its pixels, patches of 1 x 1, are brought along:
the patches alone leave speckles of colours that the reference has not. What the picture showed below the coarsest level
is what it keeps. No trained network takes part: textures, brush strokes and colours are carried
over, things are not recognised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F

from heatlens.distributions.given import checked_seed, checked_whole
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.transfer.colour.pixels import is_grey, opened
from heatlens.transfer.style.opaque import (
    framed,
    known_mask,
    mask_of,
    patches_shown,
    resized,
    whole_patches,
)
from heatlens.transfer.style.patches import patch_loss, random_filters

__all__ = ["style_transfer", "texture"]

_PACE = 0.05
"""Length of the first steps, in units of the range; the last ones are a tenth of it."""

_RATIO = 0.6
"""Size of a level beside the next finer one."""


def style_transfer(
    image: Any,
    reference: Any,
    *,
    coarsest: int = 64,
    steps: int = 100,
    patch: int = 7,
    filters: int = 24,
    seed: int = 0,
) -> Image:
    """The picture painted with the patches of the reference.

    Args:
        image: an `Image` or whatever `read_image` takes; its size is kept.
        reference: the picture whose texture is wanted, both colour or both grey. It is used at
            its own scale: reduce it first for finer strokes. Patches with a transparent pixel are
            left out, and so are transparent places of the picture.
        coarsest: shorter side, in pixels, of the first level. What is visible of the picture at
            this size is kept; a smaller one leaves more to the reference.
        steps: of gradient descent at each level.
        patch: side of the patches.
        filters: random directions in each step, and a third as many of the colours.
        seed: of the filters.

    Returns:
        The picture; type, range and all other fields stay.

    Raises:
        InvalidArgument: pictures smaller than a patch, a colour and a grey one, a film or volume,
            a reference without an opaque patch, or a parameter out of range.
        InvalidType: a parameter that is not a whole number.

    Example:
        >>> noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
        >>> style_transfer(noise, noise[::-1], coarsest=16, steps=2)
        Image('', YXC 16 x 16 x 3, uint8, 0..255)
    """
    picture, goal = opened(image, "image"), opened(reference, "reference")
    if is_grey(picture) != is_grey(goal):
        raise InvalidArgument("one picture is grey, the other has colours; give two of a kind")
    _check(min(*picture.size, *goal.size), coarsest, steps, patch, filters, seed)
    start, wanted = _planes(picture), _planes(goal)
    known = known_mask(goal, patch)
    levels = _levels(picture.size, coarsest, min(goal.size), patch)
    first = F.interpolate(start[None], levels[0], mode="bilinear", antialias=True)[0]
    made = _descended(
        first, wanted, levels, steps, patch, filters, seed, shown=mask_of(picture), known=known
    )
    return picture.with_(
        pixels=_pixels(made, picture),
        metadata={**picture.metadata, "style_transfer": {"reference": goal.name, "seed": seed}},
    )


def texture(
    reference: Any,
    size: tuple[int, int],
    *,
    coarsest: int = 24,
    steps: int = 100,
    patch: int = 7,
    filters: int = 24,
    seed: int = 0,
) -> Image:
    """A new picture of `size` (height, width) with the texture of the reference, from noise.

    Args, errors and cost are those of `style_transfer`. Patterns larger than `coarsest` / `patch`
    of the picture's side are not followed: bricks stay bricks, a wall's plan is lost.

    Example:
        >>> noise = np.random.default_rng(0).integers(0, 256, (16, 16), np.uint8)
        >>> texture(noise, (12, 20), coarsest=12, steps=2).size
        (12, 20)
    """
    goal = opened(reference, "reference")
    size = _size(size)
    _check(min(*size, *goal.size), coarsest, steps, patch, filters, seed)
    wanted = _planes(goal)
    known = known_mask(goal, patch)
    levels = _levels(size, coarsest, min(goal.size), patch)
    noise = torch.randn(len(wanted), *levels[0], generator=torch.Generator().manual_seed(seed + 1))
    mean, spread = wanted.mean((1, 2), keepdim=True), wanted.std((1, 2), keepdim=True)
    made = _descended(
        mean + spread * noise, wanted, levels, steps, patch, filters, seed, known=known
    )
    info = {"texture": {"reference": goal.name, "seed": seed}}
    layout = goal.pixels.shape[2:]
    frame = Image(
        np.zeros((*size, *layout), goal.pixels.dtype),
        goal.axes,
        goal.value_range,
        name=f"texture of {goal.name}",
        metadata=info,
    )
    return frame.with_(pixels=_pixels(made, frame))


def _size(size: Any) -> tuple[int, int]:
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise InvalidArgument(f"size is {size!r}; expected height and width in pixels")
    return checked_whole(size[0], "size[0]"), checked_whole(size[1], "size[1]")


def _check(side: int, coarsest: int, steps: int, patch: int, filters: int, seed: int) -> None:
    checked_seed(seed)
    numbers = {"coarsest": coarsest, "steps": steps, "patch": patch, "filters": filters}
    for name, value in numbers.items():
        checked_whole(value, name)
    if coarsest < patch:
        raise InvalidArgument(f"coarsest is {coarsest} and patch {patch}; it is not below patch")
    if side < patch:
        raise InvalidArgument(
            f"a side of {side} pixels holds no patch of {patch}; give a larger picture or a "
            "smaller patch"
        )


def _levels(
    size: tuple[int, int], coarsest: int, reference_side: int, patch: int
) -> list[tuple[int, int]]:
    """Sizes from the coarsest to `size`; at none is the reference smaller than a patch."""
    shorter = min(size)
    least = max(min(coarsest, shorter), patch, int(np.ceil(shorter * patch / reference_side)))
    scales = [1.0]
    while scales[-1] * _RATIO * shorter >= least:
        scales.append(scales[-1] * _RATIO)
    return [(round(size[0] * s), round(size[1] * s)) for s in scales[::-1]]


def _descended(
    picture: Tensor,
    wanted: Tensor,
    levels: list[tuple[int, int]],
    steps: int,
    patch: int,
    filters: int,
    seed: int,
    *,
    shown: Tensor | None = None,
    known: Tensor | None = None,
) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    finest = levels[-1]
    for level in levels:
        if picture.shape[1:] != level:
            picture = F.interpolate(picture[None], level, mode="bicubic", antialias=True)[0]
        scale = level[0] / finest[0]
        size = [max(patch, round(side * scale)) for side in wanted.shape[1:]]
        goal = F.interpolate(wanted[None], size, mode="bilinear", antialias=True)[0]
        canvas = picture.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([canvas], lr=_PACE)
        seen = patches_shown(shown, level, patch)
        counted = [
            None if known is None else whole_patches(resized(known, size), side)
            for side in (patch, 1)
        ]
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = _PACE * (1 - 0.9 * step / steps)
            optimiser.zero_grad()
            for side, some, whole in zip((patch, 1), seen, counted, strict=True):
                count = filters if side > 1 else max(1, filters // 3)
                chosen = random_filters(count, len(wanted), side, generator)
                patch_loss(framed(canvas, side), goal, chosen, some, whole).backward()
            optimiser.step()
        picture = canvas.detach()
    return picture.clamp(0, 1)


def _planes(image: Image) -> Tensor:
    """(c, h, w) float32 in 0..1; what is transparent has the colour of the nearest that is not."""
    unit = image.unit()
    if image.alpha is not None and not image.alpha.all():
        nearest = ndimage.distance_transform_edt(
            image.alpha == 0, return_distances=False, return_indices=True
        )
        unit = unit[tuple(nearest)]
    planes = unit[None] if unit.ndim == 2 else np.moveaxis(unit, -1, 0)
    return torch.from_numpy(np.ascontiguousarray(planes))


def _pixels(planes: Tensor, like: Image) -> npt.NDArray[Any]:
    low, high = like.value_range
    values = np.moveaxis(planes.numpy().astype(np.float64), 0, -1) * (high - low) + low
    if np.issubdtype(like.pixels.dtype, np.integer):
        values = np.rint(values)
    return values.reshape(like.pixels.shape).astype(like.pixels.dtype)
