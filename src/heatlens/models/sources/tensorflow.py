"""`tensorflow:DIR`: SavedModels."""

from __future__ import annotations

from pathlib import Path

from heatlens.errors import InvalidArgument
from heatlens.models.protocol import Model
from heatlens.models.source import Wish, register_source
from heatlens.optional import needed

__all__: list[str] = []


def _build(wish: Wish) -> Model:
    tensorflow = needed("tensorflow", f"tensorflow:{wish.name}", "tensorflow")
    from heatlens.models.tensorflow.adopt import adopt
    from heatlens.models.tensorflow.saved import read

    path = Path(wish.name).expanduser()
    if wish.weights is not True:
        raise InvalidArgument("a SavedModel carries its weights; leave weights= out")
    model = adopt(read(tensorflow, path, trusted=wish.trust_pickle), wish)
    if model is None:
        raise InvalidArgument(f"{str(path)!r} has nothing in it that can be called")
    model.name = f"tensorflow:{path.name}"
    return model


register_source(
    "tensorflow",
    _build,
    form="tensorflow:DIR",
    summary="A SavedModel: scores and input gradients of its serving signature.",
    package="tensorflow",
    extra="tensorflow",
    gives=frozenset({"predict", "gradient"}),
)
