"""A forward pass that goes no further than the layers that are wanted.

What comes after the last wanted layer cannot change it, and may be most of the network. How often
a layer runs in one pass is seen in a first one, which goes to the end; a layer that ran once then
is taken to run once for every input of that size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from heatlens.models.pytorch.capture import Listener, listening

__all__ = ["run_until_seen"]


class _Seen(BaseException):
    """All wanted layers have run; no `Exception`, which a network may catch by itself."""


def run_until_seen(
    run: Callable[[], Any],
    layers: Mapping[str, nn.Module],
    listener: Listener,
    often: dict[Any, int],
    key: Any,
) -> Any:
    """What `run` returns, or None if it was stopped because all `layers` have run.

    Args:
        run: one forward pass.
        layers: the wanted ones, by name; none means a pass to the end.
        listener: hears their outputs; what it returns takes an output's place.
        often: how often each layer runs in a pass, by (name, key); filled by the first pass.
        key: what that may hang on, such as the input's shape.
    """
    known = all((name, key) in often for name in layers)
    # A layer that runs twice may run a third time on other input: those are heard to the end.
    stop = bool(layers) and known and all(often[name, key] == 1 for name in layers)
    runs = dict.fromkeys(layers, 0)

    def hear(name: str, output: Tensor) -> Tensor | None:
        replacement = listener(name, output)
        runs[name] += 1
        if stop and all(runs.values()):
            raise _Seen
        return replacement

    try:
        with listening(layers, hear):
            result = run()
    except _Seen:
        return None
    often.update({(name, key): count for name, count in runs.items()})
    return result
