"""CLIP and SigLIP: pictures for words, words for a picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from heatlens.attribution.attribute import attribute
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.load import load_model
from heatlens.models.transformers import reading
from heatlens.models.transformers.image_text import ImageTextModel
from heatlens.models.transformers.words import tokens_of

transformers = pytest.importorskip("transformers")
sys.path.append(str(Path(__file__).parents[2] / "training"))

from kind_tokenizer import caption_tokenizer  # noqa: E402

PROMPTS = ["a red square", "a yellow triangle", "something blue"]
TEXT = {
    "hidden_size": 24,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "max_position_embeddings": 12,
}
SIGHT = {
    "hidden_size": 20,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "image_size": 24,
    "patch_size": 6,
}


def _network(kind, tokenizer):
    torch.manual_seed(0)
    end = tokenizer.eos_token_id
    text = {
        **TEXT,
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": end,
        "pad_token_id": end,
    }
    if kind == "siglip":
        text["projection_size"] = 20
        config = transformers.SiglipConfig(text_config=text, vision_config=SIGHT)
        network = transformers.SiglipModel(config)
    elif kind == "metaclip_2":
        config = transformers.MetaClip2Config(
            text_config=text, vision_config=SIGHT, projection_dim=16
        )
        network = transformers.MetaClip2Model(config)
    else:
        config = transformers.CLIPConfig(text_config=text, vision_config=SIGHT, projection_dim=16)
        network = transformers.CLIPModel(config)
    for weight in network.parameters():
        if weight.ndim > 1:
            weight.data.normal_(0, 0.2)
    return network.eval()


@pytest.fixture(params=["clip", "siglip", "metaclip_2"])
def kind(request):
    return request.param


@pytest.fixture
def folder(tmp_path, kind):
    tokenizer = caption_tokenizer()
    _network(kind, tokenizer).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    settings = {
        "size": {"height": 24, "width": 24},
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.2, 0.3, 0.4],
    }
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    return tmp_path


@pytest.fixture
def pictures():
    return torch.randn(2, 3, 24, 24, generator=torch.Generator().manual_seed(1))


def _theirs(kind, texts, pictures):
    tokenizer = caption_tokenizer()
    full = {"padding": "max_length", "max_length": 12} if kind == "siglip" else {"padding": True}
    tokens = tokenizer(texts, return_tensors="pt", **full)
    if kind == "siglip":
        tokens.pop("attention_mask")  # its processor gives none
    tokens.pop("token_type_ids", None)
    with torch.no_grad():
        return _network(kind, tokenizer)(pixel_values=pictures, **tokens)


def test_scores_are_the_whole_models(folder, kind, pictures):
    model = load_model(f"hf:{folder}", labels=PROMPTS)
    assert isinstance(model, ImageTextModel)
    assert model.contract.labels == tuple(PROMPTS)
    assert (model.contract.mean, model.contract.input_size) == ((0.5, 0.4, 0.3), (24, 24))
    theirs = _theirs(kind, PROMPTS, pictures).logits_per_image
    torch.testing.assert_close(model.predict(pictures), theirs, rtol=1e-4, atol=1e-5)


def test_prompt_as_target_is_the_cosine(folder, kind, pictures):
    model = load_model(f"hf:{folder}")
    aim = model.prompt_target("a green cross")
    theirs = _theirs(kind, ["a green cross"], pictures)
    cosine = (theirs.text_embeds @ theirs.image_embeds.T)[0]
    ours = aim.scores(model.predict(pictures, aim.layer))
    torch.testing.assert_close(ours, cosine, rtol=1e-4, atol=1e-5)
    assert aim.describe(()) == "similarity to 'a green cross'"
    assert model.predict(pictures).shape == theirs.image_embeds.shape


def test_prompt_and_label_give_the_same_map(folder, pictures):
    plain = load_model(f"hf:{folder}")
    named = load_model(f"hf:{folder}", labels=PROMPTS)
    by_words = attribute(plain, pictures, "gradient", plain.prompt_target(PROMPTS[1]))
    by_label = attribute(named, pictures, "gradient", PROMPTS[1])
    scale = float(by_label.norm() / by_words.norm())
    torch.testing.assert_close(by_label, by_words * scale, rtol=1e-3, atol=1e-6)
    free = attribute(named, pictures, "gradient", "a green cross")
    again = attribute(plain, pictures, "gradient", "a green cross")
    torch.testing.assert_close(free, again)


def test_without_prompts_there_are_no_classes(folder, pictures):
    model = load_model(f"hf:{folder}")
    for target in ("predicted", 3, "top-2"):
        with pytest.raises(InvalidArgument, match="labels="):
            attribute(model, pictures, "gradient", target)


def test_other_labels_are_other_prompts(folder, kind, pictures):
    model = load_model(load_model(f"hf:{folder}", labels=PROMPTS), labels=["a blue cross"])
    theirs = _theirs(kind, ["a blue cross"], pictures).logits_per_image
    torch.testing.assert_close(model.predict(pictures), theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["clip"], indirect=True)
def test_prompts_follow_the_weights(folder, pictures, capfd):
    model = load_model(f"hf:{folder}", labels=PROMPTS)
    assert "Loading weights" not in capfd.readouterr().err
    twin = model.with_random_head(pictures, model.prompt_target(PROMPTS[0]), seed=0)
    drawn = twin.predict(pictures)
    with torch.no_grad():
        for weight in model.reader.tower.parameters():
            weight.mul_(-2.0)
    changed = model.predict(pictures)
    fresh = ImageTextModel(model._whole, model.contract, tokenizer=model.reader.tokenizer)
    assert torch.equal(changed, fresh.predict(pictures))
    assert not torch.allclose(twin.predict(pictures), changed)
    assert not torch.allclose(twin.predict(pictures), drawn)
    aim = model.prompt_target(PROMPTS[1])
    ours = aim.scores(model.predict(pictures, aim.layer))
    torch.testing.assert_close(ours * model.module.logit_scale.exp(), changed[:, 1])


@pytest.mark.parametrize("kind", ["clip"], indirect=True)
def test_not_all_embeddings_are_kept(folder, monkeypatch):
    monkeypatch.setattr(reading, "_KEPT", 3)
    reader = load_model(f"hf:{folder}").reader
    once = reader.embeddings([*PROMPTS, "a green cross"])
    assert len(reader._read) == 3
    torch.testing.assert_close(reader.embeddings(["a green cross"]), once[3:])
    assert len(reader._read) == 1


def test_random_head_leaves_the_model_alone(folder, pictures):
    model = load_model(f"hf:{folder}", labels=PROMPTS)
    before = model.predict(pictures)
    aim = model.prompt_target(PROMPTS[0])
    twin = model.with_random_head(pictures, aim, seed=0)
    assert twin is not None
    assert not torch.allclose(aim.scores(twin.predict(pictures, aim.layer)), before[:, 0])
    assert torch.equal(model.predict(pictures), before)


def test_cam_reads_the_patches(folder, pictures):
    model = load_model(f"hf:{folder}", labels=PROMPTS)
    found = model.spatial_layer(pictures[:1])
    assert found.grid == (4, 4)
    assert found.name.startswith(("vision_model.encoder.layers.1", "vision_model.post_layernorm"))
    assert attribute(model, pictures, "gradcam", 0).shape == (2, 1, 4, 4)


def test_words_equal_the_whole_model(folder, kind, pictures):
    model = load_model(f"hf:{folder}")
    view = model.text_view("a yellow triangle and a red square", pictures[:1])
    theirs = _theirs(kind, ["a yellow triangle and a red square"], pictures[:1])
    cosine = (theirs.text_embeds @ theirs.image_embeds.T).reshape(1, 1)
    torch.testing.assert_close(view.model.predict(view.batch), cosine, rtol=1e-4, atol=1e-5)
    assert view.words == ("a", "yellow", "triangle", "and", "a", "red", "square")
    assert view.tokens[2:6] == ("yel", "##low", "tri", "##angle")
    own = [word for word in view.word_of_token if word is not None]
    assert own == [0, 1, 1, 2, 2, 3, 4, 5, 6]
    assert view.word_of_token[0] is None
    assert view.batch.shape == view.baseline.shape == (1, 24, len(view.tokens))
    special = [place for place, word in enumerate(view.word_of_token) if word is None]
    assert torch.equal(view.baseline[:, :, special], view.batch[:, :, special])


def test_words_against_other_pictures(folder, pictures):
    model = load_model(f"hf:{folder}")
    others = torch.randn(3, 3, 24, 24, generator=torch.Generator().manual_seed(2))
    view = model.text_view("a red square", pictures[:1], others)
    cosines = model.prompt_target("a red square").scores(
        model.predict(torch.cat([pictures[:1], others]))
    )
    expected = cosines[0] - cosines[1:].mean()
    torch.testing.assert_close(view.model.predict(view.batch)[0, 0], expected, rtol=1e-4, atol=1e-5)


def test_pieces_sum_to_words(folder, pictures):
    view = load_model(f"hf:{folder}").text_view("a yellow cross", pictures[:1])
    values = torch.arange(view.batch.numel()).reshape(view.batch.shape).float()
    words = view.on_words(values)
    per_token = values.sum(1)[0]
    assert words.tolist() == [
        [float(per_token[1]), float(per_token[2] + per_token[3]), float(per_token[4])]
    ]
    assert view.features().tolist()[:6] == [3, 0, 1, 1, 2, 3]
    shared = view.on_words(torch.ones_like(values[:, :1]), shared=True)
    assert shared.tolist() == [[1.0, 1.0, 1.0]]
    with pytest.raises(InvalidArgument, match="one value a token"):
        view.on_words(values[:, :, 1:])


def test_words_are_complete(folder, pictures):
    view = load_model(f"hf:{folder}").text_view("a red square", pictures[:1])
    found = attribute(
        view.model,
        view.batch,
        "integrated-gradients",
        0,
        baseline=view.baseline,
        steps=64,
    )
    both = view.model.predict(torch.cat([view.batch, view.baseline]))
    words = view.on_words(found)
    torch.testing.assert_close(words.sum(), (both[0] - both[1]).sum(), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("kind", ["clip"], indirect=True)
def test_bad_words(folder, pictures):
    model = load_model(f"hf:{folder}")
    with pytest.raises(InvalidArgument, match="the model reads 12"):
        model.prompt_target("a red square " * 5)
    with pytest.raises(InvalidArgument, match="text is empty"):
        model.prompt_target("  ")
    with pytest.raises(InvalidType, match="string"):
        model.prompt_target(3)
    with pytest.raises(InvalidArgument, match="2 pictures"):
        model.text_view("a red square", pictures)


@pytest.mark.parametrize("kind", ["clip"], indirect=True)
def test_missing_tokenizer_is_named(folder):
    for file in folder.glob("token*"):
        file.unlink()
    with pytest.raises(InvalidArgument, match=r"tokenizer\.json"):
        load_model(f"hf:{folder}")


@pytest.mark.parametrize("kind", ["clip"], indirect=True)
def test_half_precision_is_widened(folder, pictures):
    network = transformers.CLIPModel.from_pretrained(folder)
    network.half().save_pretrained(folder)
    model = load_model(f"hf:{folder}", labels=PROMPTS)
    assert model.prepare(pictures).dtype == torch.float32


def test_a_tokenizer_without_places():
    class Slow:
        """Splits at blanks; knows no offsets."""

        is_fast = False
        padding_side = "right"

        def __init__(self, pieces):
            self.pieces = pieces

        def __call__(self, text, add_special_tokens=True, **options):
            ids = [number for word in text.split() for number in self.pieces(word)]
            special = [0] * len(ids)
            if add_special_tokens:
                ids, special = [0, *ids, 1], [1, *special, 1]
            return {"input_ids": ids, "special_tokens_mask": special}

        def convert_ids_to_tokens(self, ids):
            return [str(number) for number in ids]

    found = tokens_of(
        "a bcd", Slow(lambda word: [10 + ord(letter) for letter in word]), 9, full=False
    )
    assert found.word_of == (None, 0, 1, 1, 1, None)
    count = iter(range(100))
    with pytest.raises(InvalidArgument, match=r"tokenizer\.json"):
        tokens_of("a bcd", Slow(lambda word: [next(count)]), 9, full=False)
