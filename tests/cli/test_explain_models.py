"""`heatlens explain` and its model: what it reads, what is assumed of it, what it can run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

import heatlens.cli.loading as loading
from heatlens.cli import app
from heatlens.errors import HeatlensError, InvalidArgument, MissingDependency
from heatlens.models.load import load_model

CLIP = ("--model", "bundled:caption-clip")


class Means(nn.Module):
    """The mean of each channel."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return batch.mean((2, 3))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    drawn = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(drawn).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def given(monkeypatch):
    """Let the command load this network, with the wishes that were typed."""

    def gives(network):
        monkeypatch.setattr(
            loading, "load_model", lambda _, **wishes: load_model(network, name="mine", **wishes)
        )

    return gives


def run(photo: Path, *words: object) -> tuple[dict, str, str]:
    """The one result, standard output and standard error."""
    typed = [*map(str, ("explain", photo, "--out", photo.parent / "out", "--no-checks", *words))]
    result = CliRunner().invoke(app, typed)
    if isinstance(result.exception, HeatlensError):
        raise result.exception
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["results"][0] if "--json" in words else {}
    return told, result.stdout, result.stderr


@pytest.mark.parametrize("labels", [False, True])
def test_words_need_no_class(photo, labels):
    pytest.importorskip("transformers")
    (photo.parent / "labels.txt").write_text("a red circle\na blue square\n")
    more = ("--labels", photo.parent / "labels.txt") if labels else ()
    told, _, _ = run(
        *(photo, *CLIP, "--words", "a yellow square", "--method", "feature-ablation", "--json"),
        *more,
    )
    [heat] = told["heatmaps"]
    assert heat["axes"] == "L"
    assert heat["coordinates"]["L"] == ["a", "yellow", "square"]


def test_words_are_explained_by_a_method_for_words(photo):
    pytest.importorskip("transformers")
    told, _, _ = run(photo, *CLIP, "--words", "a red circle", "--set", "steps=2", "--json")
    assert told["heatmaps"][0]["method"] == "integrated-gradients"


def test_a_model_without_classes_of_its_own_predicts_none(photo):
    pytest.importorskip("transformers")
    told, _, _ = run(
        *(photo, *CLIP, "--target", "a yellow square", "--method", "gradient", "--json")
    )
    assert told["predictions"] == []
    with pytest.raises(InvalidArgument, match="has no classes of its own"):
        run(photo, *CLIP, "--method", "gradient")


def test_the_input_is_described_by_options(photo, given):
    given(Means())
    told, _, said = run(
        *(photo, "--model", "any", "--method", "gradient", "--target", 0, "--json"),
        *("--input-size", "16x16", "--mean", "10,20,30", "--std", "50", "--value-range", "0,255"),
        *("--channel-order", "BGR"),
    )
    assert said == ""
    [heat] = told["heatmaps"]
    pixels = np.asarray(Image.open(photo).resize((16, 16)), np.float64)
    assert heat["score"] == pytest.approx((pixels[..., 2].mean() - 10) / 50, abs=0.02)
    assert heat["notes"] == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--mean", "grey"), "--mean 'grey': write numbers"),
        (("--std", "0.2,"), "--std '0.2,': write numbers"),
        (("--mean", "nan"), "--mean 'nan'"),
        (("--value-range", "255"), "--value-range '255': write numbers, such as 0,255"),
        (("--value-range", "1,0"), "must rise"),
        (("--channel-order", "GBR"), "RGB or BGR"),
        (("--mean", "0.1,0.2"), "one per channel"),
    ],
)
def test_numbers_that_cannot_be_used(photo, words, hint):
    with pytest.raises(InvalidArgument, match=hint):
        run(photo, "--model", "bundled:scene-cnn", *words)


def test_what_is_assumed_is_said_once_with_the_options(photo, given, recwarn):
    given(Means())
    _, out, said = run(photo, "--model", "any", "--method", "gradient", "--target", 0)
    assert said.count("\n") == 1
    assert said.startswith("heatlens: mine does not say how its input is prepared")
    assert "--mean, --std, --value-range" in said
    assert "go in as they are" in said
    assert "go in as they are" not in out
    assert not recwarn.list


def test_a_method_is_chosen_that_the_model_can_run(photo, given):
    def score(batch):
        return batch.mean((1, 2))

    given(score)
    typed = (photo, "--model", "any", "--input-size", 16, "--target", 0, "--json")
    told, _, said = run(*typed, "--set", "samples=8")
    assert told["heatmaps"][0]["method"] == "rise"
    assert "rise is taken instead; --method chooses another" in said
    told, _, said = run(*typed, "--method", "feature-ablation")
    assert "instead" not in said


def test_random_weights_are_said(photo):
    told, _, _ = run(
        *(photo, "--model", "bundled:scene-cnn", "--weights", "random", "--method", "gradient"),
        *("--target", 3, "--json"),
    )
    assert told["heatmaps"][0]["notes"][0] == "random weights (seed 0)"
    assert load_model("bundled:scene-cnn", weights=False, seed=7).contract.notes == (
        "random weights (seed 7)",
    )
    assert load_model("bundled:scene-cnn").contract.notes == ()


def test_a_missing_package_is_said_of_the_model_that_was_asked_for(photo, monkeypatch):
    def missing(package, purpose, extra="models"):
        raise MissingDependency(package, extra, purpose)

    monkeypatch.setattr("heatlens.models.transformers.load.needed", missing)
    with pytest.raises(MissingDependency, match=r"^bundled:tone-net needs transformers: pip"):
        run(photo, "--model", "bundled:tone-net")
