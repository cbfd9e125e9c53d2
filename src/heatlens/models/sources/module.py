"""`module:pkg.mod:factory`: a network that a function of your own builds."""

from __future__ import annotations

import importlib

import torch
from torch import nn

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.models.metadata import contract_of
from heatlens.models.source import Loaded, Wish, register_source

__all__: list[str] = []


def _build(wish: Wish) -> Loaded:
    path, colon, factory = wish.name.partition(":")
    if not (path and colon and factory):
        raise InvalidArgument(
            f"module:{wish.name} is not of the form module:pkg.mod:factory, for example "
            "module:mylab.nets:build_classifier"
        )
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{path}.".startswith(f"{error.name}."):
            raise  # a module that this module needs is missing: its own error says it better
        raise InvalidArgument(
            f"there is no module {path!r} to import; is its folder on the Python path "
            "(PYTHONPATH, or installed)?"
        ) from error
    if wish.weights is False:
        raise InvalidArgument(
            f"module:{wish.name} decides itself about its weights; leave weights= out"
        )
    # The import may have drawn random numbers, but only the first time.
    torch.default_generator.manual_seed(torch.default_generator.initial_seed())
    made = module
    for part in factory.split("."):
        if not hasattr(made, part):
            raise UnknownName(f"function of {path}", factory, _public(module))
        made = getattr(made, part)
    network = made if isinstance(made, nn.Module) else _called(made, f"{path}:{factory}")
    if not isinstance(network, nn.Module):
        raise InvalidType(
            f"{path}:{factory} gave {type(network).__name__}; it must give a torch.nn.Module"
        )
    return Loaded(network, contract_of(network))


def _called(made: object, name: str) -> object:
    if not callable(made):
        raise InvalidType(
            f"{name} is {type(made).__name__}; it must be a function without arguments"
        )
    return made()


def _public(module: object) -> list[str]:
    return [
        name for name, item in vars(module).items() if callable(item) and not name.startswith("_")
    ]


register_source(
    "module",
    _build,
    form="module:PACKAGE.MODULE:FACTORY",
    summary="What a function of your own returns; it is called without arguments.",
)
