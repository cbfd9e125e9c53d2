"""`read_image` of a film: all frames, or one."""

import numpy as np
import pytest

import heatlens as hl
from heatlens.errors import ImageTooLarge, InvalidArgument
from heatlens.images.films import FilmWriter, open_film


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "clip.mkv"
    with FilmWriter(path, (16, 24), 10) as film:
        for level in range(6):
            film.write(np.full((16, 24, 3), 40 * level, np.uint8))
    return path


def test_a_short_film_is_an_image_with_time(clip):
    image = hl.read_image(clip)
    assert (image.axes, image.pixels.shape, image.name) == ("TYXC", (6, 16, 24, 3), "clip.mkv")
    assert image.pixels[:, 0, 0, 0].tolist() == [0, 40, 80, 120, 160, 200]
    assert image.metadata["seconds"] == pytest.approx((0, 0.1, 0.2, 0.3, 0.4, 0.5))
    assert image.metadata["frames_per_second"] == pytest.approx(10)
    with open_film(image) as film:
        assert film.count == 6


@pytest.mark.parametrize(("frame", "level"), [(0, 0), (3, 120), (-1, 200), (-6, 0)])
def test_one_frame(clip, frame, level):
    for source in (clip, clip.read_bytes()):
        image = hl.read_image(source, frame=frame)
        assert image.axes == "YXC"
        assert image.pixels[0, 0].tolist() == [level] * 3
        assert image.metadata["frame"] == frame % 6


@pytest.mark.parametrize("frame", [6, -7])
def test_a_frame_that_is_not_there(clip, frame):
    with pytest.raises(InvalidArgument, match=f"frames 0 to 5; frame {frame} was"):
        hl.read_image(clip, frame=frame)


def test_the_limit_holds_for_all_frames_together(clip):
    assert hl.read_image(clip, max_pixels=6 * 16 * 24).pixels.shape[0] == 6
    with pytest.raises(ImageTooLarge, match=r"6 frames of 24 x 16.*open_film"):
        hl.read_image(clip, max_pixels=6 * 16 * 24 - 1)
    with pytest.raises(ImageTooLarge, match="frames of 24 x 16"):
        hl.read_image(clip.read_bytes(), max_pixels=6 * 16 * 24 - 1)
    assert hl.read_image(clip, frame=2, max_pixels=16 * 24).size == (16, 24)
    with pytest.raises(InvalidArgument, match="means nothing for a film"):
        hl.read_image(clip, window="full")
