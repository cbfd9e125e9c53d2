"""The smallest reduced cost of a piece of a row, eight columns at a time.

LLVM does not vectorise the minimum of floats unless NaN is ruled out for the whole function, and
numba has no word for that. So these lines write the vector loop themselves: loads, a subtraction,
a comparison, a selection. It is what most of the simplex's time goes into; as a plain loop it
takes four to nine times as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["LANES", "column_of", "least", "lowest"]

LANES = 16
"""Rows are padded to a multiple of this: two vectors of eight."""

_PIECE = 256
"""Columns between two looks at the minimum, so that its place is found by a short search."""

_WIDTH = LANES // 2
_NUMBER, _INDEX, _SHORT = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
_VECTOR = ir.VectorType(_NUMBER, _WIDTH)


@intrinsic
def lowest(typing_context: Any, cost: Any, start: Any, price: Any, count: Any) -> Any:
    """min over j < count of cost[start + j] - price[j].

    Args:
        typing_context: numba's own; a caller does not pass it.
        cost: contiguous float64, read as if flat.
        start: int64, where the piece of the row begins in it.
        price: contiguous float64 (count or more,).
        count: int64, a multiple of `LANES`; nothing is checked.

    Returns:
        float64; infinite where count is 0.
    """
    signature = types.float64(cost, types.int64, price, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        costs = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        prices = context.make_array(signature.args[2])(context, builder, arguments[2]).data
        costs = builder.gep(costs, [arguments[1]])
        infinite = ir.Constant(_VECTOR, [ir.Constant(_NUMBER, float("inf"))] * _WIDTH)
        before = builder.block
        head, body, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        builder.branch(head)

        builder.position_at_end(head)
        j, even, odd = builder.phi(_INDEX), builder.phi(_VECTOR), builder.phi(_VECTOR)
        for variable, first in ((j, ir.Constant(_INDEX, 0)), (even, infinite), (odd, infinite)):
            variable.add_incoming(first, before)
        builder.cbranch(builder.icmp_signed("<", j, arguments[3]), body, after)

        builder.position_at_end(body)
        second = builder.add(j, ir.Constant(_INDEX, _WIDTH))
        even.add_incoming(_step(builder, even, costs, prices, j), body)
        odd.add_incoming(_step(builder, odd, costs, prices, second), body)
        j.add_incoming(builder.add(j, ir.Constant(_INDEX, LANES)), body)
        builder.branch(head)

        builder.position_at_end(after)
        return _across(builder, _smaller(builder, even, odd))

    return signature, generate


def _smaller(builder: Any, first: Any, second: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", first, second), first, second)


def _step(builder: Any, least: Any, costs: Any, prices: Any, at: Any) -> Any:
    def load(pointer: Any) -> Any:
        there = builder.bitcast(builder.gep(pointer, [at]), _VECTOR.as_pointer())
        return builder.load(there, align=8)

    return _smaller(builder, builder.fsub(load(costs), load(prices)), least)


def _across(builder: Any, vector: Any) -> Any:
    """The smallest lane, by halving."""
    width = _WIDTH
    while width > 1:
        width //= 2
        mask = ir.VectorType(_SHORT, width)
        low, high = (
            builder.shuffle_vector(vector, vector, ir.Constant(mask, list(lanes)))
            for lanes in (range(width), range(width, 2 * width))
        )
        vector = _smaller(builder, low, high)
    return builder.extract_element(vector, ir.Constant(_SHORT, 0))


@njit(cache=True, nogil=True, error_model="numpy")
def least(cost: Any, row: int, price: Any) -> tuple[float, int]:
    """min_j cost[row, j] - price[j], and the first column of the piece in which it lies.

    Args:
        cost: (n, padded m), infinite in the padding.
        row: of it.
        price: (padded m,).
    """
    width = cost.shape[1]
    value, piece = np.inf, 0
    for start in range(0, width, _PIECE):
        found = lowest(cost, row * width + start, price[start:], min(_PIECE, width - start))
        if found < value:
            value, piece = found, start
    return value, piece


@njit(cache=True, nogil=True, error_model="numpy")
def column_of(cost: Any, row: int, price: Any, value: float, piece: int) -> int:
    """The first column from `piece` on in which cost[row, j] - price[j] is `value`."""
    width = cost.shape[1]
    while lowest(cost, row * width + piece, price[piece:], LANES) > value:
        piece += LANES
    while cost[row, piece] - price[piece] > value:
        piece += 1
    return piece
