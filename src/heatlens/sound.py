"""A sound: samples over time, and how many there are a second."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, MissingImage, UnreadableImage
from heatlens.frozen import frozen

__all__ = ["Sound"]


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples of one channel in -1..1.

    Attributes:
        samples: read-only float32, (T,); several channels (T, C) are averaged.
        rate: samples a second, in Hz.
        name: file name or whatever the caller calls it.
        metadata: what else the file said and a reader may need ("notes").

    Example:
        >>> Sound(np.zeros(8000), rate=16000).seconds
        0.5
    """

    samples: npt.NDArray[np.float32]
    rate: int
    name: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the samples; they become read-only float32 of one channel."""
        samples = np.asarray(self.samples)
        if samples.ndim not in (1, 2) or 0 in samples.shape:
            raise InvalidArgument(
                f"a sound of shape {samples.shape}; expected samples (T,) or (T, channels)"
            )
        if samples.ndim == 2 and samples.shape[1] > 32:
            raise InvalidArgument(
                f"a sound of shape {samples.shape} has {samples.shape[1]} channels; time is the "
                "first axis: give the transpose"
            )
        if not np.issubdtype(samples.dtype, np.floating):
            raise InvalidArgument(
                f"samples of type {samples.dtype}; expected floats in -1..1 (Sound.read scales a "
                "file's whole numbers)"
            )
        if not np.isfinite(samples).all():
            raise InvalidArgument("the sound has NaN or infinite samples")
        rate = self.rate
        if isinstance(rate, bool) or not isinstance(rate, int | np.integer) or rate < 1:
            raise InvalidArgument(f"rate is {rate!r}; it is a whole number of samples a second")
        mono = samples if samples.ndim == 1 else samples.mean(1)
        object.__setattr__(self, "samples", frozen(mono, np.float32))
        object.__setattr__(self, "rate", int(rate))

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Sound:
        """Read a WAV file of whole numbers of 8 to 32 bits, or of floats of 32 or 64.

        Of a file that ends before it says, what there is is read; `metadata["notes"]` tells of it.

        Raises:
            MissingImage: there is no such file.
            UnreadableImage: not a WAV file of that kind, damaged or empty.
        """
        source = Path(path).expanduser()
        if not source.is_file():
            raise MissingImage(f"there is no sound {str(source)!r}")
        try:
            with source.open("rb") as file:
                form, data, stated = _chunks(file)
        except (ValueError, struct.error, OSError) as error:
            raise UnreadableImage(
                f"{source} is no WAV file that can be read ({error}); convert it, for example with "
                "`ffmpeg -i FILE -c:a pcm_s16le sound.wav`"
            ) from error
        row = form.width * form.channels
        count = len(data) // row
        if not count:
            raise UnreadableImage(f"{source} is damaged or holds no sample")
        samples = _as_floats(data[: count * row], form)
        notes: tuple[str, ...] = ()
        if len(data) < stated:
            notes = (f"the file ends after {count} of {stated // row} samples",)
        return cls(
            samples.reshape(-1, form.channels),
            form.rate,
            name=source.name,
            metadata={"notes": notes} if notes else {},
        )

    def with_(self, **changes: Any) -> Sound:
        """A copy with some fields replaced."""
        return dataclasses.replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are made by the constructor: checked, and read-only as well."""
        return type(self), tuple(getattr(self, item.name) for item in dataclasses.fields(self))

    def __repr__(self) -> str:
        """Name, length and rate in one line."""
        return f"Sound({self.name!r}, {self.seconds:.3g} s at {self.rate} Hz)"


@dataclass(frozen=True)
class _Form:
    """What the "fmt " chunk says: bytes of a sample, channels, samples a second."""

    floats: bool
    width: int
    channels: int
    rate: int


def _chunks(file: BinaryIO) -> tuple[_Form, bytes, int]:
    """The form, the bytes of the samples that there are, and how many there should be.

    The layout of RIFF and of "fmt ": Microsoft and IBM, "Multimedia Programming Interface and
    Data Specifications 1.0" (1991), and the extensible form of Windows 2000.

    Raises:
        ValueError, struct.error: it is no such file; the message says why.
    """
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise ValueError("it does not begin as one")
    form = None
    while len(mark := file.read(8)) == 8:
        kind, size = struct.unpack("<4sI", mark)
        if kind == b"data":
            if form is None:
                raise ValueError("the samples come before their description")
            return form, file.read(size), size
        body = file.read(size)
        if kind == b"fmt ":
            form = _form(body)
        file.read(size % 2)  # chunks begin at even places
    raise ValueError("it ends before the samples")


def _form(body: bytes) -> _Form:
    code, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
    if code == 0xFFFE:  # extensible: the code proper begins a GUID
        (code,) = struct.unpack_from("<H", body, 24)
    widths = {1: (1, 2, 3, 4), 3: (4, 8)}.get(code)
    if widths is None:
        raise ValueError(f"its samples are encoded: format {code:#x}")
    width = (bits + 7) // 8
    if rate < 1 or channels < 1 or width not in widths or block != channels * width:
        raise ValueError(
            f"damaged: {channels} channels of {bits} bits in {block} bytes at {rate} Hz"
        )
    return _Form(code == 3, width, channels, rate)


def _as_floats(data: bytes, form: _Form) -> npt.NDArray[np.float32]:
    """Samples, little endian (unsigned where 8 bits), as they are or scaled to -1..1."""
    width = form.width
    if form.floats:
        return np.frombuffer(data, f"<f{width}").astype(np.float32)
    if width == 1:
        levels = np.frombuffer(data, np.uint8).astype(np.float32)
        return (levels - np.float32(128)) / np.float32(128)
    if width == 3:
        parts = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole = np.zeros((len(parts), 4), np.uint8)
        whole[:, 1:] = parts
        wide: npt.NDArray[np.int32] = whole.reshape(-1).view("<i4")
        return wide.astype(np.float32) / np.float32(2.0**31)
    kinds = {2: ("<i2", 2.0**15), 4: ("<i4", 2.0**31)}
    kind, scale = kinds[width]
    return np.frombuffer(data, kind).astype(np.float32) / np.float32(scale)
