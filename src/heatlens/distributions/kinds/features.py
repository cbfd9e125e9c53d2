"""Deep features: what a layer of a network says at each of its cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.histogram import checked_bins
from heatlens.distributions.pictures import Source, name_of, whole
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.image import Image

__all__ = ["features"]


@register("features", unit="the layer's own", opacity=False)
def features(
    source: Source,
    *,
    model: Any = None,
    layer: str | None = None,
    k: int | None = None,
    fit: str | None = None,
    seed: int = 0,
) -> Distribution:
    """Take a layer's channels at each cell as a point: where lies the picture for the network?

    This room lies below `heatlens.models` and asks of a model only what it uses: a `contract`,
    `prepare`, `activations` and `spatial_layer`, which whatever `load_model` returns has.

    Args:
        source: a flat picture.
        model: a loaded model, or a function from an `Image` to an array of points (n, d).
        layer: name of a layer whose cells lie on a grid; None: the one a CAM would take.
        k: group the cells into so many clusters; None keeps each cell.
        fit: how the picture is brought to the input's size; None: as the model's contract says.
        seed: of k-means.

    Returns:
        Points (cells, channels), alike in weight, or k clusters; the weights sum to 1.

    Example:
        >>> from heatlens.image import Image
        >>> picture = Image(np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
        >>> features(picture, model=lambda image: image.pixels.reshape(-1, 3)).points.shape
        (4, 3)
    """
    image = whole(source, "features")
    if all(
        hasattr(model, name) for name in ("contract", "prepare", "activations", "spatial_layer")
    ):
        points, words, notes = _of_layer(model, layer, image, fit)
    elif callable(model) and not isinstance(model, str):
        points, words, notes = _of_function(model, image), _called(model), ()
    else:
        raise InvalidType(
            f"model is {model!r}; it is what load_model returns, or a function from an Image to "
            "points (n, d)"
        )
    weights = np.full(len(points), 1 / len(points))
    if k is not None:
        from heatlens.distributions.kmeans import kmeans

        points, masses, _ = kmeans(points, checked_bins(k, "k"), seed=seed)
        weights = masses / masses.sum()
    return Distribution(
        weights,
        points,
        f"activations of {words}",
        "features",
        name_of(image),
        info={"layer": words, "channels": points.shape[1], "k": k, "seed": seed},
        notes=notes,
    )


def _of_layer(
    model: Any, layer: str | None, image: Image, fit: str | None
) -> tuple[npt.NDArray[np.float64], str, tuple[str, ...]]:
    import torch

    from heatlens.images.fit import fit as fit_image

    contract = model.contract
    fitted = fit_image(
        image,
        size=contract.input_size,
        mode=fit or contract.fit,
        resize=contract.resize,
        interpolation=contract.interpolation,
        channels=contract.channels,
        multiple_of=contract.multiple_of,
    )
    pixels = torch.stack([torch.from_numpy(item.pixels) for item in fitted])
    batch = model.prepare(contract.normalise(pixels))
    place = model.spatial_layer(batch, layer)
    grid = place.to_grid(model.activations(batch, [place.name])[place.name])
    if grid.ndim != 4:
        raise InvalidArgument(
            f"the output of {place.name!r} has shape {tuple(grid.shape)}; a layer with cells on a "
            "grid is needed"
        )
    cells = grid.permute(0, 2, 3, 1).flatten(0, 2).double().cpu().numpy()
    notes = tuple(dict.fromkeys(note for item in fitted for note in item.notes))
    return cells, f"{place.name} of {model.name}", notes


def _of_function(model: Callable[[Image], Any], image: Image) -> npt.NDArray[np.float64]:
    from heatlens.transport.ground import checked_points

    found = model(image)
    return checked_points(found.detach().cpu() if hasattr(found, "detach") else found, "features")


def _called(model: Any) -> str:
    return str(getattr(model, "__qualname__", type(model).__name__))
