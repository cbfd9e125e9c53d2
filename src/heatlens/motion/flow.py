"""`optical_flow`: the displacement of every pixel from one frame to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.motion.frames import colour_pair, grey
from heatlens.parameters import checked_parameters, parameters_of, summary_of
from heatlens.registry import Registry

__all__ = ["FLOWS", "Flow", "FlowMethod", "flows", "optical_flow", "register"]

Flow = npt.NDArray[np.float32]
"""float32 (H, W, 2): rows down, columns right, pixels per frame."""

Estimate = Callable[..., Flow]


@dataclass(frozen=True)
class FlowMethod:
    """A registered way of estimating optical flow.

    Attributes:
        name: what users call it.
        function: `function(before, after, **parameters)` on uint8 frames of one size.
        family: "patch", "polynomial", "network".
        paper: where it comes from.
        colour: whether it takes (H, W, 3); else grey (H, W).
    """

    name: str
    function: Estimate
    family: str
    paper: str
    colour: bool

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return summary_of(self.function)

    @property
    def parameters(self) -> dict[str, Any]:
        """Names and defaults of the parameters it takes."""
        return parameters_of(self.function)


FLOWS: Registry[FlowMethod] = Registry("optical flow", ("heatlens.motion.methods",))
"""All ways of estimating optical flow, by name."""


def register(
    name: str, *, family: str, paper: str, colour: bool = False
) -> Callable[[Estimate], Estimate]:
    """Register a function as a flow method; see `FlowMethod` for the arguments."""

    def decorate(function: Estimate) -> Estimate:
        FLOWS.add(name, FlowMethod(name, function, family, paper, colour))
        return function

    return decorate


def flows() -> list[FlowMethod]:
    """All flow methods, by name.

    Example:
        >>> [method.name for method in flows()]
        ['dis', 'farneback', 'raft']
    """
    return list(FLOWS.values())


def optical_flow(before: Any, after: Any, method: str = "dis", **parameters: Any) -> Flow:
    """How far each pixel of `before` moves to where it is in `after`.

    Args:
        before: a frame: an array (H, W) or (H, W, 3), an `Image`, or anything that `read_image`
            takes. Any size from one pixel on.
        after: the next frame, of the same size.
        method: one of `FLOWS`: "dis", "farneback", "raft".
        **parameters: the method's own; `flows()` lists them.

    Returns:
        float32 (H, W, 2): rows (down), columns (right), pixels per frame. Finite. Where there is
        no texture the methods fill in from around; on two flat frames the flow is 0.

    Raises:
        UnknownName: no such method.
        InvalidArgument: frames of two sizes, a parameter that the method does not have, or a value
            that it cannot use.
        UnreadableImage: NaN, infinite values, size zero.
        MissingDependency: without the extra `video` ("raft": `models`).

    Example:
        >>> black = np.zeros((20, 30), np.uint8)
        >>> float(np.abs(optical_flow(black, black)).max())
        0.0
    """
    chosen = FLOWS[method]
    checked_parameters(method, parameters, chosen.parameters)
    first, second = colour_pair(before, after)
    if not chosen.colour:
        first, second = grey(first), grey(second)
    found = chosen.function(first, second, **parameters)
    if not np.isfinite(found).all():
        raise InvalidArgument(
            f"{method} gave {int((~np.isfinite(found)).sum())} values that are no numbers; are its "
            "weights those of this architecture?"
        )
    return np.ascontiguousarray(found, np.float32)
