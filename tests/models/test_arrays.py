"""Arrays of other frameworks: shared, brought into a form that torch has, or refused in words."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch

from heatlens.errors import InvalidType
from heatlens.models.arrays import as_tensor

VALUES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
RECORD = np.zeros(3, [("flag", "i1"), ("value", "f4")])


@pytest.mark.parametrize(
    "array",
    [
        VALUES[:, ::-1],
        VALUES.astype(">f4"),
        np.array(2.0, ">f4"),
        VALUES.astype(">u2"),
        np.broadcast_to(VALUES, (2, 2, 3, 4)),
        RECORD["value"],
        VALUES[::-1, :0],
    ],
    ids=["backward", "big-endian", "no-axis", "whole", "read-only", "steps", "empty"],
)
def test_arrays_that_torch_cannot_share_are_copied(array):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = as_tensor(array)
    assert tensor.shape == array.shape
    np.testing.assert_array_equal(tensor.numpy(), array)
    assert tensor.dtype == torch.from_numpy(np.zeros(1, array.dtype.newbyteorder("="))).dtype


def test_arrays_are_shared_where_they_can_be():
    for array in (VALUES, VALUES[:, ::2], VALUES.T):
        assert as_tensor(array).data_ptr() == array.ctypes.data
    assert as_tensor(tf.Variable(VALUES)).tolist() == VALUES.tolist()


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: VALUES.astype(object), "NumPy array of object; expected one of numbers"),
        (lambda: VALUES.astype(str), "NumPy array of str"),
        (lambda: VALUES.astype(np.longdouble), "NumPy array of (longdouble|float128)"),
        (lambda: VALUES.astype(jnp.bfloat16), "NumPy array of bfloat16"),
        (lambda: np.ma.masked_array(VALUES, VALUES > 5), r"masked array.*fill it first: \.filled"),
        (lambda: tf.constant(["a"]), "TensorFlow tensor of string; expected numbers"),
        (lambda: tf.ragged.constant([[1.0], [1.0, 2.0]]), "RaggedTensor.*expected a dense"),
        (lambda: tf.sparse.from_dense([[1.0, 0.0]]), "SparseTensor.*expected a dense"),
        (lambda: jax.random.key(0), r"JAX array of key<.*> \(keys of random numbers"),
        (lambda: torch.eye(3).to_sparse(), r"sparse tensor.*\.to_dense\(\)"),
        (lambda: torch.nested.nested_tensor([torch.ones(2)]), "nested tensor"),
        (lambda: jnp.ones(2, jnp.int4), "of int4, which cannot be shared"),
        (lambda: torch.zeros(2, device="meta"), "device 'meta'"),
        (lambda: [1.0], "the map is list; expected a tensor"),
    ],
    ids=range(14),
)
def test_what_is_no_dense_array_of_numbers_is_refused(make, words):
    with pytest.raises(InvalidType, match=f"the map is .*{words}|{words}"):
        as_tensor(make(), "the map")
