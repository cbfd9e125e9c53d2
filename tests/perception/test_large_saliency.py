"""Saliency of large pictures: the same as of pictures in memory."""

import numpy as np
import pytest

from heatlens.errors import ImageTooLarge, InvalidArgument, InvalidType, UnknownName
from heatlens.images.large import open_large, write_pyramid
from heatlens.perception.large import large_saliency
from heatlens.perception.model import SALIENCY
from heatlens.perception.saliency import saliency

pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    rng = np.random.default_rng(0)
    pixels = rng.integers(98, 103, (611, 907, 3), dtype=np.uint8)
    pixels[400:450, 600:660] = (230, 40, 30)
    path = tmp_path_factory.mktemp("scene") / "scene.tif"
    write_pyramid(path, [pixels], (611, 907), np.uint8, channels=3, tile=128)
    return pixels, path


VARIANTS = {
    "spectral-residual": [{"variant": "opencv"}, {"channels": "grey"}, {"longest": 100}],
    "fine-grained": [{"variant": "opencv"}],
    "itti-koch": [{"normalisation": "iterative"}, {"opponents": "separate"}],
    "gbvs": [{"dissimilarity": "log"}],
    "image-signature": [{"space": "rgb"}],
    "boolean-map": [{"whitening": False}, {"orientation": False}],
    "minimum-barrier": [{"background": False}],
    "ensemble": [{"pool": "logarithmic", "scale": "rank", "centre": 0.2}],
}
CASES = [
    pytest.param(name, given, id="-".join([name, *map(str, given.values())]))
    for name in SALIENCY
    for given in [{}, *VARIANTS.get(name, [])]
]


@pytest.mark.parametrize(("method", "given"), CASES)
def test_equals_the_picture_in_memory(method, given, scene, tmp_path):
    pixels, path = scene
    whole = saliency(pixels, method, **given).values
    with large_saliency(path, method, **given) as heat, heat.save(tmp_path / "heat.tif") as saved:
        for large in (heat, saved):
            values = np.concatenate([band for _, band in large.rows()])
            np.testing.assert_allclose(values, whole, atol=1e-4 * whole.max())
            part = large.region(390, 590, 80, 90)
            np.testing.assert_allclose(part, values[390:470, 590:680], rtol=1e-5, atol=1e-9)
        assert saved.provenance.method == method
        assert not saved.signed


def test_written_directly_and_with_progress(scene, tmp_path):
    told = []
    with (
        open_large(scene[1]) as large,
        large_saliency(
            large,
            "spectral-residual",
            variant="opencv",
            out=tmp_path / "heat.tif",
            progress=lambda done, total: told.append((done, total)),
        ) as heat,
    ):
        assert heat.provenance.parameters["variant"] == "opencv"
        assert heat.provenance.image == "scene.tif"
        assert heat.values.levels == ((611, 907), (306, 454))
    assert told[-1] == (611 * 907, 611 * 907)


def test_a_constant_picture_says_so():
    with large_saliency(np.full((300, 200), 7, np.uint8)) as heat:
        assert "nothing stands out" in heat.provenance.notes[-1]
        assert heat.extent() == (0.0, 0.0)


def test_damaged_tiles_are_noted(scene, tmp_path):
    data = bytearray(scene[1].read_bytes())
    import tifffile

    with tifffile.TiffFile(scene[1]) as file:
        offset = file.pages[0].dataoffsets[3]
    data[offset : offset + 30] = bytes(30)
    (tmp_path / "a.tif").write_bytes(data)
    with open_large(tmp_path / "a.tif", damaged="blank") as large, large_saliency(large) as heat:
        assert any("column 384" in note for note in heat.provenance.notes)


def test_models_of_full_resolution_are_computed_piece_by_piece(scene, monkeypatch):
    whole = saliency(scene[0], "fine-grained").values
    monkeypatch.setenv("HEATLENS_MAX_PIXELS", "300_000")
    with large_saliency(scene[1], "fine-grained") as heat:
        np.testing.assert_allclose(
            heat.region(391, 592, 80, 90), whole[391:471, 592:682], atol=1e-5
        )
        values = np.concatenate([band for _, band in heat.rows()])
    np.testing.assert_allclose(values, whole, atol=1e-4 * whole.max())
    with pytest.raises(ImageTooLarge, match="looks at every pixel of the picture at once"):
        large_saliency(scene[1], "fine-grained", variant="opencv")


@pytest.mark.parametrize("kind", ["grey", "16 bits", "small", "float"])
def test_opencvs_spectral_residual_reads_the_same_pixels(kind):
    pixels = np.random.default_rng(5).integers(0, 256, (611, 307, 3), dtype=np.uint8)
    pixels = {
        "grey": pixels[..., 0],
        "16 bits": pixels.astype(np.uint16) * 257,
        "small": pixels[:9, :5],
        "float": (pixels / 255).astype(np.float32),
    }[kind]
    whole = saliency(pixels, "spectral-residual", variant="opencv").values
    with large_saliency(pixels, "spectral-residual", variant="opencv") as heat:
        np.testing.assert_array_equal(heat.region(0, 0, *pixels.shape[:2]), whole)


def test_the_picture_is_never_written_over(scene, tmp_path):
    file = tmp_path / "a.tif"
    file.write_bytes(scene[1].read_bytes())
    told = []
    for place, words in ((file, "the picture itself"), (tmp_path / "no/a.tif", "cannot be writ")):
        with pytest.raises(InvalidArgument, match=words):
            large_saliency(file, out=place, progress=lambda done, total: told.append(done))
    with large_saliency(file) as heat, pytest.raises(InvalidArgument, match="the picture itself"):
        heat.save(file)
    assert not told
    assert file.read_bytes() == scene[1].read_bytes()


def test_errors():
    with pytest.raises(InvalidType, match="the name of a model of saliency"):
        large_saliency(np.zeros((9, 9)), "bundled:scene-cnn")
    with pytest.raises(UnknownName, match="spectral-residual"):
        large_saliency(np.zeros((9, 9)), "spectral")
