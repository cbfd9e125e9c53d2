"""A text in a tokenizer's pieces, and which word each piece belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["Tokens", "tokens_of"]


@dataclass(frozen=True, eq=False)
class Tokens:
    """A text as a model reads it.

    Attributes:
        ids: (1, L) numbers of the tokens, special ones and padding included.
        mask: (1, L), 0 where the model is not to look; None where it is trained to look at all.
        names: each token as the tokenizer writes it.
        words: the text's words, as they stand between blanks.
        word_of: for each token the number of its word; None for special tokens and padding.
    """

    ids: Tensor
    mask: Tensor | None
    names: tuple[str, ...]
    words: tuple[str, ...]
    word_of: tuple[int | None, ...]


def tokens_of(text: str, tokenizer: Any, longest: int, *, full: bool) -> Tokens:
    """Split a text.

    Args:
        text: at least one word.
        tokenizer: of transformers.
        longest: most tokens that the model reads.
        full: whether the model was trained on texts that are padded to the full length.

    Raises:
        InvalidType: not a string.
        InvalidArgument: an empty text, or one of too many tokens: nothing is cut off unsaid.
    """
    if not isinstance(text, str):
        raise InvalidType(f"a prompt is a string, not {type(text).__name__}")
    words = [(match.start(), match.end()) for match in re.finditer(r"\S+", text)]
    if not words:
        raise InvalidArgument("the text is empty; write what the picture may show")
    plain = tokenizer(text)["input_ids"]
    if len(plain) > longest:
        raise InvalidArgument(
            f"the text has {len(plain)} tokens, the model reads {longest}: {text[:40]!r}..."
        )
    options = {"padding": "max_length", "max_length": longest} if full else {}
    fast = bool(getattr(tokenizer, "is_fast", False))
    encoded = tokenizer(text, return_special_tokens_mask=True, **options)
    if fast:
        encoded = tokenizer(
            text, return_special_tokens_mask=True, return_offsets_mapping=True, **options
        )
    ids = encoded["input_ids"]
    special = [bool(flag) for flag in encoded["special_tokens_mask"]]
    special = [
        flag or bool(place >= len(plain) and full and _pads_right(tokenizer))
        for place, flag in enumerate(special)
    ]
    if fast:
        places = [
            None if flag or start >= end else _word_at(text, words, start, end)
            for flag, (start, end) in zip(special, encoded["offset_mapping"], strict=True)
        ]
    else:
        places = _word_by_word(text, words, ids, special, tokenizer)
    mask = None if full else torch.ones(1, len(ids), dtype=torch.long)
    return Tokens(
        torch.tensor([ids]),
        mask,
        tuple(str(name) for name in tokenizer.convert_ids_to_tokens(ids)),
        tuple(text[start:end] for start, end in words),
        tuple(places),
    )


def _pads_right(tokenizer: Any) -> bool:
    return getattr(tokenizer, "padding_side", "right") == "right"


def _word_at(text: str, words: list[tuple[int, int]], start: int, end: int) -> int | None:
    """The word that holds the first character, not counting blanks, of a piece of the text."""
    while start < end and text[start].isspace():
        start += 1
    for number, (first, last) in enumerate(words):
        if first <= start < last:
            return number
    return None


def _word_by_word(
    text: str, words: list[tuple[int, int]], ids: list[int], special: list[bool], tokenizer: Any
) -> list[int | None]:
    """For a tokenizer that keeps no places: each word split by itself gives the same pieces."""
    pieces = [
        tokenizer(text[start:end], add_special_tokens=False)["input_ids"] for start, end in words
    ]
    plain = [number for number, flag in zip(ids, special, strict=True) if not flag]
    if [piece for word in pieces for piece in word] != plain:
        raise InvalidArgument(
            f"{type(tokenizer).__name__} does not say which of its pieces belong to which word of "
            f"{text!r}; a checkpoint with tokenizer.json does"
        )
    owners = iter([number for number, word in enumerate(pieces) for _ in word])
    return [None if flag else next(owners) for flag in special]
