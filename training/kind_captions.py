"""caption-clip: pictures and their captions into one space."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from heatlens.testing.kinds import COLOURS, SHAPES, captions, phrase
from kind_task import Task
from kind_tokenizer import END, LENGTH, START, caption_tokenizer

__all__ = ["caption_clip"]


def caption_clip(count: int) -> Task:
    """Pictures and captions into one space; phrases and single words are told apart too."""
    from transformers import CLIPConfig, CLIPModel

    tokenizer = caption_tokenizer()
    ends = {
        "bos_token_id": tokenizer.convert_tokens_to_ids(START),
        "eos_token_id": tokenizer.convert_tokens_to_ids(END),
        "pad_token_id": tokenizer.convert_tokens_to_ids(END),
    }
    tower = {"hidden_size": 64, "intermediate_size": 192, "num_attention_heads": 4}
    config = CLIPConfig(
        text_config={
            **tower,
            **ends,
            "num_hidden_layers": 2,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": LENGTH,
        },
        vision_config={**tower, "num_hidden_layers": 3, "image_size": 48, "patch_size": 6},
        projection_dim=48,
    )
    network = CLIPModel(config)
    offset = nn.ParameterList([nn.Parameter(torch.tensor(-4.0))])
    data = captions(count, seed=1)
    held = captions(500, seed=2, split="test")
    every = [
        phrase(colour, shape) for colour in range(len(COLOURS)) for shape in range(len(SHAPES))
    ]
    words = [*every, *(f"something {name}" for name in COLOURS), *(f"a {name}" for name in SHAPES)]

    def pictures(images: NDArray[np.uint8]) -> Tensor:
        return (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25

    def images_embedded(images: NDArray[np.uint8]) -> Tensor:
        found = network.get_image_features(pictures(images)).pooler_output
        return F.normalize(found, dim=1)

    def texts_embedded(texts: list[str], rng: np.random.Generator | None = None) -> Tensor:
        """Some tokens are made unknown in training, so that a missing word is nothing unheard."""
        tokens = tokenizer(texts, padding=True, return_tensors="pt")
        tokens.pop("token_type_ids", None)
        if rng is not None:
            ids = tokens["input_ids"]
            words = (ids != ends["bos_token_id"]) & (ids != ends["eos_token_id"])
            hidden = torch.from_numpy(rng.random(tuple(ids.shape)) < 0.08) & words
            tokens["input_ids"] = ids.masked_fill(hidden, tokenizer.unk_token_id)
        found = network.get_text_features(**tokens).pooler_output
        return F.normalize(found, dim=1)

    def present(batch: Any, rows: NDArray[np.int64]) -> Tensor:
        wanted = torch.zeros(len(rows), len(words))
        for which in (0, 1):
            colour, shape = batch.colours[rows, which], batch.shapes[rows, which]
            for column in (colour * len(SHAPES) + shape, 16 + colour, 20 + shape):
                wanted[torch.arange(len(rows)), torch.from_numpy(column)] = 1.0
        return wanted

    def loss(rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        seen = images_embedded(data.images[rows])
        order = rng.integers(2, size=len(rows))
        texts = [data.caption(row, first) for row, first in zip(rows, order, strict=True)]
        read = torch.cat([texts_embedded(words), texts_embedded(texts, rng)])
        scale = network.logit_scale.exp().clamp(max=100)
        cosines = seen @ read.T
        named = scale * cosines[:, : len(words)] + offset[0]
        of_words = F.binary_cross_entropy_with_logits(named, present(data, rows))
        matched = scale * cosines[:, len(words) :]
        key = np.sort(data.colours[rows] * len(SHAPES) + data.shapes[rows], axis=1)
        same = torch.from_numpy((key[:, None] == key[None]).all(2)).float()
        share = same / same.sum(1, keepdim=True)
        of_captions = F.cross_entropy(matched, share) + F.cross_entropy(matched.T, share)
        return 4 * of_words + of_captions

    def accuracy() -> float:
        """Whether the two likeliest of the 16 phrases are those of the picture."""
        seen, read = images_embedded(held.images), texts_embedded(every)
        found = (seen @ read.T).topk(2).indices.sort(1).values.numpy()
        truth = np.sort(held.colours * len(SHAPES) + held.shapes, axis=1)
        return float((found == truth).all(1).mean())

    # Written as a file: the class of it would need torchvision.
    pixels = {
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": True,
        "size": {"height": 48, "width": 48},
        "do_center_crop": False,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5] * 3,
        "image_std": [0.25] * 3,
        "resample": 2,
    }
    return Task(network, count, loss, accuracy, (tokenizer,), offset, pixels)
