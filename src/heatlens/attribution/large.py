"""Explanations of pictures too large for memory, window by window.

The score that is explained is the mean of the model's score over windows that cover the picture,

    F(x) = 1/K sum_k f(x_k),   x_k the k-th window of x.

Where a method is additive over scores (gradients: the derivative of a sum), the map is the sum of
the windows' maps at their places over K, which is what the method gives of F itself: `combine=
"sum"`. Where it is not (maps of a layer's cells, masks), the windows' maps are blended by tents,
as `heatlens.images.tiles.blend` does in memory: `combine="blend"`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from heatlens.attribution.channels import REDUCTIONS
from heatlens.attribution.large_run import TiledRun
from heatlens.attribution.large_settings import Settings
from heatlens.attribution.large_windows import Windows
from heatlens.attribution.method import METHODS, Method
from heatlens.errors import ImageTooLarge, InvalidArgument, InvalidType
from heatlens.images.large.heatmap import LargeHeatmap
from heatlens.images.large.image import LargeImage, Progress
from heatlens.images.large.place import checked_place
from heatlens.images.read import read_image
from heatlens.models.bound import bound
from heatlens.models.load import as_model
from heatlens.models.prepare import prepared
from heatlens.models.protocol import Model
from heatlens.models.targets import Region, Similarity, Target, pooled

__all__ = ["explain_large"]

_IN_MEMORY = 100_000_000
"""Pixels up to which a map is kept in memory where no file is named: 0.4 GB."""

_WINDOW = 512
"""Side of the windows for a model that takes any size."""


def explain_large(
    model: Any,
    picture: LargeImage,
    method: str = "gradcam",
    target: Any = "predicted",
    *,
    window: int | tuple[int, int] | None = None,
    overlap: float = 0.25,
    combine: str | None = None,
    channels: str | None = None,
    skip: float | None = None,
    batch: int = 8,
    out: str | os.PathLike[str] | None = None,
    resume: bool = True,
    progress: Progress | None = None,
    **parameters: Any,
) -> LargeHeatmap:
    """Explain what a model sees in a picture that does not fit in memory.

    Args:
        model: a loaded model, or a bare network.
        picture: an open `LargeImage`.
        method: a name from `heatlens.methods()`; its own parameter `window`, if it has one, keeps
            its default here.
        target: anything `as_target` takes, but regions; "predicted" is the class that the mean
            over all windows ranks first, which takes a pass over them of its own.
        window: side of the windows in the picture's pixels, or (height, width); None is the
            model's input, so that its pixels are the picture's.
        overlap: least share of a window that the next one repeats.
        combine: "sum" (the attribution to the mean score; values add up where windows overlap) or
            "blend" (no seam); None is "sum" for gradient methods, else "blend".
        channels: "max-abs", "sum", "mean-abs" or "norm"; None is what suits the method.
        skip: leave out windows whose values differ by at most this share of the value range
            (empty background); the mean is then over the others, and the notes say how many.
        batch: windows that go through the model at once.
        out: where to write the map as a pyramidal TIFF, streaming; None keeps it in memory, for
            up to 100 million pixels. Finished rows are kept beside it while it is being made.
        resume: go on with the rows that an interrupted run of the same request kept: of the same
            unchanged file or pixels, settings, target, and answers of the model. A target or
            parameter that is a lambda or an object of a class of one's own can not be told from
            another: then no rows are kept.
        progress: called with windows done and to do.
        parameters: the method's own.

    Returns:
        A `LargeHeatmap` on the picture's grid, to be closed. The first line of trust is not in its
        provenance: that of a part is, `explain(model, picture.part(...))`.

    Raises:
        ImageTooLarge: no `out`, and too many pixels.
        UnknownName, UnsupportedMethod, InvalidArgument: as `explain`; a place `out` that cannot be
            written to, or that is the picture itself, before any work.
        InvalidType: numbers that are none.

    Example:
        >>> import numpy as np
        >>> from heatlens.images.large import open_large
        >>> from heatlens.models.load import load_model
        >>> with open_large(np.zeros((90, 200, 3), np.uint8)) as large:
        ...     heat = explain_large(load_model("bundled:scene-cnn"), large, "gradient", target=0)
        >>> heat.size, heat.provenance.parameters["tiles"]
        ((90, 200), 3)
    """
    if not isinstance(picture, LargeImage):
        raise InvalidType(
            f"a large picture is opened first, open_large(...), got {type(picture).__name__}"
        )
    adapted = as_model(model, warn=True)
    chosen = METHODS[method]
    chosen.check(adapted, parameters)
    if adapted.contract.axes != "HW":
        raise InvalidArgument(f"{adapted.name} takes no pictures, but {adapted.contract.axes}")
    _check_numbers(batch, skip, overlap)
    place = None if out is None else checked_place(out, picture.source)
    if channels is not None and channels not in REDUCTIONS:
        raise InvalidArgument(f"channels is {channels!r}; it can be {', '.join(REDUCTIONS)}")
    pixels = picture.size[0] * picture.size[1]
    if out is None and pixels > _IN_MEMORY:
        raise ImageTooLarge(
            f"a map of {pixels / 1e6:.0f} million pixels is not kept in memory: name a file for "
            "it, out='heat.tif'"
        )
    inputs = adapted.contract.input_size
    own = _WINDOW if inputs is None else (int(inputs[0]), int(inputs[1]))
    settings = Settings(
        method=chosen,
        parameters=parameters,
        windows=Windows.over(picture.size, own if window is None else window, overlap),
        blended=_blended(chosen, combine),
        reduction=channels or chosen.reduction(parameters),
        skip=skip,
        batch=batch,
    )
    run = TiledRun(adapted, picture, _aim(adapted, target), settings, progress)
    return run.in_memory() if place is None else run.written(place, resume=resume)


def _check_numbers(batch: Any, skip: Any, overlap: Any) -> None:
    for name, value in (("skip", skip), ("overlap", overlap)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise InvalidType(f"`{name}` is {value!r}; it is a number from 0 to below 1")
    if isinstance(batch, bool) or not isinstance(batch, int):
        raise InvalidType(f"`batch` is {batch!r}; it is a whole number of windows")
    if batch < 1 or (skip is not None and not 0 <= skip < 1):
        raise InvalidArgument(f"batch {batch}, skip {skip}: at least 1, and from 0 to below 1")


def _blended(method: Method, combine: str | None) -> bool:
    additive = method.family == "gradient" and method.level == "pixel"
    if combine not in (None, "sum", "blend"):
        raise InvalidArgument(f"`combine` is {combine!r}; it can be 'sum' or 'blend'")
    if combine == "sum" and not additive:
        raise InvalidArgument(
            "combine='sum' is for methods whose maps of several scores add up (gradient methods), "
            f"not for {method.name}; leave it out, or give combine='blend'"
        )
    return combine == "blend" or not additive


def _aim(model: Model, target: Any) -> Target:
    """The target, bound to the model; a reference picture becomes its embedding."""
    if isinstance(target, list | tuple):
        raise InvalidArgument("a large picture is explained for one target at a time")
    aim = bound(model, target)
    if isinstance(aim, Region):
        raise InvalidArgument(
            "a Region is a part of one input, and a large picture is seen in many: give a class, "
            "a callable, or explain the part, large.part(top, left, height, width)"
        )
    if isinstance(aim, Similarity) and not hasattr(aim.reference, "detach"):
        other = read_image(aim.reference)
        embedding = pooled(model.predict(prepared(model, other).batch, aim.layer)).mean(0)
        return replace(aim, reference=embedding, name=aim.name or other.name)
    return aim
