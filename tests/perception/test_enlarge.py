"""Enlarging against torch's interpolation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.perception.enlarge import enlarged, enlarged_part

SIZES = [
    ((64, 64), (1080, 1920)),  # more than one thread takes
    ((36, 64), (72, 128)),
    ((3, 7), (11, 5)),
    ((64, 64), (20, 31)),  # coarser: two neighbours, no average
    ((1, 1), (5, 6)),
    ((1, 9), (7, 1)),
    ((5, 9), (5, 9)),
]


@pytest.mark.parametrize(("before", "after"), SIZES, ids=str)
def test_equals_torch(before, after):
    values = np.random.default_rng(0).random(before)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], size=after, mode="bilinear", align_corners=False
    )[0, 0]
    ours = enlarged(values, after)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("before", "after"), SIZES, ids=str)
def test_a_part_is_that_part_of_the_whole(before, after):
    rng = np.random.default_rng(3)
    values = rng.random(before).astype(np.float32)
    whole = enlarged(values, after)
    for _ in range(5):
        top, left = (int(rng.integers(0, n)) for n in after)
        rows, columns = (int(rng.integers(1, n + 1)) for n in (after[0] - top, after[1] - left))
        part = enlarged_part(values, after, (top, left), (rows, columns))
        np.testing.assert_array_equal(part, whole[top : top + rows, left : left + columns])


def test_stays_within_the_range():
    values = np.random.default_rng(1).random((9, 13)).astype(np.float32) * 1e-30
    values[::3] = 0
    large = enlarged(values, (200, 301))
    assert large.min() >= 0
    assert large.max() <= values.max()
    assert (enlarged(np.full((3, 4), 0.1, np.float32), (50, 70)) == np.float32(0.1)).all()


def test_any_layout_is_taken_and_nothing_is_shared():
    values = np.random.default_rng(2).random((12, 10)).astype(np.float32)
    expected = enlarged(values, (40, 40))
    np.testing.assert_array_equal(enlarged(values.T.copy().T, (40, 40)), expected)
    np.testing.assert_array_equal(enlarged(values[::-1][::-1], (40, 40)), expected)
    same = enlarged(values, values.shape)
    assert not np.shares_memory(same, values)
    assert not same.flags.writeable


@pytest.mark.parametrize("shape", [(4,), (0, 3), (2, 3, 1)], ids=str)
def test_what_is_no_map_is_refused(shape):
    with pytest.raises(InvalidArgument, match="expected \\(height, width\\)"):
        enlarged(np.zeros(shape, np.float32), (4, 4))


@pytest.mark.parametrize(
    ("corner", "part"), [((-1, 0), (2, 2)), ((3, 0), (2, 2)), ((0, 3), (1, 2)), ((0, 0), (0, 1))]
)
def test_a_part_beyond_the_picture_is_refused(corner, part):
    with pytest.raises(InvalidArgument, match="are no part of 4 x 4"):
        enlarged_part(np.zeros((2, 2), np.float32), (4, 4), corner, part)


def test_no_size_is_refused():
    for size in ((2.5, 3), (3,)):
        with pytest.raises(InvalidType, match="in whole pixels"):
            enlarged(np.zeros((2, 2), np.float32), size)
    with pytest.raises(InvalidArgument, match="both at least 1"):
        enlarged(np.zeros((2, 2), np.float32), (0, 4))
