"""Go through pictures once and sort them by how doubtful their heat is.

    doubt = 1 - (1 - o) (1 - p) (1 - m / (m + 3))

with o the share of the heat away from the object (0 without a mask), p the share in places that
are hot in many pictures, where these hold more than a quarter of the picture's heat, and m the
number of other pictures that show the same where they are hottest, scaled to 100 compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.attribution.explain import explain
from heatlens.attribution.method import METHODS
from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.improvement.review.masks import MaskSource, check_masks, mask_source, read_mask
from heatlens.improvement.review.names import names
from heatlens.improvement.review.pictures import every_picture, name_of, picture_of
from heatlens.improvement.review.queue import PICTURED, Doubt, ReviewQueue
from heatlens.improvement.review.repeated import FEWEST, alike, repeated_places
from heatlens.improvement.review.seen import GRID, Seen, seen
from heatlens.improvement.review.shelf import Shelf
from heatlens.models.load import as_model

__all__ = ["review_queue"]

_OFF, _ON_PLACE, _ALIKE = 0.5, 0.25, 2
"""From here on it is a reason: share off the object, share on a repeated place, pictures alike."""


def review_queue(
    model: Any,
    pictures: Any,
    *,
    masks: Any = None,
    method: str = "gradcam",
    target: Any = "predicted",
    k: int | None = None,
    tolerance: float = 0.05,
    fit: str | None = None,
    seed: int = 0,
    progress: Callable[[int, int | None], object] | None = None,
    each: Callable[[str, Image, Heatmap], object] | None = None,
    **parameters: Any,
) -> ReviewQueue:
    """Sort pictures by how doubtful their heat is, for looking at again and relabelling.

    Three things are doubtful: heat away from the object (with `masks`), heat in a place that is
    hot in many pictures, and a hottest spot that shows the same as in other pictures. The
    pictures are gone through once; a few kilobytes of each are kept, and small pictures for the
    contact sheet of the `k` most doubtful, or of 500.

    Args:
        model: a loaded model, or a bare network.
        pictures: a folder, or an iterable of anything `read_image` takes.
        masks: where the objects are: a folder with files of the same names (the endings may
            differ) in folders of the same names, or in one; a mapping by path or name; arrays in
            the pictures' order; or a function of (image, number).
        method: whose heat.
        target: what the heat is for.
        k: how many to keep, the most doubtful; None is all.
        tolerance: heat nearer to the object than this share of the picture's shorter side counts
            as on it.
        fit: how pictures are brought to the model's input.
        seed: of the pictures compared with where there are more than 300.
        progress: called with how many pictures are done and, if known, how many there are.
        each: called with the path (or name), the picture and its heatmap, to write files of your
            own. Where it fails the picture is told in `failed`, and in the queue no more.
        parameters: of the method.

    Returns:
        The queue. A picture that cannot be read or explained is told in `failed`, one without a
        mask in its notes; neither stops the rest. After Ctrl-C what was done is in it.

    Raises:
        UnknownName, UnsupportedMethod: of the method, before any picture is read.
        InvalidArgument: there is no picture, a mask that suits two of them, or an argument that
            cannot be used.

    Example:
        >>> black = np.zeros((96, 96, 3), np.uint8)
        >>> review_queue("bundled:scene-cnn", [black], masks=[black[..., 0] == 0])[0].off_object
        0.0
    """
    adapted = as_model(model, warn=True)
    if k is not None and (not isinstance(k, int) or isinstance(k, bool) or k < 1):
        raise InvalidArgument(f"k is {k!r}; a whole number of at least 1, or None for all")
    if not 0 <= tolerance < 0.5:
        raise InvalidArgument(f"tolerance is {tolerance!r}; a share of the picture from 0 to .5")
    METHODS[method].check(adapted, parameters)
    source = mask_source(masks)
    every, total = every_picture(pictures)
    check_masks(source, every)
    found: list[Seen] = []
    failed: list[tuple[str, str]] = []
    complete = True
    with Shelf() as shelf:
        try:
            for number, given in enumerate(every):
                path = str(given) if isinstance(given, str | PathLike) else ""
                try:
                    image = picture_of(given, number)
                    heat = explain(
                        adapted, image, method, target, fit=fit, checks=False, **parameters
                    )
                    mask, notes = _mask(source, image, number, path)
                    one = seen(number, path, image, heat, mask, tolerance, notes)
                    if each is not None:
                        each(name_of(given, number), image, heat)
                    found.append(replace(one, thumbnail=b""))
                    shelf.add(one.thumbnail)
                except (HeatlensError, OSError) as error:
                    failed.append((name_of(given, number), str(error)))
                except Exception as error:  # of the network or a library: others may still work
                    failed.append((name_of(given, number), f"{type(error).__name__}: {error}"))
                if progress is not None:
                    progress(len(found) + len(failed), total)
        except KeyboardInterrupt:
            complete = False
        if complete and not found and not failed:
            raise InvalidArgument("no picture was given")
        return _sorted(found, shelf, failed, k, seed, complete, masked=source is not None)


def _sorted(
    found: list[Seen],
    shelf: Shelf,
    failed: list[tuple[str, str]],
    k: int | None,
    seed: int,
    complete: bool,
    *,
    masked: bool,
) -> ReviewQueue:
    place = repeated_places([one.places for one in found])
    same, compared = alike([one.patch for one in found], seed)
    called = names([one.source for one in found], [one.name for one in found])
    entries = [
        _doubt(replace(one, name=name), place, same[number], compared[number])
        for number, (one, name) in enumerate(zip(found, called, strict=True))
    ]
    order = sorted(range(len(entries)), key=lambda i: (-entries[i].doubt, found[i].number))
    notes = []
    if 0 < len(found) < FEWEST:
        notes.append(
            f"a repeated place takes at least {FEWEST} pictures to tell; there are {len(found)}"
        )
    without = sum(one.off is None for one in found)
    if masked and without:
        notes.append(f"{without} of {len(found)} pictures have no mask")
    if entries and not masked and not any(one.doubt for one in entries):
        notes.append(
            "nothing comes back in several pictures; what lies off an object is found with masks"
        )
    if not complete:
        notes.append(f"stopped after {len(found) + len(failed)} pictures")
    pictured = PICTURED if k is None else k
    kept = [replace(entries[i], thumbnail=shelf[i]) for i in order[:pictured]]
    if k is None:
        kept += [entries[i] for i in order[pictured:]]
    return ReviewQueue(tuple(kept), tuple(failed), tuple(notes), place, len(found), complete)


def _doubt(one: Seen, place: npt.NDArray[np.bool_], same: int, compared: int) -> Doubt:
    off = one.off or 0.0
    on_place = float(one.places[place].sum())
    scaled = same * min(1.0, 100 / max(1, compared))
    strength = {
        "off": off,
        "place": on_place if on_place > _ON_PLACE else 0.0,
        "alike": scaled / (scaled + 3),
    }
    words = {
        "off": f"{off:.0%} of the heat lies off the object",
        "place": f"{on_place:.0%} of the heat lies {_where(one, place)}, hot in many pictures",
        "alike": f"the hottest spot shows the same as in {same} of {compared} others",
    }
    said = {
        "off": off >= _OFF,
        "place": on_place > _ON_PLACE,
        "alike": same >= _ALIKE,
    }
    reasons = [words[key] for key in sorted(strength, key=lambda key: -strength[key]) if said[key]]
    if not one.places.any():
        reasons.insert(0, "there is no evidence for this target anywhere")
    doubt = 1 - float(np.prod([1 - value for value in strength.values()]))
    return Doubt(
        name=one.name,
        source=one.source,
        doubt=1.0 if not one.places.any() else doubt,
        target=one.predicted,
        score=one.score,
        off_object=one.off,
        on_place=on_place,
        alike=same,
        compared=compared,
        reasons=tuple(reasons),
        notes=one.notes,
        places=one.places,
        thumbnail=one.thumbnail,
    )


def _where(one: Seen, place: npt.NDArray[np.bool_]) -> str:
    """The repeated place in words: where most of this picture's heat in it lies."""
    heat = one.places * place
    if not heat.any():
        return "in a place"
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    high = ("at the top", "in the middle", "at the bottom")[min(2, int(3 * row) // GRID)]
    wide = ("left", "", "right")[min(2, int(3 * column) // GRID)]
    return f"{high} {wide}".strip()


def _mask(
    source: MaskSource | None, image: Image, number: int, path: str
) -> tuple[npt.NDArray[np.bool_] | None, tuple[str, ...]]:
    """The mask, and what there is to say about it."""
    if source is None:
        return None, ()
    try:
        mask = read_mask(source, image, number, path)
    except (HeatlensError, OSError) as error:
        return None, (f"no mask: {error}",)
    return mask, () if mask is not None else ("no mask, or an empty one",)
