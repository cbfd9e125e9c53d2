import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.render.contours import contours


def test_circles_have_their_radius(heat):
    y, x = np.mgrid[:101, :121]
    cone = np.maximum(40 - np.hypot(y - 50, x - 60), 0)
    found = contours(heat(cone), [0.25, 0.5])
    assert [contour.value for contour in found] == [10, 20]
    for contour, radius in zip(found, (30, 20), strict=True):
        (line,) = contour.lines
        np.testing.assert_array_equal(line[0], line[-1])
        np.testing.assert_allclose(np.hypot(line[:, 0] - 50, line[:, 1] - 60), radius, atol=0.05)


def test_signed_maps_have_lines_on_both_sides(heat):
    ramp = np.tile(np.linspace(-4, 4, 9), (3, 1))
    assert [c.value for c in contours(heat(ramp), [0.5], sign="signed")] == [-2, 2]
    assert [c.value for c in contours(heat(ramp), [0.5], sign="negative")] == [-2]
    assert [c.fraction for c in contours(heat(ramp), [0.5])] == [0.5]


def test_equals_skimage(heat):
    measure = pytest.importorskip("skimage.measure")
    y, x = np.mgrid[:30, :40]
    values = np.sin(y / 6) ** 2 * np.cos(x / 9) ** 2 + 0.01 * x
    (found,) = contours(heat(values), [0.5])
    expected = measure.find_contours(values.astype(np.float32), found.value)
    assert len(found.lines) == len(expected)
    assert sum(map(len, found.lines)) == sum(map(len, expected))


def test_no_lines_where_nothing_is(heat):
    assert contours(heat(np.zeros((5, 5)))) == ()
    assert contours(heat(-np.ones((5, 5)))) == ()
    assert contours(heat([[0, 1, 2]])) == ()


def test_lines_stop_at_invalid_pixels(heat):
    ramp = np.tile(np.arange(9.0), (9, 1))
    valid = np.ones((9, 9), bool)
    valid[5:] = False
    (found,) = contours(heat(ramp, valid=valid), [0.5])
    assert found.lines[0][:, 0].max() == 4


@pytest.mark.parametrize("levels", [(), (0,), (1.5,)])
def test_bad_levels(heat, levels):
    with pytest.raises(InvalidArgument):
        contours(heat(np.eye(4)), levels)
