"""Times, ranges and order of films: what the whole says holds for each frame."""

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import features

import heatlens as hl
from heatlens.errors import InvalidArgument, UnreadableImage
from heatlens.image import Image
from heatlens.images.films import FilmWriter, open_film
from heatlens.images.sniff import describe, is_film

RAMP = np.arange(4 * 8 * 10, dtype=np.float32).reshape(4, 8, 10)


def shades(count):
    return [Pillow.fromarray(np.full((16, 24, 3), 9 * k, np.uint8)) for k in range(count)]


@pytest.mark.parametrize("kind", ["gif", "webp", "avif"])
def test_the_mean_rate_is_of_all_time_stamps(tmp_path, kind):
    if kind == "avif" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    first, *others = shades(10)
    path = tmp_path / f"clip.{kind}"
    first.save(path, save_all=True, append_images=others, duration=[1000] + [100] * 9)
    with open_film(path) as film:
        times = [frame.seconds for frame in film]
    assert film.frames_per_second == pytest.approx(10 / 1.9, rel=1e-3)
    assert times == pytest.approx([0, *np.arange(1, 1.81, 0.1)], abs=1e-3)
    assert film.notes == [
        f"{path} has frames of 100 to 1000 milliseconds; frames_per_second is their mean"
    ]


def test_a_film_read_whole_keeps_its_times(tmp_path):
    with FilmWriter(tmp_path / "clip.mkv", (16, 24), 8) as film:
        for shade in shades(4):
            film.write(np.asarray(shade))
    image = hl.read_image(tmp_path / "clip.mkv")
    with open_film(image) as film:
        assert film.frames_per_second == pytest.approx(8)
        assert [frame.seconds for frame in film] == pytest.approx([0, 0.125, 0.25, 0.375])
    uneven = image.with_(metadata={"seconds": (5.0, 5.1, 5.4, 5.5)})
    with open_film(uneven) as film:
        assert film.frames_per_second == pytest.approx(6)
        assert [frame.seconds for frame in film] == pytest.approx([0, 0.1, 0.4, 0.5])
    for metadata in ({"seconds": (0, 1)}, {"seconds": "late"}, {"seconds": (0, 2, 1, 3)}):
        with open_film(image.with_(metadata=metadata)) as film:
            assert film.frames_per_second == 25
    with open_film(uneven, frames_per_second=2) as film:
        assert [frame.seconds for frame in film] == [0, 0.5, 1, 1.5]


@pytest.mark.parametrize("kind", ["float", "int", "levels", "unit"])
def test_several_frames_have_the_range_of_the_film(kind):
    """As the same numbers in one array have it, which `read_image` maps as a whole."""
    film = {
        "float": RAMP + 0.5,
        "int": RAMP.astype(np.int32) - 70,
        "levels": np.minimum(RAMP, 200),
        "unit": RAMP / 400,
    }[kind]
    with open_film(film) as whole, open_film(list(film)) as several:
        for one, other in zip(whole, several, strict=True):
            assert np.array_equal(one.pixels, other.pixels)
    assert one.pixels.max() > 150


def test_a_folder_has_one_range(tmp_path):
    for number, frame in enumerate(RAMP):
        Pillow.fromarray(frame + 0.5).save(tmp_path / f"{number}.tif")
    with open_film(tmp_path) as folder, open_film(RAMP + 0.5) as whole:
        for one, other in zip(folder, whole, strict=True):
            assert np.array_equal(one.pixels, other.pixels)


def test_frames_that_come_once_have_the_firsts_range():
    unit = RAMP / RAMP.max()
    with open_film(frame for frame in unit) as film:
        found = np.stack([frame.pixels[..., 0] for frame in film])
    assert np.abs(found - 255 * unit).max() <= 0.51
    with (
        pytest.raises(InvalidArgument, match=r"frame 1 .* beyond the range of the first, 0 to 255"),
        open_film(frame for frame in RAMP * 3) as film,
    ):
        list(film)
    known = (Image(frame, "YX", value_range=(0, 1000)) for frame in RAMP * 3)
    with open_film(known) as film:
        assert max(int(frame.pixels.max()) for frame in film) == round(3 * RAMP.max() / 1000 * 255)


@pytest.mark.parametrize(
    "source",
    [
        np.zeros((2, 8, 8, 3), np.uint8),
        [np.zeros((8, 8, 3), np.uint8)] * 2,
        Image(np.zeros((2, 8, 8, 3), np.uint8), "TYXC"),
    ],
    ids=["array", "list", "Image"],
)
def test_a_frame_is_the_readers_to_draw_on(source):
    with open_film(source) as film:
        for frame in film:
            assert not frame.pixels.any()
            frame.pixels[:] = 9


def test_an_animations_frames_can_be_drawn_on(tmp_path):
    first, *others = shades(2)
    first.save(tmp_path / "clip.gif", save_all=True, append_images=others)
    with open_film(tmp_path / "clip.gif") as film:
        for frame in film:
            frame.pixels[:] = 9
        assert film.path == tmp_path / "clip.gif"


def test_names_that_are_no_numbers_and_hidden_files(tmp_path):
    for name in ("²1.png", "a2.png", "a10.png"):
        shades(1)[0].save(tmp_path / name)
    (tmp_path / "._a2.png").write_bytes(b"\0\5\x16\7Mac OS X")
    with open_film(tmp_path) as film:
        assert film.count == 3
        assert len(list(film)) == 3
    with pytest.raises(InvalidArgument, match="they are counted"):
        open_film("camera:²")


def test_a_note_is_told_once(tmp_path):
    path = tmp_path / "clip.avi"
    noise = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
    with FilmWriter(path, (32, 32), 10) as film:
        for frame in noise:
            film.write(frame)
    (tmp_path / "cut.avi").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_film(tmp_path / "cut.avi") as film:
        for _ in range(2):
            list(film)
    assert len(film.notes) == 1
    assert "may be damaged too" in film.notes[0]


def test_frames_missing_in_the_middle_are_told(tmp_path):
    path = tmp_path / "clip.webm"
    noise = np.random.default_rng(0).integers(0, 256, (40, 48, 48, 3), np.uint8)
    with FilmWriter(path, (48, 48), 10) as film:
        for frame in noise:
            film.write(frame)
    data = path.read_bytes()
    third = len(data) // 3
    (tmp_path / "hole.webm").write_bytes(data[:third] + bytes(third // 2) + data[third * 3 // 2 :])
    with open_film(tmp_path / "hole.webm") as film:
        count = len(list(film))
    assert count < 40
    assert len(film.notes) == 1
    assert "missing" in film.notes[0] or "breaks off" in film.notes[0]


@pytest.mark.parametrize(
    ("head", "suffix", "film"),
    [
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", ".cr3", False),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", ".m4a", False),
        (b"\0\0\0\x18ftyphevc\0\0\0\0", ".heics", False),
        (b"\0\0\0\x18ftypisom\0\0\0\0", ".mp4", True),
        (b"OggS\0\2" + bytes(22) + b"\1\x1e\1vorbis", ".ogg", False),
        (b"OggS\0\2" + bytes(22) + b"\1\x2a\x80theora", ".ogv", True),
        (b"Global = 1;\n" * 40, ".ts", False),
        ((b"\x47" + bytes(187)) * 3, ".ts", True),
        ((bytes(4) + b"\x47" + bytes(187)) * 3, ".m2ts", True),
    ],
    ids=["CR3", "M4A", "HEIC", "MP4", "Vorbis", "Theora", "TypeScript", "MPEG-TS", "M2TS"],
)
def test_files_that_look_like_films(head, suffix, film):
    assert is_film(head, suffix) is film


def test_what_is_no_film_is_named(tmp_path):
    cases = {
        "a.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(900), "camera's raw picture"),
        "a.m4a": (b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(900), "sound without pictures"),
        "a.ogg": (b"OggS\0\2" + bytes(900), "sound without pictures"),
        "a.ts": (b"Global = 1;\n" * 99, "text, 'Global"),
    }
    for name, (data, message) in cases.items():
        (tmp_path / name).write_bytes(data)
        assert message in describe(data[:512])
        with pytest.raises(UnreadableImage, match=message):
            open_film(tmp_path / name)
