"""Optical flow against clips whose flow is known, closed forms, and OpenCV itself."""

import cv2
import numpy as np
import pytest
from skimage import data

from heatlens.errors import InvalidArgument, UnknownName, UnreadableImage, WeightsUnavailable
from heatlens.image import Image
from heatlens.motion import FLOWS, moving_clip, optical_flow

QUICK = ["dis", "farneback"]


@pytest.fixture(scope="module")
def clip():
    return moving_clip(data.astronaut(), objects=1, frames=2, size=(160, 200), seed=1)


@pytest.mark.parametrize(
    ("method", "bound"), [("dis", 0.5), ("farneback", 0.6)], ids=["dis", "farneback"]
)
@pytest.mark.parametrize("camera", ["pan", "zoom", "shake", "homography"])
def test_end_point_error_on_known_flow(method, bound, camera):
    clip = moving_clip(data.astronaut(), frames=2, size=(160, 200), camera=camera, seed=1)
    found = optical_flow(*clip.film.pixels, method)
    error = np.linalg.norm(found - clip.flow[0], axis=-1)
    assert error[~clip.hidden[0]].mean() < bound
    moved = np.linalg.norm(clip.flow[0], axis=-1)[~clip.hidden[0]].mean()
    assert error[~clip.hidden[0]].mean() < 0.4 * moved


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("shift", [(0, 3), (4, 0), (-2, 1)], ids=str)
def test_rows_come_first_and_point_down(method, shift):
    picture = data.camera()[100:300, 100:340]
    moved = np.roll(picture, shift, (0, 1))
    found = optical_flow(picture, moved, method)[20:-20, 20:-20]
    assert np.median(found, (0, 1)) == pytest.approx(shift, abs=0.15)


@pytest.mark.parametrize("preset", [0, 1, 2], ids=["ultrafast", "fast", "medium"])
def test_dis_is_opencvs(clip, preset):
    first, second = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in clip.film.pixels)
    expected = cv2.DISOpticalFlow_create(preset).calc(first, second, None)[..., ::-1]
    name = ["ultrafast", "fast", "medium"][preset]
    for _ in range(2):  # the kept estimator remembers nothing of the last pair
        assert np.array_equal(optical_flow(*clip.film.pixels, preset=name), expected)
        optical_flow(*clip.film.pixels[::-1], preset=name)


def test_farneback_is_opencvs(clip):
    first, second = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in clip.film.pixels)
    expected = cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 2, 11, 3, 7, 1.5, 0)
    found = optical_flow(first, second, "farneback", levels=2, window=11, neighbourhood=7)
    assert np.array_equal(found, expected[..., ::-1])


SIZES = [(1, 1), (1, 7), (5, 5), (12, 40), (24, 300), (300, 24), (31, 95), (33, 32), (5, 700)]


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_size(method, size):
    rng = np.random.default_rng(0)
    found = optical_flow(*rng.integers(0, 256, (2, *size, 3), np.uint8), method)
    assert found.shape == (*size, 2)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


@pytest.mark.parametrize("preset", ["ultrafast", "fast", "medium"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_dis_at_sizes_that_opencv_crashes_on(preset, size):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (2, *size), np.uint8)
    assert np.isfinite(optical_flow(*frames, preset=preset)).all()


@pytest.mark.parametrize("method", QUICK)
def test_nothing_moves_in_a_constant_colour(method):
    flat = np.full((50, 60, 3), 90, np.uint8)
    assert np.abs(optical_flow(flat, flat, method)).max() == 0


def test_kinds_of_frames_agree(clip):
    first, second = clip.film.pixels
    expected = optical_flow(first, second)
    assert np.array_equal(optical_flow(Image(first), Image(second)), expected)
    floats = [frame.astype(np.float32) / 255 for frame in (first, second)]
    assert np.array_equal(optical_flow(*floats), expected)
    deep = [frame.astype(np.uint16) * 257 for frame in (first, second)]
    assert np.array_equal(optical_flow(*deep), expected)
    # Floats of any range share one scale: that the second is half as bright is not lost.
    wide = optical_flow(floats[0] * 7.5 - 3, floats[1] * 7.5 - 3)
    assert np.abs(wide - expected).mean() < 0.1


@pytest.mark.parametrize(("factor", "offset"), [(16, 0), (2, 0), (2, 1000)])
def test_16_bits_that_fill_little_of_their_range(clip, factor, offset):
    """As of a 12-bit camera: not three levels of 8 bits, but the flow that is there."""
    grey = [frame[..., 1].astype(np.uint16) for frame in clip.film.pixels]
    found = optical_flow(*[frame * factor + offset for frame in grey])
    error, usual = (
        np.linalg.norm(flow - clip.flow[0], axis=-1)[~clip.hidden[0]].mean()
        for flow in (found, optical_flow(*[frame.astype(np.uint8) for frame in grey]))
    )
    assert error < 1.1 * usual


def test_two_kinds_of_frames_are_refused(clip):
    first, second = clip.film.pixels
    for other in (second.astype(np.uint16) * 257, second.astype(np.float32) / 255):
        with pytest.raises(InvalidArgument, match="two of one kind"):
            optical_flow(first, other)
    levels = Image(second.astype(np.float32), value_range=(0, 255))
    assert np.array_equal(optical_flow(first, levels), optical_flow(first, second))


def test_errors_say_what_helps(clip):
    first, second = clip.film.pixels
    with pytest.raises(UnknownName, match="did you mean 'farneback'"):
        optical_flow(first, second, "farnback")
    with pytest.raises(InvalidArgument, match="did you mean 'preset'"):
        optical_flow(first, second, presett="fast")
    with pytest.raises(UnknownName, match="unknown preset of dis 'slow'"):
        optical_flow(first, second, preset="slow")
    with pytest.raises(InvalidArgument, match="160 x 200 and 100 x 200"):
        optical_flow(first, second[:100])
    with pytest.raises(InvalidArgument, match="of a film give its frames"):
        optical_flow(clip.film, clip.film)
    with pytest.raises(UnreadableImage, match="NaN"):
        optical_flow(np.full((30, 30), np.nan), np.zeros((30, 30)))
    with pytest.raises(UnreadableImage, match="size zero"):
        optical_flow(np.zeros((0, 30), np.uint8), np.zeros((0, 30), np.uint8))
    for name, value in (("levels", 0), ("window", 1.5), ("neighbourhood", 6)):
        with pytest.raises(InvalidArgument, match=f"farneback: {name} is {value}"):
            optical_flow(first, second, "farneback", **{name: value})


def test_every_method_says_where_it_is_from():
    assert list(FLOWS) == ["dis", "farneback", "raft"]
    for method in FLOWS.values():
        assert method.paper
        assert method.summary.endswith(".")


def test_raft_without_weights_says_which_file_to_put_where(clip, monkeypatch, tmp_path):
    pytest.importorskip("torchvision")
    import torch

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(
        "heatlens.models.optical_flow.require_reachable",
        lambda url, what, place: (_ for _ in ()).throw(WeightsUnavailable(place)),
    )
    with pytest.raises(WeightsUnavailable, match=r"put it at .*raft_small"):
        optical_flow(*clip.film.pixels, "raft")


def test_raft_takes_views(clip):
    """Colours the other way round, as OpenCV has them, are a view of negative strides."""
    pytest.importorskip("torchvision")
    first, second = clip.film.pixels[:, :40, :48]
    options = {"weights": False, "updates": 1}
    views = optical_flow(first[..., ::-1], second[..., ::-1], "raft", **options)
    copies = optical_flow(first[..., ::-1].copy(), second[..., ::-1].copy(), "raft", **options)
    assert np.array_equal(views, copies)
