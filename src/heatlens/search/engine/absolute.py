"""Sixteen absolute differences of bytes at once.

Processors have an instruction for the sum of |a - b| over bytes. The loop is written in LLVM's
vectors, as in `heatlens.transport.exact.lowest`; LLVM knows the instruction of each machine.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["WIDTH", "absolute_sum"]

WIDTH = 16
"""Bytes that are compared at once."""

_BYTE, _WORD, _INDEX = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_BYTES, _WORDS = ir.VectorType(_BYTE, WIDTH), ir.VectorType(_WORD, WIDTH)


@intrinsic
def absolute_sum(typing_context: Any, codes: Any, at: Any, query: Any, start: Any) -> Any:
    """sum over i < 16 of |codes.flat[at + i] - query.flat[start + i]|.

    Args:
        typing_context: numba's own; a caller does not pass it.
        codes: contiguous uint8; nothing is checked.
        at: int64, where in it.
        query: contiguous uint8.
        start: int64, where in it.

    Returns:
        int64.
    """
    signature = types.int64(codes, types.int64, query, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sides = []
        for array, offset in ((0, 1), (2, 3)):
            data = context.make_array(signature.args[array])(context, builder, arguments[array])
            pointer = builder.gep(data.data, [arguments[offset]])
            pointer = builder.bitcast(pointer, _BYTES.as_pointer())
            sides.append(builder.zext(builder.load(pointer, align=1), _WORDS))
        apart = builder.sub(*sides)
        negative = builder.icmp_signed("<", apart, ir.Constant(_WORDS, [0] * WIDTH))
        size = builder.select(negative, builder.neg(apart), apart)
        summed = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_WORD, [_WORDS]), "llvm.vector.reduce.add.v16i32"
        )
        return builder.zext(builder.call(summed, [size]), _INDEX)

    return signature, generate
