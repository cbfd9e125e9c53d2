"""The tokenizer of caption-clip: a few words, two of them in pieces, as a real one has them."""

from __future__ import annotations

from typing import Any

from heatlens.testing.kinds import COLOURS, SHAPES

__all__ = ["END", "LENGTH", "START", "UNKNOWN", "caption_tokenizer"]

START, END, UNKNOWN = "<|startoftext|>", "<|endoftext|>", "<|unknown|>"

LENGTH = 20
"""Most tokens of a text, with the first and the last."""

_PIECES = ("tri", "##angle", "yel", "##low")


def caption_tokenizer() -> Any:
    """Word pieces, between a first and a last token; what is not known becomes one token."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    whole = [word for word in (*COLOURS, *SHAPES) if word not in ("triangle", "yellow")]
    words = [START, END, UNKNOWN, "a", "and", "something", *whole, *_PIECES]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}",
        special_tokens=[(START, vocabulary[START]), (END, vocabulary[END])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        unk_token=UNKNOWN,
        model_max_length=LENGTH,
    )
