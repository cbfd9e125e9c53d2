"""Fusion, smoothing along the flow, still models frame by frame, and cuts."""

import numpy as np
import pytest
import scipy.ndimage

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.motion.camera import CameraMotion
from heatlens.perception.model import SALIENCY
from heatlens.perception.moving.models.fusion import fused
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.observe import Observer, confidence
from heatlens.perception.moving.smoothing import along, smoother
from heatlens.perception.moving.stream import watch

data = pytest.importorskip("skimage.data")
pytest.importorskip("cv2")


def test_weights_follow_how_much_motion_stands_out() -> None:
    rng = np.random.default_rng(0)
    moving, still = rng.random((2, 9, 11)).astype(np.float32)
    for speed in (0.01, 0.1, 10.0):
        for apart in (0.0, 0.1, 2.0):
            s = speed * (moving.max() - np.median(moving)) / 0.03 + (apart / 0.16) ** 2
            k = s / (1 + s)
            expected = k * moving / moving.max() + (1 - k) * still / still.max()
            found = fused(np.float32(speed) * moving, still, apart)
            assert np.allclose(found, expected, atol=1e-5)


def test_nothing_moves_nothing_stands_out() -> None:
    nothing, still = np.zeros((4, 4), np.float32), np.eye(4, dtype=np.float32)
    assert np.array_equal(fused(nothing, still), still)
    assert not fused(nothing, nothing).any()


def _motion(frame: np.ndarray, other: np.ndarray, shift: tuple[float, float]) -> Motion:
    toward = np.broadcast_to(np.float32(shift), (*frame.shape[:2], 2)).copy()
    camera = CameraMotion(np.eye(3), 0.0, 0, "none", False, "by hand")
    return Motion(frame, other, toward, camera, np.ones(frame.shape[:2], np.float32))


def _photo() -> np.ndarray:
    return np.ascontiguousarray(data.astronaut()[100:160, 100:180])


def test_smoothing_follows_what_moves() -> None:
    photo = data.astronaut()
    first, second = photo[100:160, 100:180], photo[100:160, 96:176]  # all moves 4 to the right
    steady = smoother(0.75)
    heat = np.zeros((60, 80), np.float32)
    heat[30, 40] = 1
    along(steady, heat, _motion(first, first, (0, 0)))
    after = along(steady, np.zeros((60, 80), np.float32), _motion(second, first, (0, -4)))
    assert np.allclose(after[30, 44], 0.75, atol=0.02)
    assert after.sum() == pytest.approx(after[30, 44], abs=1e-4)


def test_smoothing_forgets_what_is_not_there_any_more() -> None:
    photo = _photo()
    steady = smoother(0.75)
    along(steady, np.ones((60, 80), np.float32), _motion(photo, photo, (0, 0)))
    after = along(steady, np.zeros((60, 80), np.float32), _motion(255 - photo, photo, (0, 0)))
    assert np.median(after) < 1e-3


def test_smoothing_on_a_smaller_grid() -> None:
    photo = _photo()
    shifted = np.roll(photo, 8, axis=1)
    steady = smoother(0.5)
    heat = np.zeros((15, 20), np.float32)
    heat[7, 10] = 1
    along(steady, heat, _motion(photo, photo, (0, 0)))
    after = along(steady, np.zeros((15, 20), np.float32), _motion(shifted, photo, (0, -8)))
    assert after[7, 12] == pytest.approx(0.5, abs=0.05)


def test_flicker_becomes_as_small_as_stated() -> None:
    photo = _photo()
    steady, rng = smoother(0.5), np.random.default_rng(0)
    noise = [
        along(steady, rng.normal(size=(60, 80)).astype(np.float32), _motion(photo, photo, (0, 0)))
        for _ in range(12)
    ]
    assert np.var(noise[-1]) == pytest.approx(1 / 3, rel=0.1)


def test_still_models_are_asked_frame_by_frame() -> None:
    film = np.stack([np.roll(_photo(), 3 * k, axis=1) for k in range(3)])
    heats = [moment.heat for moment in watch(film, "spectral-residual", smoothing=0.0)]
    for frame, heat in zip(film, heats, strict=True):
        alone = SALIENCY["spectral-residual"](Image(frame))
        assert heat.max() == pytest.approx(alone.max(), rel=0.3)
        peak = np.array(np.unravel_index(alone.argmax(), alone.shape)) + 0.5
        found = np.array(np.unravel_index(heat.argmax(), heat.shape)) + 0.5
        assert np.abs(peak / alone.shape - found / heat.shape).max() < 0.05


def test_still_models_take_a_film_of_one_frame() -> None:
    (moment,) = watch(_photo()[None], "spectral-residual")
    assert moment.heat.any()
    assert moment.motion is None
    assert not moment.flow.any()


def test_a_network_watches_too() -> None:
    torch = pytest.importorskip("torch")
    import heatlens as hl

    network = torch.nn.Sequential(torch.nn.AvgPool2d(2), torch.nn.Conv2d(3, 1, 1), torch.nn.ReLU())
    with torch.no_grad():
        network[1].weight.fill_(1.0)
        network[1].bias.fill_(0.0)
    model = hl.load_model(network, input_size=(32, 32), mean=0.0, std=1.0)
    film = np.zeros((3, 32, 32, 3), np.uint8)
    film[:, 8:16, 20:28] = 255
    for moment in watch(film, model):
        row, column = np.unravel_index(moment.heat.argmax(), (32, 32))
        assert 8 <= row < 16
        assert 20 <= column < 28


def test_confidence_by_the_structure_tensor() -> None:
    photo = _photo()
    grey = np.rint(photo @ [0.299, 0.587, 0.114])
    down, right = (scipy.ndimage.sobel(grey, axis, mode="mirror") / 8 for axis in (0, 1))
    tensor = [
        scipy.ndimage.gaussian_filter(part, 2, mode="mirror", truncate=4.0)
        for part in (down * down, down * right, down * right, right * right)
    ]
    smaller = np.linalg.eigvalsh(np.stack(tensor, -1).reshape(60, 80, 2, 2))[..., 0]
    assert np.allclose(confidence(photo), smaller / (smaller + 250), atol=5e-3)


def test_a_straight_edge_pins_nothing_down() -> None:
    edge = np.zeros((40, 40, 3), np.uint8)
    edge[:, 20:] = 255
    assert confidence(edge).max() < 1e-3


def test_motion_needs_some_pixels() -> None:
    with pytest.raises(InvalidArgument, match="grid is 8"):
        Observer(grid=8)
