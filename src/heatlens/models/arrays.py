"""Arrays of other frameworks as torch tensors and back, by DLPack and without a copy.

The array's own framework decides, and none is imported that is not in use already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from heatlens.errors import InvalidType

__all__ = ["alike", "as_tensor", "framework_of", "to_jax", "to_tensorflow"]

_LONGEST = {"f": 8, "c": 16}
"""Bytes of the longest floating and complex numbers that torch has."""

_ALIGNMENT = 64
"""Bytes at which TensorFlow's and XLA's kernels expect memory to begin."""


def framework_of(array: Any) -> str | None:
    """ "torch", "numpy", "tensorflow" or "jax"; None for anything else.

    Example:
        >>> framework_of(np.zeros(3)), framework_of([1, 2])
        ('numpy', None)
    """
    if isinstance(array, Tensor):
        return "torch"
    if isinstance(array, np.ndarray):
        return "numpy"
    tensorflow, jax = sys.modules.get("tensorflow"), sys.modules.get("jax")
    if tensorflow is not None and tensorflow.is_tensor(array):
        return "tensorflow"
    if jax is not None and isinstance(array, jax.Array):
        return "jax"
    return None


def as_tensor(array: Any, what: str = "the batch") -> Tensor:
    """The array's own memory as a torch tensor (a copy only where it cannot be shared).

    Raises:
        InvalidType: it is no array of numbers, or none that torch can hold; the message names what
            it was.

    Example:
        >>> as_tensor(np.ones(2, np.float32))
        tensor([1., 1.])
    """
    framework = framework_of(array)
    if framework == "torch":
        return _dense(array, what)
    if framework == "numpy":
        return _from_numpy(array, what)
    if framework == "tensorflow":
        return _from_tensorflow(array, what)
    if framework == "jax":
        return _from_jax(array, what)
    if hasattr(array, "__dlpack__"):
        return _through_dlpack(from_dlpack, array, what)
    raise InvalidType(
        f"{what} is {type(array).__name__}; expected a tensor of PyTorch, TensorFlow or JAX, or a "
        "NumPy array"
    )


def _dense(tensor: Tensor, what: str) -> Tensor:
    if tensor.layout != torch.strided and not tensor.is_nested:
        raise InvalidType(f"{what} is a sparse tensor ({tensor.layout}); give its .to_dense()")
    if tensor.is_nested:
        raise InvalidType(f"{what} is a nested tensor; give its .to_padded_tensor(0.0)")
    if tensor.is_quantized:
        raise InvalidType(f"{what} is a quantized tensor ({tensor.dtype}); give its .dequantize()")
    if tensor.is_meta:
        raise InvalidType(f"{what} is on the device 'meta', where tensors have no numbers")
    return tensor


def _from_numpy(array: np.ndarray[Any, Any], what: str) -> Tensor:
    if isinstance(array, np.ma.MaskedArray):
        raise InvalidType(
            f"{what} is a masked array, and torch knows no masks; fill it first: .filled(value)"
        )
    # Whether torch has the type: it has no strings, objects, dates, or floats longer than 64 bits.
    if array.dtype.kind not in "biufc" or array.itemsize > _LONGEST.get(array.dtype.kind, 8):
        raise InvalidType(
            f"{what} is a NumPy array of {array.dtype.name}; expected one of numbers that torch "
            "has, such as float32"
        )
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    shareable = native.flags.writeable and all(
        step >= 0 and step % native.itemsize == 0 for step in native.strides
    )
    # torch has no negative steps. It cannot mark memory as read-only and warns of it: a copy.
    return torch.from_numpy(native if shareable else native.copy(order="C"))


def _from_tensorflow(array: Any, what: str) -> Tensor:
    tensorflow = sys.modules["tensorflow"]
    if hasattr(array, "read_value"):
        array = array.read_value()
    if not isinstance(array, tensorflow.Tensor):
        raise InvalidType(
            f"{what} is {type(array).__name__} of TensorFlow; expected a dense tensor (.to_tensor(), "
            "tf.sparse.to_dense)"
        )
    kind = array.dtype
    # TensorFlow ends the whole process where it is asked to share strings.
    if not (kind.is_floating or kind.is_integer or kind.is_bool or kind.is_complex):
        raise InvalidType(f"{what} is a TensorFlow tensor of {kind.name}; expected numbers")
    return _through_dlpack(
        lambda given: from_dlpack(tensorflow.experimental.dlpack.to_dlpack(given)), array, what
    )


def _from_jax(array: Any, what: str) -> Tensor:
    jax = sys.modules["jax"]
    if jax.numpy.issubdtype(array.dtype, jax.dtypes.extended):
        raise InvalidType(
            f"{what} is a JAX array of {array.dtype} (keys of random numbers?); expected numbers"
        )
    # JAX computes in the background: what fails there, such as memory, is raised here as it is.
    jax.block_until_ready(array)
    return _through_dlpack(from_dlpack, array, what)


def _through_dlpack(share: Callable[[Any], Tensor], array: Any, what: str) -> Tensor:
    try:
        return share(array)
    except Exception as error:  # each framework has classes of its own for what it cannot share
        kind = getattr(array, "dtype", "unknown type")
        said = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
        raise InvalidType(
            f"{what} is {type(array).__name__} of {kind}, which cannot be shared with torch ({said}); "
            "expected a dense array of numbers on one device"
        ) from error


def alike(tensor: Tensor, array: Any) -> Any:
    """`tensor` as an array of the framework that `array` is from; torch where it is from none."""
    framework = framework_of(array)
    if framework == "numpy":
        return tensor.detach().cpu().numpy()
    if framework == "tensorflow":
        return to_tensorflow(tensor)
    if framework == "jax":
        return to_jax(tensor)
    return tensor


def to_tensorflow(tensor: Tensor) -> Any:
    """A TensorFlow tensor on the same memory, copied only if its kernels could not read it."""
    import tensorflow

    return tensorflow.experimental.dlpack.from_dlpack(_shareable(tensor).__dlpack__())


def to_jax(tensor: Tensor) -> Any:
    """A JAX array on the same memory, copied only if its kernels could not read it."""
    import jax

    return jax.dlpack.from_dlpack(_shareable(tensor))


def _shareable(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().contiguous()
    return tensor if tensor.data_ptr() % _ALIGNMENT == 0 else tensor.clone()
