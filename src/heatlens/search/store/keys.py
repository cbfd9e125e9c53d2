"""Row keys: a checksum of what a row means, which tells a damaged row and names it elsewhere."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import DamagedIndex

__all__ = ["KEYED", "checked_batch", "row_key"]

KEYED = ("id", "hash", "weights", "points", "dimensions", "key")
"""The columns that a key is made of, and the key."""


def row_key(name: str, content: str, weights: Any, points: Any) -> int:
    """The key of a row: BLAKE2b, 8 bytes, of id, hash, weights, points and their dimensions.

    Args:
        name: the row's id.
        content: its hash.
        weights: (n,) float32.
        points: (n, d) float32.

    Example:
        >>> one = np.ones((1, 2), np.float32)
        >>> row_key("a", "00", one[:, 0], one) == row_key("b", "00", one[:, 0], one)
        False
    """
    return _key(
        name.encode(), content.encode(), weights.tobytes(), points.tobytes(), points.shape[1]
    )


def checked_batch(batch: Any, place: str) -> npt.NDArray[np.uint64]:
    """The keys of an Arrow batch with the columns `KEYED`, each compared with the row's content.

    Raises:
        DamagedIndex: a row is not what its key says; it is named.
    """
    keys = np.array(batch["key"].to_numpy(zero_copy_only=False), np.uint64)  # not a view of it
    dimensions = batch["dimensions"].to_numpy(zero_copy_only=False).tolist()
    weights, weight_ends = _bytes_of(batch["weights"])
    points, point_ends = _bytes_of(batch["points"])
    ids, hashes = batch["id"].to_pylist(), batch["hash"].to_pylist()
    for row, key in enumerate(keys.tolist()):
        n = weight_ends[row + 1] - weight_ends[row]
        d = dimensions[row]
        if (
            ids[row] is None
            or hashes[row] is None
            or n < 4
            or d is None
            or n * d != point_ends[row + 1] - point_ends[row]
            or key
            != _key(
                ids[row].encode(),
                hashes[row].encode(),
                weights[weight_ends[row] : weight_ends[row + 1]],
                points[point_ends[row] : point_ends[row + 1]],
                d,
            )
        ):
            raise DamagedIndex(
                f"the row {ids[row]!r} of the index {place} is damaged: its content does not fit "
                "its checksum; remove it and add it again, or restore the index from a backup"
            )
    return keys


def _key(name: bytes, content: bytes, weights: Any, points: Any, dimensions: int) -> int:
    text = b"\0".join((name, content, weights, points, b"%d" % dimensions))
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def _bytes_of(lists: Any) -> tuple[memoryview, list[int]]:
    """The values of a column of lists as bytes, and where each list begins and ends in them."""
    ends = lists.offsets.to_numpy().astype(np.int64) * 4
    return memoryview(lists.values.to_numpy(zero_copy_only=False)).cast("B"), ends.tolist()
