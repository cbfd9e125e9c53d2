"""The spectral residual against its formula, and OpenCV's against OpenCV."""

from __future__ import annotations

import numpy as np
import pytest

import heatlens as hl
from heatlens.errors import InvalidArgument, UnknownName
from heatlens.image import Image
from heatlens.perception.channels import grey, seen
from heatlens.perception.displays import hit, popout
from heatlens.perception.static.spectral_residual import spectral_residual
from heatlens.perception.static.spectral_residual_opencv import opencv_map

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "camera")


def photograph(name):
    return getattr(pytest.importorskip("skimage.data"), name)()


def picture(pixels, **fields):
    return Image(pixels, "YX" if pixels.ndim == 2 else "YXC", **fields)


def by_the_paper(image):
    """Equations 4 to 8, one line each, with angles and a mean by rolled copies."""
    spectrum = np.fft.fft2(grey(seen(image, 64)).astype(float))
    amplitude, phase = np.abs(spectrum), np.angle(spectrum)
    L = np.log(amplitude)
    around = [np.roll(L, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    R = L - np.mean(around, axis=0)
    return np.abs(np.fft.ifft2(np.exp(R + 1j * phase))) ** 2


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_equals_the_papers_equations(name):
    image = picture(photograph(name))
    ours = spectral_residual(image, channels="grey", sigma=0.0)
    np.testing.assert_allclose(ours, by_the_paper(image), rtol=1e-4, atol=1e-5)
    assert max(ours.shape) == 64


def opencvs(pixels):
    """OpenCV's own map; it takes blue first."""
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "saliency"):
        pytest.skip("OpenCV without contrib")
    turned = np.ascontiguousarray(pixels[..., ::-1]) if pixels.ndim == 3 else pixels
    return cv2.saliency.StaticSaliencySpectralResidual_create().computeSaliency(turned)[1]


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_opencv_variant_equals_opencv(name):
    pixels = photograph(name)
    ours = hl.saliency(pixels, method="spectral-residual", variant="opencv")
    np.testing.assert_allclose(ours.values, opencvs(pixels), rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 9), (3, 2), (37, 53), (64, 64), (65, 129), (480, 37)])
@pytest.mark.parametrize("channels", [0, 1, 3])
def test_the_opencv_variant_equals_opencv_at_odd_sizes(size, channels):
    shape = size if channels == 0 else (*size, channels)
    pixels = np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)
    ours = hl.saliency(
        Image(pixels, "YXC" if channels else "YX"), "spectral-residual", variant="opencv"
    ).values
    np.testing.assert_allclose(ours, opencvs(pixels), rtol=0, atol=1e-4)


def test_the_opencv_variant_takes_other_kinds_of_pixels():
    pixels = np.random.default_rng(3).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    expected = opencv_map(Image(pixels))
    wide = Image(pixels.astype(np.uint16) * 257, value_range=(0.0, 65535.0))
    unit = Image((pixels / 255).astype(np.float32), value_range=(0.0, 1.0))
    for other in (wide, unit):
        np.testing.assert_array_equal(opencv_map(other), expected)
    np.testing.assert_array_equal(opencv_map(Image(pixels[::-1][::-1])), expected)


@pytest.mark.parametrize("variant", ["paper", "opencv"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (50, 70)])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_nothing_stands_out_of_one_colour(variant, size, level):
    values = spectral_residual(picture(np.full(size, level, np.uint8)), variant=variant)
    assert not values.any()


@pytest.mark.parametrize("variant", ["paper", "opencv"])
def test_an_empty_spectrum_is_no_noise(variant):
    """A grating has few coefficients; the logarithm of the rest is rounding."""
    grating = np.uint8(100 + 50 * (np.arange(64) % 8 < 4))
    values = spectral_residual(picture(np.tile(grating, (64, 1))), variant=variant)
    assert np.isfinite(values).all()
    assert np.ptp(values, axis=0).max() < 1e-6  # along the bars nothing changes


def test_contrast_and_brightness_do_not_matter():
    pixels = photograph("camera").astype(np.float32)
    first = spectral_residual(picture(pixels, value_range=(0.0, 255.0)))
    dimmed = spectral_residual(picture(pixels / 4, value_range=(0.0, 255.0)))
    np.testing.assert_allclose(dimmed, first, rtol=1e-3)


def test_grey_is_the_same_in_three_channels():
    pixels = photograph("camera")
    thrice = np.repeat(pixels[..., None], 3, axis=2)
    expected = spectral_residual(picture(pixels))
    for channels in ("rgb", "grey"):
        ours = spectral_residual(picture(thrice), channels=channels)
        np.testing.assert_allclose(ours, expected, rtol=1e-3)


def test_a_reduced_picture_gives_the_same():
    image = picture(photograph("chelsea"))
    np.testing.assert_allclose(
        spectral_residual(seen(image, 64)), spectral_residual(image), rtol=1e-6
    )


@pytest.mark.parametrize("kind", ["colour", "orientation"])
def test_finds_the_odd_item(kind):
    displays = [popout(kind, seed=seed) for seed in range(20)]
    assert np.mean([hit(spectral_residual(one.image), one) for one in displays]) >= 0.9


def test_unknown_names_are_told():
    image = picture(np.eye(8, dtype=np.uint8))
    with pytest.raises(UnknownName, match="did you mean 'opencv'"):
        spectral_residual(image, variant="open-cv")
    with pytest.raises(UnknownName, match="did you mean 'grey'"):
        spectral_residual(image, channels="gray")
    with pytest.raises(UnknownName, match=r"variant of spectral-residual \['paper'\]"):
        spectral_residual(image, variant=["paper"])


@pytest.mark.parametrize("given", [{"sigma": 9.0}, {"channels": "grey"}, {"longest": 128}], ids=str)
def test_the_opencv_variant_has_no_other_parameters(given):
    with pytest.raises(InvalidArgument, match="these are for variant='paper'"):
        spectral_residual(picture(np.eye(8, dtype=np.uint8)), variant="opencv", **given)
