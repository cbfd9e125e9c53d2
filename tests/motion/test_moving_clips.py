"""Clips with known flow: the flow explains the next frame, and every number is the definition's."""

import numpy as np
import pytest
from skimage import data

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from heatlens.motion import moving_clip, warped
from heatlens.motion.camera import homography_flow
from heatlens.motion.clips import CAMERAS

SIZE = (96, 128)


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("objects", [0, 3])
def test_the_next_frame_warped_back_is_this_one(camera, objects):
    clip = moving_clip(data.coffee(), objects=objects, frames=5, size=SIZE, camera=camera, seed=2)
    assert clip.film.pixels.shape == (5, *SIZE, 3)
    for t in range(4):
        back = warped(clip.film.pixels[t + 1], clip.flow[t])
        seen = ~clip.hidden[t]
        assert seen.mean() > 0.85
        error = (back - clip.film.pixels[t].astype(np.float32))[seen]
        assert (error**2).mean() < 255**2 / 10**3.2  # 32 dB


@pytest.mark.parametrize("camera", CAMERAS)
def test_the_grounds_flow_is_the_cameras(camera):
    clip = moving_clip(data.coffee(), frames=4, size=SIZE, camera=camera, seed=5)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(float)
    for t, matrix in enumerate(clip.cameras):
        moved = np.stack([rows, columns, np.ones(SIZE)], -1) @ matrix.T
        expected = moved[..., :2] / moved[..., 2:] - np.stack([rows, columns], -1)
        ground = ~clip.masks[t]
        assert np.abs(clip.flow[t] - expected)[ground].max() < 1e-3
        # and the objects' is not
        apart = np.linalg.norm(clip.flow[t] - expected, axis=-1)[clip.masks[t]]
        assert apart.min() > 1.5


def test_speeds_are_as_asked_for():
    clip = moving_clip(data.coffee(), frames=6, size=SIZE, camera="pan", camera_speed=1.7, seed=1)
    length = np.linalg.norm(clip.flow[:, 0, 0], axis=-1)
    assert length == pytest.approx(np.full(5, 1.7), abs=1e-5)
    still = moving_clip(data.coffee(), frames=6, size=SIZE, camera="still", object_speed=2.5)
    moved = np.linalg.norm(still.flow, axis=-1)
    assert moved[still.masks[:-1]] == pytest.approx(2.5, abs=1e-5)
    assert moved[~still.masks[:-1]].max() == 0
    zoom = moving_clip(data.coffee(), objects=0, frames=3, size=SIZE, camera="zoom", camera_speed=3)
    corner = np.linalg.norm(zoom.flow[0, 0, 0])
    assert corner == pytest.approx(3, rel=0.05)
    assert np.abs(zoom.flow[0, 47:49, 63:65]).max() < 0.05  # towards the centre, which stays


def test_a_still_film_without_objects_is_one_picture():
    clip = moving_clip(data.coffee(), objects=0, frames=3, size=SIZE, camera="still")
    assert np.array_equal(clip.film.pixels[0], clip.film.pixels[2])
    assert not clip.masks.any()
    assert not clip.hidden.any()


def test_objects_stay_in_the_picture():
    clip = moving_clip(
        data.coffee(), objects=2, frames=60, size=(64, 96), object_speed=4, camera="still", seed=7
    )
    area = (clip.labels == 1).sum((1, 2)) + (clip.labels == 2).sum((1, 2))
    assert area.min() > 0.4 * area.max()
    assert set(np.unique(clip.labels)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("camera", "camera_speed", "object_speed"),
    [("pan", 2, 2.5), ("pan", 2.9, 3), ("homography", 2, 3), ("zoom", 2, 1), ("shake", 3, 3)],
)
def test_objects_stay_in_the_picture_of_a_moving_camera(camera, camera_speed, object_speed):
    for seed in range(3):
        clip = moving_clip(
            data.coffee(),
            frames=60,
            size=(64, 96),
            camera=camera,
            camera_speed=camera_speed,
            object_speed=object_speed,
            seed=seed,
        )
        area = clip.masks.sum((1, 2))
        assert area.min() > 0.4 * area[0]
        # Seen from the ground they move as fast as asked for.
        moved = np.linalg.norm(clip.flow[5] - homography_flow(clip.cameras[5], (64, 96)), axis=-1)
        if camera == "pan":
            assert moved[clip.masks[5]] == pytest.approx(object_speed, abs=1e-3)


def test_a_camera_that_outruns_the_object_is_refused():
    with pytest.raises(InvalidArgument, match="an object leaves the picture in frame"):
        moving_clip(data.coffee(), frames=60, size=(64, 96), camera_speed=4, object_speed=1)


def test_hidden_pixels_are_those_that_show_something_else():
    clip = moving_clip(data.coffee(), frames=3, size=SIZE, camera="still", object_speed=5, seed=3)
    now, following = clip.masks[0], clip.masks[1]
    ground = ~now
    assert np.array_equal(clip.hidden[0][ground], following[ground])


def test_textures_and_kinds_of_ground():
    marked = np.zeros((40, 50, 3), np.uint8)
    marked[..., 0] = 255
    clip = moving_clip(
        Image(data.camera(), "YX"), frames=2, size=(64, 64), textures=[marked], object_size=0.5
    )
    inside = clip.film.pixels[0][clip.masks[0]]
    assert np.median(inside, axis=0) == pytest.approx([255, 0, 0], abs=2)
    floats = data.coffee().astype(np.float32) / 255
    one = moving_clip(floats, frames=2, size=SIZE, seed=3)
    other = moving_clip(data.coffee(), frames=2, size=SIZE, seed=3)
    assert np.array_equal(one.film.pixels, other.film.pixels)


def test_same_seed_same_clip():
    one, again, other = (
        moving_clip(data.coffee(), frames=3, size=SIZE, camera="shake", seed=s) for s in (1, 1, 2)
    )
    assert np.array_equal(one.film.pixels, again.film.pixels)
    assert np.array_equal(one.flow, again.flow)
    assert not np.array_equal(one.flow, other.flow)
    with pytest.raises(ValueError, match="read-only"):
        one.flow[0] = 0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"camera": "panning"}, UnknownName, "did you mean 'pan'"),
        ({"frames": 1}, InvalidArgument, "frames is 1; it can be 2"),
        ({"frames": 2.5}, InvalidType, "whole number"),
        ({"objects": -1}, InvalidArgument, "objects is -1"),
        ({"size": (8, 90)}, InvalidArgument, r"size\[0\] is 8"),
        ({"camera_speed": -1}, InvalidArgument, "camera_speed is -1"),
        ({"object_speed": float("nan")}, InvalidArgument, "object_speed is nan"),
        ({"object_size": 1.2}, InvalidArgument, "share of the picture"),
        ({"seed": -4}, InvalidArgument, "seed is -4"),
        ({"size": (48, 64, 3)}, InvalidType, "height, width"),
        ({"size": 32}, InvalidType, "height, width"),
        ({"textures": []}, InvalidArgument, "textures is empty"),
        ({"object_size": 0.005}, InvalidArgument, "3 are the least"),
        ({"object_size": "big"}, InvalidType, "a share of the picture"),
        ({"camera_speed": "fast"}, InvalidType, "pixels per frame"),
        ({"camera": "zoom", "camera_speed": 400}, InvalidArgument, "a slower camera"),
        ({"camera": "homography", "camera_speed": 90}, InvalidArgument, "a slower camera"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_makes_no_clip(options, error, message):
    with pytest.raises(error, match=message):
        moving_clip(data.coffee(), **options)
