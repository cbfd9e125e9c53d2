"""`bundled:NAME`: the small networks that ship with heatlens."""

from __future__ import annotations

import importlib.util

from heatlens.errors import InvalidArgument, MissingDependency, UnknownName
from heatlens.models import bundled
from heatlens.models.bundled.kinds import (
    CHECKPOINTS,
    EVENTS,
    build_event_net,
    folder_of,
    kind_names,
)
from heatlens.models.contract import Contract
from heatlens.models.source import Loaded, Wish, register_source

__all__: list[str] = []


def _names() -> list[str]:
    return sorted([*bundled.names(), *kind_names()])


def _build(wish: Wish) -> Loaded:
    if wish.name in CHECKPOINTS:
        from heatlens.models.transformers.checkpoint import Checkpoint
        from heatlens.models.transformers.load import load_checkpoint

        folder = Checkpoint(str(folder_of(wish.name)), None, offline=True)
        what = f"bundled:{wish.name}"
        try:
            return load_checkpoint(folder, wish, what)
        except MissingDependency as error:  # nobody asked for the source hf:NAME
            raise MissingDependency(error.package, error.extra, what, error.reason) from error
    if wish.name == "event-net":
        _fit_classes(wish, EVENTS)
        contract = Contract(
            input_size=(12, 32, 32),
            mean=(0.5,) * 3,
            std=(0.25,) * 3,
            labels=EVENTS,
            layout="NCTHW",
        )
        return Loaded(build_event_net(wish.pretrained), contract)
    if wish.name not in bundled.names():
        raise UnknownName("bundled model", wish.name, _names())
    network, known = bundled.build(wish.name, weights=wish.pretrained)
    _fit_classes(wish, known["labels"])
    contract = Contract(
        input_size=known["input_size"],
        mean=known["mean"],
        std=known["std"],
        labels=known["labels"],
    )
    return Loaded(network, contract)


def _fit_classes(wish: Wish, labels: tuple[str, ...]) -> None:
    if wish.classes not in (None, len(labels)):
        raise InvalidArgument(
            f"bundled:{wish.name} has {len(labels)} classes, labels= names {wish.classes}"
        )


def _state() -> str:
    """Which of the models need a package that may be missing; nothing is imported."""
    missing = importlib.util.find_spec("transformers") is None
    advice = ", which is missing: pip install 'heatlens[models]'" if missing else " as hf: does"
    return f"{', '.join(CHECKPOINTS)} need transformers{advice}"


register_source(
    "bundled",
    _build,
    form="bundled:NAME",
    summary="Small networks trained on heatlens's own scenes; they ship with their weights.",
    names=_names,
    state=_state,
)
