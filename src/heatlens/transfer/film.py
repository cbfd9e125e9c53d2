"""`interpolation_film`: the way from one picture or heatmap to another, frame by frame.

Heatmaps are masses. Of a picture its light moves: one plan carries the luma, and each packet of
light takes its colour along, which fades from that of the place it left to that of the place it
reaches. Three plans, one a channel, would tear the colours apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from heatlens.distributions.given import checked_whole
from heatlens.distributions.pictures import opened
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.transfer.masses import as_planes, common_size, heatmap_mass, luma, reduced, size_notes
from heatlens.transport import emd
from heatlens.transport.interpolation import deposited, displacement_grid
from heatlens.transport.mass import Floats
from heatlens.version import __version__

__all__ = ["interpolation_film"]


def interpolation_film(
    a: Any, b: Any, *, frames: int = 16, longest: int = 48, deposit: float = 0.6
) -> list[Image] | list[Heatmap]:
    """Frames from a to b, both ends included, by displacement interpolation.

    The total, of evidence or of light, changes evenly from that of a to that of b.

    Args:
        a: a heatmap without negative values, a picture, or the path of one.
        b: another of the same kind and shape.
        frames: how many, at least 2.
        longest: reduce the grid to this longest side, at most 64: the plan is exact.
        deposit: see `heatlens.transport.displacement_grid`.

    Returns:
        Heatmaps for heatmaps, pictures (float32, value_range (0, 1)) for pictures, on the grid used.
        What became of the pixels of a and b stands in the notes of a heatmap's provenance, or in
        a picture's `metadata["displacement"]`.

    Raises:
        InvalidType: a heatmap and a picture, or a number that is not whole.
        InvalidArgument: too few frames, too large a grid, shapes that differ, negative evidence,
            none at all, or a picture that is black.

    Example:
        >>> left, right = np.zeros((2, 8, 8), np.float32)
        >>> left[4, 1] = right[4, 5] = 1.0
        >>> film = interpolation_film(left, right, frames=3, deposit=0)
        >>> [int(frame.pixels[4].argmax()) for frame in film]
        [1, 3, 5]
    """
    frames, longest = checked_whole(frames, "frames", 0), checked_whole(longest, "longest", 0)
    if frames < 2 or not 2 <= longest <= 64:
        raise InvalidArgument(
            f"frames is {frames} and longest {longest}; at least 2, and between 2 and 64, are meant"
        )
    times = np.linspace(0, 1, frames)
    a, b = opened(a), opened(b)
    if isinstance(a, Heatmap):
        if not isinstance(b, Heatmap):
            raise InvalidType("a is a heatmap and b is a picture; give two of a kind")
        return _heatmaps(a, b, times, longest, deposit)
    return _pictures(as_planes(a, "a"), as_planes(b, "b"), times, longest, deposit)


def _heatmaps(a: Heatmap, b: Heatmap, times: Floats, longest: int, deposit: float) -> list[Heatmap]:
    first, second = heatmap_mass(a, "a"), heatmap_mass(b, "b")
    size = common_size([a.size, b.size], longest)
    first, second = reduced(first, size), reduced(second, size)
    shapes = displacement_grid(
        first, second, times, mass="normalise", method="exact", deposit=deposit
    )
    totals = (1 - times) * first.sum() + times * second.sum()
    notes = size_notes([a.size, b.size], size, "ab")
    return [
        Heatmap(
            (shape * total).astype(np.float32),
            Provenance(
                "displacement-interpolation",
                {"t": float(t), "deposit": deposit},
                image=a.provenance.image,
                target=" to ".join(
                    dict.fromkeys(filter(None, (a.provenance.target, b.provenance.target)))
                ),
                version=__version__,
                notes=notes,
            ),
            signed=False,
        )
        for shape, total, t in zip(shapes, totals, times, strict=True)
    ]


def _pictures(a: Floats, b: Floats, times: Floats, longest: int, deposit: float) -> list[Image]:
    if a.shape[2] != b.shape[2]:
        raise InvalidArgument("one picture is grey, the other has colours; give two of a kind")
    sizes = [(a.shape[0], a.shape[1]), (b.shape[0], b.shape[1])]
    size = common_size(sizes, longest)
    notes = size_notes(sizes, size, "ab")
    first, second = (
        np.stack([reduced(light[..., c], size) for c in range(light.shape[2])], axis=-1)
        * (size[0] * size[1] / (light.shape[0] * light.shape[1]))
        for light in (a, b)
    )
    stack = _lit(first, second, times, deposit)
    return [
        Image(
            frame.astype(np.float32) if frame.shape[2] == 3 else frame[..., 0].astype(np.float32),
            "YXC" if frame.shape[2] == 3 else "YX",
            (0.0, 1.0),
            name=f"t = {t:.2f}",
            metadata={"displacement": {"t": float(t), "deposit": deposit, "notes": notes}},
        )
        for frame, t in zip(stack, times, strict=True)
    ]


def _lit(a: Floats, b: Floats, times: Floats, deposit: float) -> list[Floats]:
    """Frames (h, w, c): packets of light on an exact plan between lumas, each with its colour."""
    size, light = (a.shape[0], a.shape[1]), (luma(a), luma(b))
    ends = [np.argwhere(amount > 0) for amount in light]
    masses = [amount[amount > 0] for amount in light]
    colours = [
        plane[amount > 0] / amount[amount > 0, None]
        for plane, amount in zip((a, b), light, strict=True)
    ]
    x, y = (points.astype(np.float64) for points in ends)
    plan = emd(masses[0], masses[1], x=x, y=y, p=2, mass="normalise").plan
    i, j = plan.coords
    frames = []
    for t in times:
        points = (1 - t) * x[i] + t * y[j]
        total = (1 - t) * masses[0].sum() + t * masses[1].sum()
        packets = plan.data[:, None] * total * ((1 - t) * colours[0][i] + t * colours[1][j])
        width = deposit * 2 * np.sqrt(t * (1 - t))
        planes = [deposited(packet, points, size) for packet in packets.T]
        if width > 0:
            planes = [ndimage.gaussian_filter(plane, width) for plane in planes]
        frames.append(np.stack(planes, axis=-1))
    return frames
