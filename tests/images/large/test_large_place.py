"""Where pyramids may be written, and what remains of runs that were killed."""

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.large import LargeHeatmap, open_large, write_pyramid
from heatlens.images.large.kinds.array import ArraySource
from heatlens.images.large.place import checked_place
from heatlens.provenance import Provenance

pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")

PIXELS = np.random.default_rng(0).random((70, 50), np.float32)


def test_a_part_that_a_killed_run_left_is_written_over(tmp_path):
    left = tmp_path / ".a.tif.part"
    left.write_bytes(b"half a file" * 100_000)
    path = write_pyramid(tmp_path / "a.tif", [PIXELS], (70, 50))
    assert [item.name for item in tmp_path.iterdir()] == ["a.tif"]
    with open_large(path) as large:
        np.testing.assert_array_equal(large.region(0, 0, 70, 50), PIXELS)


def test_a_source_is_no_place(tmp_path):
    zarr = pytest.importorskip("zarr")
    file = write_pyramid(tmp_path / "a.tif", [PIXELS], (70, 50))
    np.save(tmp_path / "a.npy", PIXELS)
    zarr.save_array(tmp_path / "a.zarr", PIXELS)
    (tmp_path / "b.tif").hardlink_to(file)
    mapped = np.memmap(tmp_path / "raw.tif", np.float32, "w+", shape=(70, 50))
    refused = [
        (file, file),
        (file, tmp_path / "b.tif"),
        (file, tmp_path / "folder" / ".." / "a.tif"),
        (tmp_path / "a.zarr", tmp_path / "a.zarr" / "heat.tif"),
        (mapped, tmp_path / "raw.tif"),
    ]
    (tmp_path / "folder").mkdir()
    for source, place in refused:
        with open_large(source) as large, pytest.raises(InvalidArgument, match="picture itself"):
            checked_place(place, large.source)
    with open_large(file) as large:
        assert checked_place(tmp_path / "c.tif", large.source) == tmp_path / "c.tif"
    with open_large(PIXELS) as large:
        assert checked_place(file, large.source) == file  # of an array nothing is written over


def test_a_heatmap_does_not_replace_itself(tmp_path):
    heat = LargeHeatmap(ArraySource(PIXELS), Provenance("made"), signed=False)
    with heat.save(tmp_path / "a.tif") as saved, pytest.raises(InvalidArgument, match="itself"):
        saved.save(tmp_path / "a.tif")


def test_places_and_sizes_that_are_none(tmp_path):
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(InvalidType, match="is a path, not a int"):
        checked_place(5)
    with pytest.raises(InvalidArgument, match="it is a folder"):
        checked_place(tmp_path / "folder.tif")
    for given in ({"tile": 64.0}, {"channels": "1"}, {"tile": None}):
        with pytest.raises(InvalidType, match="whole numbers"):
            write_pyramid(tmp_path / "a.tif", [PIXELS], (70, 50), **given)
    with pytest.raises(InvalidType, match="whole numbers"):
        write_pyramid(tmp_path / "a.tif", [PIXELS], (70, 50.0))
