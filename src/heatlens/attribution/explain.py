"""Pictures, films, volumes, sounds and texts in, heatmaps out: on the input's own grid."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import Tensor

from heatlens.attribution.attribute import attributed
from heatlens.attribution.channels import REDUCTIONS, reduce_channels
from heatlens.attribution.first_checks import first_checks
from heatlens.attribution.method import METHODS, Attribution, Method
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.large.image import LargeImage
from heatlens.images.read import read_image
from heatlens.models.bound import bound
from heatlens.models.inputs.picture import PreparedPicture
from heatlens.models.load import as_model
from heatlens.models.predict import check_labels
from heatlens.models.prepare import Prepared, as_input, prepared
from heatlens.models.protocol import Model
from heatlens.models.targets import Region, Similarity, Target, as_target, pooled
from heatlens.provenance import Provenance, plain
from heatlens.text import Text
from heatlens.version import __version__

__all__ = ["Wanted", "explain", "explained"]


@dataclass(frozen=True)
class Wanted:
    """How an input is to be explained.

    Attributes:
        method: the method.
        parameters: given for it.
        channels: how channels are reduced; None is what suits the method.
        fit: how a picture is brought to the model's input; None is the model's own way.
        checks: whether to add the first line of trust.
    """

    method: Method
    parameters: Mapping[str, Any] = field(default_factory=dict)
    channels: str | None = None
    fit: str | None = None
    checks: bool = True


def explain(
    model: Any,
    image: Any,
    method: str = "gradcam",
    target: Any = "predicted",
    *,
    fit: str | None = None,
    channels: str | None = None,
    checks: bool = True,
    given: Mapping[str, Any] | None = None,
    input_name: str | None = None,
    **parameters: Any,
) -> Any:
    """Explain what a model sees in a picture, film or volume, hears in a sound, or reads.

    Args:
        model: a loaded model, or a bare network of any framework.
        image: anything `read_image` takes (a film as axes `TYXC`, a volume as `ZYX`; a model of
            pictures sees a film frame by frame, see `heatlens.attribution.explain_frames`), a
            `heatlens.Sound` or the path of a WAV file, a `heatlens.Text`, or a list of such. A
            `LargeImage` is explained window by window: `heatlens.attribution.large.explain_large`.
        method: a name from `heatlens.methods()`.
        target: anything `as_target` takes. A list of targets gives a list of heatmaps. For an
            image-text model any words; for a text the picture (path, array, `Image`) that it is
            held against.
        fit: how a picture is brought to the model's input: "crop", "squash", "pad", or "tile"
            (several windows, blended); None is the model's own way.
        channels: "max-abs", "sum", "mean-abs" or "norm"; None is what suits the method.
        checks: add the first line of trust to `provenance.trust` (a few more passes).
        given: the other inputs of a model that takes several, by name, one row each.
        input_name: the input that the picture goes to, by name; None is the first that is not given.
        parameters: the method's own.

    Returns:
        A `Heatmap` on the input's own grid: pixels, frames, slices, time and frequency, or words.
        A list for a list of inputs or targets, and a list per input for both.

    Raises:
        UnknownName, UnsupportedMethod, UnreadableImage, InvalidArgument: see `attribute` and
            `read_image`.

    Example:
        >>> import torch
        >>> network = torch.nn.Sequential(
        ...     torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
        ... )
        >>> photo = np.zeros((20, 30, 3), np.uint8)
        >>> heat = explain(network, photo, "gradient", target=2)  # doctest: +SKIP
        >>> heat.size  # doctest: +SKIP
        (20, 30)
    """
    if isinstance(image, LargeImage):
        from heatlens.attribution.large import explain_large

        others = {"fit": fit, "given": given, "input_name": input_name}
        refused = {name: value for name, value in others.items() if value is not None}
        both = {**refused, **parameters}  # explain_large says of the former that it has none
        return explain_large(model, image, method, target, channels=channels, **both)
    adapted = as_model(model, warn=True)
    wanted = Wanted(METHODS[method], parameters, channels, fit, checks)
    if given is not None:
        from heatlens.attribution.several import held

        adapted = held(adapted, given, input_name)
    elif input_name is not None:
        raise InvalidArgument(
            f"input_name={input_name!r}: give the other inputs too, given={{name: row}}"
        )
    wanted.method.check(adapted, parameters)
    if parameters.get("resume") is not None:
        raise InvalidArgument(
            "explain() cannot go on with an earlier result; attribute(..., resume=) can"
        )
    if channels is not None and channels not in REDUCTIONS:
        raise InvalidArgument(f"channels is {channels!r}; it can be {', '.join(REDUCTIONS)}")
    if isinstance(image, list | tuple):
        return [_every(adapted, item, target, wanted) for item in image]
    return _every(adapted, image, target, wanted)


def _every(model: Model, item: Any, target: Any, wanted: Wanted) -> Any:
    """One input, for one target or for each of a list."""
    if isinstance(item, Text):
        from heatlens.attribution.explain_text import explain_text

        return explain_text(model, item, target, wanted)
    source = as_input(item)
    if isinstance(source, Image) and source.axes.startswith("T") and model.contract.axes == "HW":
        from heatlens.attribution.frames import explain_clip

        targets = target if isinstance(target, list | tuple) else [target]
        clips = [explain_clip(model, source, one, wanted) for one in targets]
        return clips if isinstance(target, list | tuple) else clips[0]
    ready = prepared(model, source, wanted.fit)
    if isinstance(target, list | tuple):
        return [explained(model, source.name, ready, one, wanted) for one in target]
    return explained(model, source.name, ready, target, wanted)


def explained(model: Model, name: str, ready: Prepared, target: Any, wanted: Wanted) -> Heatmap:
    """The heatmap of a prepared input for one target."""
    method, parameters = wanted.method, wanted.parameters
    reduction = wanted.channels or method.reduction(parameters)
    labels = model.contract.labels
    aim = bound(model, _for_picture(model, as_target(target, labels), ready, wanted.fit))
    started = time.perf_counter()
    with model.counting() as passes:
        output = model.predict(ready.batch, aim.layer)
        if aim.layer is None:
            check_labels(output, labels)
        if not aim.is_fixed:
            # Tiles of one picture are asked for one class: that of their mean.
            together = output.mean(0, keepdim=True).expand_as(output)
            aim = aim.fixed(output if isinstance(aim, Region) else together)
        score = float(aim.scores(output).mean())
        result = attributed(model, ready.batch, method.name, aim, parameters)
    seconds = time.perf_counter() - started
    rows = len(ready.batch)
    values = reduce_channels(result.values, reduction)
    heat, valid = ready.back(values)
    error = _error(result, reduction)
    trust: dict[str, float] = {}
    if wanted.checks:
        found = first_checks(
            model,
            ready.batch,
            result,
            method.name,
            aim,
            parameters,
            reduction,
            padded=ready.padded,
            instead=ready.instead,
        )
        keys = dict.fromkeys(key for row in found for key in row)
        trust = {key: float(np.mean([row[key] for row in found if key in row])) for key in keys}
    signed = reduction == "sum" and method.is_signed(parameters)
    notes = [*model.contract.notes, *model.contract.assumed, *ready.notes]
    if not heat.any():
        notes.append("no evidence: the map is zero everywhere")
    return Heatmap(
        heat,
        Provenance(
            method=method.name,
            parameters=plain({**method.parameters, **parameters, "channels": reduction}),
            model=model.name,
            target=aim.describe(model.contract.labels),
            score=score,
            image=name,
            seed=parameters.get("seed", method.parameters.get("seed")),
            version=__version__,
            forward_passes=passes.forward / rows,
            backward_passes=passes.backward / rows,
            seconds=seconds,
            info=_averaged(result.info),
            trust=trust,
            notes=tuple(notes),
        ),
        axes=ready.axes,
        signed=signed,
        error=None if error is None else ready.back(error)[0],
        valid=None if valid.all() else valid,
        coordinates={axis: tuple(places) for axis, places in ready.coordinates.items()},
    )


def _for_picture(model: Model, aim: Target, ready: Prepared, fit: str | None) -> Target:
    """Bring what a target says about pictures to the model's input: references and masks."""
    if isinstance(aim, Similarity) and not isinstance(aim.reference, Tensor):
        other = read_image(aim.reference)
        embedding = pooled(model.predict(prepared(model, other, fit).batch, aim.layer)).mean(0)
        return replace(aim, reference=embedding, name=aim.name or other.name)
    if isinstance(aim, Region) and aim.mask is not None:
        if not isinstance(ready, PreparedPicture):
            raise InvalidArgument("a Region with a mask is for pictures; leave the mask out")
        mask = np.asarray(aim.mask)
        original = ready.placements[0].original
        if mask.shape != original:
            raise InvalidArgument(
                f"the region's mask has shape {mask.shape}, the picture is {original[0]} x "
                f"{original[1]} (rows x columns)"
            )
        inside = [where.forward(mask.astype(np.float32)) > 0.5 for where in ready.placements]
        if mask.any() and not all(part.any() for part in inside):
            raise InvalidArgument(
                "the region lies outside of what the model sees of the picture, or of one of its "
                "tiles; fit='squash' or fit='pad' shows it the whole picture at once"
            )
        return replace(aim, mask=np.stack(inside))
    return aim


def _error(result: Attribution, reduction: str) -> Tensor | None:
    """Standard error after the reduction of channels; for sums an upper bound.

    Channels are correlated in an unknown way, so standard errors are added, which never
    understates the error of a sum.
    """
    if result.error is None:
        return None
    if reduction == "max-abs":
        largest = result.values.abs().argmax(1, keepdim=True)
        return result.error.gather(1, largest).squeeze(1)
    return reduce_channels(result.error, {"sum": "sum", "norm": "norm"}.get(reduction, "mean-abs"))


def _averaged(info: Mapping[str, Any]) -> dict[str, Any]:
    """Per-row tensors as one number, the mean over tiles; large ones are left out."""
    plain: dict[str, Any] = {}
    for key, value in info.items():
        if not isinstance(value, Tensor):
            plain[key] = value
        elif value.ndim == 1:
            plain[key] = float(value.double().mean())
    return plain
