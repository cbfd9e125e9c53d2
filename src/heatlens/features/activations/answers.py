"""What a layer says of batch after batch; a picture that the network cannot take stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from heatlens.errors import NoSpatialLayer, UnknownName, UnsupportedMethod
from heatlens.features.activations.reading import Reading, reading_of
from heatlens.features.activations.streaming import Batch, Skipped
from heatlens.models.protocol import Model
from heatlens.models.pytorch.memory import ran_out
from heatlens.models.settled import settled

__all__ = ["Answer", "answers"]

_OF_THE_LAYER = (UnknownName, NoSpatialLayer, UnsupportedMethod)
"""Errors that say something of the layer or the model, and would come with every picture."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A layer's output for some pictures.

    Attributes:
        batch: the pictures.
        reading: how the layer is read for inputs of their size.
        units: (N, channels, *grid).
    """

    batch: Batch
    reading: Reading
    units: Tensor


def answers(
    model: Model, given: Iterable[Batch], layer: str, skipped: list[Skipped]
) -> Iterator[Answer]:
    """Send batches through the network, no further than the layer.

    A batch that the network refuses (a picture smaller than a window, say) is sent again row by
    row; what it refuses then is appended to `skipped` with the network's reason.

    Args:
        model: its layers can be read.
        given: in order.
        layer: name of any layer.
        skipped: grows.

    Raises:
        UnknownName, NoSpatialLayer, UnsupportedMethod: the layer cannot be read at all.
        MemoryError: one row does not fit.
    """
    readings: dict[tuple[int, ...], Reading] = {}
    first = True
    for batch in given:
        if first:
            model, first = _settled(model, batch.rows[:1], layer), False
        try:
            answer = _answer(model, batch, layer, readings)
        except Exception as error:
            if isinstance(error, _OF_THE_LAYER) or ran_out(error):
                raise
            if len(batch.pictures) == 1:
                skipped.append(_refused(batch, error))
            else:
                yield from answers(model, _rows(batch), layer, skipped)
        else:
            yield answer


def _answer(
    model: Model, batch: Batch, layer: str, readings: dict[tuple[int, ...], Reading]
) -> Answer:
    shape = tuple(batch.rows.shape[1:])
    if shape not in readings:
        readings[shape] = reading_of(model, batch.rows, layer)
    output = model.activations(batch.rows, [layer])[layer]
    return Answer(batch, readings[shape], readings[shape].units(output))


def _rows(batch: Batch) -> Iterator[Batch]:
    for k, (picture, index) in enumerate(zip(batch.pictures, batch.indices, strict=True)):
        yield Batch(batch.rows[k : k + 1], [picture], [index])


def _refused(batch: Batch, error: Exception) -> Skipped:
    said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    size = " x ".join(map(str, batch.rows.shape[2:]))
    return Skipped(batch.pictures[0].name, f"the network cannot take it ({size}): {said[:300]}")


def _settled(model: Model, row: Tensor, layer: str) -> Model:
    """The model made ready for many passes; as it is, if it does not take the first picture."""
    try:
        return settled(model, row, keep=[layer])
    except Exception as error:
        if ran_out(error):
            raise
        return model
