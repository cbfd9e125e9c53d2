"""What was compiled and found out for a network of Keras, kept as long as the network lives.

A bare network is wrapped anew in every call; compiling it each time would cost more than the map.
Nothing here holds the network itself, and nothing is written on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from heatlens.models.keras.calculus import Calculus

__all__ = ["Findings", "findings_on"]


@dataclass
class Findings:
    """True as long as the network consists of the same layers and activations.

    Attributes:
        anatomy: what it consisted of.
        calculi: what differentiates it, by output and inputs.
        spatial: the layers that CAMs are read from, by output and inputs.
    """

    anatomy: tuple[Any, ...] = ()
    calculi: dict[Any, Calculus] = field(default_factory=dict)
    spatial: dict[Any, dict[Any, Any]] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def calculus(
        self, anatomy: tuple[Any, ...], key: Any, make: Callable[[], Calculus]
    ) -> Calculus:
        """The one for `key`, made if there is none yet or the network is another one now."""
        with self.lock:
            old = self.anatomy
            if len(anatomy) != len(old) or any(
                new is not known for new, known in zip(anatomy, old, strict=True)
            ):
                self.anatomy = anatomy
                self.calculi.clear()
                for found in self.spatial.values():
                    found.clear()
            if key not in self.calculi:
                self.calculi[key] = make()
            return self.calculi[key]


_known: WeakKeyDictionary[Any, Findings] = WeakKeyDictionary()
_lock = threading.Lock()


def findings_on(model: Any) -> Findings:
    """The findings on a network."""
    with _lock:
        return _known.setdefault(model, Findings())
