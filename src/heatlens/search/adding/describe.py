"""`describe`: a picture, heatmap or ready signature as an index sees it; queries go the same way."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from heatlens.distributions.as_distribution import as_distribution
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.parts import has_negative
from heatlens.distributions.pictures import holds_a_heatmap
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.files import Opened
from heatlens.images.read import pixel_limit, read_file
from heatlens.images.reduced import reduced
from heatlens.images.selection import Selection
from heatlens.search.adding.contents import content_hash, read_once
from heatlens.search.adding.thumbnails import thumbnail as thumbnail_of
from heatlens.search.signatures import Singles, canonical
from heatlens.search.store.settings import Settings

__all__ = ["Described", "check_dimensions", "check_settings", "describe", "described"]


@dataclass(frozen=True, eq=False)
class Described:
    """What an index keeps of a picture, and compares.

    Attributes:
        name: of the picture; "" if it has none.
        weights: (n,) float32, canonical.
        points: (n, d) float32.
        hash: of the file's bytes or of the content.
        thumbnail: encoded JPEG or PNG.
        notes: sentences a reader has to know.
    """

    name: str
    weights: Singles
    points: Singles
    hash: str
    thumbnail: bytes | None = None
    notes: tuple[str, ...] = ()


def describe(source: Any, settings: Settings, *, thumbnail: bool = True) -> Described:
    """Describe one source as the rows of an index with these settings are described.

    A picture is reduced to `settings.resolution` pixels first; a heatmap is not. Of a heatmap with
    negative values the positive part is taken, with a note, unless `part` is set. A JPEG file is
    decoded at a fraction of its size where that is enough, so that the `Image` which `read_image`
    makes of it, decoded whole, differs from it a little.

    Args:
        source: a path, an `Image`, a `Heatmap`, or (weights (n,), points (n, d)).
        settings: of the index.
        thumbnail: whether to make one.

    Raises:
        InvalidArgument: a file, picture or signature that cannot be used.
        InvalidType: something else.

    Example:
        >>> flag = Image(np.repeat(np.uint8([[[255] * 3], [[255, 0, 0]]]), 4, axis=1), name="flag")
        >>> describe(flag, Settings.of("signature"), thumbnail=False).weights.tolist()
        [0.5, 0.5]
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source).expanduser()
        file, hash_ = read_once(path)
        with file.stream:
            return described(file, hash_, settings, thumbnail)
    if isinstance(source, tuple) and not thumbnail:  # a query: nobody asks for its hash
        return Described("", *_ready(source, settings), "")
    if isinstance(source, Image | Heatmap | tuple):
        return described(source, "", settings, thumbnail)
    raise InvalidType(
        f"a {type(source).__name__} cannot be looked up; give a path, an Image, a Heatmap, or "
        "(weights (n,), points (n, d)). An array becomes an Image by read_image(array)"
    )


def described(source: Any, hash_: str, settings: Settings, thumbnail: bool = True) -> Described:
    """Describe an open file or a thing; without `hash_`, that of the content is taken."""
    if isinstance(source, tuple):
        weights, points = _ready(source, settings)
        return Described("", weights, points, hash_ or content_hash((weights, points)))
    wanted = settings.thumbnail if thumbnail else 0
    thing = _opened(source, settings) if isinstance(source, Opened) else source
    hash_ = hash_ or content_hash(thing)
    made = constructed(thing, settings)
    if isinstance(thing, Image) and settings.unit and made.unit != settings.unit:
        raise InvalidArgument(
            f"it is measured in {made.unit}, and the index in {settings.unit}"
            + (": unit='range' brings both to one" if settings.on == "histogram" else "")
        )
    weights, points = canonical(made.weights, made.points, settings.period)
    said = thing.metadata.get("notes", ()) if isinstance(thing, Image) else ()
    name = source.name if isinstance(source, Opened) else made.name
    picture = thumbnail_of(thing, wanted)
    return Described(name, weights, points, hash_, picture, (*said, *made.notes))


def constructed(thing: Image | Heatmap, settings: Settings) -> Distribution:
    """The distribution that stands for a picture or a heatmap."""
    parameters = dict(settings.parameters)
    notes: tuple[str, ...] = ()
    if isinstance(thing, Heatmap):
        if settings.on == "mass" and parameters.get("part") is None and has_negative(thing):
            parameters["part"] = "positive"
            notes = ("negative evidence was left out; an index with part='negative' holds that",)
    elif settings.resolution is not None:
        thing = reduced(thing, settings.resolution)
    if settings.on == "features":
        with _ONE_AT_A_TIME:
            parameters["model"] = _model(parameters["model"])
            made = as_distribution(thing, settings.on, **parameters)
    else:
        made = as_distribution(thing, settings.on, **parameters)
    return made.with_(notes=(*notes, *made.notes)) if notes else made


def check_settings(settings: Settings) -> Settings:
    """Try the settings on a small picture, so that what fails for all fails at once.

    Returns:
        The same with the unit of the distances, and the coordinates that a point has.

    Raises:
        InvalidArgument: a parameter with a value that cannot be used.
    """
    side = 64
    ramp = np.add.outer(np.arange(side), np.arange(side)).astype(np.uint8)
    thing: Image | Heatmap = Image(np.stack([ramp, ramp[::-1], ramp.T * 2 % 255], -1))
    if settings.on == "mass" and settings.parameters.get("part") is not None:
        from heatlens.provenance import Provenance

        thing = Heatmap(ramp.astype(np.float32) - 64, Provenance("ramp"))
    elif settings.parameters.get("unit") == "mm":
        thing = thing.with_(spacing=(1.0, 1.0))
    made = constructed(thing, settings)
    return replace(settings, unit=made.unit, dimensions=made.points.shape[1])


_ONE_AT_A_TIME = threading.Lock()
"""For models, which use all cores by themselves."""


@lru_cache(maxsize=2)
def _model(name: str) -> Any:
    from heatlens.models.load import load_model

    return load_model(name)


def _opened(file: Opened, settings: Settings) -> Image | Heatmap:
    """The picture or heatmap of an open file; JPEG at no more pixels than will be used."""
    if file.path is not None and holds_a_heatmap(file.path):
        return Heatmap.load(file.path)
    # At the size at which rows were read, whether or not a thumbnail is made now.
    least = None if settings.resolution is None else max(settings.resolution, settings.thumbnail)
    return read_file(file, Selection(), pixel_limit(), least)


def _ready(source: tuple[Any, ...], settings: Settings) -> tuple[Singles, Singles]:
    """A ready signature, canonical."""
    if len(source) != 2:
        raise InvalidArgument(
            f"a tuple of {len(source)} is no signature; expected (weights (n,), points (n, d))"
        )
    weights, points = canonical(source[0], source[1], settings.period)
    check_dimensions(points.shape[1], settings.dimensions)
    return weights, points


def check_dimensions(given: int, wanted: int) -> None:
    """Raise `InvalidArgument` for points of other dimensions than an index has; 0 is any."""
    if wanted and given != wanted:
        raise InvalidArgument(
            f"the points have {given} coordinates, those of the index {wanted}; one index holds "
            "one kind"
        )
