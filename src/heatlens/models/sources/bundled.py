"""`bundled:NAME`: the small networks that ship with heatlens."""

from __future__ import annotations

from heatlens.errors import InvalidArgument
from heatlens.models import bundled
from heatlens.models.contract import Contract
from heatlens.models.source import Loaded, Wish, register_source

__all__: list[str] = []


def _build(wish: Wish) -> Loaded:
    network, known = bundled.build(wish.name, weights=wish.pretrained)
    if wish.classes not in (None, len(known["labels"])):
        raise InvalidArgument(
            f"bundled:{wish.name} has {len(known['labels'])} classes, labels= names {wish.classes}"
        )
    contract = Contract(
        input_size=known["input_size"],
        mean=known["mean"],
        std=known["std"],
        labels=known["labels"],
    )
    return Loaded(network, contract)


register_source(
    "bundled",
    _build,
    form="bundled:NAME",
    summary="Small networks trained on heatlens's own scenes; they ship with their weights.",
    names=bundled.names,
)
