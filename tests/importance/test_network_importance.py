"""What networks look at: planted, and found; on the bundled ones and on some that are known."""

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, UnknownName, UnsupportedMethod
from heatlens.importance import (
    ablation_importance,
    interaction,
    partial_dependence,
    permutation_importance,
    shapley_importance,
    shapley_values,
)
from heatlens.importance.interventions import Brightness, Contrast, Segment, regions, segments
from heatlens.importance.network import NetworkSubject
from heatlens.importance.stack import Stack
from heatlens.testing.scenes import Shortcut, scenes


@pytest.fixture(scope="module")
def marked():
    return scenes(40, split="test", shortcut=Shortcut())


@pytest.fixture(scope="module")
def named(marked):
    masks = {"digit": marked.masks, "watermark": marked.shortcut_masks}
    return [*segments(masks), "brightness", "texture"]


@pytest.mark.parametrize(
    ("name", "first"),
    [("bundled:scene-cheater", "watermark"), ("bundled:scene-cnn", "digit")],
    ids=["cheater", "honest"],
)
def test_what_the_network_reads_is_first(name, first, marked, named):
    model = hl.load_model(name)
    second = "digit" if first == "watermark" else "watermark"
    for measure, extra in (
        (permutation_importance, {"repeats": 2}),
        (ablation_importance, {"score": "probability"}),
    ):
        found = measure(model, marked.images, marked.labels, features=named, **extra)
        ranked = found.ranked()
        assert ranked[0][0] == first
        # Its interval lies above those of all others, and 0 is in that of what it does not read.
        assert ranked[0][2] > max(high for *_, high in ranked[1:])
        assert found[second][1] <= 0 <= found[second][2]
    shares = shapley_importance(
        model, marked.images[:12], features=segments({
            "digit": marked.masks[:12], "watermark": marked.shortcut_masks[:12]
        }), background=4,
    )  # fmt: skip
    assert shares.ranked()[0][0] == first


def test_the_cheaters_watermark_lies_in_the_corners(marked):
    model = hl.load_model("bundled:scene-cheater")
    found = ablation_importance(
        model, marked.images[:40], marked.labels[:40], features="regions", score="probability"
    )
    corners = {name for name, *_ in found.ranked()[:4]}
    assert corners == {
        f"region {row} {side}" for row in ("top", "bottom") for side in ("left", "right")
    }


class Sums(nn.Module):
    """A score that is a known function of the mean of each half of the picture."""

    def __init__(self, product: bool = False):
        super().__init__()
        self.product = product

    def forward(self, x):
        left, right = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
        a, b = left.mean((1, 2, 3)), right.mean((1, 2, 3))
        score = a * b if self.product else 2 * a + b
        return torch.stack([score, -score], 1)


def pictures(count=12, size=(8, 12), seed=0):
    """Flat halves of known brightness, (n, h, w, 3) uint8, and the two levels (n, 2)."""
    levels = np.random.default_rng(seed).integers(60, 190, (count, 2))
    images = np.empty((count, *size, 3), np.uint8)
    images[:, :, : size[1] // 2] = levels[:, :1, None, None]
    images[:, :, size[1] // 2 :] = levels[:, 1:, None, None]
    return images, levels / 255


def known(product=False):
    return hl.load_model(Sums(product), input_size=(8, 12), mean=0.0, std=1.0)


def test_shapley_values_of_a_known_network():
    images, levels = pictures()
    found = shapley_values(
        known(), images, features=[regions((1, 2))], target=0, output="score", background=12
    )
    expected = np.array([2.0, 1.0]) * (levels - levels.mean(0))
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    np.testing.assert_allclose(found.values.sum(1), found.outputs - found.base, atol=1e-6)


def test_shapley_values_against_blur_keep_the_rest():
    images, _ = pictures()
    found = shapley_values(
        known(), images, features=regions((1, 2), baseline="black"), target=0, output="score",
        background="mean",
    )  # fmt: skip
    np.testing.assert_allclose(found.base, 0, atol=1e-6)
    assert found.background == 0


@pytest.mark.parametrize("product", [False, True], ids=["sum", "product"])
def test_interaction_of_a_known_network(product):
    images, levels = pictures()
    found = interaction(
        known(product), images, features=[regions((1, 2))], target=0, output="score", resamples=20
    )
    a, b = levels.T
    if product:
        centred = (a - a.mean()) * (b - b.mean())
        # PD of both is the product itself; of one alone, it times the other's mean.
        only = centred - centred.mean()
        assert found.strength[0] == pytest.approx(only.std(), rel=1e-3)
        assert found.squared[0] == pytest.approx(only.var() / (a * b).var(), rel=1e-3)
    else:
        assert found.squared[0] < 1e-9


def test_permuting_a_region_of_a_known_network():
    images, levels = pictures()
    labels = 2 * levels[:, 0] + levels[:, 1]

    def error(truth, outputs):
        return -float(np.square(truth - outputs[:, 0]).mean())

    found = permutation_importance(
        known(), images, labels, features=[regions((1, 2))], score=error, repeats="all"
    )
    n = len(images)
    for k, weight in enumerate((2, 1)):
        expected = weight**2 * 2 * levels[:, k].var() * n / (n - 1)
        assert found.values[k] == pytest.approx(expected, rel=1e-3)


def test_brightness_curve_of_a_known_network():
    images, levels = pictures()
    steps = np.linspace(-0.1, 0.1, 5)
    found = partial_dependence(
        known(), images, "brightness", target=0, output="score", grid=steps, relative=True,
        kind="both",
    )  # fmt: skip
    own = 2 * levels[:, :1] + levels[:, 1:]
    np.testing.assert_allclose(found.individual, own + 3 * steps, atol=1e-4)
    absolute = partial_dependence(
        known(), images, "brightness", target=0, output="score", grid=[0.4, 0.6], kind="both"
    )
    middle = (levels[:, :1] + levels[:, 1:]) / 2
    np.testing.assert_allclose(
        absolute.individual, own + 3 * (np.array([0.4, 0.6]) - middle), atol=1e-4
    )
    assert absolute.units == ("mean luma, 0 to 1",)
    assert absolute.what == "picture"


def test_without_labels_and_with_names_of_labels(marked):
    model = hl.load_model("bundled:scene-cnn")
    few = marked.images[:12]
    alone = ablation_importance(model, few, features="texture")
    assert alone.baseline == 1
    words = [f"digit {label}" for label in marked.labels[:12]]
    for score in ("accuracy", "probability"):
        by_name = ablation_importance(model, few, words, features="texture", score=score)
        by_number = ablation_importance(
            model, few, marked.labels[:12], features="texture", score=score
        )
        assert by_name.baseline == by_number.baseline
    with pytest.raises(UnknownName, match="digit 3"):
        ablation_importance(model, few, ["digits 3"] * 12, features="texture", score="probability")


def test_one_logit_is_two_classes():
    class Lone(nn.Module):
        def forward(self, x):
            return 20 * (x.mean((1, 2, 3), keepdim=False).unsqueeze(1) - 0.5)

    images, levels = pictures(20)
    model = hl.load_model(Lone(), input_size=(8, 12), mean=0.0, std=1.0)
    labels = (levels.mean(1) > 0.5).astype(int)
    found = permutation_importance(model, images, labels, features="brightness")
    assert found.baseline == 1
    assert found["brightness"][0] > 0.2
    half = partial_dependence(model, images, "brightness", target=1, grid=[0.5])
    assert half.average[0] == pytest.approx(0.5, abs=1e-3)


def test_files_and_pictures_of_any_kind(tmp_path, marked):
    from PIL import Image as Pillow

    paths = []
    for k in range(10):
        Pillow.fromarray(marked.images[k]).save(tmp_path / f"{k}.png")
        paths.append(tmp_path / f"{k}.png")
    model = hl.load_model("bundled:scene-cnn")
    from_files = ablation_importance(model, paths, features="brightness", score="probability")
    from_array = ablation_importance(
        model, marked.images[:10], features="brightness", score="probability"
    )
    assert from_files["brightness"] == from_array["brightness"]
    (tmp_path / "3.png").write_bytes(b"not a picture")
    with pytest.raises(InvalidArgument, match="picture 3 cannot be used"):
        ablation_importance(model, paths, features="brightness")


def test_pictures_that_are_not_kept_are_read_again(marked):
    model = hl.load_model("bundled:scene-cnn")
    rows = np.array([3, 0, 3, 9, 1])
    small = Stack(model, marked.images[:10], budget=1)
    large = Stack(model, marked.images[:10])
    assert torch.equal(small.pixels(rows), large.pixels(rows))
    assert len(small._kept) == 1
    expected = torch.from_numpy(marked.images[rows]).permute(0, 3, 1, 2) / 255
    torch.testing.assert_close(large.pixels(rows), expected, atol=1e-6, rtol=0)


def test_the_model_and_the_pictures_stay_as_they_are(marked):
    model = hl.load_model("bundled:scene-cnn")
    images = marked.images[:10].copy()
    batch = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    before, state = model.predict(batch), torch.random.get_rng_state()
    names = ["brightness", "colour", "regions-2", "stage2:1"]
    runs = [
        permutation_importance(
            model, images, features=names, repeats=1, seed=3, score="probability"
        )
        for _ in range(2)
    ]
    assert (runs[0].values == runs[1].values).all()
    assert torch.equal(model.predict(batch), before)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert (images == marked.images[:10]).all()


def test_interventions_given_stay_as_they_were(marked):
    one = Brightness()
    subject = NetworkSubject(
        hl.load_model("bundled:scene-cnn"), marked.images[:10], reads="scores", features=[one]
    )
    assert one.usual is None
    assert subject.measured()[:, 0].mean() == pytest.approx(
        float(subject._changes[0].usual), abs=1e-6
    )


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"pictures": slice(0, 5)}, InvalidArgument, "5 pictures are too few"),
        ({"features": "brightnes"}, UnknownName, "did you mean 'brightness'"),
        ({"features": "stage9:1"}, UnknownName, "stage"),
        ({"features": "stem:999"}, InvalidArgument, "channels"),
        ({"features": 3}, TypeError, "interventions"),
        ({"features": [Segment("mark", np.ones((12, 5, 5)))]}, InvalidArgument, "bring the masks"),
        ({"labels": [1, 2]}, InvalidArgument, "expected one for each"),
        ({"labels": [99] * 12, "score": "probability"}, InvalidArgument, "10 classes"),
        ({"names": ["a"]}, InvalidArgument, "table"),
        ({"fit": "tile"}, InvalidArgument, "several inputs"),
        ({"model": Sums}, TypeError, "model"),
    ],
    ids=["few", "name", "layer", "channel", "kind", "masks", "labels", "label", "names", "fit", "class"],
)  # fmt: skip
def test_errors_are_in_words(change, error, words, marked):
    given = {"model": hl.load_model("bundled:scene-cnn"), "features": "brightness", **change}
    images = marked.images[given.pop("pictures", slice(0, 12))]
    if change == {"fit": "tile"}:  # of the network's own size they are one tile
        images = np.tile(images, (1, 1, 3, 1))
    with pytest.raises(error, match=words):
        ablation_importance(given.pop("model"), images, given.pop("labels", None), **given)


def test_layers_of_other_frameworks_are_refused():
    function = hl.load_model(
        lambda batch: batch.mean((1, 2))[:, :2],
        input_size=(8, 12),
        layout="NHWC",
        mean=0.0,
        std=1.0,
    )
    images, _ = pictures()
    with pytest.raises(UnsupportedMethod, match="PyTorch"):
        ablation_importance(function, images, features="0:1")
    found = ablation_importance(function, images, features="brightness", score="probability")
    assert found.n == 12


def test_two_properties_make_a_surface():
    images, _ = pictures()
    found = partial_dependence(
        known(), images, [Brightness(), Contrast()], target=0, output="score", grid=3
    )
    assert found.average.shape == (3, 3)
    assert (np.diff(found.average, axis=0) > 0).all()


def test_a_region_has_no_curve():
    images, _ = pictures()
    with pytest.raises(InvalidArgument, match="no single number"):
        partial_dependence(known(), images, regions((1, 2))[0])
