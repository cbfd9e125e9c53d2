"""Image signature: the paper's bound, and what can be said in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from heatlens.errors import UnknownName
from heatlens.image import Image
from heatlens.perception.displays import hit, popout
from heatlens.perception.static.image_signature import image_signature, reconstructed

SIDE = 48


def cosine_matrix(n):
    """The orthonormal DCT-II, entry by entry from its definition."""
    k, x = np.mgrid[:n, :n]
    matrix = np.sqrt(2 / n) * np.cos(np.pi * (2 * x + 1) * k / (2 * n))
    matrix[0] /= np.sqrt(2)
    return matrix


def scene(seed):
    """A foreground that is sparse in space, and a background that is sparse in the transform."""
    rng = np.random.default_rng(seed)
    front = np.zeros((SIDE, SIDE))
    row, column = rng.integers(5, SIDE - 10, 2)
    front[row : row + 4, column : column + 4] = rng.uniform(-1, 1, (4, 4))
    spectrum = np.zeros(SIDE * SIDE)
    few = rng.choice(SIDE * SIDE, SIDE * SIDE // 7, replace=False)
    spectrum[few] = rng.normal(0, 5, len(few))
    return front, scipy.fft.idctn(spectrum.reshape(SIDE, SIDE), norm="ortho")


def test_equals_matrix_products():
    x = np.random.default_rng(0).normal(size=(12, 17))
    rows, columns = cosine_matrix(12), cosine_matrix(17)
    expected = rows.T @ np.sign(rows @ x @ columns.T) @ columns
    np.testing.assert_allclose(reconstructed(x), expected, atol=1e-12)


def test_the_papers_bound():
    """Background on fewer than a sixth of the coefficients: the cosine is 1/2 or more on average."""
    cosines = []
    for seed in range(20):
        front, back = scene(seed)
        alone, whole = reconstructed(front), reconstructed(front + back)
        norms = np.linalg.norm(alone) * np.linalg.norm(whole)
        cosines.append((alone * whole).sum() / norms)
    assert np.mean(cosines) >= 0.5


def test_the_foreground_has_the_energy():
    for seed in range(5):
        front, back = scene(seed)
        energy = np.square(reconstructed(front + back))
        assert energy[front != 0].mean() > 10 * energy[front == 0].mean()


def test_energy_is_the_number_of_signs():
    x = np.random.default_rng(1).normal(size=(16, 16))
    assert np.square(reconstructed(x)).sum() == pytest.approx(256)
    assert np.square(reconstructed(np.ones((16, 16)))).sum() == pytest.approx(1)


def test_equals_the_formula_on_colours():
    pixels = np.random.default_rng(2).integers(0, 256, (32, 40, 3), dtype=np.uint8)
    ours = image_signature(Image(pixels), space="rgb", sigma=0.0)
    expected = np.zeros((32, 40))
    for channel in np.moveaxis(pixels / 255, -1, 0):
        signs = np.sign(scipy.fft.dctn(channel))
        expected += scipy.fft.idctn(signs, norm="ortho") ** 2
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_lab_of_grey_has_one_channel():
    """What rounding leaves of a grey picture's colours has signs too, and must not count."""
    pixels = np.random.default_rng(3).integers(0, 256, (32, 40), dtype=np.uint8)
    single = image_signature(Image(pixels, "YX"), sigma=0.0)
    thrice = image_signature(Image(np.repeat(pixels[..., None], 3, axis=2)), sigma=0.0)
    np.testing.assert_allclose(thrice, single, rtol=1e-5)
    assert single.mean() == pytest.approx(1.0, rel=1e-2)


@pytest.mark.parametrize("space", ["lab", "rgb"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (50, 70)])
def test_nothing_stands_out_of_one_colour(space, size):
    pixels = np.tile(np.uint8([200, 30, 60]), (*size, 1))
    assert not image_signature(Image(pixels), space=space).any()


@pytest.mark.parametrize("kind", ["colour", "orientation"])
def test_finds_the_odd_item(kind):
    displays = [popout(kind, seed=seed) for seed in range(20)]
    assert np.mean([hit(image_signature(one.image), one) for one in displays]) >= 0.75


def test_unknown_spaces_are_told():
    with pytest.raises(UnknownName, match="did you mean 'lab'"):
        image_signature(Image(np.eye(8, dtype=np.uint8), "YX"), space="labs")
