"""Pictures in, heatmaps out: on the photograph's own pixel grid, with how they were made."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from heatlens.attribution.attribute import attribute
from heatlens.attribution.channels import REDUCTIONS, reduce_channels
from heatlens.attribution.first_checks import first_checks
from heatlens.attribution.method import METHODS, Attribution, Method
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.geometry import Placement
from heatlens.images.read import read_image
from heatlens.images.tiles import blend
from heatlens.models.load import as_model
from heatlens.models.predict import check_labels
from heatlens.models.prepare import Prepared, prepared
from heatlens.models.protocol import Model
from heatlens.models.targets import Region, Similarity, Target, as_target, pooled
from heatlens.provenance import Provenance, plain
from heatlens.version import __version__

__all__ = ["explain"]


def explain(
    model: Any,
    image: Any,
    method: str = "gradcam",
    target: Any = "predicted",
    *,
    fit: str | None = None,
    channels: str | None = None,
    checks: bool = True,
    **parameters: Any,
) -> Any:
    """Explain what a model sees in a picture.

    Args:
        model: a loaded model or a bare `torch.nn.Module`.
        image: anything `read_image` takes, or a list of such.
        method: a name from `heatlens.methods()`.
        target: anything `as_target` takes. A list of targets gives a list of heatmaps.
        fit: how a picture is brought to the model's input: "crop", "squash", "pad", or "tile"
            (several windows, blended); None is the model's own way.
        channels: "max-abs", "sum", "mean-abs" or "norm"; None is what suits the method.
        checks: add the first line of trust to `provenance.trust` (a few more passes).
        parameters: the method's own.

    Returns:
        A `Heatmap` on the picture's own pixel grid; a list for a list of pictures or targets, and
        a list per picture for both.

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
    adapted = as_model(model, warn=True)
    chosen = METHODS[method]
    chosen.check(adapted, parameters)
    if channels is not None and channels not in REDUCTIONS:
        raise InvalidArgument(f"channels is {channels!r}; it can be {', '.join(REDUCTIONS)}")
    if isinstance(image, list | tuple):
        return [
            explain(
                adapted,
                item,
                method,
                target,
                fit=fit,
                channels=channels,
                checks=checks,
                **parameters,
            )
            for item in image
        ]
    picture = read_image(image)
    ready = prepared(adapted, picture, fit)
    if isinstance(target, list | tuple):
        return [
            _explain(adapted, picture, ready, chosen, one, fit, channels, checks, parameters)
            for one in target
        ]
    return _explain(adapted, picture, ready, chosen, target, fit, channels, checks, parameters)


def _explain(
    model: Model,
    picture: Image,
    ready: Prepared,
    method: Method,
    target: Any,
    fit: str | None,
    channels: str | None,
    checks: bool,
    parameters: Mapping[str, Any],
) -> Heatmap:
    reduction = channels or method.reduction(parameters)
    labels = model.contract.labels
    aim = _for_picture(model, as_target(target, labels), ready, fit).bind(labels)
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
        result = attribute(model, ready.batch, method.name, aim, full=True, **parameters)
    seconds = time.perf_counter() - started
    rows = len(ready.batch)
    values = reduce_channels(result.values, reduction)
    heat, valid = _blended(ready.placements, values)
    error = _error(result, reduction)
    trust: dict[str, float] = {}
    if checks:
        found = first_checks(
            model,
            ready.batch,
            result,
            method.name,
            aim,
            parameters,
            reduction,
            padded=max(_padded(where) for where in ready.placements),
        )
        keys = dict.fromkeys(key for row in found for key in row)
        trust = {key: float(np.mean([row[key] for row in found if key in row])) for key in keys}
    signed = reduction == "sum" and method.is_signed(parameters)
    notes = [*model.contract.assumed, *ready.notes]
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
            image=picture.name,
            seed=parameters.get("seed", method.parameters.get("seed")),
            version=__version__,
            forward_passes=passes.forward / rows,
            backward_passes=passes.backward / rows,
            seconds=seconds,
            info=_averaged(result.info),
            trust=trust,
            notes=tuple(notes),
        ),
        signed=signed,
        error=None if error is None else _blended(ready.placements, error)[0],
        valid=None if valid.all() else valid,
    )


def _padded(where: Placement) -> float:
    """Share of the input that is border and not picture."""
    shown = 1.0
    for axis in (0, 1):
        low = max(0.0, where.offset[axis])
        high = min(where.input[axis], where.offset[axis] + where.scale[axis] * where.original[axis])
        shown *= max(0.0, high - low) / where.input[axis]
    return 1.0 - shown


def _for_picture(model: Model, aim: Target, ready: Prepared, fit: str | None) -> Target:
    """Bring what a target says about pictures to the model's input: references and masks."""
    if isinstance(aim, Similarity) and not isinstance(aim.reference, Tensor):
        other = read_image(aim.reference)
        embedding = pooled(model.predict(prepared(model, other, fit).batch, aim.layer)).mean(0)
        return replace(aim, reference=embedding, name=aim.name or other.name)
    if isinstance(aim, Region) and aim.mask is not None:
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


def _blended(
    placements: Sequence[Placement], maps: Tensor
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    values, valid = blend(placements, [item.cpu().numpy() for item in maps])
    return values.astype(np.float32, copy=False), valid


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
