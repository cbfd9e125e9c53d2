"""Procedural scenes: real photographs with one handwritten digit in them, and its exact mask.

A picture in which it is known what makes the class, to the pixel: the ground truth against which
heatmaps are measured.  Nothing is downloaded; the pixels come from the wheels of scikit-image and
scikit-learn (extra ``scenes``).

    batch = scenes(100, split="test")            # images, labels, masks
    one = scene(7, split="test")                 # and the same scene without its object
    scenes(100, shortcut=Shortcut(agrees=0.95))  # a watermark gives the class away
"""

from __future__ import annotations

from heatlens.testing.scenes.batch import CLASSES, SMALLEST, Scene, SceneBatch, scene, scenes
from heatlens.testing.scenes.blend import LUMA
from heatlens.testing.scenes.paint import CONTRAST
from heatlens.testing.scenes.shortcut import Shortcut
from heatlens.testing.scenes.sources import PHOTOGRAPHS, TEXTURES, Split

__all__ = [
    "CLASSES",
    "CONTRAST",
    "LUMA",
    "PHOTOGRAPHS",
    "SMALLEST",
    "TEXTURES",
    "Scene",
    "SceneBatch",
    "Shortcut",
    "Split",
    "scene",
    "scenes",
]
