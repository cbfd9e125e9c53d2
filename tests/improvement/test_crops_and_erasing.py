"""Pictures to train on, made from their heat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.improvement import attended_crop, erased
from heatlens.provenance import Provenance


def heat(values):
    return Heatmap(np.asarray(values, np.float32), Provenance("by hand"))


def photo(rows, columns, dtype=np.uint8):
    pixels = np.arange(rows * columns * 3).reshape(rows, columns, 3) % 251
    return Image(pixels.astype(dtype))


def spot(rows, columns, box):
    values = np.zeros((rows, columns))
    values[box[0] : box[2], box[1] : box[3]] = 1
    return values


def test_crop_is_the_box_of_the_evidence():
    found = attended_crop(photo(50, 80), heat(spot(50, 80, (10, 20, 30, 60))), margin=0)
    assert found.box == (10, 20, 30, 60)
    assert found.share == 1
    np.testing.assert_array_equal(found.image.pixels, photo(50, 80).pixels[10:30, 20:60])


def test_crop_counts_only_what_reaches_the_threshold():
    values = spot(40, 40, (10, 10, 20, 20))
    values[35, 35] = 0.4
    values[0, 0] = -9
    assert attended_crop(photo(40, 40), heat(values), margin=0).box == (10, 10, 20, 20)
    assert attended_crop(photo(40, 40), heat(values), margin=0, threshold=0.4).box == (
        10,
        10,
        36,
        36,
    )


@given(
    rows=st.integers(9, 60),
    columns=st.integers(9, 60),
    place=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
    margin=st.floats(0, 2),
    square=st.booleans(),
)
def test_crop_stays_inside_and_holds_the_evidence(rows, columns, place, margin, square):
    values = np.zeros((rows, columns))
    row, column = int(place[0] * rows), int(place[1] * columns)
    values[row, column] = 1
    found = attended_crop(photo(rows, columns), heat(values), margin=margin, square=square)
    top, left, bottom, right = found.box
    assert 0 <= top <= row < bottom <= rows
    assert 0 <= left <= column < right <= columns
    assert min(bottom - top, right - left) >= 8
    assert found.image.size == (bottom - top, right - left)
    assert found.share == 1


@pytest.mark.parametrize("fill", ["mean", "blur", "noise"])
@pytest.mark.parametrize("axes", ["YX", "YXC"])
def test_erased_hides_the_spot_and_nothing_else(fill, axes):
    image = photo(30, 40)
    if axes == "YX":
        image = Image(np.ascontiguousarray(image.pixels[..., 0]), "YX")
    values = spot(30, 40, (5, 6, 12, 20))
    values[20, 30] = 0.2
    found = erased(image, heat(values), fill=fill, seed=1)
    hidden = values == 1
    np.testing.assert_array_equal(found.mask, hidden)
    np.testing.assert_array_equal(found.image.pixels[~hidden], image.pixels[~hidden])
    assert (found.image.pixels[hidden] != image.pixels[hidden]).mean() > 0.8
    assert found.area == pytest.approx(hidden.mean())
    assert found.share == pytest.approx(98 / 98.2)
    assert found.image.pixels.dtype == np.uint8


def test_erased_mean_keeps_16_bits_and_seed_makes_noise():
    image = Image(np.full((8, 8), 40_000, np.uint16), "YX", (0, 65535))
    hot = heat(spot(8, 8, (0, 0, 4, 4)))
    assert erased(image, hot).image.pixels.dtype == np.uint16
    assert (erased(image, hot).image.pixels == 40_000).all()
    one, same, other = (erased(image, hot, fill="noise", seed=s).image.pixels for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_what_cannot_be_done_is_said():
    image = photo(20, 20)
    with pytest.raises(InvalidArgument, match="no positive evidence"):
        attended_crop(image, heat(-spot(20, 20, (2, 2, 5, 5))))
    with pytest.raises(InvalidArgument, match="no positive evidence"):
        erased(image, heat(np.zeros((20, 20))))
    with pytest.raises(InvalidArgument, match="10 x 20"):
        erased(image, heat(np.ones((10, 20))))
    with pytest.raises(InvalidArgument, match="threshold is 0"):
        attended_crop(image, heat(np.ones((20, 20))), threshold=0)
    with pytest.raises(InvalidArgument, match="margin is -1"):
        attended_crop(image, heat(np.ones((20, 20))), margin=-1)
    with pytest.raises(UnknownName, match="did you mean 'blur'"):
        erased(image, heat(np.ones((20, 20))), fill="blurs")
