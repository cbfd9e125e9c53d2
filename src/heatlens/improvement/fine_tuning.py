"""Train a network on while heat off the object costs something: right for the right reasons.

    loss = mean cross-entropy + strength * log(K) * penalty / unit

over K classes. log(K) is the cross-entropy of a blind guess and `unit` what the penalty was on the
first batch before any training (for "input-gradient"; 1 for the others, which have a scale), so a strength of 1 means
that wrong reasons weigh as much at the start as knowing nothing. Ross, Hughes, Doshi-Velez: Right
for the Right Reasons, IJCAI 2017, arXiv:1703.03717, ask for weights "of similar orders of
magnitude"; this is one way to make that so for any network.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.improvement.penalties import PENALTIES
from heatlens.improvement.reasons import Reasons, measure_reasons
from heatlens.improvement.rows import Batches, again
from heatlens.improvement.training import NotANumber, Optimiser, Training, training_mode
from heatlens.improvement.tuned import Epoch, FineTuned, MeasuredOn
from heatlens.models.load import as_model
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.randomness import random_state_kept

__all__ = ["fine_tune", "harmonic_mean"]

Measure = Callable[[Reasons], float]


def harmonic_mean(found: Reasons) -> float:
    """Of accuracy and heat on the object: high only where both are."""
    right, on = found.accuracy.value, found.on_object.value
    return 2 * right * on / (right + on) if right + on else 0.0


def fine_tune(
    module: Any,
    data: Batches,
    *,
    penalty: str = "swap",
    strength: float = 1.0,
    epochs: int = 5,
    learning_rate: float = 1e-3,
    validation: Batches | None = None,
    test: Batches | None = None,
    measure: Measure = harmonic_mean,
    method: str = "gradcam",
    parameters: Mapping[str, Any] | None = None,
    layer: str | None = None,
    batch_norm: str = "frozen",
    optimiser: Optimiser | None = None,
    inplace: bool = False,
    seed: int = 0,
    progress: Callable[[int, int, float], object] | None = None,
    after_epoch: Callable[[Epoch], object] | None = None,
) -> FineTuned:
    """Train a classifier on with a penalty for heat off the object.

    Args:
        module: a `torch.nn.Module` with one logit for each class, or a loaded model of one. A copy
            is trained unless `inplace`.
        data: batches (inputs as the network takes them, labels, masks with 1 where the right
            reasons lie), gone through once an epoch: a list, or a DataLoader. Rows whose mask is
            empty count for the cross-entropy alone.
        penalty: "swap", "cam", "input-gradient", "gradient-share" or "none"; see
            `heatlens.improvement.penalties`.
        strength: of the penalty, not negative.
        epochs: passes over the data, at least 1.
        learning_rate: highest of AdamW's; it rises over the first fifth of the steps and then
            falls along a cosine. With an `optimiser` of your own the rate is its own.
        validation: batches like those of `data` that nobody trains on. After each epoch the
            network is measured on them, and the best weights are kept, the first ones included.
            Without them the last epoch's are.
        test: batches that neither train nor choose: `before` and `after` are measured on them.
            Without them both are of the validation data, where the best of several epochs looks
            better than it is, and without those of the training data; the result says which.
        measure: what is best, a number from the `Reasons` on the validation data; by default the
            harmonic mean of accuracy and heat on the object.
        method: whose heat is measured; better not the one that is penalised.
        parameters: of that method.
        layer: of the CAM; by default the one that a CAM of this network is read from.
        batch_norm: "frozen" keeps the running statistics and uses them, "moving" uses and learns
            those of each batch. With those of a batch a picture's slopes hang on its neighbours,
            and few pictures spoil statistics that many have made; so frozen is the default. A
            network that has to learn much anew learns faster with "moving".
        optimiser: makes one of the list of parameters; AdamW with weight decay 0.01 without it.
        inplace: train `module` itself.
        seed: of dropout and of loaders that draw from torch's generator, which is left as it was.
        progress: called after each step with the steps done, the steps of an epoch (0 while
            unknown) and the loss.
        after_epoch: called with each finished epoch.

    Returns:
        The network with its modes as they were, and what it was and became. After Ctrl-C and
        after a loss or gradients that are not a number, the best weights so far are in it; after
        an exception (of a loader, say) they are in `module` if it was trained in place.

    Raises:
        InvalidArgument: no classifier, nothing to train, fewer than 10 pictures to measure on,
            "swap" with batches of single pictures only, or an argument that cannot be used.
        InvalidType: `module` is no network of PyTorch, or `data` can be gone through only once.
        UnknownName: no such penalty or layer.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> inputs = torch.randn(16, 1, 4, 4, generator=generator)
        >>> labels, masks = (inputs[:, 0, 0, 0] > 0).long(), torch.zeros(16, 4, 4)
        >>> masks[:, 0, 0] = 1
        >>> network = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
        >>> found = fine_tune(network, [(inputs, labels, masks)], epochs=2, method="gradient")
        >>> len(found.history), found.stopped, found.module is network
        (2, 'all epochs are done', False)
    """
    _check(penalty, strength, epochs, learning_rate, batch_norm)
    data = again(data, "data")
    chosen = None if validation is None else again(validation, "validation")
    judged = again(test, "test") if test is not None else chosen
    on: MeasuredOn = "test" if test is not None else "training" if chosen is None else "validation"
    given = as_model(module)
    if not isinstance(given, TorchModel):
        raise InvalidType(f"fine_tune trains networks of PyTorch; {given.name} is none")
    network = given.module if inplace else copy.deepcopy(given.module)
    model = TorchModel(network, given.contract, name=f"{given.name} (fine-tuned)", port=given.port)

    def measured(rows: Batches | None) -> Reasons:
        return measure_reasons(
            model, data if rows is None else rows, method=method, parameters=parameters
        )

    before = measured(judged)
    found = before if test is None or chosen is None else measured(chosen)
    training = Training(model, penalty, strength, layer, learning_rate, optimiser, inplace)
    best, kept = 0, _weights(network)
    history: list[Epoch] = []
    stopped = "all epochs are done"
    with training_mode(network, batch_norm), random_state_kept():
        torch.manual_seed(seed)
        try:
            for number in range(1, epochs + 1):
                told = training.epoch(data, number, epochs, progress)
                reasons = None if chosen is None else measured(chosen)
                better = reasons is None or measure(reasons) > measure(found)
                if better:
                    best, kept, found = number, _weights(network), reasons or found
                history.append(_epoch(number, told, reasons, better))
                if after_epoch is not None:
                    after_epoch(history[-1])
        except KeyboardInterrupt:
            stopped = "interrupted"
        except NotANumber as error:
            stopped = str(error)
        finally:
            network.load_state_dict(kept)
    after = before
    if best:
        after = found if on == "validation" else measured(judged)
    return FineTuned(network, model, tuple(history), before, after, best, stopped, on)


def _check(
    penalty: str, strength: float, epochs: int, learning_rate: float, batch_norm: str
) -> None:
    if penalty not in PENALTIES:
        raise UnknownName("penalty", penalty, PENALTIES)
    if not (math.isfinite(strength) and strength >= 0):
        raise InvalidArgument(f"strength is {strength!r}; a number that is not negative")
    if not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
        raise InvalidArgument(f"epochs is {epochs!r}; a whole number of at least 1")
    if not (math.isfinite(learning_rate) and learning_rate > 0):
        raise InvalidArgument(f"learning_rate is {learning_rate!r}; it must be positive")
    if batch_norm not in ("frozen", "moving"):
        raise InvalidArgument(f"batch_norm is {batch_norm!r}; it can be 'frozen' or 'moving'")


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def _epoch(number: int, told: tuple[float, float, int], found: Reasons | None, kept: bool) -> Epoch:
    loss, cost, skipped = told
    if found is None:
        return Epoch(number, loss, cost, kept=kept, skipped=skipped)
    right, on = found.accuracy.value, found.on_object.value
    return Epoch(number, loss, cost, right, on, kept, skipped)
