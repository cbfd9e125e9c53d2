"""A function from a batch to scores as an engine: on NumPy's arrays, or on tensors of PyTorch."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from heatlens.errors import HeatlensError, InvalidArgument, NeedsGradient, UnsupportedMethod
from heatlens.models.arrays import as_tensor, framework_of
from heatlens.models.function.result import finite_scores, scores_of
from heatlens.models.function.signature import check_held, input_names
from heatlens.models.pytorch.port import one_output
from heatlens.models.targets import Target

__all__ = ["FunctionEngine", "NumpyFunction", "TorchFunction"]


class FunctionEngine(ABC):
    """A function whose inside nobody can see.

    Attributes:
        function: from a batch in the network's own layout to scores, one row for each row.
        name: what it is called in messages.
        output: which of several outputs counts, by name or place.
        row_limit: most rows it is given at once.
        taken: the kind of array that it is given, for messages.
    """

    capabilities = frozenset({"predict"})
    dtype = torch.float32
    taken = ""

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        *,
        output: str | int | None = None,
        row_limit: int | None = None,
    ) -> None:
        """Take `function` as it is; nothing is called yet."""
        self.function, self.name, self.output, self.row_limit = function, name, output, row_limit
        self.device = torch.device("cpu")
        self._of: str | None = None
        self._held: dict[str, Any] = {}
        self._shapes: dict[tuple[int, ...], tuple[int, ...]] = {}

    def layers(self) -> tuple[str, ...]:
        """None: a function shows nothing of its inside."""
        return ()

    @abstractmethod
    def forward(
        self, batch: Tensor, layers: Sequence[str] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The scores of each row."""

    def gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Not to be had, unless the function follows autograd."""
        raise NeedsGradient(f"{self.name} gives scores and no gradients")

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """Not to be had: there are no layers."""
        raise UnsupportedMethod(f"{self.name} shows no layer inside")

    def with_random_head(self, seed: int) -> None:
        """None: nobody knows where its weights are."""
        return

    def inputs(self) -> tuple[str, ...]:
        """Names of the function's parameters."""
        return input_names(self.function)

    def holding(self, others: Mapping[str, Any], of: str | None = None) -> FunctionEngine:
        """This engine as one of the input `of` alone; the others stay, one row each (1, ...)."""
        check_held(self.function, others, of)
        twin = copy.copy(self)
        twin._of, twin._held, twin._shapes = of or self._of, {**self._held, **others}, {}
        return twin

    def _called(self, batch: Any, rows: int) -> Any:
        """What the function returns; what it raises becomes an error that names it."""
        others = {name: self._repeated(name, value, rows) for name, value in self._held.items()}
        names = self.inputs()
        of = self._of or next((name for name in names if name not in others), None)
        try:
            if of is None or (names and of == names[0]):
                return self.function(batch, **others)
            return self.function(**{of: batch}, **others)
        except (HeatlensError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            if isinstance(error, RuntimeError) and "out of memory" in str(error).lower():
                raise  # the batch is halved then
            said = str(error).strip().split("\n")[0]
            raise InvalidArgument(
                f"{self.name} raised {type(error).__name__}{': ' if said else ''}{said[:300]}. It "
                f"was given {self.taken} of shape {tuple(batch.shape)}, a batch; layout= says in "
                "which order the axes go in, framework= whose arrays"
            ) from error

    def _repeated(self, name: str, value: Any, rows: int) -> Any:
        if framework_of(value) is None:
            return value
        one = as_tensor(value, f"input {name!r}")
        if one.ndim and len(one) != 1:
            raise InvalidArgument(
                f"input {name!r} has shape {tuple(one.shape)}; an input that is held has one row, "
                "(1, ...), which is repeated for each row of a batch"
            )
        return self._own(one.expand(rows, *one.shape[1:]) if one.ndim else one)

    @abstractmethod
    def _own(self, tensor: Tensor) -> Any:
        """The tensor in memory of its own, as the function takes it."""

    def _same_shape(self, scores: Tensor, batch: Tensor) -> Tensor:
        """The scores, if they have as many columns as those for inputs of this size had before."""
        before = self._shapes.setdefault(tuple(batch.shape[1:]), tuple(scores.shape[1:]))
        if before != tuple(scores.shape[1:]):
            raise InvalidArgument(
                f"{self.name} returned shape {tuple(scores.shape)} after (N, "
                f"{', '.join(map(str, before))}) for inputs of the same size; it must return the "
                "same columns each time"
            )
        return scores


class NumpyFunction(FunctionEngine):
    """A function from a NumPy array to scores.

    It is given an array of its own, so it may write into it. Where it belongs to an estimator that
    says how many features it was fitted on (scikit-learn's `n_features_in_`), each row goes in
    flat.
    """

    taken = "a float32 array of NumPy"

    def forward(
        self, batch: Tensor, layers: Sequence[str] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The scores of each row, as (N, ...)."""
        result = self._called(self._flat(self._own(batch)), len(batch))
        return self._same_shape(scores_of(result, len(batch), self.name, self.output), batch), {}

    def _own(self, tensor: Tensor) -> np.ndarray[Any, Any]:
        return np.array(tensor.detach().cpu().numpy(), order="C")

    def _flat(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        estimator = getattr(self.function, "__self__", None)
        features = getattr(estimator, "n_features_in_", None)
        if not isinstance(features, int | np.integer):
            return array
        flat = array.reshape(len(array), -1)
        if flat.shape[1] != features:
            raise InvalidArgument(
                f"{self.name} was fitted on {features} features, the batch has rows of shape "
                f"{array.shape[1:]}, which are {flat.shape[1]}; give pictures of the size and "
                "channels it was fitted on (input_size= brings them to that size)"
            )
        return flat


class TorchFunction(FunctionEngine):
    """A function on tensors of PyTorch; gradients are autograd's.

    The graph begins at a copy of the batch, so neither the caller's tensor nor any parameter that
    the function uses gets a `.grad`.
    """

    capabilities = frozenset({"predict", "gradient"})
    taken = "a tensor of PyTorch"

    def __init__(
        self, function: Callable[..., Any], name: str, *, output: str | int | None = None
    ) -> None:
        """Take `function`; a bound method of a module says on which device its input belongs."""
        super().__init__(function, name, output=output)
        owner = getattr(function, "__self__", None)
        if isinstance(owner, nn.Module):
            if owner.training:
                raise InvalidArgument(
                    f"{name} belongs to a network in training mode, which drops out at random and "
                    "updates its batch norms as it runs; call network.eval() first"
                )
            first = next((weight for weight in owner.parameters()), None)
            if first is not None and first.is_floating_point():
                self.device, self.dtype = first.device, first.dtype

    def forward(
        self, batch: Tensor, layers: Sequence[str] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The scores of each row, as (N, ...)."""
        with torch.no_grad():
            return self._scores(self._own(batch)).detach(), {}

    def gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Gradient of the sum of the target's scores with respect to the batch.

        Raises:
            NeedsGradient: autograd cannot follow from the scores to the batch.
        """
        with torch.inference_mode(False), torch.enable_grad():
            leaf = self._own(batch).requires_grad_()
            # The function may write into what it is given, which a leaf does not allow.
            scores = target.scores(self._scores(leaf.clone()))
            slope = None
            if scores.requires_grad:
                (slope,) = torch.autograd.grad(scores.sum(), leaf, allow_unused=True)
        if slope is None:
            raise NeedsGradient(
                f"autograd cannot follow {self.name} from its scores back to its input (a "
                ".detach(), .item(), .numpy() or torch.no_grad() inside?); methods that only look "
                "at scores, such as 'occlusion', need no gradient"
            )
        return slope

    def _scores(self, batch: Tensor) -> Tensor:
        result = self._called(batch, len(batch))
        if self.output is not None:
            result = one_output(result, self.output)
        if isinstance(result, Tensor) and result.is_floating_point():
            scores = finite_scores(result, len(batch), self.name)
        else:
            scores = scores_of(result, len(batch), self.name).to(batch.device)
        return self._same_shape(scores, batch)

    def _own(self, tensor: Tensor) -> Tensor:
        return tensor.detach().to(self.device, copy=True).contiguous()
