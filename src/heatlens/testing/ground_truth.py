"""The project's own measure of its maps: held-out scenes, bundled network, known object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage

from heatlens.attribution.attribute import attribute
from heatlens.images.geometry import Placement
from heatlens.models.load import load_model
from heatlens.testing.localisation import NULL_MAPS, Localisation, localisation
from heatlens.testing.scenes import scenes

__all__ = ["VIEWS", "View", "ground_truth"]


@dataclass(frozen=True)
class View:
    """A method as it is measured.

    Attributes:
        method: its name.
        parameters: other than the defaults.
        smooth: standard deviation in pixels of a Gaussian laid over the finished map. A map of
            single pixels is a noisy estimate of where evidence lies; people smooth it by eye.
    """

    method: str
    parameters: tuple[tuple[str, Any], ...] = ()
    smooth: float = 0.0

    @property
    def name(self) -> str:
        """The method with its parameters, for tables."""
        words = [f"{key}={value}" for key, value in self.parameters]
        words += [f"smoothed by {self.smooth:g} px"] if self.smooth else []
        return f"{self.method} ({', '.join(words)})" if words else self.method


VIEWS = (
    View("gradcam"),
    View("gradcam++"),
    View("hirescam"),
    View("layercam"),
    View("xgradcam"),
    View("eigencam"),
    View("scorecam"),
    View("gradient", smooth=3.0),
    View("input-x-gradient", smooth=3.0),
    View("integrated-gradients", (("steps", 16),)),
    View("integrated-gradients", (("steps", 16),), smooth=3.0),
    View(
        "smoothgrad",
        (("of", "integrated-gradients"), ("steps", 8), ("samples", 4), ("noise", 0.1)),
        smooth=3.0,
    ),
)
"""What is measured; the first and the last are held to a figure by a test."""


def ground_truth(
    model: str = "bundled:scene-cnn",
    count: int = 200,
    seed: int = 200,
    views: tuple[View, ...] = VIEWS,
) -> dict[str, Localisation]:
    """Localisation of each view and each null map on scenes that the network classifies rightly.

    Args:
        model: a bundled network.
        count: held-out scenes to render; those that it gets wrong are left out.
        seed: of the scenes.
        views: methods to measure.

    Returns:
        By name. Maps are made for the true class; the tolerance is half of a CAM's cell.
    """
    loaded = load_model(model)
    batch = scenes(count, split="test", seed=seed)
    pixels = torch.from_numpy(batch.images).permute(0, 3, 1, 2).float() / 255
    inputs = loaded.contract.normalise(pixels)
    right = loaded.predict(inputs).argmax(1).cpu().numpy() == batch.labels
    inputs, images, masks = inputs[right], batch.images[right], batch.masks[right]
    classes = batch.labels[right].tolist()
    size = (images.shape[1], images.shape[2])
    tolerance = loaded.spatial_layer(loaded.prepare(inputs[:1])).stride[0] / 2
    found: dict[str, Localisation] = {}
    for view in views:
        maps: list[npt.NDArray[np.float32]] = []
        for first in range(0, len(inputs), 16):
            rows = slice(first, first + 16)
            values = attribute(
                loaded, inputs[rows], view.method, classes[rows], **dict(view.parameters)
            )
            coarse = values.sum(1).cpu().numpy()
            maps += list(Placement(size, size).back(coarse))
        if view.smooth:
            maps = [ndimage.gaussian_filter(one, view.smooth) for one in maps]
        found[view.name] = localisation(maps, masks, tolerance)
    for name, null in NULL_MAPS.items():
        blind = [null(image, index) for index, image in enumerate(images)]
        found[name] = localisation(blind, masks, tolerance)
    return found
