"""Heatmaps and pictures cannot be changed once they are made."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance


def heatmap(**arrays):
    arrays = {"values": np.ones((3, 4), np.float32), **arrays}
    return Heatmap(provenance=Provenance("by hand"), **arrays)


def image(**arrays):
    return Image(**{"pixels": np.ones((3, 4), np.float32), "axes": "YX", **arrays})


FIELDS = [
    (heatmap, "values", np.float32, (3, 4)),
    (heatmap, "error", np.float32, (3, 4)),
    (heatmap, "valid", np.bool_, (3, 4)),
    (image, "pixels", np.uint8, (3, 4)),
    (image, "alpha", np.float32, (3, 4)),
    (image, "affine", np.float64, (4, 4)),
]


@pytest.mark.parametrize(("make", "name", "dtype", "shape"), FIELDS)
def test_nobody_can_write(make, name, dtype, shape):
    source = np.ones(shape, dtype)
    view = source.view()
    view.flags.writeable = False
    for given in (source, view, np.broadcast_to(source[:1], shape)):
        source[:] = 1
        kept = getattr(make(**{name: given}), name)
        source[:] = 0
        assert kept.all()
        with pytest.raises(ValueError, match="WRITEABLE"):
            kept.flags.writeable = True


@pytest.mark.parametrize(("make", "name", "dtype", "shape"), FIELDS)
def test_what_nobody_can_write_is_shared(make, name, dtype, shape):
    source = np.ones(shape, dtype)
    source.flags.writeable = False
    item = make(**{name: source})
    assert np.shares_memory(getattr(item, name), source)
    assert np.shares_memory(getattr(item.with_(), name), source)
    data = np.frombuffer(source.tobytes(), dtype).reshape(shape)
    assert np.shares_memory(getattr(make(**{name: data}), name), data)
    buffer = np.frombuffer(bytearray(source.tobytes()), dtype).reshape(shape)
    buffer.flags.writeable = False
    assert not np.shares_memory(getattr(make(**{name: buffer}), name), buffer)


@pytest.mark.parametrize(("make", "name", "dtype", "shape"), FIELDS)
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))]
)
def test_copies_are_read_only_too(make, name, dtype, shape, again):
    item = make(**{name: np.ones(shape, dtype)})
    other = again(item)
    assert (type(other), repr(other)) == (type(item), repr(item))
    assert np.array_equal(getattr(other, name), getattr(item, name))
    assert getattr(other, name).dtype == dtype
    with pytest.raises(ValueError, match="read-only"):
        getattr(other, name)[0, 0] = 0


def test_a_pickle_is_checked():
    item = heatmap()
    object.__setattr__(item, "values", np.full((3, 4), np.nan))
    with pytest.raises(InvalidArgument, match="12 of 12 heatmap values are NaN"):
        pickle.loads(pickle.dumps(item))


def test_a_map_of_checked_values_is_like_any_other():
    values = np.float32([[0, 2], [1, 3]])
    values.flags.writeable = False
    made = Provenance("by hand")
    quick, usual = (
        Heatmap.of_checked(values, made, signed=False),
        Heatmap(values, made, signed=False),
    )
    for item in dataclasses.fields(Heatmap):
        if item.name != "values":
            assert getattr(quick, item.name) == getattr(usual, item.name)
    np.testing.assert_array_equal(quick.values, usual.values)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(quick)).values, values)
    assert quick.with_(signed=True).signed
