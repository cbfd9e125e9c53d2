"""The quaternion transform against Hamilton's product, written out."""

from __future__ import annotations

import numpy as np
import pytest

from heatlens.image import Image
from heatlens.perception.channels import seen
from heatlens.perception.displays import hit, popout
from heatlens.perception.static.quaternion import phase_spectrum_quaternion


def product(p, q):
    """Hamilton's product of (..., 4) quaternions 1, i, j, k."""
    a, b, c, d = np.moveaxis(p, -1, 0)
    e, f, g, h = np.moveaxis(q, -1, 0)
    return np.stack([
        a * e - b * f - c * g - d * h,
        a * f + b * e + c * h - d * g,
        a * g - b * h + c * e + d * f,
        a * h + b * g - c * f + d * e,
    ], axis=-1)  # fmt: skip


def transform(q, sign):
    """sum exp(sign i 2 pi (m u / M + n v / N)) q(m, n), axis i from the left, orthonormal."""
    M, N = q.shape[:2]
    result = np.zeros_like(q)
    for u in range(M):
        for v in range(N):
            angle = sign * 2 * np.pi * np.add.outer(np.arange(M) * u / M, np.arange(N) * v / N)
            zero = np.zeros_like(angle)
            turn = np.stack([np.cos(angle), np.sin(angle), zero, zero], axis=-1)
            result[u, v] = product(turn, q).sum(axis=(0, 1)) / np.sqrt(M * N)
    return result


def by_definition(pixels):
    r, g, b = np.moveaxis(pixels / 255.0, -1, 0)
    R, G, B = r - (g + b) / 2, g - (r + b) / 2, b - (r + g) / 2
    Y = np.maximum((r + g) / 2 - abs(r - g) / 2 - b, 0)
    q = np.stack([np.zeros_like(r), R - G, B - Y, (r + g + b) / 3], axis=-1)
    Q = transform(q, -1)
    phase = Q / np.sqrt((Q**2).sum(axis=-1, keepdims=True))
    return (transform(phase, +1) ** 2).sum(axis=-1) / (r.size)


@pytest.mark.parametrize("size", [(5, 6), (4, 4), (7, 3), (1, 5)])
def test_equals_the_definition(size):
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    ours = phase_spectrum_quaternion(Image(pixels), sigma=0.0)
    np.testing.assert_allclose(ours, by_definition(pixels), rtol=1e-4, atol=1e-7)


def test_of_grey_it_is_the_phase_spectrum():
    pixels = np.random.default_rng(2).integers(0, 256, (20, 30), dtype=np.uint8)
    spectrum = np.fft.fft2(pixels / 255)
    expected = np.abs(np.fft.ifft2(spectrum / np.abs(spectrum))) ** 2
    ours = phase_spectrum_quaternion(Image(pixels, "YX"), sigma=0.0)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-8)


def test_all_energy_is_one():
    """Every coefficient has modulus 1, so that the pixels' mean square is 1 / n, times n."""
    pixels = np.random.default_rng(3).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    ours = phase_spectrum_quaternion(Image(pixels), sigma=0.0)
    assert ours.sum() == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("size", [(1, 1, 3), (1, 40, 3), (50, 70)])
def test_nothing_stands_out_of_one_colour(size):
    pixels = np.broadcast_to(np.uint8([120] if len(size) == 2 else [120, 10, 60]), size)
    image = Image(pixels.copy(), "YX" if len(size) == 2 else "YXC")
    assert not phase_spectrum_quaternion(image).any()


def test_a_reduced_picture_gives_the_same():
    pixels = np.random.default_rng(4).integers(0, 256, (90, 131, 3), dtype=np.uint8)
    image = Image(pixels)
    np.testing.assert_allclose(
        phase_spectrum_quaternion(seen(image, 64)), phase_spectrum_quaternion(image), rtol=1e-5
    )


@pytest.mark.parametrize("kind", ["colour", "isoluminant", "orientation"])
def test_finds_the_odd_item(kind):
    displays = [popout(kind, seed=seed) for seed in range(20)]
    assert np.mean([hit(phase_spectrum_quaternion(one.image), one) for one in displays]) >= 0.9
