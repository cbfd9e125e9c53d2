"""A network of Keras that the user gave, as a model."""

from __future__ import annotations

import sys
from typing import Any

from heatlens.models.backend import Backend
from heatlens.models.contract import Contract
from heatlens.models.keras.contract import contract_of
from heatlens.models.keras.engine import KerasEngine
from heatlens.models.keras.network import KerasNetwork
from heatlens.models.source import Wish

__all__ = ["adopt", "backend_of"]


def adopt(network: Any, wish: Wish) -> Backend | None:
    """A `keras.Model` as a model; None if it is none.

    The network's own output is explained: for most classifiers of Keras those are probabilities,
    as in its tutorials. `output="logits"` reads what goes into the last softmax or sigmoid.

    Raises:
        InvalidArgument: it has no weights yet, takes a fixed number of rows, or Keras runs on a
            backend without gradients.
        UnknownName: it has no output of that name.
    """
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(network, getattr(keras, "Model", ())):
        return None
    return backend_of(network, wish)


def backend_of(
    model: Any, wish: Wish, contract: Contract | None = None, name: str | None = None
) -> Backend:
    """A `keras.Model` with a contract, else with the one that it tells of itself."""
    network = KerasNetwork(model, wish.output)
    if contract is None:
        contract = contract_of(network, wish.layout)
    engine = KerasEngine(model, network)
    backend = Backend(engine, contract, name=name or network.name, origin=model)
    backend.share(engine.findings.spatial.setdefault(network.key, {}))
    return backend
