"""Checks that an attribution method keeps the rules, for ours and for a third party's own.

    from heatlens.testing.conformance import check_method

    def test_my_method():
        check_method("my-method", network, batch)

Each check is also a function of its own, so that a test runner can report them apart; `CHECKS`
lists them. A check raises `AssertionError` and says which rule was broken and by how much.
Parameters are the method's `quick` ones unless given.
"""

from __future__ import annotations

import copy
import math
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS, Attribution
from heatlens.errors import HeatlensError, InvalidArgument, UnknownName
from heatlens.models.load import as_model
from heatlens.testing.traces import in_use, must_be_same, random_state_kept, state_of

__all__ = [
    "CHECKS",
    "TOLERANCE",
    "check_bad_input",
    "check_cost",
    "check_dtypes",
    "check_flat_pictures",
    "check_method",
    "check_no_trace",
    "check_repeats",
    "check_rows_apart",
    "check_shape",
    "check_sizes",
    "check_threads",
    "difference",
]

Parameters = Mapping[str, Any]

TOLERANCE = 1e-4
"""Largest difference in the share of a map's largest value that rounding may make in float32."""


def check_method(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """Run every check of `CHECKS`.

    Args:
        method: the registered name.
        network: a small network in float32 on the CPU, with at least two classes.
        batch: (N, C, H, W) for it, at least three rows that differ.
        parameters: of the method, where its `quick` ones will not do.

    Raises:
        AssertionError: the method broke a rule.
    """
    for check in CHECKS:
        try:
            check(method, network, batch, parameters)
        except (AssertionError, HeatlensError) as error:
            raise AssertionError(f"{method}, {check.__name__}: {error}") from error


def check_shape(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """Values are finite float32 without a graph, on the pixels or on the layer's cells."""
    result = _run(method, network, batch, parameters)
    values = result.values
    if METHODS[method].level == "pixel":
        one = (len(batch), 1, *batch.shape[2:])
        _must(
            values.shape in (batch.shape, torch.Size(one)),
            f"values {tuple(values.shape)} for {tuple(batch.shape)}",
        )
    else:
        grid = tuple(result.info.get("grid", ()))
        _must(bool(result.info.get("layer")), "info['layer'] does not name the layer")
        _must(
            tuple(values.shape) == (len(batch), 1, *grid),
            f"values {tuple(values.shape)} for a grid of {grid}",
        )
    _must(values.dtype == torch.float32, f"values are {values.dtype}, not float32")
    _must(not values.requires_grad, "values still hang on a graph")
    _must(bool(torch.isfinite(values).all()), "values are not finite")
    if result.error is not None:
        _must(result.error.shape == values.shape, "the error is not shaped like the values")
        _must(bool((result.error >= 0).all()), "the error is negative or NaN somewhere")


def check_rows_apart(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """A row's map is the same alone, in the batch, and in the batch in another order.

    For one target a row and for "predicted" alike.
    """
    classes = [row % 2 for row in range(len(batch))]
    together = _run(method, network, batch, parameters, target=classes).values
    apart = [
        _run(method, network, batch[row : row + 1], parameters, target=[index]).values
        for row, index in enumerate(classes)
    ]
    _close(together, torch.cat(apart), "rows in a batch and one by one differ")
    forward = _run(method, network, batch, parameters, target="predicted").values
    backward = _run(method, network, batch.flip(0), parameters, target="predicted").values
    _close(forward, backward.flip(0), "the order of the rows changes their maps")


def check_repeats(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """The same seed gives the same map to the last bit, whatever the global random state is."""
    with random_state_kept():
        torch.manual_seed(1)
        first = _run(method, network, batch, parameters).values
        torch.manual_seed(2)
        np.random.seed(2)  # noqa: NPY002
        random.seed(2)
        second = _run(method, network, batch, parameters).values
    _must(torch.equal(first, second), "two runs with the same seed differ")
    if "seed" in METHODS[method].parameters:
        given = {**_quick(method, parameters), "seed": 7}
        third = _run(method, network, batch, given).values
        _must(torch.equal(third, _run(method, network, batch, given).values), "seed=7 is no seed")


def check_no_trace(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """Nothing is changed: network, batch, random states, switches; not after an error either.

    The network is tried as its owner may have left it: partly in training mode, some weights
    frozen, some with a gradient, hooks set.
    """
    network = in_use(network, batch)
    batch = batch.clone().requires_grad_()
    before = state_of(network, batch)
    _run(method, network, batch, parameters)
    must_be_same(before, state_of(network, batch), "after a run")

    def failing_target(output: Tensor) -> Tensor:
        torch.rand(3)
        raise _OnPurpose

    failing = [0]

    def failing_hook(module: nn.Module, inputs: Any) -> None:
        failing[0] += 1
        torch.rand(3)
        raise _OnPurpose

    if not _ignores_target(method, network, batch, parameters):
        _fails(method, network, batch, parameters, failing_target)
        must_be_same(before, state_of(network, batch), "after an error in the target")
    # In the middle of the network, so that half of the pass has been made.
    middle = [part for part in network.modules() if not list(part.children())]
    handle = middle[len(middle) // 2].register_forward_pre_hook(failing_hook)
    try:
        _fails(method, network, batch, parameters, 0)
    finally:
        handle.remove()
    _must(failing[0] > 0, "the network's own hook was not run")
    must_be_same(before, state_of(network, batch), "after an error in the network")


def check_threads(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """Two threads at once on one network get what each gets alone, and leave no trace."""
    model = as_model(network)
    alone = [_run(method, model, batch, parameters, target=index).values for index in (0, 1)]
    before = state_of(network, batch)
    found: list[list[Tensor]] = [[], []]
    errors: list[BaseException] = []
    start = threading.Barrier(2)

    def work(index: int) -> None:
        try:
            start.wait()
            for _ in range(2):
                found[index].append(_run(method, model, batch, parameters, target=index).values)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise AssertionError(f"{method}: in two threads at once: {errors[0]!r}") from errors[0]
    for index in (0, 1):
        for values in found[index]:
            _close(values, alone[index], "two threads at once disturb each other")
    must_be_same(before, state_of(network, batch), "after two threads at once")


def check_dtypes(
    method: str,
    network: nn.Module,
    batch: Tensor,
    parameters: Parameters | None = None,
    dtypes: Sequence[torch.dtype] = (torch.float64, torch.float16, torch.bfloat16),
) -> None:
    """Networks and batches of every floating type give finite float32 maps.

    In float64 the map is that of float32 within 1e-3; a float32 network takes a batch of any
    type, and a half-precision network a float32 batch.
    """
    single = _run(method, network, batch, parameters).values
    for dtype in dtypes:
        other = copy.deepcopy(network).to(dtype)
        for data, used in ((batch, other), (batch.to(dtype), other), (batch.to(dtype), network)):
            values = _run(method, used, data, parameters).values
            what = f"{dtype} "
            _must(values.dtype == torch.float32, what + f"gave {values.dtype}")
            _must(values.shape == single.shape, what + f"gave {tuple(values.shape)}")
            _must(bool(torch.isfinite(values).all()), what + "gave values that are not finite")
            if dtype == torch.float64:
                _close(values, single, "float64 and float32 differ", 1e-3)


def check_sizes(
    method: str,
    network: nn.Module,
    batch: Tensor,
    parameters: Parameters | None = None,
    sizes: Sequence[tuple[int, int]] = ((33, 47), (41, 32)),
) -> None:
    """Odd and oblong pictures work; for networks that take them.

    A size that the network itself refuses is passed over.
    """
    for size in sizes:
        odd = nn.functional.interpolate(batch, size, mode="bilinear")
        try:
            with torch.no_grad():
                copy.deepcopy(network).eval()(odd[:1])
        except Exception:
            continue
        check_shape(method, network, odd, parameters)
        one = _run(method, network, odd[1:2], parameters).values
        _close(_run(method, network, odd, parameters).values[1:2], one, f"{size}: rows mix")


def check_flat_pictures(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """Pictures of one colour, and a target that no pixel matters to, give finite maps."""
    flat = batch.mean((2, 3), keepdim=True).expand_as(batch).clone()
    flat[0] = 0.0

    def nothing(output: Tensor) -> Tensor:
        return 0.0 * output.sum(1)

    for what, data, target in (("one colour", flat, 1), ("no evidence", batch, nothing)):
        try:
            _run(method, network, data, parameters, target)
        except InvalidArgument as error:
            raise AssertionError(f"{what}: {error}") from error


def check_cost(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """No more passes are made than were declared, and one picture costs as much as several."""
    chosen = METHODS[method]
    settings = _quick(method, parameters)
    declared = chosen.cost({**chosen.parameters, **settings})
    for rows in (batch[:1], batch):
        info = _run(method, network, rows, settings).info
        for kind, most in (("forward", declared.forward), ("backward", declared.backward)):
            made = info[f"{kind}_passes"]
            _must(
                math.isnan(most) or made <= most + 1e-6,
                f"{made:g} {kind} passes a row where {most:g} are declared",
            )


def check_bad_input(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None = None
) -> None:
    """What cannot be used is refused by an error that is ours, a ValueError or TypeError too."""
    settings = _quick(method, parameters)
    broken = batch.clone()
    broken[-1, 0, 0, 0] = torch.nan
    _refused(method, network, (batch * 255).byte(), settings, 0, "a batch of whole numbers")
    _refused(method, network, batch[0], settings, 0, "a batch of three axes")
    _refused(method, network, batch[:0], settings, 0, "an empty batch")
    _refused(method, network, broken, settings, 0, "a batch with NaN")
    _refused(method, network, batch, {**settings, "setps": 3}, 0, "an unknown parameter", "setps")
    _refused(method, network, batch, settings, 1.5, "a target that is none")
    _refused(method, network, batch, settings, "stork", "a label where none are known", "stork")
    if not _ignores_target(method, network, batch, parameters):
        for index in (10**6, -1, [0] * (len(batch) + 1)):
            _refused(method, network, batch, settings, index, f"the class {index}")
    known = METHODS[method].parameters
    if "layer" in known:
        names = as_model(network).layers()
        wrong = {**settings, "layer": names[-1] + "x"}
        error = _refused(method, network, batch, wrong, 0, "an unknown layer", names[-1])
        _must(isinstance(error, UnknownName), "an unknown layer is no UnknownName")
    for name, values in _UNUSABLE.items():
        for value in values if name in known else ():
            what = f"{name}={value!r}"
            _refused(method, network, batch, {**settings, name: value}, 0, what, name)


CHECKS: tuple[Callable[[str, nn.Module, Tensor, Parameters | None], None], ...] = (
    check_shape,
    check_rows_apart,
    check_repeats,
    check_no_trace,
    check_threads,
    check_dtypes,
    check_sizes,
    check_flat_pictures,
    check_cost,
    check_bad_input,
)
"""Every check, in the order in which `check_method` runs them."""

_UNUSABLE: dict[str, tuple[Any, ...]] = {
    "steps": (0, -3, 2.5, True),
    "samples": (0, -3, 2.5, True),
    "baseline": ("blakc", 3),
    "precision": ("int8",),
    "tolerance": (0, -0.1, math.nan, "a"),
    "budget": (0, 2.5, True),
    "seconds": (0, -1.0, "a"),
    "resume": (3, Attribution(torch.zeros(1))),
    "features": ("superpixel", 0, 2.5, True, (2, 2, 2, 2, 2)),
    "window": (0, 2.5, 10**6, (2, 2, 2, 2, 2)),
    "stride": (0, 2.5, 10**6),
}


def difference(found: Tensor, expected: Tensor) -> float:
    """Largest difference as a share of the largest expected value of the same row.

    Example:
        >>> difference(torch.tensor([[1.0, 4.0]]), torch.tensor([[2.0, 4.0]]))
        0.25
    """
    if found.shape != expected.shape:
        return math.inf
    gap = (found - expected).abs().flatten(1).amax(1)
    scale = expected.abs().flatten(1).amax(1)
    # A map of rounding errors beside the batch's other maps is no map.
    scale = torch.maximum(scale, 1e-6 * scale.max()).clamp(min=torch.finfo(scale.dtype).tiny)
    return float((gap / scale).max())


class _OnPurpose(Exception):
    """Raised by the checks inside the network or the target."""


def _run(
    method: str, network: Any, batch: Any, parameters: Parameters | None, target: Any = 1
) -> Attribution:
    settings = _quick(method, parameters)
    return attribute(network, batch, method, target, full=True, **settings)


def _quick(method: str, parameters: Parameters | None) -> dict[str, Any]:
    return dict(METHODS[method].quick if parameters is None else parameters)


def _must(holds: bool, broken: str) -> None:
    if not holds:
        raise AssertionError(broken)


def _close(found: Tensor, expected: Tensor, broken: str, tolerance: float = TOLERANCE) -> None:
    gap = difference(found, expected)
    _must(gap <= tolerance, f"{broken}: by {gap:.2g} of the largest value")


def _refused(
    method: str,
    network: nn.Module,
    batch: Any,
    settings: Parameters,
    target: Any,
    what: str,
    names: str = "",
) -> HeatlensError:
    try:
        attribute(network, batch, method, target, **settings)
    except HeatlensError as error:
        _must(isinstance(error, (ValueError, TypeError)), f"{what}: {error!r} is no ValueError")
        _must(names in str(error), f"{what}: the message does not say {names!r}: {error}")
        return error
    except Exception as error:
        raise AssertionError(f"{what} ends in {error!r}, which is not ours") from error
    raise AssertionError(f"{what} is taken without an error")


def _fails(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None, target: Any
) -> None:
    try:
        _run(method, network, batch, parameters, target)
    except _OnPurpose:
        return
    raise AssertionError("an error inside the network or the target was swallowed")


def _ignores_target(
    method: str, network: nn.Module, batch: Tensor, parameters: Parameters | None
) -> bool:
    """Whether the maps for two classes are the same, as those of EigenCAM are."""
    first, second = (
        _run(method, network, batch, parameters, target=index).values for index in (0, 1)
    )
    return torch.equal(first, second)
