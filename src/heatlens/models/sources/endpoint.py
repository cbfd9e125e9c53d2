"""`http://HOST/PATH` and `https://HOST/PATH`: a model that answers over HTTP."""

from __future__ import annotations

from functools import partial

from heatlens.errors import InvalidArgument
from heatlens.models.function.adopt import adopt
from heatlens.models.function.endpoint import Endpoint
from heatlens.models.protocol import Model
from heatlens.models.source import Wish, register_source

__all__: list[str] = []


def _build(wish: Wish, scheme: str) -> Model:
    if wish.weights is not True:
        raise InvalidArgument("an endpoint has its weights with it; leave weights= out")
    return adopt(Endpoint(f"{scheme}:{wish.name}"), wish)


for _scheme, _summary in (
    ("http", "An endpoint on this machine or in a network of your own."),
    ("https", "An endpoint; all that is sent and answered is encrypted."),
):
    register_source(
        _scheme,
        partial(_build, scheme=_scheme),
        form=f"{_scheme}://HOST/PATH",
        summary=_summary,
        gives=frozenset({"predict"}),
    )
