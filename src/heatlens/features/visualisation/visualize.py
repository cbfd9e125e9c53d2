"""`visualize`: what would a unit of the network like to see most?"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.features.visualisation.ascent import Aim, Climbed, climb, recording
from heatlens.features.visualisation.canvas import (
    batches,
    canvas_size,
    channels_of,
    check_runs,
    checked_model,
)
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.objective import Objective
from heatlens.features.visualisation.objectives.words import as_objective
from heatlens.features.visualisation.parametrisations.parametrisation import (
    checked_positive,
    parametrised,
)
from heatlens.features.visualisation.regularisers import l2 as grey_distance
from heatlens.features.visualisation.regularisers import total_variation as variation
from heatlens.features.visualisation.result import finished
from heatlens.features.visualisation.transforms.composed import composed
from heatlens.features.visualisation.transforms.transform import Transform
from heatlens.features.visualisation.transforms.words import parsed
from heatlens.models.load import as_model
from heatlens.models.settled import settled

__all__ = ["visualize"]


def visualize(
    model: Any,
    objective: Any,
    *,
    count: int = 1,
    size: int | tuple[int, int] | None = None,
    parametrisation: str = "fourier",
    settings: Mapping[str, Any] | None = None,
    transforms: str | Sequence[Transform] = "robust",
    outside: str | float = "grey",
    steps: int = 512,
    rate: float | None = None,
    total_variation: float = 0.0,
    l2: float = 0.0,
    joint: Objective | None = None,
    start: Any = None,
    tolerance: float | None = None,
    frames: int = 0,
    seed: int = 0,
    progress: Callable[[int, int, float], object] | None = None,
    full: bool = False,
) -> Any:
    """A picture that makes an objective large, by gradient ascent from noise.

        x* = argmax_theta  E_t [ objective(f(t(x(theta)))) ] - tv TV(x) - l2 |x - grey|^2

    x(theta) is the parametrisation, t a random transform, drawn anew in each of the steps of Adam.
    Olah, Mordvintsev, Schubert: Feature Visualization, Distill 2017.

    Args:
        model: a loaded model or a bare network, of pictures, with gradients.
        objective: see `as_objective`: "layer4:12", "logit:tabby", "stage3:4 - 0.5 * stage3:5", an
            objective as an object; or a list of them, which climb in one batch.
        count: pictures of each objective; they differ by their start, more so with `Diversity`.
        size: height and width of the picture; by default the model's own, or 224.
        parametrisation: "fourier", "pixels", "laplacian", "cppn" or "maco".
        settings: of the parametrisation.
        transforms: "robust", "none", "maco", such as "jitter(8), rotate(10)", or a sequence.
        outside: what a transform brings into view: "grey", "reflect", or a value in 0..1.
        steps: of the ascent.
        rate: of Adam; by default what suits the parametrisation.
        total_variation: weight of the total variation of the pixels.
        l2: weight of the mean squared distance from grey.
        joint: an objective for all pictures together, such as 0.1 * Alignment("layer3").
        start: a picture to start from instead of noise (DeepDream), anything `read_image` takes;
            fitted to the canvas as the model's contract says.
        tolerance: end early when 32 steps gain less than this share; None: do all the steps.
        frames: pictures of the way to keep, both ends included; see `Visualisation.film`.
        seed: of the start and of the transforms. A picture is the same alone and among others, up
            to rounding.
        progress: hears (steps done, steps, mean value of the objective).
        full: return a `Visualisation` with the way there.

    Returns:
        An `Image`, float32 in 0..1, for one objective and a count of 1; else a list, objective by
        objective. `metadata["visualisation"]` says how it was made and what the objective's value
        is on the picture itself, without transforms. An ascent that stops because a value is not
        finite keeps the last good picture, and says so there; its neighbours climb on.

    Raises:
        UnknownLayer: no such layer; the message shows the tree near the name.
        InvalidArgument: no such unit, class or size; or not finite from the start.
        OutOfMemory: pictures that have to climb together do not fit in memory.
        NeedsGradient: the objective cannot be differentiated.
        KeyboardInterrupt: stopped by hand; with `full`, what was reached is returned.

    Example:
        >>> from heatlens.models.load import load_model
        >>> image = visualize(load_model("bundled:scene-cnn"), "digit 3", steps=4)
        >>> image.size, image.metadata["visualisation"]["objective"]
        ((96, 96), 'logit:digit 3')
    """
    adapted = checked_model(as_model(model, warn=True))
    wanted = list(objective) if isinstance(objective, list | tuple) else [objective]
    _check(wanted, count, steps, frames, total_variation, l2, tolerance)
    channels = channels_of(adapted)
    height, width = canvas_size(adapted, size, start)
    changes = parsed(transforms, (height, width)) if isinstance(transforms, str) else transforms
    changes = tuple(changes)
    if start is not None and count > 1 and not changes:
        raise InvalidArgument(
            f"count is {count}: from one start without transforms all pictures are the same"
        )
    given: dict[str, Any] = dict(settings or {})
    record: dict[str, Any] = {
        "model": adapted.name,
        "parametrisation": parametrisation,
        "transforms": ", ".join(map(str, changes)) or "none",
        "total_variation": total_variation,
        "l2": l2,
        "seed": seed,
    }
    with recording():
        anatomy = Anatomy(adapted, channels, (height, width))
        check_runs(adapted, anatomy.canvas)
        aims = [as_objective(one, adapted).bound(anatomy) for one in wanted]
        together = None if joint is None else as_objective(joint, adapted).bound(anatomy)
        if start is not None:
            given["start"] = anatomy.pixels([start]).expand(count, -1, -1, -1)
        canvases = parametrised(
            parametrisation, count, channels, (height, width), seed=seed, **given
        )
        pace = canvases.rate if rate is None else checked_positive(rate, "rate")
        asked = Aim([(aim, 1) for aim in aims], together).layers
        quick = settled(adapted, anatomy.canvas, keep=asked)
        results: list[tuple[Climbed, Aim]] = []
        started = time.perf_counter()
        with adapted.counting() as passes:
            chunks = batches(adapted, anatomy.canvas, aims, count, whole=together is not None)
            for number, chunk in enumerate(chunks):
                aim = Aim([(aims[k], len(copies)) for k, copies in chunk], together)
                copies = [copy for _, some in chunk for copy in some]
                climbed = climb(
                    quick,
                    canvases.selected(copies),
                    aim,
                    moved=_moving(changes, outside, seed, copies),
                    penalty=_penalty(total_variation, l2),
                    steps=steps,
                    rate=pace,
                    tolerance=tolerance,
                    frames=frames,
                    progress=_counting_on(progress, number, len(chunks)),
                )
                results.append((climbed, aim))
                if "interrupted" in climbed.stopped:
                    break
        seconds = time.perf_counter() - started
        record["joint"] = None if together is None else str(together)
        done = finished(adapted, results, {**record, "rate": pace}, seconds, passes.forward)
    if full:
        return done
    if any("interrupted" in one.stopped for one, _ in results):
        raise KeyboardInterrupt
    single = not isinstance(objective, list | tuple) and count == 1
    return done.images[0] if single else list(done.images)


def _check(
    wanted: list[Any],
    count: int,
    steps: int,
    frames: int,
    total_variation: float,
    l2: float,
    tolerance: float | None,
) -> None:
    if not wanted:
        raise InvalidArgument("objective is an empty list; name at least one")
    for name, value, least in (("count", count, 1), ("steps", steps, 1), ("frames", frames, 0)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidType(f"{name} is {value!r}; it must be a whole number")
        if value < least:
            raise InvalidArgument(f"{name} is {value}; it must be at least {least}")
    if frames == 1:
        raise InvalidArgument("frames is 1; a film has at least 2, the start and the end")
    for name, weight in (("total_variation", total_variation), ("l2", l2)):
        _check_number(name, weight)
    if tolerance is not None:
        _check_number("tolerance", tolerance)


def _check_number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidType(f"{name} is {value!r}; it must be a number")
    if not 0 <= value < float("inf"):
        raise InvalidArgument(f"{name} is {value!r}; it must be 0 or more")


def _moving(
    transforms: tuple[Transform, ...], outside: Any, seed: int, copies: Sequence[int]
) -> Callable[[Tensor], Tensor]:
    """The transforms with chances of their own for each copy of an objective's picture."""
    change = composed(transforms, outside)
    chances = [_chance(seed, copy) for copy in copies]
    return lambda pixels: change(pixels, chances)


def _chance(seed: int, copy: int) -> torch.Generator:
    digest = hashlib.blake2b(f"transforms {seed}:{copy}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little"))


def _penalty(total_variation: float, l2: float) -> Callable[[Tensor], Tensor] | None:
    if not total_variation and not l2:
        return None

    def paid(pixels: Tensor) -> Tensor:
        cost = pixels.new_zeros(len(pixels))
        if total_variation:
            cost = cost + total_variation * variation(pixels)
        return cost + l2 * grey_distance(pixels) if l2 else cost

    return paid


def _counting_on(
    progress: Callable[[int, int, float], object] | None, number: int, count: int
) -> Callable[[int, int, float], object] | None:
    """Progress over all batches as one."""
    if progress is None or count == 1:
        return progress
    return lambda step, steps, value: progress(number * steps + step, count * steps, value)
