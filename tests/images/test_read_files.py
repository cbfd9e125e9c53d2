"""Every kind of picture file, with the values it really holds."""

import io
import struct
import threading
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import ImageFile, ImageOps

from heatlens.images.read import read_image

GRADIENT = np.mgrid[:24, :36].sum(0).astype(np.uint8) * 4
COLOUR = np.stack([GRADIENT, GRADIENT[::-1], 255 - GRADIENT], axis=-1)
DEEP = np.random.default_rng(0).integers(0, 65536, (13, 17, 4), dtype=np.uint16)


def encoded(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def png(samples, colour_type, filters=(0, 1, 2, 3, 4), interlace=0):
    """A 16-bit PNG written from the specification, all five row filters in use."""
    raw = samples.astype(">u2").reshape(len(samples), -1).view(np.uint8).astype(int)
    step = 2 * (samples.shape[2] if samples.ndim == 3 else 1)
    rows, above = [], np.zeros(raw.shape[1], int)
    for number, row in enumerate(raw):
        left = np.concatenate([np.zeros(step, int), row[:-step]])
        corner = np.concatenate([np.zeros(step, int), above[:-step]])
        guess = left + above - corner
        nearest = np.stack([abs(guess - left), abs(guess - above), abs(guess - corner)]).argmin(0)
        nearest_of_three = np.choose(nearest, [left, above, corner])
        kind = filters[number % len(filters)]
        before = [0 * row, left, above, (left + above) // 2, nearest_of_three][kind]
        rows.append(bytes([kind]) + ((row - before) % 256).astype(np.uint8).tobytes())
        above = row
    header = struct.pack(">IIBBBBB", samples.shape[1], len(samples), 16, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP", "GIF", "PPM"])
@pytest.mark.parametrize("pixels", [GRADIENT, COLOUR], ids=["grey", "colour"])
def test_lossless_files(kind, pixels, tmp_path):
    path = tmp_path / f"picture.{kind.lower()}"
    source = Pillow.fromarray(pixels)
    options = {"lossless": True} if kind == "WEBP" else {}
    path.write_bytes(encoded(source, kind, **options))
    if kind == "GIF":
        pixels = np.asarray(Pillow.open(io.BytesIO(path.read_bytes())).convert("RGB"))
    if kind == "WEBP" and pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, -1)
    image = read_image(path)
    if kind == "GIF" and image.axes == "YX":
        pixels = pixels[..., 0]
    assert image.axes == ("YXC" if pixels.ndim == 3 else "YX")
    assert image.pixels.dtype == np.uint8
    assert image.value_range == (0, 255)
    assert image.name == path.name
    assert image.metadata["format"] == kind
    assert np.array_equal(image.pixels, pixels)


def test_jpeg_by_every_way_in(tmp_path):
    path = tmp_path / "photo.jpg"
    Pillow.fromarray(COLOUR).save(path, quality=90)
    data = path.read_bytes()
    wanted = np.asarray(Pillow.open(io.BytesIO(data)))
    with path.open("rb") as file, path.open("rb") as at_end:
        at_end.read()
        for source in (path, str(path), data, bytearray(data), memoryview(data),
                       io.BytesIO(data), file, at_end, Pillow.open(io.BytesIO(data))):  # fmt: skip
            image = read_image(source)
            assert np.array_equal(image.pixels, wanted)
        assert not file.closed
        assert read_image(file).name == "photo.jpg"
    assert read_image(read_image(path), name="mine").name == "mine"

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    assert np.array_equal(read_image(Pipe(data)).pixels, wanted)


def test_content_counts_and_not_the_suffix(tmp_path):
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encoded(Pillow.fromarray(COLOUR), "PNG"))
    assert read_image(path).metadata["format"] == "PNG"


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_orientation(turn, kind):
    exif = Pillow.Exif()
    exif[0x0112] = turn
    data = encoded(Pillow.fromarray(COLOUR), kind, exif=exif)
    image = read_image(data)
    wanted = ImageOps.exif_transpose(Pillow.open(io.BytesIO(data)))
    assert np.array_equal(image.pixels, np.asarray(wanted))
    assert image.size == ((24, 36) if turn < 5 else (36, 24))
    picture = Pillow.open(io.BytesIO(data))
    assert np.array_equal(read_image(picture).pixels, np.asarray(wanted))


def test_orientation_of_sixteen_bits_and_alpha():
    rgba = np.dstack([COLOUR, GRADIENT])
    exif = Pillow.Exif()
    exif[0x0112] = 6
    image = read_image(encoded(Pillow.fromarray(rgba), "PNG", exif=exif))
    assert np.array_equal(image.pixels, np.rot90(COLOUR, -1))
    assert np.allclose(image.alpha, np.rot90(GRADIENT, -1) / 255)


def test_palette_and_transparency():
    palette = Pillow.fromarray(COLOUR).quantize(16)
    wanted = np.asarray(palette.convert("RGB"))
    plain = read_image(encoded(palette, "PNG"))
    assert plain.alpha is None
    assert np.array_equal(plain.pixels, wanted)
    see_through = read_image(encoded(palette, "PNG", transparency=int(np.asarray(palette)[0, 0])))
    assert see_through.alpha[0, 0] == 0
    assert np.array_equal(see_through.alpha == 0, np.asarray(palette) == np.asarray(palette)[0, 0])
    assert np.array_equal(see_through.pixels, wanted)


def test_alpha_is_apart_and_not_premultiplied():
    rgba = np.dstack([COLOUR, GRADIENT])
    image = read_image(encoded(Pillow.fromarray(rgba), "PNG"))
    assert image.axes == "YXC"
    assert np.array_equal(image.pixels, COLOUR)
    assert np.allclose(image.alpha, GRADIENT / 255)
    grey = read_image(encoded(Pillow.fromarray(rgba[..., 2:]), "PNG"))
    assert grey.axes == "YX"
    assert np.array_equal(grey.pixels, rgba[..., 2])
    assert np.allclose(grey.alpha, GRADIENT / 255)
    opaque = np.dstack([COLOUR, np.full_like(GRADIENT, 255)])
    assert read_image(encoded(Pillow.fromarray(opaque), "PNG")).alpha is None
    clear = read_image(
        encoded(Pillow.fromarray(COLOUR), "PNG", transparency=tuple(COLOUR[3, 4].tolist()))
    )
    assert clear.alpha[3, 4] == 0


def test_cmyk_of_adobe_is_not_inverted():
    red = Pillow.new("RGB", (16, 16), (250, 10, 10)).convert("CMYK")
    image = read_image(encoded(red, "JPEG", quality=100))  # Pillow writes Adobe's inverted kind
    assert image.axes == "YXC"
    assert np.abs(image.pixels.astype(int) - (250, 10, 10)).max() < 8
    tiff = read_image(encoded(red, "TIFF"))
    assert np.abs(tiff.pixels.astype(int) - (250, 10, 10)).max() < 8


def test_one_bit():
    bits = Pillow.fromarray(GRADIENT > 100)
    for kind in ("PNG", "TIFF", "BMP"):
        image = read_image(encoded(bits, kind))
        assert image.axes == "YX"
        assert np.array_equal(image.pixels, (GRADIENT > 100) * 255)


@pytest.mark.parametrize(("channels", "colour_type"), [(1, 0), (2, 4), (3, 2), (4, 6)])
def test_sixteen_bit_png(channels, colour_type):
    samples = DEEP[..., :channels]
    image = read_image(png(samples, colour_type))
    assert image.pixels.dtype == np.uint16
    assert image.value_range == (0, 65535)
    wanted = samples if channels % 2 else samples[..., :-1]
    assert np.array_equal(image.pixels, wanted[..., 0] if channels < 3 else wanted)
    if channels % 2 == 0:
        assert np.allclose(image.alpha, samples[..., -1] / 65535)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib", "packed differences"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("on_disk", [True, False])
def test_sixteen_bit_tiff(order, compression, channels, on_disk, tmp_path):
    samples = DEEP[..., 0] if channels == 1 else DEEP[..., :channels]
    path = tmp_path / "deep.tif"
    tifffile.imwrite(
        path, samples, byteorder=order, compression=compression and "zlib",
        predictor=True if compression == "packed differences" else None,
        photometric="minisblack" if channels == 1 else "rgb",
        extrasamples=["unassalpha"] if channels == 4 else None, rowsperstrip=5,
    )  # fmt: skip
    image = read_image(path if on_disk else path.read_bytes())
    assert image.pixels.dtype == np.uint16
    assert np.array_equal(image.pixels, samples[..., :3] if channels > 1 else samples)
    assert (image.alpha is not None) == (channels == 4)


def test_tiff_that_counts_from_white(tmp_path):
    path = tmp_path / "white.tif"
    tifffile.imwrite(path, DEEP[..., 0], photometric="miniswhite")
    assert np.array_equal(read_image(path).pixels, 65535 - DEEP[..., 0])


@pytest.mark.parametrize(
    ("values", "value_range", "noted"),
    [
        (np.linspace(0, 1, 12, dtype=np.float32), (0, 1), False),
        (np.linspace(-3, 900, 12, dtype=np.float32), (-3, 900), True),
        (np.linspace(-1000, 1200, 12).astype(np.int16), (-1000, 1200), True),
        (np.linspace(-1000, 70000, 12).astype(np.int32), (-1000, 70000), True),
        (np.full(12, 5.5, np.float32), (5.5, 11), True),
        (np.full(12, 5, np.float32), (0, 255), True),
    ],
)
def test_other_depths_keep_their_range(values, value_range, noted, tmp_path):
    path = tmp_path / "deep.tif"
    tifffile.imwrite(path, values.reshape(3, 4), photometric="minisblack")
    image = read_image(path)
    assert image.pixels.dtype == np.float32
    assert np.array_equal(image.pixels, values.reshape(3, 4))
    assert image.value_range == value_range
    assert bool(image.metadata.get("notes")) == noted
    assert read_image(path, value_range=(0, 2)).value_range == (0, 2)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG"])
def test_frames(kind):
    frames = [Pillow.new("RGB", (9, 7), (40 * k, 0, 0)) for k in range(4)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:],
                   **({"lossless": True} if kind == "WEBP" else {}))  # fmt: skip
    first = read_image(data)
    assert first.pixels.max() == 0
    assert "the first of 4 frames" in first.metadata["notes"][-1]
    for index, level in ((2, 80), (-1, 120)):
        assert abs(int(read_image(data, frame=index).pixels.max()) - level) < 5
    with pytest.raises(ValueError, match="frames 0 to 3; frame 4"):
        read_image(data, frame=4)


def test_pillow_settings_neither_change_nor_matter(monkeypatch, recwarn):
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 10)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for kind in ("PNG", "JPEG", "TIFF", "BMP", "GIF"):
        data = encoded(Pillow.fromarray(COLOUR), kind)
        assert read_image(data).size == (24, 36)
    assert read_image(encoded(Pillow.fromarray(COLOUR), "TIFF", compression="tiff_lzw")).size
    assert Pillow.MAX_IMAGE_PIXELS == 10
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True
    assert not recwarn.list


def test_many_threads(tmp_path):
    path = tmp_path / "photo.png"
    Pillow.fromarray(COLOUR).save(path)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(read_image(path).pixels)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(np.array_equal(pixels, COLOUR) for pixels in results)


def test_a_pillow_image_stays_as_it_is():
    picture = Pillow.fromarray(COLOUR).quantize(8)
    before = picture.tobytes(), picture.mode
    read_image(picture)
    assert (picture.tobytes(), picture.mode) == before
