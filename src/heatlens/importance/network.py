"""A network's decision on pictures as a subject: features are interventions.

Interventions on pixels are made first, in the order of the features, then those on layers. What a
picture has beside its named features stays its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.importance.features_named import interventions_for
from heatlens.importance.interventions.intervention import (
    Intervention,
    LayerIntervention,
    PictureIntervention,
)
from heatlens.importance.predictor import Array, Reads
from heatlens.importance.reading import Reading, checked_scores, classes_of
from heatlens.importance.stack import Stack
from heatlens.importance.subject import Floats, Ints, Read, Subject
from heatlens.models.altered import altered
from heatlens.models.bound import check_has_classes
from heatlens.models.load import as_model
from heatlens.models.protocol import Model

__all__ = ["NetworkSubject"]

_TOGETHER = 64
"""Pictures that are changed and go through the network at once, at most."""


class NetworkSubject(Subject):
    """A network on pictures."""

    what = "picture"

    def __init__(
        self,
        model: Any,
        pictures: Any,
        *,
        reads: Reads,
        features: Any = None,
        fit: str | None = None,
    ) -> None:
        """Look at all pictures once, for what is usual in them.

        Args:
            model: a loaded model or a bare network.
            pictures: see `Stack`.
            reads: "classes", "probabilities", or "scores" and "values", both the network's own.
                Scores that are probabilities for all unchanged pictures, and for inputs that no
                picture is, are taken to be such.
            features: see `interventions_for`.
            fit: how pictures are brought to the network's size.

        Raises:
            InvalidArgument: no scores of classes, or labels that are not as many as these.
        """
        self._model = as_model(model, warn=True)
        check_has_classes(self._model)
        self._stack = Stack(self._model, pictures, fit)
        self.model_name, self.count = self._model.name, len(self._stack)
        self.output = "probability" if reads == "probabilities" else "score"
        self._size = self._rows_together()
        first = next(self._scores())
        self.classes = classes_of(first, self._model.contract.labels)
        seen = chain(self._probes(), self._scores())
        self._read = Reading.decided(reads, first.shape[1], seen, self.model_name)
        self._changes = self._learned(interventions_for(features, self._model))
        self.names = tuple(one.name for one in self._changes)
        self.units = tuple(one.unit for one in self._changes)

    def outputs(
        self,
        rows: Ints,
        absent: Sequence[int] = (),
        donors: Ints | None = None,
        read: Read | None = None,
    ) -> Array:
        """See `Subject.outputs`."""
        chosen = [self._changes[k] for k in absent]

        def change(one: Intervention, given: Tensor, other: Tensor | None, part: Ints) -> Tensor:
            numbers = torch.from_numpy(part)
            return (
                one.ablate(given, numbers) if other is None else one.permute(given, other, numbers)
            )

        return self._said(rows, chosen, change, donors, read)

    def outputs_at(
        self,
        rows: Ints,
        features: Sequence[int],
        values: Sequence[float],
        *,
        relative: bool = False,
        read: Read | None = None,
    ) -> Array:
        """See `Subject.outputs_at`."""
        chosen = {self._changes[k].name: value for k, value in zip(features, values, strict=True)}

        def change(one: Intervention, given: Tensor, other: Tensor | None, part: Ints) -> Tensor:
            value = torch.full((len(given),), float(chosen[one.name]), device=given.device)
            own = one.measure(given) if relative else None
            return one.set_to(given, value if own is None else value + own)

        return self._said(rows, [self._changes[k] for k in features], change, None, read)

    def measured(self) -> Floats:
        """See `Subject.measured`."""
        return self._measured

    def _said(
        self,
        rows: Ints,
        chosen: Sequence[Intervention],
        change: Callable[[Intervention, Tensor, Tensor | None, Ints], Tensor],
        donors: Ints | None,
        read: Read | None,
    ) -> Array:
        ordered = sorted(chosen, key=lambda one: isinstance(one, LayerIntervention))
        found = []
        for first in range(0, len(rows), self._size):
            part = rows[first : first + self._size]
            pixels = self._stack.pixels(part)
            other = None if donors is None else self._stack.pixels(donors[first:][: len(part)])
            batch, model = pixels, self._model
            for one in ordered:
                if isinstance(one, PictureIntervention):
                    batch = change(one.facing(pixels), batch, other, part)
                    continue
                model = self._with_layer(model, one, change, other, part)
            output = self._read(checked_scores(model.predict(self._batch(batch)), self.model_name))
            self.evaluated += len(part)
            found.append(output if read is None else read(output, part))
        return np.concatenate(found)

    def _with_layer(
        self,
        model: Model,
        one: Intervention,
        change: Callable[[Intervention, Tensor, Tensor | None, Ints], Tensor],
        other: Tensor | None,
        part: Ints,
    ) -> Model:
        assert isinstance(one, LayerIntervention)
        there = None
        if other is not None:
            there = self._model.activations(self._batch(other), [one.layer])[one.layer]

        def replace(output: Tensor) -> Tensor:
            if len(output) != len(part):
                raise InvalidArgument(
                    f"the batch of {len(part)} pictures went through the network in parts of "
                    f"{len(output)}, so their layers cannot be told apart; use less memory beside"
                )
            given = None if there is None else there.to(output)
            return change(one, output.float(), given, part).to(output)

        return altered(model, one.layer, replace)

    def _batch(self, pixels: Tensor) -> Tensor:
        return self._model.prepare(self._model.contract.normalise(pixels))

    def class_count(self) -> int:
        """See `Subject.class_count`."""
        return max(2, self._read.columns)

    def _probes(self) -> Iterator[Tensor]:
        """Scores of inputs that no picture is: probabilities stay such, and others seldom do."""
        batch = self._batch(self._stack.pixels(np.zeros(1, np.int64)))
        for strength in (0.0, -1.0, 100.0, -100.0):
            output = self._model.predict(strength * batch)
            if bool(torch.isfinite(output).all()):
                yield checked_scores(output, self.model_name)

    def _scores(self) -> Iterator[Tensor]:
        """Those of all unchanged pictures, a part at a time."""
        for first in range(0, self.count, self._size):
            part = np.arange(first, min(first + self._size, self.count))
            output = self._model.predict(self._batch(self._stack.pixels(part)))
            yield checked_scores(output, self.model_name)

    def _rows_together(self) -> int:
        first = self._batch(self._stack.pixels(np.zeros(1, np.int64)))
        wanted = min(_TOGETHER, self.count)
        fit = self._model.rows(first, gradient=False, wanted=wanted)
        return max(1, min(wanted, fit))

    def _learned(self, changes: tuple[Intervention, ...]) -> tuple[Intervention, ...]:
        """The interventions, each with its mean over the data set; and their numbers."""
        for one in changes:
            if isinstance(one, LayerIntervention):
                altered(self._model, one.layer, lambda output: output)  # or it says what is wrong
        sums: list[Tensor | None] = [None] * len(changes)
        numbers = np.full((self.count, len(changes)), np.nan)
        for part, given in self._parts(changes):
            for k, one in enumerate(changes):
                seen = given[one.layer if isinstance(one, LayerIntervention) else ""]
                state, number = one.state(seen), one.measure(seen)
                if state is not None:
                    total = state.double().sum(0)
                    before = sums[k]
                    sums[k] = total if before is None else before + total
                if number is not None:
                    numbers[part, k] = number.detach().cpu().double().numpy()
        self._measured = numbers
        self._measured.flags.writeable = False
        return tuple(
            one if total is None else one.learned(total.float() / self.count)
            for one, total in zip(changes, sums, strict=True)
        )

    def _parts(self, changes: tuple[Intervention, ...]) -> Iterator[tuple[Ints, dict[str, Tensor]]]:
        layers = list(
            dict.fromkeys(one.layer for one in changes if isinstance(one, LayerIntervention))
        )
        for first in range(0, self.count, self._size):
            part = np.arange(first, min(first + self._size, self.count))
            pixels = self._stack.pixels(part)
            given = {"": pixels}
            if layers:
                found = self._model.activations(self._batch(pixels), layers)
                given.update({name: one.float() for name, one in found.items()})
            yield part, given
