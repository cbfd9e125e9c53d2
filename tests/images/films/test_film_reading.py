"""Film files: what comes out is what went in, with its times; what is wrong is said."""

import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.errors import ImageTooLarge, InvalidArgument, MissingImage, UnreadableImage
from heatlens.images.films import FilmWriter, open_film

SIZE = (48, 64)


def frames(count=8, size=SIZE):
    """Smooth pictures that differ, so that codecs keep them and an order shows."""
    rows, columns = np.mgrid[: size[0], : size[1]] / np.array(size)[:, None, None]
    return [
        np.stack([255 * rows, 255 * columns, np.full(size, 20 + 200 * k / count)], axis=-1).astype(
            np.uint8
        )
        for k in range(count)
    ]


def written(path, pictures=None, rate=12.5):
    pictures = frames() if pictures is None else pictures
    with FilmWriter(path, pictures[0].shape[:2], rate) as film:
        for picture in pictures:
            film.write(picture)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mov", "webm", "avi", "mkv", "y4m", "gif", "webp"])
def test_every_kind_comes_back(tmp_path, suffix, capfd):
    path = written(tmp_path / f"clip.{suffix}")
    with open_film(path) as film:
        found = list(film)
        again = list(film)  # from the beginning
    assert film.name == f"clip.{suffix}"
    assert film.size == SIZE
    assert film.frames_per_second == pytest.approx(12.5)
    assert film.count in (8, None)
    assert len(found) == len(again) == 8
    assert [frame.index for frame in found] == list(range(8))
    assert [frame.seconds for frame in found] == pytest.approx(np.arange(8) / 12.5, abs=1e-3)
    for frame, picture in zip(found, frames()):
        assert frame.pixels.dtype == np.uint8
        assert cv2.PSNR(frame.pixels, picture) > 30
    assert film.notes == []
    assert capfd.readouterr() == ("", "")


def test_lossless_is_exact(tmp_path):
    noise = list(np.random.default_rng(0).integers(0, 256, (3, 16, 24, 3), np.uint8))
    with open_film(written(tmp_path / "clip.mkv", noise)) as film:
        assert all(np.array_equal(f.pixels, n) for f, n in zip(film, noise))


def box(data, *names):
    """Where the inner of nested MP4 boxes begins, and those of all around it."""
    places, start = [], 0
    for name in names:
        start = data.index(name.encode(), start)
        places.append(start - 4)
    return places


def test_rotation_in_the_metadata_is_applied(tmp_path):
    data = bytearray(written(tmp_path / "clip.mp4").read_bytes())
    matrix = box(data, "tkhd")[0] + 8 + 4 + 20 + 8 + 8
    one = 0x10000
    quarter = struct.pack(">9i", 0, one, 0, -one, 0, 0, SIZE[0] * one, 0, 0x40000000)
    data[matrix : matrix + 36] = quarter
    path = tmp_path / "turned.mp4"
    path.write_bytes(data)
    with open_film(tmp_path / "clip.mp4") as film:
        upright = [frame.pixels for frame in film]
    with open_film(path) as film:
        assert film.size == (64, 48)
        for frame, before in zip(film, upright):
            assert np.array_equal(frame.pixels, np.rot90(before, -1))


def test_variable_frame_rate_keeps_the_containers_times(tmp_path):
    """The table of durations gets a second entry: four frames three times as long."""
    data = bytearray(written(tmp_path / "clip.mp4").read_bytes())
    places = box(data, "moov", "trak", "mdia", "minf", "stbl", "stts")
    table = places[-1]
    count, number, delta = struct.unpack(">3I", data[table + 12 : table + 24])
    assert (count, number) == (1, 8)
    data[table + 12 : table + 24] = struct.pack(">5I", 2, 4, delta, 4, 3 * delta)
    for place in places:  # every box around it grows; the pictures stand before, and stay
        size = struct.unpack(">I", data[place : place + 4])[0]
        data[place : place + 4] = struct.pack(">I", size + 8)
    edits = data.find(b"edts")
    if edits >= 0:  # a list of edits would end the film at its old length
        data[edits : edits + 4] = b"free"
    path = tmp_path / "uneven.mp4"
    path.write_bytes(data)
    with open_film(path) as film:
        times = [frame.seconds for frame in film]
    assert times == pytest.approx(0.08 * np.array([0, 1, 2, 3, 4, 7, 10, 13]), abs=2e-3)
    assert film.notes == [
        f"{path} has frames of 80 to 240 milliseconds; frames_per_second is their mean"
    ]


@pytest.mark.parametrize(("kind", "unit"), [("gif", 10), ("webp", 1)])
def test_animations_keep_each_frames_duration(tmp_path, kind, unit):
    first, *others = [Pillow.fromarray(picture) for picture in frames(4)]
    path = tmp_path / f"clip.{kind}"
    durations = [100, 20, 250, 40]
    first.save(path, save_all=True, append_images=others, duration=durations, loop=0)
    with open_film(path) as film:
        times = [frame.seconds for frame in film]
    assert times == pytest.approx([0, 0.1, 0.12, 0.37], abs=unit / 1000)
    assert film.count == 4


def cut(path, share, suffix):
    data = path.read_bytes()
    shorter = path.with_name(f"cut{suffix}")
    shorter.write_bytes(data[: int(len(data) * share)])
    return shorter


@pytest.mark.parametrize("suffix", [".avi", ".mkv"])
def test_a_film_that_breaks_off_keeps_what_came_before(tmp_path, suffix, capfd):
    noise = list(np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8))
    whole = written(tmp_path / f"clip{suffix}", noise)
    with open_film(cut(whole, 0.5, suffix)) as film:
        found = list(film)
    assert 4 < len(found) < 16
    assert f"breaks off after frame {len(found) - 1} of 20" in film.notes[0]
    assert capfd.readouterr().err == ""


def test_a_gif_that_breaks_off(tmp_path):
    noise = list(np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8))
    with open_film(cut(written(tmp_path / "clip.gif", noise), 0.7, ".gif")) as film:
        assert 2 < sum(1 for _ in film) < 6
    assert "breaks off after frame" in film.notes[0]


def test_what_is_no_film_is_said(tmp_path, capfd):
    whole = written(tmp_path / "clip.mp4")
    Pillow.fromarray(frames(1)[0]).save(tmp_path / "still.png")
    Pillow.fromarray(frames(1)[0]).save(tmp_path / "still.gif")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("hello")
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.webm").write_bytes(b"\x1aE\xdf\xa3" + bytes(200))
    webm = written(tmp_path / "clip.webm").read_bytes()
    (tmp_path / "strange.webm").write_bytes(webm.replace(b"V_VP8", b"V_XY8"))
    cases = {
        cut(whole, 0.5, ".mp4"): "an MP4 without its index",
        tmp_path / "empty.mp4": r"is empty \(0 bytes\)",
        tmp_path / "text.mp4": "not a film: it looks like text, 'hello'",
        tmp_path / "still.png": "a PNG, a still picture; use heatlens.read_image",
        tmp_path / "still.gif": "one frame, a still",
        tmp_path / "folder": "no pictures in the folder",
        tmp_path / "broken.webm": "damaged, or of a codec",
        tmp_path / "strange.webm": "of a codec that FFmpeg does not know",
    }
    for path, message in cases.items():
        with pytest.raises(UnreadableImage, match=message):
            open_film(path)
    with pytest.raises(MissingImage, match=r"no film at .*clap.mp4; did you mean clip.mp4"):
        open_film(tmp_path / "clap.mp4")
    assert capfd.readouterr().err == ""


def test_a_clip_without_frames(tmp_path):
    path = tmp_path / "none.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    writer.release()
    with pytest.raises(UnreadableImage, match=r"no frames that can be decoded|damaged"):
        open_film(path)


@pytest.mark.skipif(Path("/dev/video9").exists(), reason="there is a camera number 9")
def test_a_camera_that_is_not_there(capfd):
    with pytest.raises(UnreadableImage, match="no camera number 9"):
        open_film("camera:9")
    with pytest.raises(InvalidArgument, match="they are counted"):
        open_film("camera:front")
    assert capfd.readouterr().err == ""


def test_the_limit_is_checked_before_decoding(tmp_path):
    for suffix in ("mp4", "gif"):
        path = written(tmp_path / f"clip.{suffix}")
        with pytest.raises(ImageTooLarge, match="64 x 48"):
            open_film(path, max_pixels=SIZE[0] * SIZE[1] - 1)
        open_film(path, max_pixels=SIZE[0] * SIZE[1]).close()


def test_closed_early_and_for_good(tmp_path):
    path = written(tmp_path / "clip.mp4")
    with open_film(path) as film:
        assert next(iter(film)).index == 0
    film.close()
    with pytest.raises(InvalidArgument, match="is closed"):
        iter(film)
    with pytest.raises(InvalidArgument, match="its own frame rate"):
        open_film(path, frames_per_second=5)


def test_nothing_global_changes(tmp_path):
    before = cv2.utils.logging.getLogLevel(), dict(os.environ), cv2.getNumThreads()
    with open_film(written(tmp_path / "clip.webm")) as film:
        list(film)
    assert (cv2.utils.logging.getLogLevel(), dict(os.environ), cv2.getNumThreads()) == before
