"""`invert`: which picture gives the layer the same answer? What is lost, the layer did not keep."""

from __future__ import annotations

from typing import Any

from heatlens.features.visualisation.objectives.match import Match
from heatlens.features.visualisation.visualize import visualize

__all__ = ["invert"]


def invert(
    model: Any,
    picture: Any,
    layer: str,
    *,
    total_variation: float = 0.1,
    transforms: Any = "none",
    **settings: Any,
) -> Any:
    """A picture, made from noise, that a layer answers to as it does to the given one.

        x* = argmin_x |a(x) - a(picture)|^2 / |a(picture)|^2 + total_variation TV(x)

    Mahendran, Vedaldi: Understanding Deep Image Representations by Inverting Them, CVPR 2015,
    arXiv:1412.0035.

    Args:
        model: a loaded model or a bare network, of pictures, with gradients.
        picture: anything `read_image` takes; brought to the canvas's size.
        layer: whose answer is matched.
        total_variation: weight of the total variation.
        transforms: as in `visualize`; an answer cell by cell stands no moving.
        settings: more of `visualize`.

    Returns:
        As `visualize`; the value is minus the relative squared difference that is left.

    Example:
        >>> import numpy as np
        >>> from heatlens.models.load import load_model
        >>> model = load_model("bundled:scene-cnn")
        >>> white = np.full((96, 96, 3), 255, np.uint8)
        >>> image = invert(model, white, "stem", steps=4)
        >>> image.metadata["visualisation"]["objective"]
        'stem:match'
    """
    return visualize(
        model,
        Match(layer, picture),
        total_variation=total_variation,
        transforms=transforms,
        **settings,
    )
