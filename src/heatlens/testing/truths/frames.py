"""Heat on the frame in which something happens."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from heatlens.models.load import load_model
from heatlens.testing.ground_truth import View
from heatlens.testing.kinds import events
from heatlens.testing.truths.measure import KindTruth, heat, parts

__all__ = ["frames_truth"]


def frames_truth(count: int, seed: int, views: Sequence[View]) -> dict[str, KindTruth]:
    """For the event's own class: is the frame with the most heat the one with the event?

    Args:
        count: held-out clips.
        seed: of the clips.
        views: methods to measure.
    """
    model = load_model("bundled:event-net")
    batch = events(count, seed=seed, split="test")
    clips = torch.from_numpy(batch.clips).permute(0, 4, 1, 2, 3).float() / 255
    inputs = model.contract.normalise(clips)
    found = {}
    for view in views:
        hits = 0
        for rows in parts(count):
            classes = batch.labels[rows.numpy()].tolist()
            frames = heat(model, inputs[rows], view, classes).sum((2, 3)).argmax(1)
            hits += int((frames.cpu().numpy() == batch.frames[rows.numpy()]).sum())
        found[view.name] = KindTruth(hits / count, 1 / batch.clips.shape[1], count)
    return found
