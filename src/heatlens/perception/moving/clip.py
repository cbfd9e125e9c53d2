"""What draws the eye in a film that is in memory, as one heatmap."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.films.open import open_film
from heatlens.perception.moving.method import method_for
from heatlens.perception.moving.model import MOVING
from heatlens.perception.moving.observe import Observer
from heatlens.perception.moving.stream import moments
from heatlens.provenance import Provenance, plain
from heatlens.version import __version__

__all__ = ["clip_saliency"]


def clip_saliency(image: Image, method: str | Any, parameters: Mapping[str, Any]) -> Heatmap:
    """The heat of every frame of a film; `heatlens.saliency` for axes TYX and TYXC.

    Args:
        image: the film.
        method: as in `watch`.
        parameters: the method's own, and `flow` and `grid` as in `watch`.

    Returns:
        A `Heatmap` with axes TYX, in the unit of the method; its coordinate T is in seconds.

    Raises:
        UnknownName: no such method.
        InvalidArgument: an unknown parameter, or a film of one frame for a model of motion.

    Example:
        >>> clip = np.full((5, 60, 80), 90, np.uint8)
        >>> for k, picture in enumerate(clip):
        ...     picture[20:30, 10 + 4 * k : 20 + 4 * k] = 200
        >>> clip_saliency(Image(clip, "TYX"), "frame-difference", {"sigma": 2.0}).axes
        'TYX'
    """
    own = dict(parameters)
    flow, grid = own.pop("flow", "dis"), own.pop("grid", 320)
    observer = Observer(flow=flow, grid=grid)
    chosen = method_for(method, own)
    started = time.perf_counter()
    values = np.empty((image.pixels.shape[0], *image.size), np.float32)
    with open_film(image) as film:
        cuts, shown = [], []
        for moment in moments(film, chosen, observer):
            values[moment.index] = moment.heat
            shown.append(moment.seconds)
            if moment.motion is not None and moment.motion.cut:
                cuts.append(moment.index)
    notes = []
    if cuts:
        notes.append(f"cuts before frames {', '.join(map(str, cuts))}: the past is forgotten there")
    if not values.any():
        notes.append("nothing stands out: the map is zero everywhere")
    return Heatmap(
        values,
        Provenance(
            method=chosen.name,
            parameters=plain({**chosen.parameters, "flow": flow, "grid": grid}),
            image=image.name,
            version=__version__,
            seconds=time.perf_counter() - started,
            info={"unit": MOVING[chosen.name].unit} if chosen.name in MOVING else {},
            notes=tuple(notes),
        ),
        axes="TYX",
        signed=False,
        coordinates={"T": tuple(shown)},
    )
