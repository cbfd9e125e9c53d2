"""What goes wrong with files, and what the message says to do about it."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFile, features

from heatlens.errors import (
    ImageTooLarge,
    InvalidArgument,
    InvalidType,
    MissingImage,
    UnreadableImage,
)
from heatlens.images.read import pixel_limit, read_image

NOISE = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)


def encoded(kind, **options):
    buffer = io.BytesIO()
    Pillow.fromarray(NOISE).save(buffer, format=kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"\n<!DOCTYPE html><html><body>404", "HTML page"),
        (b"%PDF-1.7 ...", "PDF document; export"),
        (b'<?xml version="1.0"?><svg xmlns=', "SVG drawing"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        (b"PK\x03\x04....", "ZIP archive"),
        (b"\x93NUMPY\x01\x00", r"numpy\.load"),
        (b"\x00\x00\x00\x18ftypheic....", "HEIC; convert"),
        (b"\x00\x00\x00\x18ftypmp42....", "an MP4 without its index"),
        ("Grüße, Störche".encode(), "text, 'Grüße, Störche'"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000; convert"),
        (bytes([1, 2, 200, 4]), "begins with the bytes 01 02 c8 04"),
    ],
)
def test_not_a_picture(data, message, tmp_path):
    path = tmp_path / "thing.jpg"
    path.write_bytes(data)
    for source in (data, path, io.BytesIO(data)):
        with pytest.raises(UnreadableImage, match=message):
            read_image(source)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF", "ignore:Truncated File Read")
@pytest.mark.parametrize("tolerant", [False, True])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {}),
        ("PPM", {}),
        pytest.param(
            "AVIF",
            {},
            marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow's build"),
        ),
    ],
)
def test_cut_off_files_are_never_half_grey(kind, options, tolerant, monkeypatch, tmp_path):
    """Also where some other library has told Pillow to let them pass."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", tolerant)
    data = encoded(kind, **options)
    cuts = {int(len(data) * share) for share in (0.05, 0.3, 0.5, 0.77, 0.95)} | {len(data) - 40}
    path = tmp_path / "cut"
    for cut in sorted(cuts):
        path.write_bytes(data[:cut])
        for source in (data[:cut], path):
            with pytest.raises(UnreadableImage, match=r"cut off|damaged") as caught:
                read_image(source)
            assert kind in str(caught.value)
            assert "fresh copy" in str(caught.value) or "damaged or" in str(caught.value)


def test_damaged_png():
    data = bytearray(encoded("PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(UnreadableImage, match="damaged"):
        read_image(bytes(data))


def bomb(kind, width=60_000, height=50_000):
    """The header of a picture of 3000 million pixels, and hardly more."""
    if kind == "PNG":
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000)))]
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in chunks
        )
    if kind == "BMP":
        rest = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 200, 0, 0, 54) + rest + bytes(100)
    if kind == "GIF":
        return (
            b"GIF89a"
            + struct.pack("<HHBBB", width, height, 0, 0, 0)
            + (b"," + struct.pack("<HHHHB", 0, 0, 9, 9, 0) + bytes(20))
        )
    if kind == "WEBP":
        size = (16_000).to_bytes(3, "little") + (16_000).to_bytes(3, "little")
        body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size + bytes(40)
        return b"RIFF" + struct.pack("<I", len(body)) + body
    picture = Pillow.fromarray(NOISE)
    buffer = io.BytesIO()
    picture.save(buffer, format="TIFF")
    data = buffer.getvalue()
    for tag, old, new in ((256, 80, width), (257, 64, height)):
        data = data.replace(
            struct.pack("<HHI", tag, 4, 1) + struct.pack("<I", old),
            struct.pack("<HHI", tag, 4, 1) + struct.pack("<I", new),
        ).replace(
            struct.pack("<HHI", tag, 3, 1) + struct.pack("<HH", old, 0),
            struct.pack("<HHI", tag, 4, 1) + struct.pack("<I", new),
        )
    return data


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF"])
def test_bombs_are_seen_in_the_header(kind, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageTooLarge, match="3000 million pixels, the limit is 400 million"):
        read_image(bomb(kind))


def test_bomb_in_webp(monkeypatch):
    monkeypatch.setenv("HEATLENS_MAX_PIXELS", "1e8")
    with pytest.raises(ImageTooLarge, match="256 million pixels, the limit is 100 million"):
        read_image(bomb("WEBP"))
    for options in ({}, {"lossless": True}, {"exif": b"Exif\0\0"}):
        assert read_image(encoded("WEBP", **options), max_pixels=64 * 80).size == (64, 80)
        with pytest.raises(ImageTooLarge, match="80 x 64"):
            read_image(encoded("WEBP", **options), max_pixels=64 * 80 - 1)


def test_the_limit_is_a_setting(monkeypatch):
    with pytest.raises(ImageTooLarge, match="max_pixels= or HEATLENS_MAX_PIXELS"):
        read_image(encoded("JPEG"), max_pixels=100)
    monkeypatch.setenv("HEATLENS_MAX_PIXELS", "100")
    with pytest.raises(ImageTooLarge):
        read_image(encoded("JPEG"))
    assert read_image(encoded("JPEG"), max_pixels=10_000).size == (64, 80)
    for wrong in ("many", "-1", "inf"):
        monkeypatch.setenv("HEATLENS_MAX_PIXELS", wrong)
        with pytest.raises(InvalidArgument, match="HEATLENS_MAX_PIXELS"):
            pixel_limit()
    monkeypatch.setenv("HEATLENS_MAX_PIXELS", "")
    assert pixel_limit() == 400_000_000


def test_zero_size():
    with pytest.raises(UnreadableImage, match=r"damaged|zero"):
        read_image(bomb("PNG", width=0))
    with pytest.raises(UnreadableImage, match="size zero"):
        read_image(Pillow.new("RGB", (0, 3)))


def test_paths(tmp_path):
    (tmp_path / "stork.jpg").write_bytes(encoded("JPEG"))
    with pytest.raises(MissingImage, match=r"did you mean stork\.jpg\?") as caught:
        read_image(tmp_path / "strok.jpg")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(UnreadableImage, match=r"is a directory; give its files, .*\*\.jpg"):
        read_image(tmp_path)
    with pytest.raises(MissingImage, match=r"the folder .*nowhere does not exist"):
        read_image(tmp_path / "nowhere" / "a.jpg")
    with pytest.raises(MissingImage, match="patterns are not expanded"):
        read_image(str(tmp_path / "*.jpg"))
    with pytest.raises(UnreadableImage, match="URL; download it first"):
        read_image("https://example.org/cat.jpg")
    with pytest.raises(MissingImage):
        read_image("x" * 5000)
    with pytest.raises(UnreadableImage, match="not a path"):
        read_image("")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableImage, match="not a regular file"):
        read_image(tmp_path / "pipe")


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "secret.jpg"
    path.write_bytes(encoded("JPEG"))

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(UnreadableImage, match=r"no permission to read .*secret\.jpg"):
        read_image(path)


def test_text_file_objects(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded("JPEG"))
    with path.open() as file, pytest.raises(InvalidType, match="open it in binary mode"):
        read_image(file)
    with pytest.raises(InvalidType, match="binary"):
        read_image(io.StringIO("text"))


def test_files_are_closed(tmp_path, recwarn):
    import gc

    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(encoded("PNG"))
    bad.write_bytes(encoded("PNG")[:900])
    read_image(good)
    with pytest.raises(UnreadableImage):
        read_image(bad)
    gc.collect()
    assert not [w for w in recwarn.list if issubclass(w.category, ResourceWarning)]


def test_arguments_that_mean_nothing():
    with pytest.raises(InvalidArgument, match="`window` means nothing for a JPEG file"):
        read_image(encoded("JPEG"), window=(1, 2))
    with pytest.raises(InvalidArgument, match="one frame; frame 3"):
        read_image(encoded("JPEG"), frame=3)
    with pytest.raises(InvalidArgument, match="comes with axes 'YXC', not 'ZYX'"):
        read_image(encoded("JPEG"), axes="ZYX")
    with pytest.raises(InvalidArgument, match="axial"):
        read_image(encoded("JPEG"), axis="up")
    with pytest.raises(InvalidArgument, match="centre, width"):
        read_image(encoded("JPEG"), window=(1, 0))
