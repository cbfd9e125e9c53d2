"""An activation atlas: a map of what a layer sees over a folder, each tile a visualised direction.

Carter, Armstrong, Schubert, Johnson, Olah: Exploring Neural Networks with Activation Atlases,
Distill 2019, doi:10.23915/distill.00015.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.features.atlas.collect import CollectedCells, collect_cells
from heatlens.features.atlas.layout import AtlasLayout, atlas_layout
from heatlens.image import Image
from heatlens.images.resample import resized_axis
from heatlens.models.load import as_model

__all__ = ["ActivationAtlas", "activation_atlas", "composed"]

_EMPTY = 1.0
"""What stands where no activation lies: white."""
_UNREACHED = 0.5
"""What stands for a tile that was not made: grey."""
_ALLOWED = (
    "parametrisation",
    "settings",
    "transforms",
    "outside",
    "rate",
    "total_variation",
    "l2",
    "tolerance",
)
"""Parameters of `visualize` that make sense for every tile alike."""


@dataclass(frozen=True, eq=False)
class ActivationAtlas:
    """The map and what it is made of.

    Attributes:
        image: all tiles as one picture.
        tiles: the picture of each tile, in the layout's order; after Ctrl-C those that were
            reached, the first of them.
        layout: where they lie, how many activations each stands for.
        collected: the activations.
        complete: False if stopped by Ctrl-C: then some pictures have no part in it, or the ascent
            of some tiles was cut short (their metadata says so), or tiles are missing (grey).
    """

    image: Image
    tiles: tuple[Image, ...] = field(repr=False)
    layout: AtlasLayout
    collected: CollectedCells = field(repr=False)
    complete: bool = True


def activation_atlas(
    model: Any,
    pictures: Any,
    layer: str,
    *,
    grid: int | tuple[int, int] = 8,
    per_picture: int = 1,
    plane: str = "auto",
    whiten: bool = True,
    least: int = 1,
    power: float = 2.0,
    tile: int = 64,
    size: int | tuple[int, int] | None = None,
    steps: int = 256,
    fit: str | None = None,
    seed: int = 0,
    progress: Callable[[str, int, int | None], None] | None = None,
    **visualisation: Any,
) -> ActivationAtlas:
    """A map of what a layer sees over a folder of pictures.

    Args:
        model: a loaded model or a bare network, of pictures, with gradients.
        pictures: a folder, a list, a stack or a stream; see `top_pictures`.
        layer: name of a layer.
        grid: tiles, rows and columns.
        per_picture: random cells of each picture.
        plane: "t-sne", "pca", or "auto": t-SNE for 60 activations or more.
        whiten: whether what all activations have in common is taken out of the directions.
        least: activations that a tile needs.
        power: of the cosine; see `Direction`.
        tile: longer side of a tile in the atlas, in pixels; what was visualised is resampled.
        size: at which a tile is visualised; None is the model's own, or 224.
        steps: of the ascent.
        fit: "crop", "squash" or "pad"; None is the model's own way.
        seed: of cells, layout and ascent.
        progress: called with what is being done ("collecting", "visualising"), how much of it is
            done, and of how much (None if not known).
        visualisation: other parameters of `visualize`: parametrisation, settings, transforms,
            outside, rate, total_variation, l2, tolerance.

    Raises:
        InvalidArgument: too few pictures could be used, or a number out of its range.
        KeyboardInterrupt: stopped before anything was collected; later, what was reached is
            returned.
        UnknownName, NoSpatialLayer, NeedsGradient: see `collect_cells` and `visualize`.
    """
    from heatlens.features.visualisation.objectives.direction import Direction
    from heatlens.features.visualisation.visualize import visualize

    for name in visualisation:
        if name not in _ALLOWED:
            raise InvalidArgument(
                f"the tiles of an atlas take no {name!r}: beside size, steps and seed there are "
                f"{', '.join(_ALLOWED)}"
            )
    if isinstance(tile, bool) or not isinstance(tile, int) or tile < 1:
        raise InvalidArgument(f"tile is {tile!r}; a side has at least 1 pixel")
    adapted = as_model(model)

    def told(what: str) -> Callable[..., None]:
        def tell(done: int, total: int | None, *_: Any) -> None:
            if progress is not None:
                progress(what, done, total)

        return tell

    collected = collect_cells(
        adapted,
        pictures,
        layer,
        per_picture=per_picture,
        fit=fit,
        seed=seed,
        progress=told("collecting"),
    )
    layout = atlas_layout(
        collected.vectors, grid=grid, plane=plane, whiten=whiten, least=least, seed=seed
    )
    aims = [
        Direction(layer, vector, power=power, name=f"tile {row}, {column}")
        for vector, (row, column) in zip(layout.directions, layout.places.tolist(), strict=True)
    ]
    reached = visualize(
        adapted,
        aims,
        size=size,
        steps=steps,
        seed=seed,
        progress=told("visualising"),
        full=True,
        **visualisation,
    )
    tiles = tuple(_reduced(image, tile) for image in reached.images)
    climbed = all(made.metadata["visualisation"]["stopped"] != "interrupted" for made in tiles)
    missing = [_unmade(tiles[0])] * (len(aims) - len(tiles))
    return ActivationAtlas(
        composed(layout, [*tiles, *missing], name=f"atlas of {layer}"),
        tiles,
        layout,
        collected,
        collected.complete and climbed and not missing,
    )


def _unmade(like: Image) -> Image:
    return like.with_(pixels=np.full_like(like.pixels, _UNREACHED), metadata={})


def _reduced(image: Image, tile: int) -> Image:
    """A tile with its longer side at `tile` pixels."""
    factor = tile / max(image.size)
    pixels = image.pixels
    for axis, length in enumerate(image.size):
        pixels = resized_axis(pixels, axis, max(1, round(length * factor)))
    return image.with_(pixels=np.clip(pixels, 0, 1).astype(np.float32))


def composed(layout: AtlasLayout, tiles: Sequence[Image], name: str = "atlas") -> Image:
    """The tiles at their places, as one picture; white where no activation lies.

    Args:
        layout: places of the tiles.
        tiles: one picture each, all of one size.
        name: of the picture.

    Raises:
        InvalidArgument: not one picture for each tile, or several sizes.

    Example:
        >>> import torch
        >>> from heatlens.features.atlas.layout import atlas_layout
        >>> layout = atlas_layout(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), grid=(1, 3), plane="pca")
        >>> black = Image(np.zeros((2, 2, 3), np.float32), value_range=(0.0, 1.0))
        >>> composed(layout, [black, black]).pixels[0, :, 0].tolist()
        [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]
    """
    if len(tiles) != len(layout.places) or len({tile.size for tile in tiles}) > 1:
        raise InvalidArgument(
            f"{len(tiles)} pictures of sizes {sorted({tile.size for tile in tiles})} for "
            f"{len(layout.places)} tiles: one each is needed, all of one size"
        )
    height, width = tiles[0].size
    rows, columns = layout.grid
    page: npt.NDArray[np.float32] = np.full((rows * height, columns * width, 3), _EMPTY, np.float32)
    for tile, (row, column) in zip(tiles, layout.places.tolist(), strict=True):
        top, left = row * height, column * width
        unit = tile.unit() if tile.axes == "YXC" else tile.unit()[..., None]
        page[top : top + height, left : left + width] = np.clip(unit, 0, 1)
    return Image(page, "YXC", (0.0, 1.0), name)
