"""The canvases a model wants: their size and colours, and how many of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType, NeedsGradient
from heatlens.features.visualisation.objectives.objective import Objective
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.models.protocol import Model

__all__ = ["SIDE", "batches", "canvas_size", "channels_of", "check_runs", "checked_model"]

SIDE = 224
"""Pixels of a side where a model takes pictures of any size."""


def checked_model(model: Model) -> Model:
    """The model itself, if it is one of pictures and gives gradients.

    Raises:
        NeedsGradient: it gives none.
        InvalidArgument: it takes films, volumes or sounds.
    """
    if "gradient" not in model.capabilities:
        raise NeedsGradient(
            f"{model.name} gives no gradients, along which a picture could climb; heatmaps it can "
            "be asked for: see `heatlens methods`"
        )
    if model.contract.axes != "HW":
        raise InvalidArgument(
            f"{model.name} takes {model.contract.layout}; feature visualisation is of pictures"
        )
    return model


def channels_of(model: Model) -> int:
    """3, or 1 for a model of grey pictures."""
    channels = model.contract.channels
    if channels not in (1, 3):
        raise InvalidArgument(
            f"{model.name} takes {channels} channels; feature visualisation is of colour pictures "
            "(3) or grey ones (1): mean= and std= of load_model() say how many there are"
        )
    return channels


def canvas_size(
    model: Model, size: int | tuple[int, int] | None, start: Any = None
) -> tuple[int, int]:
    """Height and width: what was asked for, the model's own, the start's, or `SIDE`.

    Raises:
        InvalidArgument: not what the model takes.
        InvalidType: no whole numbers.
    """
    contract = model.contract
    if size is None:
        size = _own_size(model, start)
    sides = (size, size) if isinstance(size, int) else size
    whole = isinstance(sides, tuple | list) and len(sides) == 2
    if not whole or any(isinstance(side, bool) or not isinstance(side, int) for side in sides):
        raise InvalidType(f"size is {size!r}; it is a whole number, or (height, width)")
    height, width = sides
    if min(height, width) < 1:
        raise InvalidArgument(f"size is {size!r}; both sides must be at least 1")
    step = contract.multiple_of or 1
    if contract.input_size is None and (height % step or width % step):
        raise InvalidArgument(f"size is {(height, width)}; {model.name} takes multiples of {step}")
    return height, width


def check_runs(model: Model, canvas: Tensor) -> None:
    """Refuse a size that the network does not take; one pass.

    Raises:
        InvalidArgument: what the network said about it.
    """
    try:
        model.predict(canvas)
    except (HeatlensError, MemoryError):
        raise
    except Exception as error:
        height, width = canvas.shape[2:]
        reason = (str(error).splitlines() or [""])[0]
        raise InvalidArgument(
            f"{model.name} does not take pictures of {height} x {width} pixels "
            f"({type(error).__name__}: {reason}); size= says another"
        ) from error


def batches(
    model: Model, canvas: Tensor, aims: Sequence[Objective], count: int, *, whole: bool
) -> list[list[tuple[int, list[int]]]]:
    """What climbs together, as (index of the objective, its copies), as many as fit at once.

    Copies of an objective that is between canvases stay together; with `whole` all do.
    """
    rows = len(aims) * count
    most = rows if whole else max(1, model.rows(canvas, gradient=True, wanted=rows))
    found: list[list[tuple[int, list[int]]]] = [[]]
    room = most
    for index, aim in enumerate(aims):
        copies = list(range(count))
        while copies:
            if room < (len(copies) if aim.between else 1) and found[-1]:
                found.append([])
                room = most
            taken = copies if aim.between else copies[:room]
            found[-1].append((index, taken))
            copies, room = copies[len(taken) :], room - len(taken)
    return found


def _own_size(model: Model, start: Any) -> tuple[int, int]:
    contract = model.contract
    if contract.input_size is not None:
        return contract.input_size[0], contract.input_size[1]
    if start is None:
        size = (SIDE, SIDE)
    else:
        size = (start if isinstance(start, Image) else read_image(start)).size
    step = contract.multiple_of or 1
    height, width = (max(1, round(side / step)) * step for side in size)
    return height, width
