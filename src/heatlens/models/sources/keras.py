"""`keras:NAME` and `keras:FILE.keras`: networks of Keras 3 on TensorFlow, JAX or torch."""

from __future__ import annotations

from pathlib import Path

from heatlens.errors import InvalidArgument
from heatlens.models.keras import applications
from heatlens.models.keras.importing import imported, state
from heatlens.models.protocol import Model
from heatlens.models.source import Wish, register_source

__all__: list[str] = []

_SUFFIXES = (".keras", ".h5")


def _build(wish: Wish) -> Model:
    keras = imported(f"keras:{wish.name}")
    from heatlens.models.keras.adopt import backend_of
    from heatlens.models.keras.files import read

    path = Path(wish.name).expanduser()
    if wish.name.endswith(_SUFFIXES) or path.is_file():
        if wish.weights is not True:
            raise InvalidArgument("a saved model carries its weights; leave weights= out")
        model = read(keras, path, trusted=wish.trust_pickle)
        return backend_of(model, wish, name=f"keras:{path.name}")
    if isinstance(wish.weights, Path):
        raise InvalidArgument(
            f"keras:{wish.name} takes no checkpoint in weights=; build the network, "
            "load_weights() into it and give that, or save it as a .keras file"
        )
    network, contract = applications.application(keras, wish)
    return backend_of(network, wish, contract, f"keras:{wish.name}")


def _names() -> list[str]:
    return applications.names()


register_source(
    "keras",
    _build,
    form="keras:NAME, keras:FILE.keras or FILE.keras",
    summary="keras.applications with its own preprocessing, and saved models of Keras 3.",
    names=_names,
    package="keras",
    extra="keras",
    suffixes=_SUFFIXES,
    state=state,
)
