"""A picture model on a film: one map a frame, without flicker.

The evidence of neighbouring frames is the same object's, moved. The map of a frame is therefore
mixed with that of the frame before, carried along the optical flow:

    s_t(p) = w m_t(p) + (1 - w) s_{t-1}(p - motion)      where the motion can be trusted

and m_t alone where something new came into sight (see `heatlens.motion.Steady`).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.attribution.explain import Wanted, explained
from heatlens.attribution.method import METHODS
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.films import Film, Frame, open_film
from heatlens.models.bound import bound
from heatlens.models.load import as_model
from heatlens.models.predict import check_labels
from heatlens.models.prepare import prepared
from heatlens.models.protocol import Model
from heatlens.models.targets import Region, Target, as_target
from heatlens.motion import Steady

__all__ = ["ExplainedFrame", "explain_clip", "explain_frames"]


@dataclass(frozen=True, eq=False)
class ExplainedFrame:
    """One frame of a film and what the model saw in it.

    Attributes:
        index: from 0.
        seconds: when it is shown.
        pixels: uint8 (H, W, 3), RGB.
        heat: the map on the frame's grid, axes "YX".
    """

    index: int
    seconds: float
    pixels: npt.NDArray[np.uint8]
    heat: Heatmap

    def __repr__(self) -> str:
        """Place, time and size in one line."""
        height, width = self.pixels.shape[:2]
        return f"ExplainedFrame({self.index}, {self.seconds:.3g} s, {height} x {width})"


def explain_frames(
    model: Any,
    film: Any,
    method: str = "gradcam",
    target: Any = "predicted",
    *,
    steadiness: float = 0.5,
    fit: str | None = None,
    channels: str | None = None,
    **parameters: Any,
) -> Generator[ExplainedFrame, None, None]:
    """Explain a film frame by frame, with one frame in memory.

    Args:
        model: takes single pictures.
        film: a `Film`, or anything `heatlens.images.films.open_film` takes.
        method: a name from `heatlens.methods()`.
        target: one target for the whole film. "predicted" (and a place in the ranking) is the
            class that the model scores highest over all frames, for which the film is gone
            through once before; of a camera or a pipe a class has to be named.
        steadiness: share of a frame's map that comes from the frame before, in 0..1; 0 is every
            frame for itself.
        fit: as in `explain`.
        channels: as in `explain`.
        parameters: the method's own.

    Yields:
        The frames in order, each with its map.

    Raises:
        InvalidArgument: a model of films, a target that needs a second look at a film that can be
            seen once, or `steadiness` outside 0..1.
        UnreadableImage: see `open_film`.
    """
    adapted = as_model(model, warn=True)
    wanted = Wanted(METHODS[method], parameters, channels, fit, checks=False)
    wanted.method.check(adapted, parameters)
    if isinstance(steadiness, bool) or not isinstance(steadiness, int | float):
        raise InvalidType(f"steadiness is {steadiness!r}; it is a number")
    if not 0 <= steadiness < 1:
        raise InvalidArgument(f"steadiness is {steadiness}; it lies in 0..1, 1 left out")
    return _frames(adapted, film, wanted, target, steadiness)


def explain_clip(model: Model, clip: Image, target: Any, wanted: Wanted) -> Heatmap:
    """A film in memory, explained frame by frame: one `Heatmap` with axes "TYX".

    Its frames are mixed as `explain_frames` does by default.
    """
    started = time.perf_counter()
    found = list(_frames(model, clip, wanted, target, 0.5, clip))
    first = found[0].heat
    invalid = any(item.heat.valid is not None for item in found)
    valid = np.stack(
        [
            np.ones(item.heat.size, bool) if item.heat.valid is None else item.heat.valid
            for item in found
        ]
    )
    notes = dict.fromkeys(note for item in found for note in item.heat.provenance.notes)
    made = replace(
        first.provenance,
        image=clip.name,
        score=float(np.mean([item.heat.provenance.score for item in found])),
        forward_passes=sum(item.heat.provenance.forward_passes for item in found),
        backward_passes=sum(item.heat.provenance.backward_passes for item in found),
        seconds=time.perf_counter() - started,
        notes=tuple(notes),
    )
    return Heatmap(
        np.stack([item.heat.values for item in found]),
        made,
        axes="TYX",
        signed=any(item.heat.signed for item in found),
        valid=valid if invalid else None,
        coordinates={"T": tuple(item.seconds for item in found)},
    )


def _frames(
    model: Model,
    source: Any,
    wanted: Wanted,
    target: Any,
    steadiness: float,
    clip: Image | None = None,
) -> Generator[ExplainedFrame, None, None]:
    steady = Steady(weight=1 - steadiness)
    film = source if isinstance(source, Film) else open_film(source)
    try:
        aim = _aim(model, film, target, wanted.fit, clip)
        for frame in film:
            image = _image(frame, film.name, clip)
            heat = explained(model, image.name, prepared(model, image, wanted.fit), aim, wanted)
            if steadiness:
                values = steady.update(heat.values, frame.pixels, valid=heat.valid)
                heat = heat.with_(values=values, error=None, provenance=_told(heat, steadiness))
            yield ExplainedFrame(frame.index, frame.seconds, frame.pixels, heat)
    finally:
        if film is not source:
            film.close()


def _told(heat: Heatmap, steadiness: float) -> Any:
    parameters: Mapping[str, Any] = {**heat.provenance.parameters, "steadiness": steadiness}
    return replace(heat.provenance, parameters=parameters)


def _aim(model: Model, film: Film, target: Any, fit: str | None, clip: Image | None) -> Target:
    """The target, one for all frames."""
    aim = bound(model, as_target(target, model.contract.labels))
    if aim.is_fixed or isinstance(aim, Region):
        return aim
    if film.once:
        raise InvalidArgument(
            f"{film.name} can be seen once, and {target!r} needs a look at all of it first: name "
            "the class as target="
        )
    total, count = None, 0
    for frame in film:
        batch = prepared(model, _image(frame, film.name, clip), fit).batch
        output = model.predict(batch, aim.layer).double().mean(0, keepdim=True)
        total, count = output if total is None else total + output, count + 1
    if total is None:
        raise InvalidArgument(f"{film.name} has no frames")
    if aim.layer is None:
        check_labels(total, model.contract.labels)
    return aim.fixed((total / count).float())


def _image(frame: Frame, name: str, clip: Image | None) -> Image:
    """A frame as the model is shown it: of a film in memory with all its levels."""
    called = f"{name}, frame {frame.index}"
    if clip is None:
        return Image(frame.pixels, name=called)
    return Image(clip.pixels[frame.index], clip.axes[1:], clip.value_range, called)
