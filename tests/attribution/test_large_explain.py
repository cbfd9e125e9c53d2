"""Tiled explanations: equal to explaining the sliding-window network in one piece."""

import numpy as np
import pytest
import torch

import heatlens as hl
from heatlens.attribution.attribute import attribute
from heatlens.attribution.large import explain_large
from heatlens.errors import ImageTooLarge, InvalidArgument, InvalidType, UnknownName
from heatlens.images.geometry import Placement
from heatlens.images.large import LargeHeatmap, open_large
from heatlens.images.tiles import blend, window_starts

pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")

SIZE, WINDOW, OVERLAP = (70, 115), 32, 0.3


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 5, padding=2),
        torch.nn.Tanh(),
        torch.nn.AvgPool2d(2),
        torch.nn.Conv2d(6, 5, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(5, 4),
    ).eval()


class Sliding(torch.nn.Module):
    """The mean of a network's scores over windows, as one network."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, picture):
        tops, lefts = (window_starts(n, WINDOW, OVERLAP) for n in SIZE)
        crops = [
            picture[..., top : top + WINDOW, left : left + WINDOW] for top in tops for left in lefts
        ]
        return torch.stack([self.inner(crop) for crop in crops]).mean(0)


@pytest.fixture
def model():
    return hl.load_model(network(), input_size=(32, 32), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25))


@pytest.fixture(scope="module")
def pixels():
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    pixels[:, 40:] //= 3
    return pixels


def normalised(pixels):
    mean, std = (np.float32(v) for v in ([0.4, 0.5, 0.6], [0.2, 0.3, 0.25]))
    return torch.from_numpy(((np.float32(pixels) / 255 - mean) / std).transpose(2, 0, 1)[None])


def values_of(heat):
    with heat:
        return np.concatenate([band for _, band in heat.rows()])


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("gradient", {}),
        ("input-x-gradient", {}),
        ("integrated-gradients", {"steps": 8}),
    ],
    ids=["gradient", "input-x-gradient", "integrated-gradients"],
)
@pytest.mark.parametrize("target", ["predicted", 2])
def test_tiled_equals_untiled(model, pixels, tmp_path, method, parameters, target):
    whole = hl.load_model(
        Sliding(network()), input_size=SIZE, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25)
    )
    one = attribute(whole, normalised(pixels), method, target, **parameters)
    expected = one[0].abs().amax(0) if method == "gradient" else one[0].sum(0)
    with open_large(pixels, name="noise") as large:
        heat = hl.explain(
            model,
            large,
            method,
            target,
            window=WINDOW,
            overlap=OVERLAP,
            out=tmp_path / "heat.tif",
            **parameters,
        )
    scale = float(expected.abs().max())
    np.testing.assert_allclose(values_of(heat), expected.numpy(), atol=1e-4 * scale)
    score = whole.predict(normalised(pixels))[0]
    index = int(score.argmax()) if target == "predicted" else 2
    assert heat.provenance.score == pytest.approx(float(score[index]), abs=1e-5)
    assert heat.signed == (method != "gradient")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heat.tif"]


@pytest.mark.parametrize("method", ["gradcam", "layercam", "occlusion"])
def test_cams_and_masks_equal_the_blend_in_memory(model, pixels, method):
    tops, lefts = (window_starts(n, WINDOW, OVERLAP) for n in SIZE)
    places, maps = [], []
    for top in tops:
        for left in lefts:
            crop = pixels[top : top + WINDOW, left : left + WINDOW]
            places.append(Placement(SIZE, (32, 32), offset=(-float(top), -float(left))))
            maps.append(attribute(model, normalised(crop), method, 1)[0].sum(0).numpy())
    expected, _ = blend(places, maps)
    with open_large(pixels) as large:
        heat = explain_large(model, large, method, 1, overlap=OVERLAP, batch=3)
    np.testing.assert_allclose(values_of(heat), expected, atol=1e-4 * np.abs(expected).max())


def test_windows_of_another_size_and_small_pictures(model, pixels):
    with open_large(pixels) as large:
        heat = explain_large(model, large, "gradcam", 0, window=(64, 48))
        assert heat.size == SIZE
        assert heat.provenance.parameters["tile"] == [64, 48]
    with open_large(pixels[:1, :3]) as tiny:
        assert explain_large(model, tiny, "gradient", 0).size == (1, 3)
    with open_large(pixels[..., 0]) as grey:
        assert explain_large(model, grey, "gradient", 0).size == SIZE


def test_batches_and_bands_do_not_matter(model, pixels, tmp_path):
    with open_large(pixels) as large:
        one = explain_large(model, large, "input-x-gradient", 0, batch=1)
        many = explain_large(model, large, "input-x-gradient", 0, batch=50, out=tmp_path / "a.tif")
    np.testing.assert_allclose(values_of(one), values_of(many), atol=1e-6)


def test_empty_windows_can_be_left_out(model, pixels):
    blank = pixels.copy()
    blank[:, 50:] = 255
    with open_large(blank) as large:
        heat = explain_large(model, large, "input-x-gradient", 0, overlap=0, skip=0.01)
        values = values_of(heat)
        assert not values[:, 83:].any()
        assert values[:, :50].any()
        assert "are empty and were left out" in " ".join(heat.provenance.notes)
    with (
        open_large(np.full((*SIZE, 3), 9, np.uint8)) as large,
        pytest.raises(InvalidArgument, match="leaves no window"),
    ):
        explain_large(model, large, "gradient", 0, skip=0.01)


def test_the_file_says_where_it_comes_from(model, pixels, tmp_path):
    with open_large(pixels, name="noise") as large:
        explain_large(model, large, "gradcam", 1, out=tmp_path / "heat.tif").close()
    with LargeHeatmap.load(tmp_path / "heat.tif") as heat:
        about = heat.provenance
        assert (about.method, about.image, about.parameters["combine"]) == (
            "gradcam",
            "noise",
            "blend",
        )
        assert about.forward_passes == pytest.approx(2)
        assert about.score is not None
        assert heat.extent()[1] > 0


def test_errors(model, pixels, monkeypatch):
    with open_large(pixels) as large:
        with pytest.raises(InvalidArgument, match="combine='sum' is for"):
            explain_large(model, large, "gradcam", combine="sum")
        with pytest.raises(InvalidArgument, match="'sum' or 'blend'"):
            explain_large(model, large, "gradcam", combine="max")
        with pytest.raises(InvalidArgument, match="window"):
            explain_large(model, large, "gradcam", window=0)
        with pytest.raises(InvalidArgument, match="overlap"):
            explain_large(model, large, "gradcam", overlap=1)
        with pytest.raises(UnknownName):
            explain_large(model, large, "gradkam")
        with pytest.raises(InvalidArgument, match="no parameter 'fit'"):
            hl.explain(model, large, "gradcam", fit="crop")
        with pytest.raises(InvalidArgument, match="Region"):
            explain_large(model, large, "gradcam", hl.Region(0))
        with pytest.raises(InvalidArgument, match="one target at a time"):
            explain_large(model, large, "gradcam", [0, 1])
        monkeypatch.setattr("heatlens.attribution.large._IN_MEMORY", 100)
        with pytest.raises(ImageTooLarge, match=r"out='heat\.tif'"):
            explain_large(model, large, "gradcam", 0)
    with pytest.raises(InvalidType, match="open_large"):
        explain_large(model, pixels, "gradcam")
