"""What holds for every model of saliency by its being registered, and the public function."""

import numpy as np
import pytest

import heatlens as hl
from heatlens.errors import InvalidArgument, UnknownName, UnreadableImage
from heatlens.perception.channels import seen
from heatlens.perception.model import SALIENCY
from heatlens.provenance import plain

MODELS = sorted(SALIENCY)


def scene(size=(64, 96), dtype=np.uint8, colour=True):
    """Noise around grey with one bright red patch off the centre."""
    generator = np.random.default_rng(3)
    levels = 0.4 + 0.05 * generator.random((*size, 3))
    top, left = size[0] // 4, size[1] // 2
    levels[top : top + max(1, size[0] // 8), left : left + max(1, size[1] // 8)] = (0.95, 0.3, 0.2)
    if not colour:
        levels = levels.mean(-1)
    if np.issubdtype(dtype, np.floating):
        return levels.astype(dtype)
    return np.rint(levels * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("name", MODELS)
def test_the_map_lies_on_the_picture_and_says_where_it_comes_from(name):
    picture = scene()
    before = picture.copy()
    heat = hl.saliency(picture, name)
    assert heat.size == (64, 96)
    assert heat.axes == "YX"
    assert not heat.signed
    assert heat.values.min() >= 0
    assert heat.values.max() > 0
    assert heat.provenance.method == name
    assert heat.provenance.parameters == plain(SALIENCY[name].parameters)
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(hl.saliency(picture, name).values, heat.values)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (2, 40), (33, 47)], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_any_size(name, size):
    heat = hl.saliency(scene(size), name)
    assert heat.size == size


@pytest.mark.parametrize("name", [name for name in MODELS if name != "centre-prior"])
def test_where_nothing_is_nothing_stands_out(name):
    for level in (0, 128, 255):
        heat = hl.saliency(np.full((48, 64, 3), level, np.uint8), name)
        assert heat.empty, f"{name}: {heat.values.max()} at level {level}"
        assert "nothing stands out" in " ".join(heat.provenance.notes)


@pytest.mark.parametrize("name", MODELS)
def test_grey_is_colour_with_equal_channels(name):
    grey = scene(colour=False)
    repeated = np.repeat(grey[..., None], 3, axis=-1)
    found, expected = hl.saliency(grey, name).values, hl.saliency(repeated, name).values
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max())


@pytest.mark.parametrize("dtype", [np.uint16, np.float32], ids=["16 bits", "float"])
@pytest.mark.parametrize("name", MODELS)
def test_the_type_of_the_pixels_does_not_matter(name, dtype):
    exact = scene()
    found = hl.saliency(
        (exact / 255).astype(np.float32) if dtype == np.float32 else exact.astype(np.uint16) * 257,
        name,
    )
    expected = hl.saliency(exact, name).values
    np.testing.assert_allclose(found.values, expected, atol=2e-3 * expected.max())


@pytest.mark.parametrize("name", [name for name in MODELS if SALIENCY[name].longest])
def test_a_picture_that_was_reduced_before_gives_the_same(name):
    """Else a picture too large for memory would get another map than the same one in memory."""
    model = SALIENCY[name]
    image = hl.read_image(scene((int(2.5 * model.longest), 3 * model.longest)))
    whole = model(image)
    first = model(seen(image, model.longest))
    np.testing.assert_allclose(first, whole, atol=1e-4 * whole.max())


@pytest.mark.parametrize(
    ("name", "given"),
    [
        (name, {key: value})
        for name in MODELS
        for key in ("longest", "sigma", "blur")
        if key in SALIENCY[name].parameters
        for value in ((0, -5) if key == "longest" else (-1.0,))
    ],
    ids=str,
)
def test_numbers_that_mean_nothing_are_refused(name, given):
    """Also of a picture in which nothing stands out, so that they are not found out later."""
    for picture in (scene(), np.full((9, 9), 7, np.uint8)):
        with pytest.raises(InvalidArgument, match=next(iter(given)) + r"\W+is "):
            hl.saliency(picture, name, **given)


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, key)
        for name in MODELS
        for key, default in SALIENCY[name].parameters.items()
        if isinstance(default, str)
    ],
    ids=str,
)
def test_what_is_no_name_is_refused_where_one_belongs(name, parameter):
    for value in (None, 3, ["x"], "x"):
        with pytest.raises(InvalidArgument, match=r"must be a name|unknown"):
            hl.saliency(scene(), name, **{parameter: value})


def test_names_and_parameters_are_checked():
    picture = scene()
    with pytest.raises(UnknownName, match="did you mean 'spectral-residual'"):
        hl.saliency(picture, "spectral-residuals")
    with pytest.raises(
        InvalidArgument,
        match="has no parameter 'varian'; did you mean 'variant'",  # misspelt on purpose
    ):  # misspelt on purpose
        hl.saliency(picture, "spectral-residual", varian="paper")  # misspelt on purpose
    with pytest.raises(InvalidArgument, match="sees motion, and this is a still picture"):
        hl.saliency(picture, "motion-contrast")


def test_pictures_that_are_none():
    with pytest.raises(UnreadableImage, match="NaN"):
        hl.saliency(np.full((8, 8), np.nan))
    with pytest.raises(UnreadableImage):
        hl.saliency(np.zeros((0, 8, 3), np.uint8))
    with pytest.raises(InvalidArgument, match="give one slice"):
        hl.saliency(hl.read_image(np.zeros((4, 8, 8), np.uint8), axes="ZYX"))
