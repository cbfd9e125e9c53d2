"""Windows in time, and the spectra of slices and quaternions, against their definitions."""

import numpy as np
import pytest
import scipy.ndimage

from heatlens.motion.camera import CameraMotion
from heatlens.perception.moving.models.temporal_phase_spectrum import phase_saliency
from heatlens.perception.moving.models.temporal_spectral_residual import slice_saliency
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.slices import Window, as_seen, chained

pytest.importorskip("cv2")


def _dft(n: int) -> np.ndarray:
    k = np.arange(n)
    return np.exp(-2j * np.pi * np.outer(k, k) / n)


@pytest.mark.parametrize("axis", [1, 2])
def test_slice_saliency_equals_the_definition(axis: int) -> None:
    window = np.random.default_rng(0).random((5, 6, 7)).astype(np.float32)
    mine = slice_saliency(window, axis)
    for place in range(window.shape[3 - axis]):
        part = window[:, place] if axis == 2 else window[:, :, place]
        part = part.astype(float)
        along_time, along = _dft(part.shape[0]), _dft(part.shape[1])
        spectrum = along_time @ part @ along
        spectrum[0] = 0
        amplitude = np.abs(spectrum) + np.sqrt(part.size) / 255
        log = np.log(amplitude)
        around = sum(np.roll(log, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9
        kept = np.exp(log - around) * spectrum / amplitude
        back = along_time.conj() @ kept @ along.conj() / part.size
        theirs = mine[:, place] if axis == 2 else mine[:, :, place]
        assert np.allclose(theirs, np.abs(back) ** 2, rtol=1e-3, atol=1e-6)


def test_a_slice_that_stands_still_is_zero() -> None:
    window = np.repeat(np.random.default_rng(0).random((1, 6, 20)), 9, axis=0).astype(np.float32)
    window[:, 3, 10] = np.arange(9)
    along_rows = slice_saliency(window, 2)
    assert along_rows[:, 3].max() > 0
    assert not along_rows[:, [0, 1, 2, 4, 5]].any()


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of quaternions (..., 4)."""
    a0, a1, a2, a3 = np.moveaxis(a, -1, 0)
    b0, b1, b2, b3 = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            a0 * b0 - a1 * b1 - a2 * b2 - a3 * b3,
            a0 * b1 + a1 * b0 + a2 * b3 - a3 * b2,
            a0 * b2 - a1 * b3 + a2 * b0 + a3 * b1,
            a0 * b3 + a1 * b2 - a2 * b1 + a3 * b0,
        ],
        -1,
    )


def _quaternion_transform(q: np.ndarray, sign: int) -> np.ndarray:
    """Left transform along i, by its definition: the sum of exp(sign 2 pi i (...)) q."""
    height, width = q.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    result = np.zeros(q.shape)
    for u in range(height):
        for v in range(width):
            angle = sign * 2 * np.pi * (rows * u / height + columns * v / width)
            nothing = np.zeros_like(angle)
            kernel = np.stack([np.cos(angle), np.sin(angle), nothing, nothing], -1)
            result[u, v] = _product(kernel, q).sum((0, 1))
    return result


def test_phase_saliency_equals_the_quaternion_transform() -> None:
    channels = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    spectrum = _quaternion_transform(np.moveaxis(channels, 0, -1).astype(float), -1)
    unit = spectrum / np.linalg.norm(spectrum, axis=-1, keepdims=True)
    back = _quaternion_transform(unit, 1) / 30
    assert np.allclose(phase_saliency(*channels), (back**2).sum(-1), rtol=1e-5)


def _motion(shift: float, size: tuple[int, int] = (6, 8), *, cut: bool = False) -> Motion:
    frame = np.zeros((*size, 3), np.uint8)
    matrix = np.array([[1.0, 0, 0], [0, 1, shift], [0, 0, 1]])
    camera = CameraMotion(matrix, 1.0, 9, "shift", True, "by hand")
    still = np.zeros((*size, 2), np.float32)
    return Motion(frame, frame, still, camera, np.zeros(size, np.float32), apart=cut)


def _windows(frames: int, half: int, cuts: tuple[int, ...] = ()) -> list[list[int]]:
    window = Window(half, steady=False)
    given = []
    for k in range(frames):
        picture = np.full((6, 8), k, np.float32)
        given.append(window.add(picture, _motion(0, cut=k in cuts)))
    whole = [found for found in given if found is not None] + window.rest()
    assert [found is None for found in given] == [k < half for k in range(frames)]
    return [found[:, 0, 0].astype(int).tolist() for found in whole]


def test_windows_are_mirrored_at_the_ends() -> None:
    assert _windows(5, 2) == [
        [2, 1, 0, 1, 2],
        [1, 0, 1, 2, 3],
        [0, 1, 2, 3, 4],
        [1, 2, 3, 4, 3],
        [2, 3, 4, 3, 2],
    ]


def test_windows_of_films_shorter_than_they() -> None:
    assert _windows(2, 3) == [[1, 0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 0, 1, 0]]


def test_windows_end_at_cuts() -> None:
    assert _windows(6, 1, cuts=(3,)) == [
        [1, 0, 1],
        [0, 1, 2],
        [1, 2, 1],
        [4, 3, 4],
        [3, 4, 5],
        [4, 5, 4],
    ]


def test_steady_windows_hold_the_ground_still() -> None:
    ground = scipy.ndimage.gaussian_filter(np.random.default_rng(0).random((24, 60)), 2)
    film = [ground[:, k : k + 40].astype(np.float32) for k in range(5)]  # pans to the right
    window = Window(2, steady=True)
    found = [window.add(picture, _motion(1.0, (24, 40))) for picture in film][-1]
    assert found is not None
    for picture in found:
        assert np.allclose(picture, film[2], atol=1e-5)


def test_a_chain_on_a_smaller_grid() -> None:
    way = chained([_motion(2.0), _motion(4.0)], (3, 4))
    assert np.allclose(way, [[1, 0, 3], [0, 1, 0], [0, 0, 1]])


def test_where_nothing_was_seen_the_present_stays() -> None:
    past, present = np.zeros((4, 6), np.float32), np.ones((4, 6), np.float32)
    way = np.array([[1.0, 0, -2], [0, 1, 0], [0, 0, 1]])
    seen = as_seen(past, way, present)
    assert seen[:, :2].all()
    assert not seen[:, 2:].any()
