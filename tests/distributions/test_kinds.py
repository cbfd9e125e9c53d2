import numpy as np
import pytest

from heatlens.distributions import Distribution, as_distribution, constructors
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from tests.distributions.samples import heat, photo

PICTURE_KINDS = [kind.name for kind in constructors() if kind.name != "features"]


@pytest.mark.parametrize("kind", PICTURE_KINDS)
def test_every_kind_is_seeded_frozen_and_says_its_unit(kind):
    one, two = as_distribution(photo(), kind), as_distribution(photo(), kind)
    np.testing.assert_array_equal(one.points, two.points)
    np.testing.assert_array_equal(one.weights, two.weights)
    assert one.kind == kind
    assert one.name == "photo"
    assert one.unit
    assert one.total > 0
    assert not one.points.flags.writeable
    assert as_distribution(one, kind) is one


@pytest.mark.parametrize("kind", PICTURE_KINDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_every_kind_takes_every_type_and_shape(kind, dtype):
    generator = np.random.default_rng(0)
    for shape in [(7, 5), (6, 11, 3), (5, 5, 1)]:
        pixels = generator.random(shape)
        top = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
        axes = "YX" if len(shape) == 2 else "YXC"
        image = Image((pixels * top).astype(dtype), axes, (0.0, float(top)))
        assert as_distribution(image, kind).total > 0


@pytest.mark.parametrize("kind", PICTURE_KINDS)
def test_transparent_pixels_have_no_mass(kind):
    """Whatever lies under full transparency changes nothing."""
    image = photo()
    alpha = np.ones(image.size, np.float32)
    alpha[:, 30:] = 0
    other = image.pixels.copy()
    other[:, 30:] = np.random.default_rng(5).integers(0, 256, other[:, 30:].shape)
    one, two = (as_distribution(Image(p, alpha=alpha), kind) for p in (image.pixels, other))
    np.testing.assert_array_equal(one.points, two.points)
    np.testing.assert_array_equal(one.weights, two.weights)
    with pytest.raises(InvalidArgument):
        as_distribution(image.with_(alpha=np.zeros(image.size)), kind)


@pytest.mark.parametrize(
    ("kind", "thing", "parameters", "words"),
    [
        ("orientation", np.full((5, 5), 9, np.uint8), {}, "flat"),
        ("orientation", np.ones((2, 9)), {}, "3 x 3"),
        ("patches", np.ones((4, 9)), {}, "no patch of 5 x 5"),
        ("signature", heat([[1]]), {}, "this is a heatmap"),
        ("signature", photo(), {"k": 0}, "k is 0"),
        ("signature-position", photo(), {"position": -1.0}, "position is -1"),
        ("colour-histogram", photo(), {"space": "hsv"}, "'rgb' or 'lab'"),
        ("colour-histogram", photo(), {"bins": 300}, "at most 256"),
        ("histogram", photo(), {"unit": "nits"}, "unit is 'nits'"),
        ("histogram", photo(), {"range": (2, 2)}, "rises"),
        ("histogram", photo(), {"range": 5}, r"it is \(low, high\)"),
        ("signature", Image(np.zeros((3, 3, 5), np.uint8)), {}, "5 channels"),
    ],
)
def test_errors(kind, thing, parameters, words):
    with pytest.raises(InvalidArgument, match=words):
        as_distribution(thing, kind, **parameters)


def test_other_errors(tmp_path):
    with pytest.raises(UnknownName, match="signature"):
        as_distribution(photo(), "signatures")
    with pytest.raises(InvalidType, match="a dict is no picture"):
        as_distribution({})
    with pytest.raises(InvalidType, match=r"bins is 2.5"):
        as_distribution(photo(), "histogram", bins=2.5)
    finished = as_distribution(photo(), "histogram")
    with pytest.raises(InvalidArgument, match="'histogram' already"):
        as_distribution(finished, "mass")
    with pytest.raises(InvalidArgument, match="takes no parameters"):
        as_distribution(finished, "histogram", bins=3)
    heat([[1, 2]]).save(tmp_path / "map.npz")
    assert as_distribution(tmp_path / "map.npz").weights.tolist() == [1, 2]


def test_a_distribution_checks_itself():
    for weights, points in [([1.0], [1.0]), ([1.0, 2.0], [[1.0]]), ([-1.0], [[1.0]])]:
        with pytest.raises(InvalidArgument):
            Distribution(weights, points, "m", "x")


def test_paths_and_tensors_are_read(tmp_path):
    import torch
    from PIL import Image as Pillow

    image = photo()
    Pillow.fromarray(image.pixels).save(tmp_path / "photo.png")
    expected = as_distribution(image, "signature")
    for thing in (tmp_path / "photo.png", str(tmp_path / "photo.png")):
        found = as_distribution(thing, "signature")
        np.testing.assert_array_equal(found.points, expected.points)
        assert found.name == "photo.png"
    tensor = torch.from_numpy(image.pixels.copy()).permute(2, 0, 1)
    found = as_distribution(tensor, "signature")
    np.testing.assert_array_equal(found.points, expected.points)
    assert as_distribution(torch.ones(2, 3, requires_grad=True)).total == 6


def test_nothing_heavy_is_imported_for_a_look():
    import subprocess
    import sys

    code = (
        "import sys, heatlens.distributions; "
        "print([m for m in ('torch', 'numba', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
