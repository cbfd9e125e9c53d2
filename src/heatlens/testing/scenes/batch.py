"""Scenes one by one and in batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatlens.errors import InvalidArgument
from heatlens.testing.scenes.render import Layers, render
from heatlens.testing.scenes.shortcut import Shortcut
from heatlens.testing.scenes.sources import SPLITS, Split

SMALLEST: Final = 24
"""Least side of a scene in pixels: below it an eight by eight digit is no longer legible."""

CLASSES: Final = tuple(f"digit {digit}" for digit in range(10))
"""Name of each class, in the order of the labels."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture with its ground truth.

    Attributes:
        image: (H, W, 3) uint8.
        label: the object's class, 0..9.
        mask: (H, W) bool, pixels of which the object covers more than half.
        edge: (H, W) bool, every pixel that the object touches; the mask and its soft edge.
        ring: (H, W) bool, the object's surroundings against which its contrast is measured.
        without_object: (H, W, 3) uint8, the same scene without its object, identical off `edge`.
        without_shortcut: (H, W, 3) uint8, identical off `shortcut_mask`.
        shortcut_mask: (H, W) bool, the watermark's pixels; all False where there is none.
    """

    image: NDArray[np.uint8]
    label: int
    mask: NDArray[np.bool_]
    edge: NDArray[np.bool_]
    ring: NDArray[np.bool_]
    without_object: NDArray[np.uint8]
    without_shortcut: NDArray[np.uint8]
    shortcut_mask: NDArray[np.bool_]


@dataclass(frozen=True)
class SceneBatch:
    """N scenes as arrays.

    Attributes:
        images: (N, H, W, 3) uint8.
        labels: (N,) int64, 0..9.
        masks: (N, H, W) bool, see `Scene.mask`.
        shortcut_masks: (N, H, W) bool.
        indices: (N,) int64, the scenes' numbers.
        split: "train" or "test".
        seed: of the world of scenes.
        shortcut: the planted watermark, or None.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    masks: NDArray[np.bool_]
    shortcut_masks: NDArray[np.bool_]
    indices: NDArray[np.int64]
    split: Split
    seed: int
    shortcut: Shortcut | None

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def without_object(self) -> NDArray[np.uint8]:
        """The same scenes without their objects, (N, H, W, 3) uint8, rendered when asked for."""
        result = np.empty_like(self.images)
        for i, layers in self._layers():
            result[i] = layers.without_object
        return result

    @cached_property
    def without_shortcut(self) -> NDArray[np.uint8]:
        """The same scenes without the watermark, (N, H, W, 3) uint8, rendered when asked for."""
        if self.shortcut is None:
            return self.images
        result = np.empty_like(self.images)
        for i, layers in self._layers():
            result[i] = layers.without_shortcut
        return result

    def _layers(self) -> Iterable[tuple[int, Layers]]:
        size = self.images.shape[1]
        for i, index in enumerate(self.indices):
            yield i, render(int(index), self.split, self.seed, size, self.shortcut)


def scene(
    index: int,
    *,
    split: Split = "train",
    seed: int = 0,
    size: int = 96,
    shortcut: Shortcut | None = None,
) -> Scene:
    """Render one scene.

    Args:
        index: number of the scene, 0 or more; the scene depends on nothing but the arguments.
        split: "train", or "test" for held-out photographs and held-out digits.
        seed: of the world of scenes, 0 or more.
        size: side of the square picture in pixels; all lengths in it scale.
        shortcut: plants a watermark tied to the class.

    Raises:
        InvalidArgument: an argument is out of its range.
        MissingDependency: scikit-image or scikit-learn is missing.

    Example:
        >>> one = scene(7, split="test")
        >>> one.image.shape, one.image.dtype.name, bool(one.mask.any())
        ((96, 96, 3), 'uint8', True)
    """
    _check(split, seed, size, index=index)
    layers = render(index, split, seed, size, shortcut)
    return Scene(
        image=layers.image,
        label=layers.label,
        mask=layers.mask,
        edge=layers.edge,
        ring=layers.ring,
        without_object=layers.without_object,
        without_shortcut=layers.without_shortcut,
        shortcut_mask=layers.shortcut_mask,
    )


def scenes(
    count: int,
    *,
    split: Split = "train",
    seed: int = 0,
    size: int = 96,
    shortcut: Shortcut | None = None,
    start: int = 0,
) -> SceneBatch:
    """Render the scenes `start` to `start + count - 1`, about 500 a second on one core.

    Threads would wait for each other more than they render; to use several cores, let each of
    several processes render its own range of numbers.

    Args:
        count: how many.
        split: "train", or "test" for held-out photographs and held-out digits.
        seed: of the world of scenes, 0 or more.
        size: side of the square pictures in pixels, at least `SMALLEST`.
        shortcut: plants a watermark tied to the class.
        start: number of the first scene.

    Raises:
        InvalidArgument: an argument is out of its range.
        MissingDependency: scikit-image or scikit-learn is missing.

    Example:
        >>> batch = scenes(4, split="test", size=64)
        >>> batch.images.shape, batch.masks.shape
        ((4, 64, 64, 3), (4, 64, 64))
        >>> bool((batch.images[3] == scene(3, split="test", size=64).image).all())
        True
    """
    _check(split, seed, size, index=start)
    if count < 0:
        raise InvalidArgument(f"count is 0 or more, got {count}")
    images = np.empty((count, size, size, 3), dtype=np.uint8)
    labels = np.empty(count, dtype=np.int64)
    masks = np.empty((count, size, size), dtype=np.bool_)
    shortcut_masks = np.zeros((count, size, size), dtype=np.bool_)

    for i in range(count):
        layers = render(start + i, split, seed, size, shortcut)
        images[i], labels[i], masks[i] = layers.image, layers.label, layers.mask
        shortcut_masks[i] = layers.shortcut_mask
    return SceneBatch(
        images=images,
        labels=labels,
        masks=masks,
        shortcut_masks=shortcut_masks,
        indices=np.arange(start, start + count, dtype=np.int64),
        split=split,
        seed=seed,
        shortcut=shortcut,
    )


def _check(split: str, seed: int, size: int, *, index: int) -> None:
    if split not in SPLITS:
        raise InvalidArgument(f"split is 'train' or 'test', got {split!r}")
    if seed < 0:
        raise InvalidArgument(f"seed is 0 or more, got {seed}")
    if size < SMALLEST:
        raise InvalidArgument(f"size is at least {SMALLEST} pixels, got {size}")
    if index < 0:
        raise InvalidArgument(f"the number of a scene is 0 or more, got {index}")
