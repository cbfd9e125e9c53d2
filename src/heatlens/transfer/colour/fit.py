"""Fitting a map of colours: which way each colour has to go.

A stage is a lattice over the colours as the stage before has left them. It starts from the exact
plan between two palettes, and goes on with plans between the palettes of what has been reached and
of the goal, and with sweeps along lines. A second lattice lies over colours that are spread out
already, and can part what the first one had to move as one.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from heatlens.render.cielab import from_srgb, to_srgb
from heatlens.transfer.colour.kernels import read, spread
from heatlens.transfer.colour.lab import lab_of
from heatlens.transfer.colour.palette import (
    Palette,
    carried,
    nearest,
    on_cells,
    palette_of,
    planned_shifts,
)
from heatlens.transfer.colour.sweeps import random_frame, swept
from heatlens.transport import emd
from heatlens.transport.mass import Floats

__all__ = ["carried_lattice", "moved_one_by_one", "refined_lattices", "share_outside"]

_NODES = 33
"""Nodes a side: 8 levels of 255 from one to the next."""

_SWEPT = 1 << 16
"""Colours of the goal, about, that a sweep looks at."""

_PLANS, _SWEEPS = 3, 8
"""Plans between palettes, then sweeps, in one stage."""


def carried_lattice(
    colours: Floats, goal: Floats, k: int, width: float, seed: int
) -> tuple[Floats, float]:
    """One smooth lattice (1, n, n, n, 3): the palette's shifts, mixed by Gaussians.

    Args:
        colours: (m, 3) sRGB in 0..1.
        goal: (m, 3) in CIELAB.
        k: colours of each palette.
        width: of the Gaussians, in CIELAB units.
        seed: of the clusters.

    Returns:
        The lattice, and the share of the colours that it would take out of sRGB: those are clipped.
    """
    start = palette_of(lab_of(colours), k, seed)
    shifts = planned_shifts(start, palette_of(goal, k, seed))
    lattice = _nodes()
    lattice += carried(lattice.reshape(-1, 3), start, shifts, width).reshape(lattice.shape)
    return to_srgb(lattice)[None], share_outside(read(colours, lattice))


def refined_lattices(
    colours: Floats, goal: Floats, k: int, width: float, stages: int, seed: int
) -> tuple[Floats, float]:
    """Lattices (stages, n, n, n, 3) that take the colours to the goal; see `carried_lattice`.

    The share of clipped colours is the largest of a stage.
    """
    generator = np.random.default_rng(seed)
    target = palette_of(goal, k, seed)
    lattices, clipped = [], 0.0
    for stage in range(stages):
        start = palette_of(lab_of(colours), k, seed) if stage == 0 else None
        lattice = _stage(colours, goal, target, start, width, generator)
        clipped = max(clipped, share_outside(read(colours, lattice)))
        lattices.append(to_srgb(lattice))
        colours = read(colours, lattices[-1])
    return np.stack(lattices), clipped


def share_outside(lab: Floats) -> float:
    """Share of CIELAB colours (m, 3) that sRGB has not, by more than one unit.

    Example:
        >>> share_outside(np.array([[50.0, 0.0, 0.0], [50.0, 120.0, -120.0]]))
        0.5
    """
    return float((np.abs(lab_of(to_srgb(lab)) - lab).max(axis=1) > 1).mean())


def _stage(
    colours: Floats,
    goal: Floats,
    target: Palette,
    start: Palette | None,
    width: float,
    generator: np.random.Generator,
) -> Floats:
    lattice = _nodes()
    if start is not None:
        shifts = planned_shifts(start, target)
        lattice += carried(lattice.reshape(-1, 3), start, shifts, width).reshape(lattice.shape)
    for step in range(_PLANS + _SWEEPS):
        reached = read(colours, lattice)
        if step < _PLANS:
            now = on_cells(reached, target.centres)
            shift = carried(reached, now, planned_shifts(now, target), width)
        else:
            shift = swept(reached, goal[:: max(1, len(goal) // _SWEPT)], random_frame(generator))
        lattice += _filled(spread(colours, shift, _NODES))
    return lattice


def _filled(sums: Floats) -> Floats:
    """Mean shift at each node; where few colours fell, that of the neighbours."""
    sums += 0.1 * ndimage.gaussian_filter(sums, (1, 1, 1, 0), mode="nearest", truncate=3)
    return sums[..., :3] / (sums[..., 3:] + 0.5)


def _nodes() -> Floats:
    """CIELAB (n, n, n, 3) of the lattice's nodes."""
    axis = np.linspace(0, 1, _NODES)
    return from_srgb(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1))


def moved_one_by_one(colours: Floats, goal: Floats, k: int, sweeps: int, seed: int) -> Floats:
    """Colours (m, 3), CIELAB, each moved for itself until they are distributed as the goal's."""
    generator = np.random.default_rng(seed)
    target = palette_of(goal, k, seed)
    for _ in range(_PLANS):
        now = on_cells(colours, target.centres)
        colours = colours + carried(colours, now, planned_shifts(now, target), 3.0)
    for _ in range(sweeps):
        colours = colours + swept(colours, goal, random_frame(generator))
    for _ in range(_PLANS):
        colours = _parted(colours, target)
    return colours


def _parted(colours: Floats, target: Palette) -> Floats:
    """Colours (m, 3) whose cells are split just as the exact plan splits their mass.

    Within a cell the colours are ordered along the line on which its goals spread most; each goal
    takes its share of the order, and the share's mean moves onto the goal.
    """
    cell = nearest(colours, target.centres)
    now = on_cells(colours, target.centres)
    plan = emd(
        now.masses, target.masses, x=now.colours, y=target.colours, p=2, mass="normalise"
    ).plan.tocsr()
    moved = colours.copy()
    for i, which in enumerate(np.unique(cell)):
        members = np.flatnonzero(cell == which)
        goals, shares = (
            plan.indices[plan.indptr[i] : plan.indptr[i + 1]],
            plan.data[plan.indptr[i] : plan.indptr[i + 1]],
        )
        places = target.colours[goals]
        axis = np.linalg.svd(np.sqrt(shares)[:, None] * (places - now.colours[i]))[2][0]
        members = members[np.argsort(colours[members] @ axis, kind="stable")]
        order = np.argsort(places @ axis, kind="stable")
        ends = np.rint(np.cumsum(shares[order]) / shares.sum() * len(members)).astype(int)
        for part, goal in zip(np.split(members, ends[:-1]), order, strict=True):
            if len(part):
                moved[part] += places[goal] - colours[part].mean(axis=0)
    return moved
