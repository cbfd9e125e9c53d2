"""`LargeHeatmap.reduced` from a file's smaller copies against the exact mean of the map itself."""

import numpy as np
import pytest

from heatlens.errors import ImageTooLarge
from heatlens.images.area import reduced
from heatlens.images.large import LargeHeatmap
from heatlens.images.large.coarser import averaged
from heatlens.images.large.halving import halved
from heatlens.images.large.kinds.array import ArraySource
from heatlens.provenance import Provenance

pytest.importorskip("tifffile")


def saved(values, path):
    heat = LargeHeatmap(ArraySource(values.astype(np.float32)), Provenance("m"), signed=False)
    return heat.save(path, compression="none")


@pytest.mark.parametrize("size", [(1025, 1024), (1031, 517), (513, 5), (640, 640)])
@pytest.mark.parametrize("longest", [1, 64, 130, 257, 513])
def test_a_ramp_lies_where_it_lies(tmp_path, size, longest):
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    for ramp in (rows, columns):
        with saved(ramp, tmp_path / "a.tif") as heat:
            small = heat.reduced(longest)
        expected = reduced(ramp, small.size)
        cell = max(old / new for old, new in zip(size, small.size, strict=True))
        # Half a copy's pixel in a border's cell at most, and at least two of them in a cell.
        np.testing.assert_allclose(small.values, expected, atol=cell / 16)


def test_an_odd_last_column_counts_as_one(tmp_path):
    values = np.zeros((1025, 1025), np.float32)
    values[:, -1] = 1
    with saved(values, tmp_path / "a.tif") as heat:
        small = heat.reduced(64).values
    np.testing.assert_allclose(small, reduced(values, (64, 64)), atol=1e-6)
    assert small.mean() == pytest.approx(values.mean(), rel=1e-5)


@pytest.mark.parametrize("size", [(12, 20), (9, 17), (1, 33)])
def test_whole_cells_are_exact(size):
    values = np.random.default_rng(0).random(size)
    copy = halved(values[..., None])[..., 0]
    grid = (-(-size[0] // 4), -(-size[1] // 4))
    if size[0] % 4 == size[1] % 4 == 0:
        np.testing.assert_allclose(averaged(copy, size, 1, grid), reduced(values, grid), rtol=1e-6)
    whole = averaged(copy, size, 1, (1, 1))
    np.testing.assert_allclose(whole, values.mean(), rtol=1e-6)


def test_a_map_too_large_for_memory_is_not_reduced_to_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATLENS_MAX_PIXELS", "1000")
    with saved(np.zeros((300, 300)), tmp_path / "a.tif") as heat:
        with pytest.raises(ImageTooLarge):
            heat.reduced(200)
        assert heat.reduced(20).size == (20, 20)
