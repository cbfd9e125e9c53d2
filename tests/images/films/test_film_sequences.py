"""Films that are not files, and films that come through a pipe."""

import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, InvalidType, UnreadableImage
from heatlens.image import Image
from heatlens.images.films import FilmWriter, open_film

RAMP = np.arange(5 * 16 * 24 * 3, dtype=np.uint32).reshape(5, 16, 24, 3).astype(np.uint8)


def pixels(film):
    with film:
        return np.stack([frame.pixels for frame in film])


@pytest.mark.parametrize(
    "source",
    [
        RAMP,
        Image(RAMP, "TYXC"),
        list(RAMP),
        tuple(Image(frame) for frame in RAMP),
        [torch.from_numpy(frame).permute(2, 0, 1) for frame in RAMP],
        RAMP.transpose(0, 3, 1, 2),
    ],
    ids=["array", "Image", "list", "Images", "tensors", "channels-first"],
)
def test_arrays_are_films(source):
    with open_film(source, frames_per_second=10) as film:
        assert (film.count, film.size, film.frames_per_second) == (5, (16, 24), 10)
        assert [frame.seconds for frame in film] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert np.array_equal(pixels(open_film(source)), RAMP)


def test_ranges_are_mapped_on_8_bits():
    deep = Image((RAMP[..., 0].astype(np.uint16) * 257), "TYX", value_range=(0, 65535))
    assert np.array_equal(pixels(open_film(deep)), RAMP[..., :1].repeat(3, -1))
    floats = Image(RAMP[..., 0].astype(np.float32) / 255, "TYX", value_range=(0, 1))
    assert np.array_equal(pixels(open_film(floats)), RAMP[..., :1].repeat(3, -1))


def test_an_iterator_can_be_gone_through_once():
    film = open_film(frame for frame in RAMP)
    assert film.count is None
    assert film.once
    assert len(list(film)) == 5
    with pytest.raises(InvalidArgument, match="once, and was"):
        iter(film)


def test_a_film_is_a_film():
    film = open_film(RAMP)
    assert open_film(film) is film


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 9, 1):
        Pillow.fromarray(np.full((4, 6, 3), number, np.uint8)).save(tmp_path / f"f{number}.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    with open_film(tmp_path, frames_per_second=2) as film:
        assert [int(frame.pixels[0, 0, 0]) for frame in film] == [1, 9, 10]
        assert film.count == 3


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ([], UnreadableImage, "without frames"),
        ([RAMP[0], RAMP[1, :8]], UnreadableImage, "frame 1 .* 8 x 24 .* 16 x 24"),
        (["a.png"], InvalidType, "frame 0 is a str"),
        (RAMP[0], InvalidArgument, r"shape \(16, 24, 3\) is no film"),
        (Image(RAMP[0]), InvalidArgument, "no time"),
        (7, InvalidType, "does not take a int"),
        (io.BytesIO(b""), UnreadableImage, "is empty"),
        (b"hello, this is a text, no film" * 9, UnreadableImage, "no stream of pictures"),
        (io.StringIO("words"), InvalidType, "open as text"),
        (np.full((2, 4, 5), np.nan), UnreadableImage, "NaN"),
    ],
)
def test_what_cannot_be_a_film(source, error, message):
    with pytest.raises(error, match=message), open_film(source) as film:
        list(film)


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_rates_that_no_film_has(rate):
    with pytest.raises(InvalidArgument, match="above 0"):
        open_film(RAMP, frames_per_second=rate)


class Socket:
    """A source that gives a few bytes at a time and cannot go back."""

    name = 7

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def read(self, count):
        return self.data.read(min(count, 1000))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("piped")
    for suffix in ("y4m", "mkv", "webm", "avi", "mp4", "gif"):
        with FilmWriter(folder / f"clip.{suffix}", (16, 24), 10) as film:
            for frame in RAMP:
                film.write(frame)
    return folder


@pytest.mark.parametrize("suffix", ["y4m", "mkv", "webm", "avi", "mp4", "gif"])
def test_a_stream_gives_what_the_file_gives(made, suffix):
    path = made / f"clip.{suffix}"
    expected = pixels(open_film(path))
    assert np.array_equal(pixels(open_film(path.read_bytes())), expected)
    assert np.array_equal(pixels(open_film(Socket(path.read_bytes()))), expected)
    with path.open("rb") as file, open_film(file) as film:
        assert film.name == path.name
        assert len(list(film)) == 5


def test_a_row_of_jpegs():
    buffer = io.BytesIO()
    for level in (0, 100, 200):
        Pillow.fromarray(np.full((16, 24, 3), level, np.uint8)).save(buffer, format="JPEG")
    found = pixels(open_film(buffer.getvalue()))
    assert found[:, 8, 8, 0] == pytest.approx([0, 100, 200], abs=2)


def test_frames_are_handed_out_while_the_pipe_is_open(made):
    """The second half is only written once frames of the first half have been read."""
    with FilmWriter(made / "long.y4m", (64, 96), 10) as film:
        for level in range(200):
            film.write(np.full((64, 96, 3), level, np.uint8))
    data = (made / "long.y4m").read_bytes()
    reading, writing = os.pipe()
    read_some = threading.Event()

    def write():
        with os.fdopen(writing, "wb") as sink:
            sink.write(data[: len(data) // 2])
            sink.flush()
            read_some.wait(60)
            sink.write(data[len(data) // 2 :])

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as source, open_film(source) as film:
        count = 0
        for frame in film:
            read_some.set()
            assert abs(int(frame.pixels[9, 9, 1]) - frame.index) <= 2
            count += 1
    thread.join()
    assert count == 200


def test_closing_early_frees_the_pipe(made):
    before = threading.active_count()
    with open_film((made / "clip.y4m").read_bytes()) as film:
        next(iter(film))
    for thread in threading.enumerate():
        if thread.name == "heatlens film":
            thread.join(10)
    assert threading.active_count() <= before


def test_standard_input_and_output(made):
    """A film goes in at one end of a program and comes out at the other."""
    program = (
        "from heatlens.images.films import open_film, FilmWriter\n"
        "with open_film('-') as film, FilmWriter('-', film.size, 10) as out:\n"
        "    for frame in film: out.write(255 - frame.pixels)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=(made / "clip.mkv").read_bytes(),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    found = pixels(open_film(done.stdout))
    assert found.shape == RAMP.shape
    assert np.abs(found.mean((1, 2)) - (255 - RAMP).mean((1, 2))).max() < 6
