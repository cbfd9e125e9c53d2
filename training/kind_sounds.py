"""tone-net and tone-wave: the pitch of a tone, from a spectrogram and from samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from heatlens.testing.kinds import PITCHES, tones
from kind_task import Task, right

__all__ = ["tone_net", "tone_wave"]


def tone_net(count: int) -> Task:
    """An Audio Spectrogram Transformer on 96 frames of 32 mel bands.

    Each pitch is a question of its own, and of three sounds one has no tone, of those one in four
    is blank: so no pitch is told by the others' absence, and evidence is the tone's alone.
    """
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    data, held = _sounds(count, 1, "train", empty=True), _sounds(500, 2, "test")
    extractor = ASTFeatureExtractor(num_mel_bins=32, max_length=96, do_normalize=False)
    features = _spectrograms(extractor, data[0])
    extractor.mean, extractor.std = float(features.mean()), float(features.std())
    extractor.do_normalize = True
    features = extractor.normalize(features).astype(np.float32)
    held_features = extractor.normalize(_spectrograms(extractor, held[0], False))
    config = ASTConfig(
        hidden_size=48,
        num_hidden_layers=3,
        num_attention_heads=3,
        intermediate_size=144,
        patch_size=4,
        frequency_stride=4,
        time_stride=4,
        max_length=96,
        num_mel_bins=32,
        **_pitch_labels(),
    )
    network = ASTForAudioClassification(config)
    return Task(
        network,
        count,
        _classified(network, torch.from_numpy(features), data[1]),
        right(network, torch.from_numpy(held_features.astype(np.float32)), held[1]),
        (extractor,),
    )


def tone_wave(count: int) -> Task:
    """A small network of wav2vec 2.0's kind on the samples themselves."""
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForSequenceClassification,
    )

    data, held = _sounds(count, 1, "train"), _sounds(500, 2, "test")
    config = Wav2Vec2Config(
        hidden_size=48,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=96,
        conv_dim=(32, 48, 48),
        conv_kernel=(64, 8, 4),
        conv_stride=(8, 4, 4),
        num_feat_extract_layers=3,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        classifier_proj_size=48,
        apply_spec_augment=False,
        layerdrop=0.0,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        feat_proj_dropout=0.0,
        final_dropout=0.0,
        vocab_size=8,
        num_codevectors_per_group=2,
        codevector_dim=8,
        proj_codevector_dim=8,
        **_pitch_labels(),
    )
    network = Wav2Vec2ForSequenceClassification(config)
    extractor = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False)

    def scaled(samples: NDArray[np.int16]) -> Tensor:
        waves = torch.from_numpy(samples.astype(np.float32) / 32767)
        centred = waves - waves.mean(1, keepdim=True)
        return centred / (centred.var(1, keepdim=True, correction=0) + 1e-7).sqrt()

    def loss(rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        waves = scaled(np.roll(data[0][rows], int(rng.integers(data[0].shape[1])), axis=1))
        labels = torch.from_numpy(data[1][rows])
        return F.cross_entropy(network(waves).logits, labels, label_smoothing=0.05)

    return Task(network, count, loss, right(network, scaled(held[0]), held[1]), (extractor,))


def _sounds(
    count: int, seed: int, split: Any, empty: bool = False
) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Samples (N, 16000) as 16-bit numbers, to spare memory, and labels (N,), -1 for no tone."""
    parts = []
    for part, first in enumerate(range(0, count, 500)):
        present = not empty or part % 3 < 2
        batch = tones(
            min(500, count - first), seed=1000 * seed + part, split=split, with_tone=present
        )
        labels = batch.labels if present else np.full_like(batch.labels, -1)
        parts.append((np.rint(32767 * batch.samples).astype(np.int16), labels))
    samples, labels = zip(*parts, strict=True)
    return np.concatenate(samples), np.concatenate(labels)


def _spectrograms(
    extractor: Any, samples: NDArray[np.int16], bare: bool = True
) -> NDArray[np.float32]:
    extractor.do_normalize = False
    rows = [
        extractor(one.astype(np.float32) / 32767, sampling_rate=16_000)["input_values"][0]
        for one in samples
    ]
    extractor.do_normalize = not bare
    return np.stack(rows).astype(np.float32)


def _pitch_labels() -> dict[str, Any]:
    names = {number: f"{pitch:.0f} Hz" for number, pitch in enumerate(PITCHES)}
    return {"id2label": names, "label2id": {name: number for number, name in names.items()}}


def _classified(
    network: nn.Module, inputs: Tensor, labels: NDArray[np.int64]
) -> Callable[[NDArray[np.int64], np.random.Generator], Tensor]:
    low, high = float(inputs.min()), float(inputs.max())

    def loss(rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        batch = inputs[torch.from_numpy(rows)].roll(int(rng.integers(inputs.shape[1])), dims=1)
        blank = torch.from_numpy((labels[rows] < 0) & (rng.random(len(rows)) < 0.25))
        level = torch.from_numpy(rng.uniform(low, high, (len(rows), 1, 1)).astype(np.float32))
        batch = torch.where(blank[:, None, None], level, batch)
        wanted = torch.from_numpy(labels[rows, None] == np.arange(len(PITCHES))).float()
        return F.binary_cross_entropy_with_logits(network(batch).logits, wanted) * len(PITCHES)

    return loss
