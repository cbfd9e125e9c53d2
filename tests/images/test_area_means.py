"""Area means: against the weights written out, whole against pieces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.area import AreaMean, reduced, reduced_size


def weights(old: int, new: int) -> np.ndarray:
    """The formula, one overlap at a time."""
    step = old / new
    return np.array(
        [
            [max(0.0, min(c + 1, (i + 1) * step) - max(c, i * step)) / step for c in range(old)]
            for i in range(new)
        ]
    )


SIZES = [((7, 5), (3, 2)), ((30, 41), (30, 7)), ((16, 16), (4, 8)), ((9, 1), (2, 1))]


@pytest.mark.parametrize(("old", "new"), SIZES, ids=str)
def test_is_the_formula(old, new):
    pixels = np.random.default_rng(0).random((*old, 3))
    expected = np.einsum("ir,rck,jc->ijk", weights(old[0], new[0]), pixels, weights(old[1], new[1]))
    np.testing.assert_allclose(reduced(pixels, new), expected, atol=1e-6)
    np.testing.assert_allclose(reduced(pixels[..., 0], new), expected[..., 0], atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.floats(0.01, 1),
    st.sampled_from(["uint8", "uint16", "float32", "float64", "bool", "int32", ">u2", "float16"]),
    st.integers(0, 99),
)
def test_constants_and_means_are_kept(size, share, dtype, seed):
    small = tuple(max(1, int(n * share)) for n in size)
    assert (reduced(np.full(size, 1, dtype), small) == 1).all()
    pixels = np.random.default_rng(seed).integers(0, 2, size).astype(dtype)
    assert reduced(pixels, small).mean() == pytest.approx(pixels.astype(float).mean(), abs=1e-6)
    np.testing.assert_array_equal(reduced(pixels, size), pixels.astype(np.float32))


def test_pieces_in_any_order_are_the_whole():
    pixels = np.random.default_rng(1).integers(0, 255, (101, 67, 3), dtype=np.uint8)
    mean = AreaMean((101, 67), (17, 12), 3)
    corners = [(top, left) for top in range(0, 101, 25) for left in range(0, 67, 30)]
    for top, left in reversed(corners):
        mean.add(pixels[top : top + 25, left : left + 30], top, left)
    np.testing.assert_allclose(mean.result(), reduced(pixels, (17, 12)), rtol=1e-6)


def test_sizes():
    assert reduced_size((100, 50), 10) == (10, 5)
    assert reduced_size((1000, 3), 10) == (10, 1)
    assert reduced_size((7, 5), 7) == (7, 5)
    with pytest.raises(InvalidArgument, match="1 or more"):
        reduced_size((7, 5), 0)


def test_errors_say_what_is_wrong():
    for values in (np.ones((4, 4), complex), np.array([["a"]]), np.array([[None]])):
        with pytest.raises(InvalidType, match="are no real numbers"):
            reduced(values, (1, 1))
    for size in ((2.5, 2), (2,), ("2", 2)):
        with pytest.raises(InvalidType, match="in whole pixels"):
            reduced(np.ones((4, 4)), size)
    for longest in (2.5, "3", True):
        with pytest.raises(InvalidType, match="whole number of pixels"):
            reduced_size((4, 4), longest)
    for longest in (0, -5):
        with pytest.raises(InvalidArgument, match="1 or more"):
            reduced_size((4, 4), longest)
    with pytest.raises(InvalidArgument, match="cannot be reduced to 5 x 2"):
        reduced(np.zeros((4, 4)), (5, 2))
    with pytest.raises(InvalidArgument, match="got shape"):
        reduced(np.zeros(4), (1, 1))
    with pytest.raises(InvalidArgument, match="got shape"):
        reduced(np.zeros((0, 4)), (1, 1))
    mean = AreaMean((4, 4), (2, 2))
    with pytest.raises(InvalidArgument, match="no part of"):
        mean.add(np.zeros((3, 4)), 2, 0)
    mean.add(np.zeros((2, 4)), 0, 0)
    with pytest.raises(InvalidArgument, match="8 pixels were given of a picture that has 16"):
        mean.result()
