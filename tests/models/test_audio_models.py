"""Classifiers of sound: how they hear, where heat lies, the inspection layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.errors import InvalidArgument, NoSpatialLayer, WeightsUnavailable
from heatlens.models.load import load_model
from heatlens.models.transformers.hearing import band_centres, heard
from heatlens.models.transformers.inspection import InspectionLayer, spectrum_of
from heatlens.models.transformers.sound import SoundModel

transformers = pytest.importorskip("transformers")

LABELS = {"id2label": {0: "low", 1: "high"}, "label2id": {"low": 0, "high": 1}}
SIZE = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 24,
}
WAVES = {
    **SIZE,
    **LABELS,
    "conv_dim": (8, 8),
    "conv_kernel": (16, 8),
    "conv_stride": (8, 4),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
    "feat_extract_norm": "layer",
    "classifier_proj_size": 8,
    "vocab_size": 8,
    "codevector_dim": 8,
    "proj_codevector_dim": 8,
    "num_codevectors_per_group": 2,
}


def _ast(folder):
    config = transformers.ASTConfig(
        **SIZE, **LABELS, patch_size=8, frequency_stride=8, time_stride=8, max_length=64,
        num_mel_bins=32,
    )  # fmt: skip
    extractor = transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=64, mean=-4, std=3)
    return _saved(transformers.ASTForAudioClassification(config), extractor, folder)


def _whisper(folder):
    config = transformers.WhisperConfig(
        d_model=16, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=24,
        decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=24, num_mel_bins=16,
        max_source_positions=50, classifier_proj_size=8, **LABELS,
    )  # fmt: skip
    extractor = transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=1)
    return _saved(transformers.WhisperForAudioClassification(config), extractor, folder)


def _wav2vec2(folder):
    network = transformers.Wav2Vec2ForSequenceClassification(transformers.Wav2Vec2Config(**WAVES))
    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=False)
    return _saved(network, extractor, folder)


def _hubert(folder):
    network = transformers.HubertForSequenceClassification(transformers.HubertConfig(**WAVES))
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=False)
    return _saved(network, extractor, folder)


def _saved(network, extractor, folder):
    for weight in network.parameters():
        if weight.ndim > 1:
            weight.data.normal_(0, 0.2, generator=torch.Generator().manual_seed(weight.numel()))
    network.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return network.eval(), extractor


def _samples(seconds=0.5, rate=16_000):
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * rate)) / rate
    return (0.2 * np.sin(2 * np.pi * 1000 * time) + rng.normal(0, 0.01, len(time))).astype(
        np.float32
    )


@pytest.mark.parametrize(
    ("make", "layout", "shape"),
    [
        (_ast, "NTF", (1, 1, 32, 64)),
        (_whisper, "NFT", (1, 1, 16, 100)),
        (_wav2vec2, "NCFT", (1, 2, 257, 63)),
        (_hubert, "NCFT", (1, 2, 257, 63)),
    ],
)
def test_scores_are_those_of_transformers(tmp_path, make, layout, shape):
    network, extractor = make(tmp_path)
    samples = _samples()[: 62 * 128]  # whole steps of the inspection layer: nothing is added
    model = load_model(f"hf:{tmp_path}")
    assert isinstance(model, SoundModel)
    assert (model.contract.layout, model.contract.labels) == (layout, ("low", "high"))
    batch, coordinates, notes = model.sound_batch(samples, 16_000)
    assert batch.shape == shape
    assert {axis: len(places) for axis, places in coordinates.items()} == {
        "F": shape[2],
        "T": shape[3],
    }
    features = extractor(samples, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        theirs = network(features[extractor.model_input_names[0]]).logits
    torch.testing.assert_close(model.predict(batch), theirs, rtol=1e-3, atol=1e-4)
    assert all("resampled" not in note for note in notes)


@pytest.mark.parametrize("make", [_ast, _whisper, _wav2vec2])
def test_a_tone_lies_at_its_pitch(tmp_path, make):
    make(tmp_path)
    model = load_model(f"hf:{tmp_path}")
    silence, sound = np.zeros(16_000, np.float32), np.zeros(16_000, np.float32)
    sound[4800:6400] = 0.5 * np.sin(2 * np.pi * 2000 * np.arange(1600) / 16_000)
    batch, coordinates, _ = model.sound_batch(sound, 16_000)
    if batch.shape[1] == 2:
        power = batch.square().sum(1)[0]
    else:
        power = batch[0, 0] - model.sound_batch(silence, 16_000)[0][0, 0]
    band, frame = divmod(int(power.argmax()), power.shape[1])
    assert coordinates["F"][band] == pytest.approx(2000, rel=0.1)
    assert 0.29 <= coordinates["T"][frame] <= 0.41


def test_black_is_silence(tmp_path):
    _ast(tmp_path)
    model = load_model(f"hf:{tmp_path}")
    batch, _, _ = model.sound_batch(np.zeros(16_000, np.float32), 16_000)
    black = model.contract.normalise(torch.zeros(1, 1, 1, 1))
    torch.testing.assert_close(batch, black.expand_as(batch))


def test_samples_by_layout(tmp_path):
    _wav2vec2(tmp_path)
    model = load_model(f"hf:{tmp_path}", layout="NT")
    batch, coordinates, _ = model.sound_batch(_samples(), 16_000)
    assert batch.shape == (1, 1, 8000)
    assert coordinates["T"][1600] == pytest.approx(0.1)
    found = attribute(model, batch[:, 0], "gradient", "high")
    assert found.shape == (1, 8000)
    with pytest.raises(InvalidArgument, match="NT \\(samples\\)"):
        load_model(f"hf:{tmp_path}", layout="NCHW")


def test_cam_along_time_alone(tmp_path):
    _wav2vec2(tmp_path)
    samples = load_model(f"hf:{tmp_path}", layout="NT")
    batch = samples.sound_batch(_samples(), 16_000)[0]
    (cells,) = samples.spatial_layer(batch).grid
    assert attribute(samples, batch[:, 0], "gradcam", 0).shape == (1, cells)
    spectra = load_model(f"hf:{tmp_path}")
    with pytest.raises(NoSpatialLayer, match="layout='NT'"):
        attribute(spectra, spectra.sound_batch(_samples(), 16_000)[0], "gradcam", 0)


def test_heat_on_spectra_sums_to_heat_on_samples(tmp_path):
    _wav2vec2(tmp_path)
    spectra, samples = load_model(f"hf:{tmp_path}"), load_model(f"hf:{tmp_path}", layout="NT")
    inner = samples.sound_batch(_samples(), 16_000)[0]
    outer = spectra.sound_batch(_samples(), 16_000)[0]
    on_samples = attribute(samples, inner[:, 0], "input-x-gradient", 0)
    on_spectra = attribute(spectra, outer, "input-x-gradient", 0)
    torch.testing.assert_close(on_spectra.sum(), on_samples.sum(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("length", [64, 100, 1000, 1001])
def test_inspection_layer_is_exact(length):
    samples = torch.randn(2, length, generator=torch.Generator().manual_seed(0)).double()
    layer = InspectionLayer(nn.Identity(), 32)
    again = layer(spectrum_of(samples, 32))
    assert again.shape[1] == length + -length % 8
    torch.testing.assert_close(again[:, :length], samples, rtol=0, atol=1e-12)
    assert not again[:, length:].abs().gt(1e-12).any()


def test_inspection_layer_refuses_what_does_not_fit():
    with pytest.raises(InvalidArgument, match="needs more than 16"):
        spectrum_of(torch.zeros(1, 16), 32)
    with pytest.raises(InvalidArgument, match="real and imaginary"):
        InspectionLayer(nn.Identity(), 32)(torch.zeros(1, 1, 17, 9))


def test_what_was_done_to_the_samples_is_said(tmp_path):
    _ast(tmp_path)
    model = load_model(f"hf:{tmp_path}")
    stereo = np.stack([_samples(0.3, 48_000)] * 2, axis=1)
    batch, _, notes = model.sound_batch(stereo, 48_000)
    assert notes == (
        "2 channels were averaged",
        "resampled from 48000 to 16000 Hz",
        "the model hears 0.64 seconds; after 0.3 there is nothing",
    )
    alone = model.sound_batch(_samples(0.3), 16_000)[0]
    # The noise differs; the tone's band does not.
    assert int(batch.mean(3).argmax()) == int(alone.mean(3).argmax())
    _, _, notes = model.sound_batch(_samples(2.0), 16_000)
    assert notes == ("the model hears the first 0.64 of 2 seconds",)


def test_resampling_keeps_a_tone():
    rate, time = 44_100, np.arange(44_100) / 44_100
    found, _ = heard(np.sin(2 * np.pi * 440 * time), rate, 16_000, None)
    expected = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[500:-500], expected[500:-500], atol=5e-3)


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (np.zeros((2, 2, 2)), 16_000, "expected \\(T,\\)"),
        (np.zeros(0), 16_000, "shape \\(0,\\)"),
        (np.full(9, np.nan), 16_000, "NaN"),
        (np.zeros(9), 0, "rate is 0"),
    ],
)
def test_bad_sounds(samples, rate, words):
    with pytest.raises(InvalidArgument, match=words):
        heard(samples, rate, 16_000, None)


def test_too_short_a_sound(tmp_path):
    _ast(tmp_path)
    with pytest.raises(InvalidArgument, match="cannot be heard"):
        load_model(f"hf:{tmp_path}").sound_batch(np.zeros(10, np.float32), 16_000)


def test_missing_extractor_is_named(tmp_path):
    _ast(tmp_path)
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsUnavailable, match=r"preprocessor_config\.json"):
        load_model(f"hf:{tmp_path}")


def test_band_centres_are_those_of_the_filters():
    from transformers.audio_utils import mel_filter_bank

    filters = mel_filter_bank(4097, 24, 20, 8000, 16_000, mel_scale="kaldi",
                              triangularize_in_mel_space=True)  # fmt: skip
    peaks = filters.argmax(0) * 8000 / 4096
    np.testing.assert_allclose(band_centres(24, 20, 8000, "kaldi"), peaks, atol=3)
