"""One tiled explanation: windows through the model, finished rows out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from heatlens.attribution.attribute import attributed
from heatlens.attribution.channels import reduce_channels
from heatlens.attribution.large_identity import identity_of
from heatlens.attribution.large_kept import KeptRows, Tally
from heatlens.attribution.large_settings import Settings
from heatlens.attribution.large_windows import Floats, Seen, Woven, batches
from heatlens.errors import InvalidArgument
from heatlens.images.large.heat_file import write_heat
from heatlens.images.large.heatmap import LargeHeatmap
from heatlens.images.large.image import LargeImage, Progress
from heatlens.images.large.kinds.array import ArraySource
from heatlens.models.predict import check_labels
from heatlens.models.protocol import Model
from heatlens.models.targets import Target
from heatlens.provenance import Provenance
from heatlens.version import __version__

__all__ = ["TiledRun"]


class TiledRun:
    """A large picture's windows through a model, row after row.

    Args:
        model: an adapted model.
        picture: open.
        aim: the target, bound; what depends on the output is fixed by the mean over all windows.
        settings: how.
        progress: called with windows done and to do.
    """

    def __init__(
        self,
        model: Model,
        picture: LargeImage,
        aim: Target,
        settings: Settings,
        progress: Progress | None,
    ) -> None:
        """Nothing is run yet."""
        self._model, self._picture, self._aim, self._settings = model, picture, aim, settings
        self._progress, self._started = progress, time.perf_counter()
        self._count = len(settings.windows)
        self._mean: Tensor | None = None
        self._notes: dict[str, None] = {}
        self._tally: dict[int, Tally] = {}
        self._any = False

    def in_memory(self) -> LargeHeatmap:
        """The whole map as an array."""
        self._survey()
        values = np.concatenate(list(self._rows(None)))
        source = ArraySource(values)
        source.path = self._picture.source.path  # which `save` must not write over
        return LargeHeatmap(source, self._provenance(), signed=self._settings.signed)

    def written(self, target: Path, *, resume: bool) -> LargeHeatmap:
        """The whole map in a file; rows that are finished are kept beside it on the way.

        None are kept where nobody can say what they would belong to; see `identity_of`.
        """
        self._survey()
        aim = self._aim if self._mean is None else self._aim.fixed(self._mean[None])
        identity = identity_of(self._model, self._picture, aim, self._settings, self._count)
        kept = None
        if identity is not None:
            kept = KeptRows(target, identity, self._picture.size[1], resume=resume)
            self._tally = dict(kept.tally)
        path = write_heat(
            target,
            self._rows(kept),
            self._picture.size,
            self._provenance,
            signed=self._settings.signed,
            spacing=self._picture.spacing,
        )
        if kept is not None:
            kept.forget()
        return LargeHeatmap.load(path)

    def _seen(self, top: int) -> Iterator[Seen]:
        settings = self._settings
        return batches(
            self._model, self._picture, settings.windows, top, settings.batch, settings.skip
        )

    def _survey(self) -> None:
        """A first look at all windows, where the map hangs on all of them at once."""
        if self._aim.is_fixed and self._settings.skip is None:
            return
        count, total = 0, None
        for top in self._settings.windows.tops:
            for seen in self._seen(top):
                count += len(seen.lefts)
                if not self._aim.is_fixed:
                    output = self._model.predict(seen.batch, self._aim.layer)
                    if not isinstance(output, Tensor):
                        raise InvalidArgument("name the target: the model gives no scores to rank")
                    part = output.detach().double().sum(0)
                    total = part if total is None else total + part
        if not count:
            raise InvalidArgument(
                f"skip={self._settings.skip} leaves no window: the whole picture is as good as "
                "constant; lower it, or leave it out"
            )
        if skipped := self._count - count:
            self._notes[
                f"{skipped} of {self._count} windows are empty and were left out; the score is the "
                "mean over the others"
            ] = None
        self._count = count
        if total is not None:
            self._mean = (total / count).float()

    def _rows(self, kept: KeptRows | None) -> Iterator[Floats]:
        """Finished bands of the map, (rows, W), from top to bottom."""
        windows, (height, width) = self._settings.windows, self._picture.size
        start = 0
        if kept is not None and kept.rows:
            start = kept.rows
            for band in kept.bands():
                self._any = self._any or bool(band.any())
                yield band
        woven, done = None, 0
        for number, top in enumerate(windows.tops):
            if top + windows.size[0] <= start:  # adds to nothing but rows that were kept
                done += self._tally[top].windows
                continue
            if woven is None:
                woven = Woven(width, top=top, blended=self._settings.blended)
            self._tally[top] = self._row(top, woven, done)
            done += self._tally[top].windows
            last = number + 1 == len(windows.tops)
            until = height if last else windows.tops[number + 1]
            values = woven.finished(until)
            fresh = values[:, max(0, start - until + values.shape[1]) :]
            if not fresh.size:
                continue
            band = self._band(fresh)
            if kept is not None:
                kept.append(band, until, self._tally)
            self._any = self._any or bool(band.any())
            yield band

    def _row(self, top: int, woven: Woven, done: int) -> Tally:
        """The windows of one row through the model."""
        settings, model = self._settings, self._model
        score, count = 0.0, 0
        with model.counting() as passes:
            for seen in self._seen(top):
                self._notes.update(dict.fromkeys(seen.notes))
                aim, rows = self._aim, len(seen.lefts)
                output = model.predict(seen.batch, aim.layer)
                if aim.layer is None:
                    check_labels(output, model.contract.labels)
                if self._mean is not None:
                    aim = aim.fixed(self._mean.to(output).expand(rows, *self._mean.shape))
                score += float(aim.scores(output).double().sum())
                result = attributed(
                    model, seen.batch, settings.method.name, aim, settings.parameters
                )
                values = result.values
                if settings.blended:
                    values = reduce_channels(values, settings.reduction)[:, None]
                for row, left in enumerate(seen.lefts):
                    place = seen.placements[row]
                    back = place.back(values[row].cpu().numpy())
                    woven.add(top, left, back.astype(np.float32, copy=False), place)
                count += rows
                if self._progress is not None:
                    self._progress(done + count, self._count)
        return Tally(score, count, int(passes.forward), int(passes.backward))

    def _band(self, values: Floats) -> Floats:
        """Finished rows (C, rows, W) as the map's values."""
        if self._settings.blended:
            return values[0]
        reduced = reduce_channels(torch.from_numpy(values[None]), self._settings.reduction)
        return np.asarray(reduced[0].numpy() / self._count, np.float32)

    def _provenance(self) -> Provenance:
        model, settings = self._model, self._settings
        tallies = list(self._tally.values())
        count = max(1, sum(item.windows for item in tallies))
        aim = self._aim if self._mean is None else self._aim.fixed(self._mean[None])
        notes = [*model.contract.notes, *model.contract.assumed, *self._picture.notes, *self._notes]
        notes.append(
            f"the score is the mean over {self._count} windows of {settings.windows.size[0]} x "
            f"{settings.windows.size[1]} pixels; their maps were "
            + ("blended" if settings.blended else "summed over their number")
        )
        if not self._any:
            notes.append("no evidence: the map is zero everywhere")
        full = {**settings.method.parameters, **settings.parameters}
        return Provenance(
            method=settings.method.name,
            parameters=settings.plain(),
            model=model.name,
            target=aim.describe(model.contract.labels),
            score=sum(item.score for item in tallies) / count,
            image=self._picture.name,
            seed=full.get("seed"),
            version=__version__,
            forward_passes=sum(item.forward for item in tallies) / count,
            backward_passes=sum(item.backward for item in tallies) / count,
            seconds=time.perf_counter() - self._started,
            notes=tuple(dict.fromkeys(notes)),
        )
