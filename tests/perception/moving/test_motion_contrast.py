"""Motion contrast and flow magnitude against the formula, computed with SciPy."""

import numpy as np
import pytest
import scipy.ndimage

from heatlens.motion.camera import CameraMotion
from heatlens.perception.moving.model import MOVING
from heatlens.perception.moving.models.motion_contrast import contrast_of
from heatlens.perception.moving.motion import Motion

pytest.importorskip("cv2")


def _blur(values: np.ndarray, sigma: float) -> np.ndarray:
    return scipy.ndimage.gaussian_filter(values.astype(float), sigma, mode="mirror", truncate=4.0)


def _by_formula(residual: np.ndarray, trust: np.ndarray, centres: tuple[float, ...]) -> np.ndarray:
    def halved(values: np.ndarray) -> np.ndarray:
        height, width = values.shape
        return values.reshape(height // 2, 2, width // 2, 2).mean((1, 3))

    weight = halved(trust)
    parts = [halved(residual[..., k] * trust) for k in (0, 1)]

    def mean(sigma: float) -> np.ndarray:
        below = _blur(weight, sigma) + 0.3
        return np.stack([_blur(part, sigma) / below for part in parts])

    return np.mean([np.linalg.norm(mean(c / 2) - mean(2 * c), axis=0) for c in centres], axis=0)


def test_equals_the_formula() -> None:
    rng = np.random.default_rng(0)
    residual = scipy.ndimage.gaussian_filter(rng.normal(size=(80, 96, 2)), (3, 3, 0)) * 20
    trust = rng.random((80, 96))
    centres = (2.0, 4.0)
    mine = contrast_of(residual.astype(np.float32), trust.astype(np.float32), centres)
    assert np.allclose(mine, _by_formula(residual, trust, centres), atol=2e-3 * mine.max())


def test_what_moves_with_its_surround_has_none() -> None:
    together = np.full((64, 64, 2), 4, np.float32)
    sure = np.ones((64, 64), np.float32)
    assert contrast_of(together, sure, (2.0, 4.0, 8.0)).max() < 1e-4


def test_grows_in_proportion_to_speed() -> None:
    slow = np.zeros((64, 64, 2), np.float32)
    slow[28:36, 28:36] = 1, 2
    sure = np.ones((64, 64), np.float32)
    one, three = (contrast_of(k * slow, sure, (2.0, 4.0)) for k in (1, 3))
    assert np.allclose(three, 3 * one, rtol=1e-4, atol=1e-6)


def test_residual_without_texture_counts_for_nothing() -> None:
    wild = np.random.default_rng(0).normal(size=(40, 40, 2)).astype(np.float32)
    assert not contrast_of(wild, np.zeros((40, 40), np.float32), (2.0,)).any()


def _motion(flow: np.ndarray, matrix: np.ndarray, confidence: np.ndarray, **more: object) -> Motion:
    rng = np.random.default_rng(3)
    frame = rng.integers(0, 256, (*flow.shape[:2], 3), np.uint8)
    camera = CameraMotion(matrix, 1.0, 9, "shift", True, "by hand")
    return Motion(frame, frame[::-1].copy(), -flow, camera, confidence, **more)


def test_flow_magnitude_is_the_speed_less_the_camera() -> None:
    flow = np.zeros((30, 40, 2), np.float32)
    flow[..., 1] = 5
    flow[10:20, 10:20, 0] = 3
    back = np.array([[1.0, 0, 0], [0, 1, -5], [0, 0, 1]])  # the camera's way to the frame before
    confidence = np.full((30, 40), 0.5, np.float32)
    seen = MOVING["flow-magnitude"].start(sigma=0.0)
    speed = seen.see(np.zeros((30, 40, 3), np.uint8), _motion(flow, back, confidence))
    assert speed is not None
    assert np.allclose(speed[10:20, 10:20], 1.5, atol=1e-5)
    assert not speed[:10].any()
    with_camera = MOVING["flow-magnitude"].start(sigma=0.0, steady=False)
    speed = with_camera.see(np.zeros((30, 40, 3), np.uint8), _motion(flow, back, confidence))
    assert speed is not None
    assert np.allclose(speed[:10, 5:], 2.5, atol=1e-5)


def test_directions_of_motion() -> None:
    flow = np.ones((8, 8, 2), np.float32)
    still = np.eye(3)
    sure = np.ones((8, 8), np.float32)
    before = _motion(flow, still, sure)
    assert np.array_equal(before.flow, flow)
    after = _motion(flow, still, sure, ahead=True)
    assert np.array_equal(after.flow, -flow)
    assert np.array_equal(after.residual, -flow)


def test_what_the_camera_did_not_see_before_is_unknown() -> None:
    back = np.array([[1.0, 0, 0], [0, 1, -5], [0, 0, 1]])
    motion = _motion(np.zeros((8, 12, 2), np.float32), back, np.ones((8, 12), np.float32))
    assert np.array_equal(motion.known, np.tile(np.arange(12) >= 5, (8, 1)))


def test_no_evidence_where_the_camera_explains_the_frame() -> None:
    rng = np.random.default_rng(0)
    ground = scipy.ndimage.gaussian_filter(rng.integers(0, 256, (60, 80)).astype(float), 1.5)
    ground = (ground - ground.min()) / np.ptp(ground) * 255
    before = np.repeat(ground[..., None], 3, axis=2).astype(np.uint8)
    frame = before.copy()
    frame[20:40, 30:50] = before[20:40, 26:46]  # a patch moved 4 to the right
    toward = np.zeros((60, 80, 2), np.float32)
    toward[20:40, 30:50, 1] = -4
    toward[50:, :, 0] = 2  # a wrong flow where nothing moves
    camera = CameraMotion(np.eye(3), 1.0, 9, "shift", True, "by hand")
    motion = Motion(frame, before, toward, camera, np.ones((60, 80), np.float32))
    assert motion.evidence[25:35, 35:45].min() > 0.9
    assert motion.evidence[50:].max() < 0.1
    assert not motion.evidence[:10].any()
