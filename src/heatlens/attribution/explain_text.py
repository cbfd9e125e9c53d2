"""Heat on the words of a text: which of them make it fit a picture, or this one and no other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.attribution.explain import Wanted, explained
from heatlens.errors import InvalidArgument, UnsupportedMethod
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.models.inputs.prepared import Floats, Prepared
from heatlens.models.prepare import prepared
from heatlens.models.protocol import Model
from heatlens.models.targets import ClassIndex
from heatlens.text import Text

__all__ = ["explain_text"]


@runtime_checkable
class _Compares(Protocol):
    """An image-text model."""

    def text_view(self, text: str, picture: Tensor, against: Tensor | None = None) -> Any:
        """The model as one of a text's token embeddings, the pictures held."""
        ...


@dataclass(frozen=True, eq=False)
class _PreparedText(Prepared):
    """Token embeddings (1, C, L), and which word each token belongs to."""

    word_of_token: tuple[int | None, ...] = ()
    words: tuple[str, ...] = ()

    def back(self, maps: Tensor) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """The tokens' values (1, L) summed over the pieces of each word."""
        values = np.zeros(len(self.words), np.float32)
        for place, value in zip(self.word_of_token, maps[0].tolist(), strict=True):
            if place is not None:
                values[place] += value
        return values, np.ones(len(self.words), bool)


def explain_text(model: Model, text: Text, target: Any, wanted: Wanted) -> Any:
    """How much each word makes the text fit a picture.

    Args:
        model: an image-text model.
        text: the words, and the pictures that they are to be told apart from.
        target: the picture, or a list of pictures for a list of heatmaps.
        wanted: the method; a baseline that it takes is the model's own "no word" unless given.

    Returns:
        A `Heatmap` with axes "L" in units of the model's similarity score s(text, picture), or of
        s(text, picture) - mean s(text, other) over the others in `text.against`.

    Raises:
        UnsupportedMethod: the model compares no texts with pictures.
        InvalidArgument: the target is no picture, or a picture does not go in as one row.
    """
    if not isinstance(model, _Compares):
        raise UnsupportedMethod(
            f"{model.name} does not read: heat on words needs an image-text model, such as "
            "load_model('hf:openai/clip-vit-base-patch32')"
        )
    if isinstance(target, list | tuple):
        return [explain_text(model, text, one, wanted) for one in target]
    if isinstance(target, int) or (isinstance(target, str) and target == "predicted"):
        raise InvalidArgument(
            "the words are held against a picture: give it as target=, a path, an array or an Image"
        )
    picture = read_image(target)
    ready = prepared(model, picture, wanted.fit)
    others = [read_image(one) for one in text.against]
    against = [_row(model, one, wanted.fit) for one in others]
    view = model.text_view(text.content, ready.batch, torch.cat(against) if against else None)
    takes = wanted.method.parameters
    parameters = dict(wanted.parameters)
    if "baseline" in takes and "baseline" not in parameters:
        parameters["baseline"] = view.baseline
    batch = _PreparedText(
        view.batch,
        (*model.contract.notes, *ready.notes),
        axes="L",
        coordinates={"L": view.words},
        instead=view.baseline,
        word_of_token=view.word_of_token,
        words=view.words,
    )
    chosen = replace(wanted, parameters=parameters)
    heat: Heatmap = explained(view.model, text.name, batch, ClassIndex(0), chosen)
    fits = f"fit with {picture.name or 'the picture'}{_rather(others)}"
    return heat.with_(provenance=heat.provenance.with_(target=fits, model=model.name))


def _row(model: Model, picture: Image, fit: str | None) -> Tensor:
    """A picture as one row, so that all count alike in the mean."""
    rows = prepared(model, picture, fit).batch
    if len(rows) != 1:
        raise InvalidArgument(
            f"{picture.name or 'a picture'} in against= goes in as {len(rows)} tiles; "
            "fit='crop' or 'squash' makes one of it"
        )
    return rows


def _rather(others: list[Image]) -> str:
    """The others in words: by name if there is one."""
    if not others:
        return ""
    if len(others) == 1:
        return f" rather than {others[0].name or 'another'}"
    return f" rather than {len(others)} others"
