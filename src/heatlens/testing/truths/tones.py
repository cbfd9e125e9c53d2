"""Heat on a tone: in its band, while it sounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch

from heatlens.models.load import load_model
from heatlens.models.transformers.sound import SoundModel
from heatlens.testing.ground_truth import View
from heatlens.testing.kinds import TONE_RATE, ToneBatch, tones
from heatlens.testing.truths.measure import KindTruth, Masks, heat, hits_in, parts

__all__ = ["samples_truth", "spectrograms_truth"]


def spectrograms_truth(count: int, seed: int, views: Sequence[View]) -> dict[str, KindTruth]:
    """For the tone's own class: does the hottest cell lie in its band and its time?

    A cell counts as in the band if its middle lies within one band of the tone's frequency, and
    as in time if its middle lies between onset and end, give or take one frame.

    Args:
        count: held-out sounds.
        seed: of the sounds.
        views: methods to measure.
    """
    return _truth("bundled:tone-net", count, seed, views)


def samples_truth(count: int, seed: int, views: Sequence[View]) -> dict[str, KindTruth]:
    """The same for a network of samples, heard through the layer of spectra.

    There a tone is four bands wide, the main lobe of a Hann window, which counts as its band.
    """
    return _truth("bundled:tone-wave", count, seed, views, reach=2)


def _truth(
    name: str, count: int, seed: int, views: Sequence[View], reach: int = 1
) -> dict[str, KindTruth]:
    model = cast(SoundModel, load_model(name))
    batch = tones(count, seed=seed, split="test")
    heard = [model.sound_batch(samples, TONE_RATE) for samples in batch.samples]
    inputs = torch.cat([row for row, _, _ in heard])
    masks = _masks(batch, heard[0][1]["F"], heard[0][1]["T"], reach)
    found = {}
    for view in views:
        hits = 0
        for rows in parts(count):
            classes = batch.labels[rows.numpy()].tolist()
            hits += hits_in(heat(model, inputs[rows], view, classes), masks[rows.numpy()], view)
        found[view.name] = KindTruth(hits / count, float(masks.mean()), count)
    return found


def _masks(batch: ToneBatch, bands: Sequence[float], times: Sequence[float], reach: int) -> Masks:
    """Cells (N, F, T) of each tone, `reach` bands to either side."""
    hertz, seconds = np.array(bands), np.array(times)
    step = seconds[1] - seconds[0]
    in_band = np.abs(hertz - batch.frequencies[:, None]) <= reach * np.gradient(hertz)
    in_time = (seconds >= batch.onsets[:, None] - step) & (seconds <= batch.ends[:, None] + step)
    cells: Masks = in_band[:, :, None] & in_time[:, None, :]
    return cells
