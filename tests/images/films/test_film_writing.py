"""`FilmWriter`: whole files or none under their name, and errors that say what works."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.films import FilmWriter, open_film
from heatlens.images.films.encoders import AnimationEncoder
from heatlens.images.films.place import refuse_same_file

GREY = np.full((16, 24, 3), 120, np.uint8)


@pytest.mark.parametrize(
    ("path", "size", "rate", "error", "message"),
    [
        ("a.mpeg4", (16, 24), 25, InvalidArgument, r"'.mpeg4'; a film can end in .mp4, .mov"),
        ("a", (16, 24), 25, InvalidArgument, "ends in 'nothing'"),
        ("no/a.mp4", (16, 24), 25, InvalidArgument, "does not exist; make it first"),
        ("a.mp4", (0, 24), 25, InvalidArgument, "1 to 16384"),
        ("a.avi", (8, 24), 25, InvalidArgument, "from 16 x 16 pixels on, not 8 x 24"),
        ("a.gif", (16, 24), 60, InvalidArgument, "at most 50 frames a second"),
        ("a.mp4", 24, 25, InvalidType, "height, width"),
        ("a.mp4", (16, 24), 0, InvalidArgument, "0.002 to 1000"),
        ("a.mp4", (16, 24), float("nan"), InvalidArgument, "0.002 to 1000"),
        ("a.mp4", (16, 24), "fast", InvalidArgument, "0.002 to 1000"),
    ],
)
def test_what_cannot_be_written(tmp_path, path, size, rate, error, message):
    with pytest.raises(error, match=message):
        FilmWriter(tmp_path / path, size, rate)
    assert list(tmp_path.iterdir()) == []


def test_frames_that_do_not_fit(tmp_path):
    with FilmWriter(tmp_path / "a.avi", (16, 24), 25) as film:
        with pytest.raises(InvalidType, match="uint8"):
            film.write(GREY / 255)
        with pytest.raises(InvalidArgument, match=r"frame 0 has shape \(24, 16, 3\)"):
            film.write(GREY.transpose(1, 0, 2))
        film.write(GREY)
        film.write(GREY[..., 0])
    assert film.frames == 2
    with pytest.raises(InvalidArgument, match="is closed"):
        film.write(GREY)


@pytest.mark.parametrize("suffix", ["mp4", "webm", "y4m", "gif"])
def test_a_file_appears_once_it_is_complete(tmp_path, suffix):
    target = tmp_path / f"clip.{suffix}"
    target.write_bytes(b"old")
    with FilmWriter(target, (16, 24), 25) as film:
        film.write(GREY)
        film.write(GREY + 9)
        assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    with open_film(target) as film:
        assert sum(1 for _ in film) == 2


@pytest.mark.parametrize("suffix", ["mp4", "gif", "mkv"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_was_written_before_an_error_is_kept(tmp_path, suffix, error):
    def stopped():
        with FilmWriter(tmp_path / f"clip.{suffix}", (16, 24), 25) as film:
            for level in range(3):
                film.write(GREY + level)
            raise error

    with pytest.raises(error) as caught:
        stopped()
    kept = tmp_path / f"clip.partial.{suffix}"
    assert list(tmp_path.iterdir()) == [kept]
    assert "3 frames were kept" in caught.value.__notes__[0]
    with open_film(kept) as film:
        assert sum(1 for _ in film) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes there")
@pytest.mark.parametrize("suffix", ["mp4", "webm", "avi", "mkv", "y4m", "gif"])
def test_a_full_disk_is_not_a_finished_film(tmp_path, suffix):
    program = (
        "import resource, numpy as np\n"
        "from heatlens.images.films import FilmWriter\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "noise = np.random.default_rng(0).integers(0, 256, (30, 96, 96, 3), np.uint8)\n"
        "try:\n"
        f"    with FilmWriter('clip.{suffix}', (96, 96), 25) as film:\n"
        "        for frame in noise: film.write(frame)\n"
        "except OSError as error: print('told', error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("told")
    assert not (tmp_path / f"clip.{suffix}").exists()


def test_no_frames_no_film(tmp_path):
    with pytest.raises(InvalidArgument, match="no frame was written"):
        FilmWriter(tmp_path / "a.mp4", (16, 24), 25).close()
    with pytest.raises(ZeroDivisionError), FilmWriter(tmp_path / "a.mp4", (16, 24), 25):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_replacing_can_be_refused(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"old")
    with pytest.raises(InvalidArgument, match="overwrite=True"):
        FilmWriter(tmp_path / "a.mp4", (16, 24), 25, overwrite=False)


@pytest.mark.parametrize("size", [(15, 24), (16, 23), (1, 1), (33, 17)])
def test_odd_sizes_are_filled_up(tmp_path, size):
    with FilmWriter(tmp_path / "a.y4m", size, 25) as film:
        film.write(np.full((*size, 3), 77, np.uint8))
    assert f"{size[0]} x {size[1]} became" in film.notes[0]
    with open_film(tmp_path / "a.y4m") as read:
        (frame,) = read
    assert read.size == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert np.abs(frame.pixels.astype(int) - 77).max() <= 2


def test_y4m_is_jpegs_full_range(tmp_path):
    """Against OpenCV's own conversion: Y = .299 R + .587 G + .114 B over 0..255."""
    colours = (
        np.random.default_rng(0).integers(0, 256, (2, 2, 3), np.uint8).repeat(2, 0).repeat(2, 1)
    )
    with FilmWriter(tmp_path / "a.y4m", (4, 4), 25) as film:
        film.write(colours)
    head, body = (tmp_path / "a.y4m").read_bytes().split(b"\nFRAME\n")
    assert head == b"YUV4MPEG2 W4 H4 F25:1 Ip A1:1 C420jpeg XCOLORRANGE=FULL"
    planes = np.frombuffer(body, np.uint8)
    expected = cv2.cvtColor(colours, cv2.COLOR_RGB2YCrCb).astype(int)
    assert len(planes) == 16 + 4 + 4
    assert np.abs(planes[:16].reshape(4, 4) - expected[..., 0]).max() <= 1
    assert np.abs(planes[16:20].reshape(2, 2) - expected[::2, ::2, 2]).max() <= 1
    assert np.abs(planes[20:].reshape(2, 2) - expected[::2, ::2, 1]).max() <= 1


def test_rates_of_broadcasting(tmp_path):
    with FilmWriter(tmp_path / "a.y4m", (4, 4), 30000 / 1001) as film:
        film.write(np.zeros((4, 4, 3), np.uint8))
    assert b"F30000:1001" in (tmp_path / "a.y4m").read_bytes()


def test_animations_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(AnimationEncoder, "limit", 2 * 16 * 24)
    with FilmWriter(tmp_path / "a.gif", (16, 24), 25) as film:
        film.write(GREY)
        film.write(GREY)
        with pytest.raises(InvalidArgument, match=r"2 of this size are the limit; write \.mp4"):
            film.write(GREY)


def test_equal_frames_of_an_animation_become_a_longer_one(tmp_path):
    with FilmWriter(tmp_path / "a.gif", (16, 24), 10) as film:
        for level in (0, 0, 0, 90):
            film.write(GREY + level)
    with open_film(tmp_path / "a.gif") as read:
        assert [frame.seconds for frame in read] == pytest.approx([0, 0.3])


@pytest.mark.parametrize("suffix", ["mp4", "gif"])
def test_files_of_the_user_are_left_alone(tmp_path, suffix):
    """Whatever lies beside the target under a name that a writer might think of."""
    mine = tmp_path / f"clip.partial.{suffix}"
    mine.write_bytes(b"mine")
    with FilmWriter(tmp_path / f"clip.{suffix}", (16, 24), 25) as film:
        film.write(GREY)
        assert mine.read_bytes() == b"mine"
    assert mine.read_bytes() == b"mine"

    def stopped():
        with FilmWriter(tmp_path / f"clip.{suffix}", (16, 24), 25) as film:
            film.write(GREY)
            raise KeyboardInterrupt

    for number in (2, 3):
        with pytest.raises(KeyboardInterrupt) as caught:
            stopped()
        assert f"clip.partial-{number}.{suffix}" in caught.value.__notes__[0]
    assert mine.read_bytes() == b"mine"
    names = [f"clip{part}.{suffix}" for part in ("", ".partial", ".partial-2", ".partial-3")]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_source_may_have_the_name_of_a_partial_film(tmp_path):
    source = tmp_path / "clip.partial.mp4"
    with FilmWriter(source, (16, 24), 25) as film:
        for level in range(6):
            film.write(GREY + level)
    with open_film(source) as read, FilmWriter(tmp_path / "clip.mp4", (16, 24), 25) as film:
        for frame in read:
            film.write(frame.pixels)
    with open_film(source) as read, open_film(tmp_path / "clip.mp4") as copy:
        assert len(list(read)) == len(list(copy)) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions there")
def test_a_film_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "other").write_bytes(b"")
    with FilmWriter(tmp_path / "clip.avi", (16, 24), 25) as film:
        film.write(GREY)
    modes = [(tmp_path / name).stat().st_mode for name in ("other", "clip.avi")]
    assert modes[0] == modes[1]


def test_the_film_that_is_read_is_not_written(tmp_path):
    path = tmp_path / "clip.mkv"
    with FilmWriter(path, (16, 24), 25) as film:
        film.write(GREY)
    linked = tmp_path / "linked.mkv"
    linked.symlink_to(path)
    cv2.imwrite(str(tmp_path / "1.png"), GREY)
    with open_film(path) as film, open_film(tmp_path) as folder:
        for source, target in ((path, path), (film, path), (film, linked), (str(path), linked)):
            with pytest.raises(InvalidArgument, match="the film that is read"):
                refuse_same_file(source, target)
        with pytest.raises(InvalidArgument, match="a frame of the film"):
            refuse_same_file(folder, tmp_path / "1.png")
        refuse_same_file(film, tmp_path / "new.mkv")
        refuse_same_file(film, "-")
        refuse_same_file(folder, tmp_path / "new.gif")
        refuse_same_file(np.zeros((2, 4, 4)), path)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "avi", "mkv"])
@pytest.mark.parametrize("rate", [1000 / 15, 1000 / 12, 239.7612, 60000 / 1001, 119.88, 1000])
def test_usual_rates(tmp_path, suffix, rate):
    path = tmp_path / f"a.{suffix}"
    with FilmWriter(path, (16, 24), rate) as film:
        for level in range(6):
            film.write(GREY + level)
    with open_film(path) as read:
        times = [frame.seconds for frame in read]
    assert read.frames_per_second == pytest.approx(rate, rel=1e-3)
    assert times == pytest.approx(np.arange(6) / rate, abs=1e-3)


@pytest.mark.parametrize(("suffix", "rate"), [("webm", 0.3), ("mp4", 0.05), ("gif", 0.05)])
def test_films_that_are_slower_than_their_kind_hold_each_frame(tmp_path, suffix, rate):
    path = tmp_path / f"a.{suffix}"
    with FilmWriter(path, (16, 24), rate) as film:
        for level in (0, 100):
            film.write(np.full((16, 24, 3), level, np.uint8))
    assert film.frames == 2
    with open_film(path) as read:
        shown = [(frame.seconds, int(frame.pixels[8, 8, 0])) for frame in read]
    repeated = len(shown) // 2
    assert bool(film.notes) == (repeated > 1)
    assert [level < 50 for _, level in shown] == [True] * repeated + [False] * repeated
    assert shown[repeated][0] == pytest.approx(1 / rate, rel=1e-3)
