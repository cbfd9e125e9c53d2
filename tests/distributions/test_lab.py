import numpy as np

from heatlens.distributions.lab import lab_columns
from heatlens.render.cielab import from_srgb


def test_it_is_the_plain_formula():
    levels = np.arange(256) / 255
    rgb = np.random.default_rng(0).permuted(np.tile(levels, (3, 20)), axis=1)
    rgb[:, :256] = levels
    np.testing.assert_allclose(lab_columns(rgb).T, from_srgb(rgb.T), atol=1e-11)
