"""How long the frames of WebP and AVIF are shown, from their files' tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["avif_durations", "webp_durations"]

_WITHIN = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
"""Boxes that hold boxes."""


def webp_durations(path: Path) -> list[float]:
    """Milliseconds of each frame: bytes 12 to 15 of the chunks ANMF (RFC 9649, 2.7.1.1)."""
    found = []
    with path.open("rb") as file:
        file.seek(12)
        while len(header := file.read(8)) == 8:
            length = int.from_bytes(header[4:], "little")
            after = file.tell() + length + length % 2
            if header[:4] == b"ANMF":
                found.append(float(int.from_bytes(file.read(16)[12:15], "little")))
            file.seek(after)
    return found


def avif_durations(path: Path, count: int) -> list[float]:
    """Milliseconds of each frame, from the first table of time to sample (ISO/IEC 14496-12)."""
    scale = 0
    with path.open("rb") as file:
        for name, place, length in _boxes(file, 0, path.stat().st_size):
            file.seek(place)
            if name == b"mdhd":
                head = file.read(32)
                start = 20 if head[:1] == b"\x01" else 12
                scale = int.from_bytes(head[start : start + 4], "big")
            elif name == b"stts" and scale:
                table = file.read(min(length, 8 + 8 * count))[8:]
                found: list[float] = []
                for at in range(0, len(table) - 7, 8):
                    number = int.from_bytes(table[at : at + 4], "big")
                    delta = int.from_bytes(table[at + 4 : at + 8], "big")
                    found += [1000 * delta / scale] * min(number, count - len(found))
                return found
    return []


def _boxes(file: BinaryIO, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and length of what each box holds, from outside in."""
    while place + 8 <= end:
        file.seek(place)
        header = file.read(16)
        length, inner = int.from_bytes(header[:4], "big"), place + 8
        if length == 1:
            length, inner = int.from_bytes(header[8:16], "big"), place + 16
        elif length == 0:
            length = end - place
        if length < inner - place:
            return
        after = min(place + length, end)
        if header[4:8] in _WITHIN:
            yield from _boxes(file, inner, after)
        else:
            yield header[4:8], inner, after - inner
        place = after
