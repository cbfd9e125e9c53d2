"""Generated films: what is drawn is what is said to be there."""

import math
from dataclasses import replace

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.testing.films import drive, square
from heatlens.testing.films.camera import Camera
from heatlens.testing.films.road import LANE, Road

SMALL = (108, 192)


@pytest.fixture(scope="module")
def road_film():
    return drive(125, size=SMALL, seed=0)


@pytest.fixture(scope="module")
def square_film():
    return square(80, size=SMALL, seed=0)


@pytest.mark.parametrize("make", [drive, square])
def test_same_seed_same_film_in_any_order(make):
    size = (72, 128)
    first, again, other = make(8, size=size), make(8, size=size), make(8, size=size, seed=1)
    backward = [again.frame(index).pixels for index in reversed(range(8))][::-1]
    for frame, later in zip(first, backward, strict=True):
        assert np.array_equal(frame.pixels, later)
    assert not np.array_equal(first.frame(3).pixels, other.frame(3).pixels)


def test_frames_one_by_one_are_the_clip():
    film = drive(5, size=(45, 80))
    clip = film.clip()
    assert clip.axes == "TYXC"
    assert clip.pixels.shape == (len(film), 45, 80, 3)
    assert np.array_equal(clip.pixels, np.stack(list(film.film())))
    assert np.array_equal(film.frame(-1).pixels, clip.pixels[-1])


def test_global_random_state_is_left_alone():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    drive(2, size=(36, 64)).frame(1)
    square(8, size=(36, 64)).frame(1)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def only(film, *names):
    """The same film with these things alone."""
    return replace(film, things=tuple(thing for thing in film.things if thing.name in names))


@pytest.mark.parametrize("make", [drive, square])
def test_an_object_is_drawn_where_its_track_says(make):
    film = make(64, size=(180, 320))
    tracks = film.tracks()
    seen = 0
    for number, name in enumerate(film.names):
        alone = only(film, name)
        for index in np.flatnonzero(np.isfinite(tracks[:, number, 0]))[::9]:
            mask = alone.frame(int(index)).mask(name)
            touches = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
            if mask.sum() < 40 or touches:
                continue
            rows, columns = np.nonzero(mask)
            middle = np.array([rows.min() + rows.max(), columns.min() + columns.max()]) / 2
            # A box near the camera is not seen symmetrically, and a tree may hide half a person.
            extent = max(np.ptp(rows), np.ptp(columns))
            assert np.abs(middle - tracks[index, number]).max() < 0.3 * extent + 1, (index, name)
            seen += 1
    assert seen > 12


def test_pixels_of_an_object_differ_from_the_same_frame_without_it(road_film):
    frame = road_film.frame(10)
    others = [name for name in road_film.names if name != "car ahead"]
    bare = only(road_film, *others).frame(10)
    changed = (frame.pixels.astype(int) - bare.pixels).any(axis=-1)
    mask = frame.mask("car ahead")
    assert changed[mask].mean() > 0.97
    # Beside the car, only its soft edge and its shadow below it change.
    rows, columns = np.nonzero(mask)
    top, left, right = rows.min(), columns.min(), columns.max()
    assert not changed[: top - 1].any()
    assert not changed[:, : left - 9].any()
    assert not changed[:, right + 10 :].any()


def test_painted_lines_are_bright_where_they_are_said_to_run(road_film):
    frame = road_film.frame(0)
    grey = frame.pixels.mean(axis=-1)
    free = frame.owners < 0
    for name, aside in (("left", -5), ("right", 5)):
        lines = np.rint(frame.lines[name]).astype(int)
        near = lines[(lines[:, 0] > 56) & (lines[:, 1] > 9) & (lines[:, 1] < 182)]
        near = near[free[near[:, 0], near[:, 1]]]
        assert len(near) > 5
        on = grey[near[:, 0], near[:, 1]]
        inside = grey[near[:, 0], near[:, 1] - aside]
        assert (on > inside + 15).mean() > 0.85


def test_lines_lie_a_lane_from_the_middle():
    road = Road(0.0, 60.0, 0.0)
    camera = Camera((360, 640), 500.0, (0.0, 1.5, 0.0))
    lines = road.lines(camera)
    # Straight ahead, a point x to the side at depth z appears at f x / z, f h / z below the horizon.
    for name, offset in (("left", -LANE), ("middle", 0.0), ("right", LANE)):
        rows, columns = lines[name].T
        assert columns - 319.5 == pytest.approx(offset / 1.5 * (rows - 179.5))


def test_camera_agrees_with_its_homography():
    camera = Camera((90, 160), 120.0, (1.0, 2.0, 3.0), yaw=0.1, pitch=0.2, roll=-0.05)
    origin, across, down = (
        np.array([0.0, 2.0, 9.0]),
        np.array([3.0, 0.0, 1.0]),
        np.array([0, -1.0, 0.5]),
    )
    homography = camera.onto(origin, across, down)
    for u, v in [(0, 0), (1, 0), (0.3, 0.8)]:
        (row, column), depth = camera.seen(origin + u * across + v * down)
        found = homography @ [column, row, 1]
        assert found / found[2] == pytest.approx([u, v, 1])
        assert 1 / found[2] == pytest.approx(depth)
    assert camera.rotation @ camera.rotation.T == pytest.approx(np.eye(3))
    assert np.linalg.det(camera.rotation) == pytest.approx(-1)  # up becomes down


def test_a_turn_to_the_right_moves_things_to_the_left():
    point = [0.0, 1.0, 10.0]
    straight = Camera((90, 160), 120.0, (0.0, 1.0, 0.0))
    right = Camera((90, 160), 120.0, (0.0, 1.0, 0.0), yaw=0.1)
    down = Camera((90, 160), 120.0, (0.0, 1.0, 0.0), pitch=0.1)
    assert straight.seen(point)[0] == pytest.approx([44.5, 79.5])
    assert right.seen(point)[0] == pytest.approx([44.5, 79.5 - 120 * math.tan(0.1)])
    assert down.seen(point)[0] == pytest.approx([44.5 - 120 * math.tan(0.1), 79.5])
    assert np.isnan(straight.seen([0.0, 1.0, -1.0])[0]).all()


def test_signs_say_different_digits_and_do_not_move(road_film):
    signs = [thing for thing in road_film.things if thing.kind == "sign"]
    assert len({thing.digit for thing in signs}) == 2
    assert {thing.name for thing in road_film.things if thing.moves} == set(road_film.moving)
    assert all(thing.place(0.0) == thing.place(4.0) for thing in signs)


def test_a_day_has_cuts_light_and_crowds(square_film):
    parts = square_film.parts
    assert [len(part) for part in parts] == [10] * 8
    assert [square_film.hour(part[0]) for part in parts] == list(square_film.hours)
    brightness = [square_film.frame(part[0]).pixels.mean() for part in parts]
    assert np.argmax(brightness) in (2, 3)
    assert min(brightness) == brightness[-1]
    tracks = square_film.tracks()
    present = np.isfinite(tracks[..., 0])
    for number in range(tracks.shape[1]):
        frames = np.flatnonzero(present[:, number])
        assert len({square_film.hour(index) for index in frames}) <= 1


def test_people_go_right_in_the_morning_and_left_in_the_evening():
    film = square(400, size=(36, 64))
    tracks = film.tracks()
    ways = {}
    for part, hour in zip(film.parts, film.hours, strict=True):
        moved = np.diff(tracks[part.start : part.stop, :, 1], axis=0)
        walkers = [
            i for i, thing in enumerate(film.things) if thing.kind == "person" and thing.moves
        ]
        if np.isfinite(moved[:, walkers]).any():
            ways[hour] = np.nanmean(moved[:, walkers])
    assert ways[7.0] > 0
    assert ways[19.0] < 0


@pytest.mark.parametrize("make", [drive, square])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"frames": 0}, "at least one"),
        ({"size": (8, 640)}, "at least 32"),
        ({"seed": -1}, "negative"),
    ],
    ids=["no frames", "too small", "negative seed"],
)
def test_wrong_arguments_are_named(make, arguments, said):
    with pytest.raises(InvalidArgument, match=said):
        make(**arguments)


def test_wrong_questions_are_answered_in_words(road_film):
    with pytest.raises(InvalidArgument, match="frame 125 of a film of 125"):
        road_film.frame(125)
    with pytest.raises(UnknownName, match="car ahead"):
        road_film.frame(0).mask("car ahed")  # misspelt on purpose
    with pytest.raises(InvalidArgument, match="iterate over"):
        drive(2000, size=(360, 640)).clip()
