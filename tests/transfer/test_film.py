import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.transfer import interpolation_film, save_film
from heatlens.transport import displacement_grid


def spot(row, column, size=(20, 24), height=1.0, **fields):
    y, x = np.mgrid[: size[0], : size[1]]
    values = height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 8)
    return Heatmap(values, Provenance("x", target="cat"), signed=False, **fields)


def centre(values):
    y, x = np.mgrid[: values.shape[0], : values.shape[1]]
    return np.array([(values * y).sum(), (values * x).sum()]) / values.sum()


def test_heatmaps_move_evenly_and_change_their_total_evenly():
    a, b = spot(6, 6), spot(13, 17, height=3.0)
    film = interpolation_film(a, b, frames=5, deposit=0)
    assert [type(frame) for frame in film] == [Heatmap] * 5
    first, last = a.values.astype(float), b.values.astype(float)
    for t, frame in zip(np.linspace(0, 1, 5), film, strict=True):
        values = frame.values.astype(float)
        assert values.sum() == pytest.approx((1 - t) * first.sum() + t * last.sum(), rel=1e-5)
        np.testing.assert_allclose(
            centre(values), (1 - t) * centre(first) + t * centre(last), atol=1e-4
        )
        assert frame.provenance.method == "displacement-interpolation"
        assert frame.provenance.parameters["t"] == pytest.approx(t)
    np.testing.assert_allclose(film[0].values, first, atol=1e-6)
    np.testing.assert_allclose(film[-1].values, last, atol=1e-6)
    assert film[2].provenance.target == "cat"


def test_a_large_heatmap_is_reduced_and_says_so():
    film = interpolation_film(
        spot(30, 30, (96, 120)), spot(60, 80, (96, 120)), frames=2, longest=30
    )
    assert film[0].size == (24, 30)
    assert film[0].provenance.notes == ("96 x 120 pixels were reduced to 24 x 30",)
    assert film[0].values.sum() == pytest.approx(spot(30, 30, (96, 120)).values.sum(), rel=1e-3)


def test_sizes_that_differ_are_named():
    film = interpolation_film(spot(12, 12, (24, 24)), spot(24, 24, (48, 48)), frames=2)
    assert film[0].provenance.notes == ("b: 48 x 48 pixels were reduced to 24 x 24",)
    small, large = np.ones((8, 8)), np.ones((16, 16))
    film = interpolation_film(small, large, frames=2)
    assert film[0].metadata["displacement"]["notes"] == ("b: 16 x 16 pixels were reduced to 8 x 8",)
    film = interpolation_film(large, small, frames=2)
    assert film[1].metadata["displacement"]["notes"] == (
        "b: 8 x 8 pixels were spread over 16 x 16",
    )


def test_grey_pictures_are_masses():
    a, b = np.random.default_rng(0).random((2, 9, 11)).astype(np.float32)
    film = interpolation_film(a, b, frames=3, deposit=0)
    assert [(frame.axes, frame.value_range) for frame in film] == [("YX", (0.0, 1.0))] * 3
    np.testing.assert_allclose(film[0].pixels, a, atol=1e-6)
    np.testing.assert_allclose(film[2].pixels, b, atol=1e-6)
    middle = displacement_grid(a, b, 0.5, mass="normalise") * (a.sum() + b.sum()) / 2
    np.testing.assert_allclose(film[1].pixels, middle, atol=1e-5)


def test_colours_travel_with_their_light():
    a, b = np.zeros((2, 5, 7, 3), np.uint8)
    a[2, 1], b[2, 5] = (255, 0, 0), (0, 0, 255)
    film = interpolation_film(a, b, frames=3, deposit=0)
    assert [tuple(np.argwhere(frame.pixels.sum(2))[0]) for frame in film] == [
        (2, 1),
        (2, 3),
        (2, 5),
    ]
    np.testing.assert_allclose(film[0].pixels[2, 1], (1, 0, 0), atol=1e-6)
    np.testing.assert_allclose(film[2].pixels[2, 5], (0, 0, 1), atol=1e-6)
    red, _, blue = film[1].pixels[2, 3]
    assert red > 0
    assert blue > 0


def test_shapes_must_agree():
    with pytest.raises(InvalidArgument, match="shapes differ"):
        interpolation_film(spot(3, 3), spot(3, 3, (24, 24)))


@pytest.mark.parametrize(
    ("a", "b", "options", "error", "says"),
    [
        (spot(3, 3), np.ones((20, 24)), {}, InvalidType, "two of a kind"),
        (np.ones((20, 24)), spot(3, 3), {}, InvalidType, "two of a kind"),
        (spot(3, 3), spot(3, 3), {"frames": 1}, InvalidArgument, "frames is 1"),
        (spot(3, 3), spot(3, 3), {"frames": 2.5}, InvalidType, "frames is 2.5"),
        (spot(3, 3), spot(3, 3), {"longest": 48.0}, InvalidType, "longest is 48.0"),
        (spot(3, 3), spot(3, 3), {"longest": 200}, InvalidArgument, "longest 200"),
        (spot(3, 3), Heatmap(-np.eye(20, 24), Provenance("x")), {}, InvalidArgument, "positive()"),
        (spot(3, 3), Heatmap(0 * np.eye(20, 24), Provenance("x")), {}, InvalidArgument, "no evid"),
        (np.zeros((4, 4)), np.ones((4, 4)), {}, InvalidArgument, "a is black"),
        (np.ones((4, 4)), np.ones((4, 4, 3)), {}, InvalidArgument, "one picture is grey"),
    ],
)
def test_bad_films(a, b, options, error, says):
    with pytest.raises(error, match=says.replace("()", "")):
        interpolation_film(a, b, **options)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_saved_frames_come_back(tmp_path, suffix):
    film = interpolation_film(spot(6, 6), spot(13, 17), frames=4)
    path = save_film(film, tmp_path / f"film{suffix}", seconds_per_frame=0.1, enlarge=3)
    with Pillow.open(path) as read:
        assert (read.size, read.n_frames) == ((72, 60), 4)
        frames = []
        for index in range(4):
            read.seek(index)
            frames.append(np.asarray(read.convert("RGB")))
    assert not np.array_equal(frames[0], frames[3])


def test_there_and_back_has_no_end_twice(tmp_path):
    film = [Image(np.full((4, 4), level, np.uint8), "YX") for level in (0, 90, 200)]
    with Pillow.open(save_film(film, tmp_path / "a.gif", there_and_back=True)) as read:
        assert read.n_frames == 4


def test_frames_share_one_scale(tmp_path):
    weak, strong = spot(6, 6, height=0.1), spot(6, 6)
    path = save_film([weak, strong], tmp_path / "a.webp")
    with Pillow.open(path) as read:
        first = np.asarray(read.convert("RGB")).astype(int)
        read.seek(1)
        second = np.asarray(read.convert("RGB")).astype(int)
    assert first[6, 6].sum() < second[6, 6].sum() / 2


frame = Image(np.zeros((4, 4), np.uint8), "YX")


@pytest.mark.parametrize(
    ("frames", "name", "options", "error", "says"),
    [
        ([], "a.gif", {}, InvalidArgument, "at least one frame"),
        ([frame], "a.mp4", {}, InvalidArgument, "gif or .webp"),
        ([frame], "none/a.gif", {}, InvalidArgument, "does not exist"),
        ([frame], "a.gif", {"seconds_per_frame": 0}, InvalidArgument, "seconds_per_frame"),
        ([frame], "a.gif", {"enlarge": 1.9}, InvalidType, "enlarge is 1.9"),
        ([frame], "a.gif", {"enlarge": 0}, InvalidArgument, "enlarge is 0"),
        ([frame.pixels, frame.pixels], "a.gif", {}, InvalidType, r"frames\[0\] is a ndarray"),
        ([frame, spot(1, 1, (4, 4))], "a.gif", {}, InvalidType, "one kind"),
        ([frame, spot(1, 1)], "a.gif", {}, InvalidArgument, "several sizes"),
    ],
)
def test_bad_files(tmp_path, frames, name, options, error, says):
    with pytest.raises(error, match=says):
        save_film(frames, tmp_path / name, **options)
