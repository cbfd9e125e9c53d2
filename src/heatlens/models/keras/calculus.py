"""Which of Keras's backends differentiates a network, and what each of them has to offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.models.keras.network import KerasNetwork
from heatlens.models.targets import Target

__all__ = ["Calculus", "calculus_of"]


class Calculus(Protocol):
    """Runs a network and pulls gradients back, in one framework; torch tensors in and out.

    `inputs` are the batch and the held inputs, each with all rows.
    """

    @property
    def device(self) -> torch.device:
        """Where inputs should lie."""
        ...

    def forward(
        self, inputs: Sequence[Tensor], layers: tuple[str, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output and the named layers' outputs, in the order in which they came."""
        ...

    def gradient(
        self, inputs: Sequence[Tensor], target: Target, start: str | None = None
    ) -> tuple[Tensor, Tensor]:
        """What the gradient is with respect to, the batch or the output of `start`, and itself."""
        ...


def calculus_of(network: KerasNetwork) -> Calculus:
    """That of the backend at work.

    Raises:
        InvalidArgument: Keras runs on a backend without gradients (numpy, openvino).
    """
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        from heatlens.models.tensorflow.calculus import TensorFlowCalculus

        return TensorFlowCalculus(network.run)
    if backend == "jax":
        from heatlens.models.keras.jax import JaxCalculus

        return JaxCalculus(network)
    if backend == "torch":
        from heatlens.models.keras.pytorch import TorchCalculus

        return TorchCalculus(network)
    raise InvalidArgument(
        f"Keras runs on the backend {backend!r} here (KERAS_BACKEND={backend}); heatlens explains "
        "networks of Keras on tensorflow, jax or torch. Set KERAS_BACKEND to one of them before "
        "keras is imported"
    )
