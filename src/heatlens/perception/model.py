"""What a model of saliency for still pictures is, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.large.image import LargeImage, Progress
from heatlens.parameters import checked_parameters, parameters_of, summary_of
from heatlens.registry import Registry

__all__ = ["SALIENCY", "SaliencyModel", "register"]

Function = TypeVar("Function", bound=Callable[..., npt.NDArray[np.float32]])
Streamed = Callable[[LargeImage, Progress | None], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class SaliencyModel:
    """A registered model of what the eye sees first in a picture.

    Attributes:
        name: what users call it.
        function: `function(image, **parameters) -> (h, w) float32`, finite, >= 0, unnormalised, on
            a grid of its own choice that covers the picture from edge to edge.
        family: what it goes by: "spectral", "centre-surround", "graph", ...
        paper: where it comes from.
        longest: pixels along the longer side of the reduced picture that it looks at; None if it
            looks at every pixel.
        halo: from the full parameters, how many pixels around one its value depends on, for a
            model that looks at every pixel and can see a large picture piece by piece; None if not.
        streamed: from the full parameters, `function(large, progress) -> map` for pictures too
            large for memory where the map of the reduced picture is another; None where it is not.
    """

    name: str
    function: Callable[..., npt.NDArray[np.float32]]
    family: str
    paper: str
    longest: int | None
    halo: Callable[[Mapping[str, Any]], int | None] | None = None
    streamed: Callable[[Mapping[str, Any]], Streamed | None] | None = None

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return summary_of(self.function)

    @property
    def parameters(self) -> dict[str, Any]:
        """Names and defaults of the parameters it takes."""
        return parameters_of(self.function)

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The full parameters, or an error in words; see `checked_parameters`."""
        return checked_parameters(self.name, given, self.parameters)

    def __call__(self, image: Image, **parameters: Any) -> npt.NDArray[np.float32]:
        """The model's map of a flat picture, on the model's own grid."""
        self.check(parameters)
        if image.axes not in ("YX", "YXC"):
            raise InvalidArgument(
                f"{self.name} looks at one still picture (axes YX or YXC), not at {image.axes}"
            )
        return self.function(image, **parameters)


SALIENCY: Registry[SaliencyModel] = Registry("saliency model", ("heatlens.perception.static",))
"""All models of saliency for still pictures, by name."""


def register(
    name: str,
    *,
    family: str,
    paper: str,
    longest: int | None,
    halo: Callable[[Mapping[str, Any]], int | None] | None = None,
    streamed: Callable[[Mapping[str, Any]], Streamed | None] | None = None,
) -> Callable[[Function], Function]:
    """Register a model under `name`; see `SaliencyModel` for the arguments."""

    def decorate(function: Function) -> Function:
        SALIENCY.add(name, SaliencyModel(name, function, family, paper, longest, halo, streamed))
        return function

    return decorate
