"""`saliency`: where the eye looks first, in pictures and clips."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.large.image import LargeImage
from heatlens.images.read import read_image
from heatlens.perception.enlarge import enlarged
from heatlens.perception.model import SALIENCY, SaliencyModel
from heatlens.provenance import Provenance, plain
from heatlens.version import __version__

__all__ = ["saliency"]

DEFAULT_STILL, DEFAULT_MOVING = "gbvs", "fusion"


def saliency(source: Any, method: str | Any | None = None, **parameters: Any) -> Any:
    """Show what draws the eye in a picture or clip; no model of the world is needed.

    Args:
        source: anything `read_image` takes: a picture, or a film (axes `TYXC` or `TYX`), which
            has to fit in memory; `heatlens.perception.watch` streams longer ones. An open
            `LargeImage` is looked at by `heatlens.perception.large_saliency`.
        method: a name from `heatlens.perception.SALIENCY` (pictures, and films frame by frame) or
            `heatlens.perception.MOVING` (films); by default "gbvs" for pictures and
            "fusion" for films. Of pictures also a model of saliency that was learned, if its output
            is a map: whatever `load_model` gives or takes, of strings those that are no plain word
            ("torchvision:...", the path of a file).
        parameters: the method's own.

    Returns:
        A `Heatmap` on the picture's grid, values >= 0 in the method's own unit: only their order
        and ratios within one map mean something, unless the method says more. Axes "YX", or "TYX"
        for a film. Of a `LargeImage` a `LargeHeatmap`.

    Raises:
        UnknownName: no such method; the message has the nearest names.
        InvalidArgument: a parameter that the method does not have, a volume, a moving model for a
            still picture.
        UnreadableImage: see `read_image`.

    Example:
        >>> import numpy as np
        >>> scene = np.full((60, 80), 90, np.uint8)
        >>> scene[20:26, 50:56] = 220
        >>> row, column = saliency(scene).peak
        >>> 20 <= row < 26 and 50 <= column < 56
        True
    """
    if isinstance(source, LargeImage):
        from heatlens.perception.large import large_saliency

        return large_saliency(source, DEFAULT_STILL if method is None else method, **parameters)
    if "out" in parameters:
        raise InvalidArgument(
            "out= is for large pictures: open one with heatlens.open_large(...); a film is written "
            "by heatlens.perception.overlay_film, a Heatmap by its save()"
        )
    image = read_image(source)
    if image.axes in ("TYX", "TYXC"):
        from heatlens.perception.moving.clip import clip_saliency

        return clip_saliency(image, DEFAULT_MOVING if method is None else method, parameters)
    if image.axes not in ("YX", "YXC"):
        raise InvalidArgument(
            f"saliency is for pictures (axes YX, YXC) and films (TYX, TYXC), not for {image.axes}; "
            "give one slice: read_image(..., slice=)"
        )
    chosen = DEFAULT_STILL if method is None else method
    if not isinstance(chosen, str) or _is_network(chosen):
        from heatlens.perception.learned import learned_saliency

        return learned_saliency(image, chosen, parameters)
    model = named(chosen)
    started = time.perf_counter()
    small = model(image, **parameters)
    checked = Heatmap(small, Provenance(method=model.name), signed=False)
    # Enlarging stays within the values of the small map: what holds there holds everywhere.
    values = enlarged(checked.values, image.size)
    return Heatmap.of_checked(
        values,
        _made(image, model, parameters, checked.empty, time.perf_counter() - started),
        signed=False,
    )


def named(method: str) -> SaliencyModel:
    """The model for still pictures under a name.

    Raises:
        UnknownName: there is none; names of moving models are known and said to be such.
        InvalidType: no name.
    """
    if not isinstance(method, str) or _is_network(method):
        raise InvalidType(
            f"{method!r} is not the name of a model of saliency; a network of saliency looks at a "
            "picture in memory: saliency(large.reduced(1000), network)"
        )
    if method not in SALIENCY:
        from heatlens.perception.moving.model import MOVING

        if method in MOVING:
            raise InvalidArgument(
                f"{method} sees motion, and this is a still picture; for pictures there are "
                f"{', '.join(SALIENCY)}"
            )
        raise UnknownName("saliency model", method, [*SALIENCY, *MOVING])
    return SALIENCY[method]


def _is_network(name: str) -> bool:
    """Whether `load_model` is meant: "source:name", or the path of a file."""
    return name not in SALIENCY and (":" in name or Path(name).is_file())


def _made(
    image: Image,
    model: SaliencyModel,
    parameters: Mapping[str, Any],
    empty: bool,
    seconds: float,
) -> Provenance:
    full = {**model.parameters, **parameters}
    return Provenance(
        method=model.name,
        parameters=plain(full),
        image=image.name,
        seed=full.get("seed"),
        version=__version__,
        seconds=seconds,
        notes=("nothing stands out: the map is zero everywhere",) if empty else (),
    )
