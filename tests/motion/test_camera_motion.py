"""Camera motion: exact homographies of clips, objects that move otherwise, frames without texture."""

import numpy as np
import pytest
from skimage import data

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.motion import CameraMotion, camera_motion, moving_clip, optical_flow
from heatlens.motion.camera import homography_flow

SIZE = (180, 240)


def worst(motion, matrix, size=SIZE):
    """The largest error in pixels anywhere in the picture."""
    gap = motion.flow(size) - homography_flow(matrix, size)
    return np.linalg.norm(gap, axis=-1).max()


@pytest.mark.parametrize("picture", ["astronaut", "coffee", "rocket"])
@pytest.mark.parametrize("camera", ["still", "pan", "zoom", "shake", "homography"])
def test_homography_to_a_tenth_of_a_pixel(picture, camera):
    ground = getattr(data, picture)()
    clip = moving_clip(ground, objects=2, frames=3, size=SIZE, camera=camera, seed=4)
    for t in range(2):
        motion = camera_motion(*clip.film.pixels[t : t + 2])
        assert motion.trusted, motion.reason
        assert motion.model == "homography"
        assert worst(motion, clip.cameras[t]) < 0.15
        ground_moves = motion.residual(clip.flow[t])[~clip.masks[t]]
        assert np.linalg.norm(ground_moves, axis=-1).max() < 0.15


@pytest.mark.parametrize("seed", range(4))
def test_forty_percent_moves_otherwise(seed):
    """One large object with more points of texture than the ground around it."""
    clip = moving_clip(
        data.rocket(), frames=2, size=(240, 320), object_size=0.8, object_speed=5, seed=seed
    )
    assert clip.masks[0].mean() > 0.36
    motion = camera_motion(*clip.film.pixels)
    assert motion.inliers < 0.5
    assert motion.trusted, motion.reason
    assert worst(motion, clip.cameras[0], (240, 320)) < 0.5


@pytest.mark.parametrize("speed", [1.5, 2, 3])
@pytest.mark.parametrize("picture", ["astronaut", "coffee", "rocket", "chelsea"])
@pytest.mark.parametrize("levels", [0, 4])
def test_no_matrix_between_ground_and_a_slow_object_is_trusted(picture, speed, levels):
    """An object on 38 % of the picture, hardly faster than the ground; clean and noisy frames."""
    rng = np.random.default_rng(0)
    trusted = 0
    for seed in range(3):
        clip = moving_clip(
            getattr(data, picture)(),
            frames=2,
            size=(240, 320),
            object_size=0.8,
            object_speed=speed,
            seed=seed,
        )
        frames = clip.film.pixels + rng.normal(0, levels, clip.film.pixels.shape)
        motion = camera_motion(*np.clip(frames, 0, 255).astype(np.uint8))
        trusted += motion.trusted
        gap = motion.flow((240, 320)) - homography_flow(clip.cameras[0], (240, 320))
        error = np.linalg.norm(gap, axis=-1)
        if motion.trusted:
            assert np.median(error[~clip.masks[0]]) < 0.3
            assert error.max() < 1
    assert trusted == 3


def test_an_object_alone_with_texture_is_not_trusted_in_noise():
    """Points on the ground are noise's; the object's motion explains few of those at the rim."""
    rng = np.random.default_rng(0)
    before = np.full((240, 320), 120.0)
    after = before.copy()
    patch = rng.uniform(0, 255, (40, 40)).repeat(3, 0).repeat(3, 1)
    before[60:180, 100:220] = patch
    after[63:183, 103:223] = patch
    noisy = [
        np.clip(frame + rng.normal(0, 10, frame.shape), 0, 255).astype(np.uint8)
        for frame in (before, after)
    ]
    assert not camera_motion(*noisy).trusted


def test_numbers_that_cannot_be_used_are_named():
    frame = data.camera()[:60, :80]
    with pytest.raises(InvalidArgument, match="NaN"):
        camera_motion(frame, frame, flow=np.full((60, 80, 2), np.nan))
    lists = np.zeros((60, 80, 2), int).tolist()
    assert np.allclose(camera_motion(frame, frame, flow=lists).matrix, np.eye(3), atol=1e-6)
    with pytest.raises(InvalidArgument, match="seed is -1"):
        camera_motion(frame, frame, seed=-1)
    with pytest.raises(InvalidType, match="whole number"):
        camera_motion(frame, frame, seed=1.5)
    with pytest.raises(InvalidArgument, match="NaN"):
        camera_motion(frame, frame).residual(np.full((60, 80, 2), np.nan))


def test_from_a_known_flow():
    clip = moving_clip(data.astronaut(), frames=2, size=SIZE, camera="homography", seed=2)
    exact = camera_motion(*clip.film.pixels, flow=clip.flow[0])
    assert worst(exact, clip.cameras[0]) < 0.05
    estimated = camera_motion(*clip.film.pixels, flow=optical_flow(*clip.film.pixels))
    assert worst(estimated, clip.cameras[0]) < 1
    with pytest.raises(InvalidArgument, match="the flow is 3 x 4 pixels"):
        camera_motion(*clip.film.pixels, flow=np.zeros((3, 4, 2), np.float32))


def test_frames_without_texture():
    flat = np.full((120, 160, 3), 90, np.uint8)
    edge = flat.copy()
    edge[:, 80:] = 200  # a straight edge could slide along itself
    for frame in (flat, edge, flat[:1, :1], flat[:7, :7]):
        motion = camera_motion(frame, frame)
        assert not motion.trusted
        assert np.array_equal(motion.matrix, np.eye(3))
        assert "no texture to follow" in motion.reason
        assert motion.flow((5, 6)).max() == 0


def test_two_unrelated_pictures_are_not_trusted():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 256, (2, 120, 160, 3), np.uint8)
    assert not camera_motion(one, other).trusted
    one, other = data.astronaut()[:300, :400], data.coffee()[:300, :400]
    assert not camera_motion(one, other).trusted


def test_few_points_get_a_simpler_model():
    """Texture in one corner says where it went, not how the rest of the picture turned."""
    rng = np.random.default_rng(0)
    patch = rng.integers(0, 256, (10, 10), np.uint8).repeat(4, 0).repeat(4, 1)
    before = np.full((200, 300), 128, np.uint8)
    after = before.copy()
    before[20:60, 30:70] = patch
    after[22:62, 27:67] = patch
    motion = camera_motion(before, after)
    assert motion.model in ("shift", "similarity")
    assert motion.matrix[:2, 2] == pytest.approx([2, -3], abs=0.3)
    assert np.abs(motion.flow((200, 300)) - [2, -3]).max() < 1


@pytest.mark.parametrize(
    "size", [(1, 5), (8, 8), (12, 40), (24, 300), (300, 24), (16, 17)], ids=str
)
def test_every_size(size):
    frames = np.random.default_rng(1).integers(0, 256, (2, *size), np.uint8)
    motion = camera_motion(*frames)
    assert np.isfinite(motion.matrix).all()
    assert np.isfinite(motion.flow(size)).all()


def test_same_seed_same_motion():
    clip = moving_clip(data.coffee(), objects=3, frames=2, size=SIZE, seed=1)
    first, again = (camera_motion(*clip.film.pixels, seed=5) for _ in range(2))
    assert np.array_equal(first.matrix, again.matrix)
    other = camera_motion(*clip.film.pixels, seed=6)
    assert worst(other, first.matrix) < 0.1


def test_flow_of_a_homography_is_the_definition():
    matrix = np.array([[1.1, 0.02, 3], [-0.05, 0.9, -2], [1e-4, -2e-4, 1]])
    motion = CameraMotion(matrix, 1.0, 9, "homography", True, "")
    flow = motion.flow((6, 7))
    for row, column in ((0, 0), (5, 6), (2, 3)):
        moved = matrix @ [row, column, 1]
        expected = moved[:2] / moved[2] - [row, column]
        assert flow[row, column] == pytest.approx(expected, abs=1e-5)
    with pytest.raises(ValueError, match="read-only"):
        motion.matrix[0, 0] = 2
