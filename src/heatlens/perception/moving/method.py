"""What watches a film: a model for films, one for still pictures frame by frame, or a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from heatlens.errors import UnknownName
from heatlens.parameters import check_kind
from heatlens.perception.model import SALIENCY
from heatlens.perception.moving.model import MOVING, Watcher
from heatlens.perception.moving.smoothing import smoother
from heatlens.perception.moving.still import StillFrames, look_at, network_map

__all__ = ["Method", "method_for"]

_SMOOTHING = 0.5


@dataclass(frozen=True)
class Method:
    """A way of watching films, with its parameters.

    Attributes:
        name: what users call it.
        parameters: all of them, defaults included.
        start: begins to watch one film.
        moves: whether it needs motion, so that a film of one frame is none for it.
        delay: frames after a frame that it waits for.
        top: the highest value its maps can take, if there is such a bound.
        least: a value below which noise lies.
    """

    name: str
    parameters: Mapping[str, Any]
    start: Callable[[], Watcher]
    moves: bool
    delay: int = 0
    top: float | None = None
    least: float = 0.0


def method_for(method: str | Any, parameters: Mapping[str, Any]) -> Method:
    """The way of watching by its name, checked before anything is read.

    Args:
        method: a name from `MOVING`; one from `SALIENCY`, which is asked frame by frame; or a
            network of saliency, as `load_model` gives.
        parameters: the method's own. Models for still pictures and networks take `smoothing` too,
            the share of the past along the flow (0.5; 0 leaves each frame alone).

    Raises:
        UnknownName: no such method.
        InvalidArgument: an unknown parameter, or a value that it cannot have.

    Example:
        >>> method_for("fusoin", {})
        Traceback (most recent call last):
        heatlens.errors.UnknownName: unknown saliency model 'fusoin'; did you mean 'fusion'?
    """
    if isinstance(method, str) and method in MOVING:
        model = MOVING[method]
        full = model.check(parameters)
        model.start(**parameters)  # speaks up about values now, not at the first frame
        return Method(
            method,
            full,
            lambda: model.start(**parameters),
            True,
            model.delay(full),
            model.top,
            model.least,
        )
    own = dict(parameters)
    smoothing = own.pop("smoothing", _SMOOTHING)
    name = method if isinstance(method, str) else str(getattr(method, "name", "network"))
    check_kind(name, "smoothing", smoothing, _SMOOTHING)
    smoother(smoothing)  # speaks up about its value
    if isinstance(method, str):
        if method not in SALIENCY:
            raise UnknownName("saliency model", method, [*SALIENCY, *MOVING])
        look, full = look_at(method, own), SALIENCY[method].check(own)
    else:
        look, full = network_map(method, own), own
    return Method(
        name, {**full, "smoothing": smoothing}, lambda: StillFrames(look, smoothing), False
    )
