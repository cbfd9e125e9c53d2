import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.perception.channels import blurred, colour, grey, opponent, seen


def test_pure_colours_oppose_one_another():
    pure = np.float32([[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0.5, 0.5, 0.5]]])
    red_green, blue_yellow = opponent(pure)
    np.testing.assert_allclose(red_green, [[1, -1, 0, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(blue_yellow, [[0, 0, 1, -1, 0]], atol=1e-6)


def test_one_and_two_channels_are_grey_and_a_fourth_is_left_out():
    one, four = np.full((2, 3, 1), 51, np.uint8), np.full((2, 3, 4), 51, np.uint8)
    for pixels in (one, four):
        image = Image(pixels, "YXC")
        assert colour(image).shape == (2, 3, 3)
        np.testing.assert_allclose(grey(image), 0.2, atol=1e-6)


def test_reducing_averages_areas_and_keeps_the_aspect():
    pixels = np.arange(6 * 12, dtype=np.uint16).reshape(6, 12)
    small = seen(Image(pixels, "YX", (0.0, 65535.0)), 4)
    expected = pixels.reshape(2, 3, 4, 3).mean((1, 3)) / 65535
    np.testing.assert_allclose(small.pixels, expected, rtol=1e-5)
    assert seen(small, 4).size == small.size
    assert seen(small, None).size == small.size


def test_a_blur_keeps_the_mass_and_the_middle():
    values = np.zeros((2, 31, 31), np.float32)
    values[:, 15, 15] = 1
    soft = blurred(values, 2.0)
    np.testing.assert_allclose(soft.sum((1, 2)), 1, rtol=1e-5)
    np.testing.assert_allclose(soft[0, 15, 15], 1 / (2 * np.pi * 4), rtol=0.01)
    assert blurred(values, 0) is values


def test_numbers_that_mean_nothing_are_refused():
    image = Image(np.zeros((4, 4), np.uint8), "YX")
    for longest in (0, -5):
        with pytest.raises(InvalidArgument, match="1 or more"):
            seen(image, longest)
    for sigma in (-1.0, float("nan")):
        with pytest.raises(InvalidArgument, match=f"sigma is {sigma}; it must be 0 or more"):
            blurred(np.zeros((4, 4), np.float32), sigma)


def test_films_and_volumes_are_refused():
    film = Image(np.zeros((2, 4, 4), np.uint8), "TYX")
    for look in (colour, grey, lambda image: seen(image, 2)):
        with pytest.raises(InvalidArgument, match="a still picture"):
            look(film)
