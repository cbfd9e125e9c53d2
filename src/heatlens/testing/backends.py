"""Checks that a model keeps the protocol's promises, whatever framework is behind it.

    from heatlens.testing.backends import check_model

    def test_my_backend():
        check_model(heatlens.load_model(my_network), batch)

What a model does not claim in `capabilities` is not checked. A check raises `AssertionError` and
says which promise was broken and by how much.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch
from torch import Tensor

from heatlens.errors import HeatlensError, UnsupportedMethod
from heatlens.models.protocol import Model
from heatlens.models.targets import ClassIndex, Difference, OutputFunction

__all__ = [
    "MODEL_CHECKS",
    "check_bad_batches",
    "check_gradient",
    "check_layers",
    "check_model",
    "check_refusals",
    "check_rows",
    "check_threads",
    "check_traced",
]

_STEP = 1e-2
"""Of the finite differences, in units of the batch's standard deviation."""


def check_model(model: Model, batch: Tensor) -> None:
    """Run every check of `MODEL_CHECKS`.

    Args:
        model: with an output (N, K), K at least 2.
        batch: canonical, at least three rows that differ.

    Raises:
        AssertionError: the model broke a promise.
    """
    for check in MODEL_CHECKS:
        try:
            check(model, batch)
        except (AssertionError, HeatlensError) as error:
            raise AssertionError(f"{model.name}, {check.__name__}: {error}") from error


def check_rows(model: Model, batch: Tensor) -> None:
    """Outputs are float32, detached, the same alone and in the batch, and counted."""
    with model.counting() as passes:
        together = model.predict(batch)
    _must(passes.forward == len(batch), f"{passes.forward:g} passes for {len(batch)} rows")
    _must(together.dtype == torch.float32, f"scores are {together.dtype}")
    _must(not together.requires_grad, "scores still hang on a graph")
    _must(together.shape[0] == len(batch) and together.ndim == 2, f"shape {tuple(together.shape)}")
    apart = torch.cat([model.predict(batch[row : row + 1]) for row in range(len(batch))])
    _close(apart, together, "rows alone and in the batch differ", 1e-4)
    _must(torch.equal(model.predict(batch), together), "two runs differ")
    before = batch.clone()
    model.predict(batch)
    _must(torch.equal(before, batch), "the batch was written into")


def check_gradient(model: Model, batch: Tensor) -> None:
    """The gradient is the slope that finite differences see, for every kind of target."""
    if "gradient" not in model.capabilities:
        return
    for target in (
        ClassIndex(1),
        ClassIndex(tuple(row % 2 for row in range(len(batch)))),
        Difference(0, 1),
        OutputFunction(lambda output: (output[:, 0] - output[:, 1]).square()),
    ):
        with model.counting() as passes:
            slope = model.input_gradient(batch, target)
        _must(passes.backward == len(batch), f"{passes.backward:g} backward passes")
        _must(slope.shape == batch.shape, f"a gradient of shape {tuple(slope.shape)}")
        # Along the gradient itself the slope is largest, and rounding matters least.
        direction = slope / slope.flatten(1).norm(dim=1).clamp(min=1e-12).view(
            -1, *(1 for _ in batch.shape[1:])
        )
        step = _STEP * float(batch.std())
        ahead = target.scores(model.predict(batch + step * direction)).double()
        behind = target.scores(model.predict(batch - step * direction)).double()
        seen = (ahead - behind) / (2 * step)
        expected = (slope * direction).flatten(1).sum(1).double()
        _close(seen, expected, f"finite differences of {target} disagree", 0.05)
        alone = model.input_gradient(batch[:1], target.take(torch.tensor([0])))
        _close(alone, slope[:1], "a row's gradient hangs on its neighbours", 1e-4)


def check_layers(model: Model, batch: Tensor) -> None:
    """A layer's output and gradient belong together, and lie on a grid over the input."""
    if "activations" not in model.capabilities or not model.layers():
        return
    place = model.spatial_layer(batch)
    _must(place.name in model.layers(), f"layer {place.name!r} is not among the layers")
    seen = model.activations(batch, [place.name])[place.name]
    cells = place.to_grid(seen)
    _must(tuple(cells.shape[2:]) == place.grid, f"{tuple(cells.shape)} for a grid {place.grid}")
    if "layer-gradient" not in model.capabilities:
        return
    output, slope = model.layer_gradient(batch, place.name, ClassIndex(1))
    _close(output, seen, "the layer's output differs between two primitives", 1e-4)
    _must(slope.shape == output.shape, f"a gradient of shape {tuple(slope.shape)}")
    again = model.spatial_layer(batch, place.name)
    _must(again.grid == place.grid, "the named layer has another grid than the found one")


def check_traced(model: Model, batch: Tensor) -> None:
    """Traced outputs are the network's own, and torch's graph through them gives its gradient."""
    if "gradient" not in model.capabilities:
        return
    names = [""]
    if "activations" in model.capabilities and model.layers():
        names.append(model.spatial_layer(batch).name)
    leaf = batch.clone().requires_grad_()
    seen = model.traced(2 * leaf, names)
    _must(list(seen) == names, f"asked for {names}, got {list(seen)}")
    _close(seen[""].detach(), model.predict(2 * batch), "the traced output differs", 1e-4)
    (slope,) = torch.autograd.grad(seen[""][:, 1].sum(), leaf, retain_graph=True)
    whole = 2 * model.input_gradient(2 * batch, ClassIndex(1))
    _close(slope, whole, "the graph's gradient differs", 1e-4)
    for name in names[1:]:
        inner = model.activations(2 * batch, [name])[name]
        _close(seen[name].detach(), inner, "a traced layer differs", 1e-4)
        # Both at once, joined by a product, as an objective may join them.
        score = (seen[name].flatten(1).mean(1) * seen[""][:, 0]).sum()
        (joined,) = torch.autograd.grad(score, leaf)
        parts = _product_slope(model, batch, name)
        _close(joined, parts, "the gradient of two outputs together differs", 1e-3)


def _product_slope(model: Model, batch: Tensor, layer: str) -> Tensor:
    """Of (mean of a layer) x (first score) by the product rule, at twice the batch."""
    mean = OutputFunction(lambda output: output.flatten(1).mean(1), layer=layer)
    sides = (1, *(1 for _ in batch.shape[1:]))
    inner = mean.scores(model.activations(2 * batch, [layer])[layer]).view(-1, *sides[1:])
    score = model.predict(2 * batch)[:, 0].view(-1, *sides[1:])
    first = model.input_gradient(2 * batch, mean) * score
    return 2 * (first + inner * model.input_gradient(2 * batch, ClassIndex(0)))


def check_threads(model: Model, batch: Tensor) -> None:
    """Two threads at once get what one gets alone."""
    alone = model.predict(batch)
    found: list[Tensor] = []

    def work() -> None:
        found.append(model.predict(batch))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _must(len(found) == 2, "a thread failed")
    for other in found:
        _close(other, alone, "threads disturb each other", 1e-4)


def check_bad_batches(model: Model, batch: Tensor) -> None:
    """NaN, whole numbers and no rows are refused in words, as ValueError or TypeError."""
    for bad in (batch * torch.nan, batch.long(), batch[:0]):
        try:
            model.predict(bad)
        except HeatlensError as error:
            _must(isinstance(error, ValueError | TypeError), f"{error!r} is no ValueError")
        else:
            raise AssertionError(f"a batch of {bad.dtype}, {tuple(bad.shape)}, was taken")


def check_refusals(model: Model, batch: Tensor) -> None:
    """A primitive that is not claimed is refused in words."""
    if "gradient" not in model.capabilities:
        try:
            model.input_gradient(batch, ClassIndex(0))
        except UnsupportedMethod:
            return
        raise AssertionError("a gradient came from a model that claims none")


MODEL_CHECKS: tuple[Callable[[Model, Tensor], None], ...] = (
    check_rows,
    check_gradient,
    check_layers,
    check_traced,
    check_threads,
    check_bad_batches,
    check_refusals,
)
"""All checks."""


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _close(found: Tensor, expected: Tensor, otherwise: str, tolerance: float) -> None:
    scale = float(expected.abs().max()) or 1.0
    gap = float((found - expected).abs().max()) / scale
    _must(gap <= tolerance, f"{otherwise}: by {gap:.2g} of the largest")
