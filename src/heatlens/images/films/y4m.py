"""YUV4MPEG2: raw frames with a line of text before them, what programs pass through pipes."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument

__all__ = ["Y4mEncoder", "cut_off", "lengths"]

_FRAME = b"FRAME\n"

_FULL_RANGE = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)
"""RGB to Y Cb Cr as JFIF has it (BT.601, all of 0..255)."""


class Y4mEncoder:
    """YUV4MPEG2: raw frames, 4:2:0, full range (JPEG's), BT.601; a file or standard output."""

    even: ClassVar[bool] = True

    def __init__(self, path: Path | None, size: tuple[int, int], rate: float) -> None:
        """Open `path`, or standard output where it is None."""
        if path is None and sys.stdout.isatty():
            raise InvalidArgument(
                "'-' writes a film to standard output, and that is the terminal; pipe it on, for "
                "example `... | ffmpeg -i - out.mp4`"
            )
        self._stream: Any = sys.stdout.buffer if path is None else path.open("wb")
        self._own = path is not None
        ratio = Fraction(rate).limit_denominator(1001 if rate > 1 else 10**6)
        self._stream.write(
            b"YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C420jpeg XCOLORRANGE=FULL\n"
            % (size[1], size[0], ratio.numerator, ratio.denominator)
        )

    def write(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Take a frame, uint8 (H, W, 3) RGB."""
        colour = pixels.astype(np.float32) @ _FULL_RANGE.T
        luma = colour[..., 0]
        height, width = luma.shape
        chroma = colour[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean((1, 3)) + 128
        self._stream.write(_FRAME)
        for plane in (luma, chroma[..., 0], chroma[..., 1]):
            self._stream.write(np.clip(np.rint(plane), 0, 255).astype(np.uint8).tobytes())
        self._stream.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._own:
            self._stream.close()


def cut_off(head: bytes, total: int) -> int | None:
    r"""The frame within which a Y4M of `total` bytes breaks off; None if it does not.

    Args:
        head: the first bytes, up to the first frame at least.
        total: how many bytes there are.

    Example:
        >>> head = b"YUV4MPEG2 W4 H2 C420jpeg\nFRAME\n"
        >>> cut_off(head, len(head) + 12), cut_off(head, len(head) + 7)
        (None, 0)
    """
    sizes = lengths(head)
    if sizes is None or not head[sizes[0] :].startswith(_FRAME):
        return None
    whole, over = divmod(total - sizes[0], sizes[1])
    return whole if over else None


def lengths(head: bytes) -> tuple[int, int] | None:
    r"""Bytes of the first line and of each frame; None where `head` does not tell.

    Example:
        >>> lengths(b"YUV4MPEG2 W4 H2 C420jpeg\nFRAME\n")
        (25, 18)
    """
    line, found, _ = head.partition(b"\n")
    if not line.startswith(b"YUV4MPEG2") or not found:
        return None
    tags = {word[:1]: word[1:].decode("ascii", "replace") for word in line.split()[1:]}
    try:
        width, height = int(tags[b"W"]), int(tags[b"H"])
    except (KeyError, ValueError):
        return None
    kind = tags.get(b"C", "420")
    half = -(-width // 2)
    chroma = {"420": half * -(-height // 2), "411": -(-width // 4) * height, "422": half * height}
    chroma |= {"444": width * height, "mon": 0}
    if kind[:3] not in chroma or "alpha" in kind:
        return None
    deep = re.search(r"(p|mono)(9|1\d)$", kind)
    samples = width * height + 2 * chroma[kind[:3]]
    return len(line) + 1, samples * (2 if deep else 1) + len(_FRAME)
