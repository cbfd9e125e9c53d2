"""The half of an image-text model that reads: texts to embeddings, and heat on their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument
from heatlens.models.contract import Contract
from heatlens.models.pytorch.capture import listening
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.transformers.words import Tokens, tokens_of

__all__ = ["Reader", "TextView", "text_view"]

_TEXTS = 64
"""Texts that are read at once."""

_KEPT = 4096
"""Embeddings that are kept."""


class TextTower(nn.Module):
    """From numbers of tokens to embeddings: the text model and the projection behind it."""

    def __init__(self, model: nn.Module) -> None:
        """Take both from a whole model, whose weights stay where they are."""
        super().__init__()
        self.text_model = model.text_model
        self.text_projection = getattr(model, "text_projection", nn.Identity())

    def forward(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Embeddings (N, E) of texts (N, L)."""
        read: Any = self.text_model
        pooled = read(input_ids=ids, attention_mask=mask).pooler_output
        embedding: Tensor = self.text_projection(pooled)
        return embedding


class Reader:
    """Texts to embeddings, each text once as long as the weights stay what they are.

    Attributes:
        tower: the text half of the network.
        tokenizer: of transformers.
        longest: most tokens that the model reads.
        full: whether every text is padded to that length, as SigLIP is trained.
    """

    def __init__(self, model: nn.Module, tokenizer: Any) -> None:
        """Take the text half of a model."""
        config: Any = model.config
        known = int(config.text_config.vocab_size)
        if not known / 2 <= len(tokenizer) <= known:
            # Without its files transformers makes an empty tokenizer and says nothing.
            raise InvalidArgument(
                f"the tokenizer has {len(tokenizer)} tokens, the network knows {known}: its files "
                "(tokenizer.json, tokenizer_config.json) are missing beside the weights, or are "
                "another model's"
            )
        self.tower = TextTower(model).eval()
        self.tokenizer = tokenizer
        self.longest = int(config.text_config.max_position_embeddings)
        self.full = config.model_type.startswith("siglip")
        self._read: dict[str, Tensor] = {}
        self._read_with: tuple[tuple[int, int], ...] = ()

    @property
    def weights(self) -> tuple[tuple[int, int], ...]:
        """Where the tower's weights lie and how often they were written; other ones read anew."""
        return tuple((_address(weight), _version(weight)) for weight in self.tower.parameters())

    def tokens(self, text: str) -> Tokens:
        """A text in pieces."""
        return tokens_of(text, self.tokenizer, self.longest, full=self.full)

    def embeddings(self, texts: Sequence[str]) -> Tensor:
        """Embeddings (N, E) of some texts, of length 1, without a graph."""
        weights = self.weights
        if weights != self._read_with:
            # A new dictionary, for another thread may still fill the old one.
            self._read, self._read_with = {}, weights
        kept = self._read
        known = {text: kept[text] for text in texts if text in kept}
        unread = list(dict.fromkeys(text for text in texts if text not in known))
        for first in range(0, len(unread), _TEXTS):
            some = unread[first : first + _TEXTS]
            found = self._embedded([self.tokens(text) for text in some])
            known.update(zip(some, found, strict=True))
        if len(kept) + len(unread) > _KEPT:
            kept.clear()
        kept.update(list(known.items())[:_KEPT])
        return torch.stack([known[text] for text in texts])

    def _embedded(self, texts: list[Tokens]) -> Tensor:
        """One pass for all texts of a length: no padding, so no rule for it is needed."""
        device = next(self.tower.parameters()).device
        by_length: dict[int, list[int]] = {}
        for place, tokens in enumerate(texts):
            by_length.setdefault(tokens.ids.shape[1], []).append(place)
        found: list[Tensor | None] = [None] * len(texts)
        for places in by_length.values():
            ids = torch.cat([texts[place].ids for place in places]).to(device)
            mask = None if self.full else torch.ones_like(ids)
            with torch.no_grad():
                rows = nn.functional.normalize(self.tower(ids, mask).float(), dim=1)
            for place, row in zip(places, rows, strict=True):
                found[place] = row
        return torch.stack([row for row in found if row is not None])


def _address(weight: Tensor) -> int:
    try:
        return weight.data_ptr()
    except (RuntimeError, ValueError):  # no storage
        return id(weight)


def _version(weight: Tensor) -> int:
    try:
        return weight._version
    except RuntimeError:  # made in inference mode
        return 0


class WordsNetwork(nn.Module):
    """From embeddings of tokens (N, C, L) to the likeness of text and picture (N, 1)."""

    ids: Tensor
    mask: Tensor | None
    picture: Tensor

    def __init__(self, tower: TextTower, tokens: Tokens, picture: Tensor) -> None:
        """Hold one text's tokens and the embedding (1, E) that it is compared with."""
        super().__init__()
        self.tower = tower
        self.layer = _token_layer(tower)
        self.register_buffer("ids", tokens.ids.to(picture.device))
        mask = None if tokens.mask is None else tokens.mask.to(picture.device)
        self.register_buffer("mask", mask)
        self.register_buffer("picture", picture)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Product of the text's embedding, of length 1, and what it is compared with."""
        rows = len(embeddings)
        table = {self.layer: self.tower.get_submodule(self.layer)}
        mask = None if self.mask is None else self.mask.expand(rows, -1)
        # The table is asked for the tokens all the same: their number and places come from them.
        tokens = embeddings.transpose(1, 2)
        with listening(table, lambda name, output: tokens):
            read = self.tower(self.ids.expand(rows, -1), mask)
        likeness = nn.functional.normalize(read, dim=1) @ self.picture.to(read).T
        scores: Tensor = likeness
        return scores


@dataclass(frozen=True, eq=False)
class TextView:
    """A text as the input, with the picture held: heat on the words.

    Attributes:
        model: takes embeddings of tokens (N, C, L), layout "NCL"; its one output is the cosine of
            text and picture, less the mean cosine with the pictures that it is told apart from.
        batch: (1, C, L), the text's own embeddings.
        tokens: each token as the tokenizer writes it.
        words: the text's words.
        word_of_token: for each token the number of its word; None for special tokens.
        baseline: (1, C, L), what stands for "no word here": the unknown token or, where a model
            has none of its own, the mean of its vocabulary. Special tokens keep their embedding.
    """

    model: TorchModel
    batch: Tensor
    tokens: tuple[str, ...]
    words: tuple[str, ...]
    word_of_token: tuple[int | None, ...]
    baseline: Tensor

    def on_words(self, values: Tensor, *, shared: bool = False) -> Tensor:
        """Heat of the tokens (N, C, L) as heat of the words (N, words).

        What fell on special tokens and padding is left out.

        Args:
            values: heat as methods give it.
            shared: whether all pieces of a word bear its whole heat, as methods give it that take
                `features=view.features()`; else the pieces are summed.
        """
        if values.ndim != 3 or values.shape[2] != len(self.tokens):
            raise InvalidArgument(
                f"heat of shape {tuple(values.shape)}; expected (N, C, {len(self.tokens)}), one "
                "value a token"
            )
        total = values.new_zeros(len(values), len(self.words))
        for place, word in enumerate(self.word_of_token):
            if word is not None:
                pieces = self.word_of_token.count(word) if shared else 1
                total[:, word] += values[:, :, place].sum(1) / pieces
        return total

    def features(self) -> Tensor:
        """(L,) for methods that take words away whole: tokens of a word bear its number.

        Special tokens and padding are one feature more, the last, which the baseline leaves as
        it is.
        """
        last = len(self.words)
        numbers = [last if word is None else word for word in self.word_of_token]
        return torch.tensor(numbers)


def text_view(
    reader: Reader, text: str, picture: Tensor, others: Tensor | None, name: str
) -> TextView:
    """The view of a text beside the embedding (1, E) of a picture, and (M, E) of others."""
    tokens = reader.tokens(text)
    picture = nn.functional.normalize(picture, dim=1)
    if others is not None:
        picture = picture - nn.functional.normalize(others, dim=1).mean(0, keepdim=True)
    network = WordsNetwork(reader.tower, tokens, picture).eval()
    table: Any = reader.tower.get_submodule(network.layer)
    with torch.no_grad():
        own = table(network.ids).transpose(1, 2).float()
        nothing = _nothing(table.weight, reader.tokenizer)[None, :, None].expand_as(own)
    is_word = torch.tensor([word is not None for word in tokens.word_of], device=own.device)
    channels = own.shape[1]
    contract = Contract(
        input_size=(own.shape[2],),
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        layout="NCL",
    )
    return TextView(
        TorchModel(network, contract, name=f"{name} reading {text!r}"),
        own,
        tokens.names,
        tokens.words,
        tokens.word_of,
        torch.where(is_word, nothing, own),
    )


def _nothing(table: Tensor, tokenizer: Any) -> Tensor:
    """Embedding (C,) of a word that says nothing."""
    unknown = getattr(tokenizer, "unk_token_id", None)
    others = {
        getattr(tokenizer, name, None) for name in ("bos_token_id", "eos_token_id", "pad_token_id")
    }
    if unknown is not None and unknown not in others and unknown < len(table):
        return table[unknown].float()
    return table.float().mean(0)


def _token_layer(tower: TextTower) -> str:
    """Name of the table of token embeddings inside the tower."""
    model: Any = tower.text_model
    table = model.embeddings.token_embedding
    return next(name for name, part in tower.named_modules() if part is table)
