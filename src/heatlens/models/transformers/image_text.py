"""CLIP, SigLIP and their kin: heat on a picture for any words, and on words for a picture.

With prompts as `labels=` the model is a classifier whose scores are those of the whole model,

    score_k = exp(scale) * cos(picture, prompt_k) (+ bias for SigLIP),

without them its output is the picture's embedding, and a target is any text.

Radford et al.: Learning Transferable Visual Models From Natural Language Supervision, ICML 2021.
Zhai et al.: Sigmoid Loss for Language Image Pre-Training, ICCV 2023.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

from heatlens.errors import InvalidArgument
from heatlens.models.contract import Contract
from heatlens.models.layout import to_canonical
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.workshop import Workshop
from heatlens.models.targets import Similarity, Target
from heatlens.models.transformers.reading import Reader, TextView, text_view

__all__ = ["ImageTextModel", "image_text"]

EMBEDDING = "embedding"
"""Name of the layer whose output is the picture's embedding."""


class PictureNetwork(nn.Module):
    """The half of the model that sees, and the comparison with prompts that are held.

    Its layers bear the names that they have in the whole model.
    """

    prompts: Tensor | None

    def __init__(self, model: nn.Module, prompts: Tensor | None) -> None:
        """Take the picture half; `prompts` are embeddings (K, E) of length 1, or None."""
        super().__init__()
        self.vision_model = model.vision_model
        self.visual_projection = getattr(model, "visual_projection", nn.Identity())
        self.embedding = nn.Identity()
        self.logit_scale = model.logit_scale
        self.logit_bias = getattr(model, "logit_bias", None)
        self.register_buffer("prompts", prompts)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Scores (N, K) of the prompts, or embeddings (N, E) without any."""
        see: Any = self.vision_model
        project: Any = self.visual_projection
        seen = see(pixel_values=pixel_values, interpolate_pos_encoding=True)
        embedding: Tensor = self.embedding(project(seen.pooler_output))
        if self.prompts is None:
            return embedding
        cosines = nn.functional.normalize(embedding, dim=1) @ self.prompts.to(embedding).T
        scale: Any = self.logit_scale
        scores: Tensor = cosines * scale.exp()
        return scores if self.logit_bias is None else scores + self.logit_bias


class ImageTextModel(TorchModel):
    """A model of pictures that can be asked about any text.

    As a model of pictures it is like any other: `contract.labels` are its prompts. What it adds
    is `prompt_target` and `text_view`. Prompts are read anew when weights of the half that reads
    were changed; a target that was made before keeps the embedding it was made with.
    """

    def __init__(
        self,
        module: nn.Module,
        contract: Contract | None = None,
        *,
        tokenizer: Any,
        **options: Any,
    ) -> None:
        """Split a whole model of transformers into the half that sees and the one that reads."""
        self.reader = Reader(module, tokenizer)
        self._whole = module
        self._contract = contract or Contract()
        self._read_with = self.reader.weights
        network = PictureNetwork(module, self._prompts()).eval()
        super().__init__(network, self._contract, **options)

    @property
    def contract(self) -> Contract:
        """What the model expects of its input; other labels are other prompts."""
        return self._contract

    @contract.setter
    def contract(self, contract: Contract) -> None:
        others = contract.labels != self._contract.labels
        self._contract = contract
        if others:
            self._read_with = self.reader.weights
            self.module = PictureNetwork(self._whole, self._prompts()).eval()
            self._workshop = Workshop()

    def prepare(self, batch: Tensor) -> Tensor:
        """Check a batch and bring it to the network's device, with prompts as it reads them now."""
        if self._contract.labels and self.reader.weights != self._read_with:
            self._read_with = self.reader.weights
            network: Any = self.module
            network.prompts = self._prompts()
        return super().prepare(batch)

    def _prompts(self) -> Tensor | None:
        labels = self._contract.labels
        return self.reader.embeddings(labels) if labels else None

    def prompt_target(self, text: str) -> Target:
        """How well a picture fits a text, as a target: the cosine of their embeddings.

        Args:
            text: any words; need not be among the labels.

        Raises:
            InvalidArgument: an empty text, or more tokens than the model reads.
        """
        (reference,) = self.reader.embeddings([text])
        return Similarity(reference, name=repr(text), layer=EMBEDDING)

    def text_view(self, text: str, picture: Tensor, against: Tensor | None = None) -> TextView:
        """A text as the input, with one picture held: heat on its words.

        Args:
            text: the words to put heat on.
            picture: one row of a batch, in the network's layout, as it takes it.
            against: a batch of other pictures: then heat is on what makes the text fit this
                picture more than those, and none on words that fit any picture.

        Raises:
            InvalidArgument: more than one picture, an empty text, or too many tokens.
        """
        if len(picture) != 1:
            raise InvalidArgument(
                f"{len(picture)} pictures; heat on words is for one text and one picture. Others "
                "that it is to be told apart from go into against="
            )
        others = None if against is None else self._seen(against)
        return text_view(self.reader, text, self._seen(picture), others, self.name)

    def _seen(self, pictures: Tensor) -> Tensor:
        """Embeddings of pictures in the network's layout."""
        return self.predict(to_canonical(pictures, self.contract.layout), EMBEDDING)


def image_text(tokenizer: Any) -> Callable[..., ImageTextModel]:
    """What makes an `ImageTextModel` of a loaded network, its contract and its name."""
    return partial(ImageTextModel, tokenizer=tokenizer)
