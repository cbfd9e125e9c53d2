"""Zarr stores: damaged chunks, spacing, opacity, and metadata that are wrong."""

import numpy as np
import pytest

from heatlens.errors import ImageTooLarge, UnreadableImage
from heatlens.images.large import open_large

zarr = pytest.importorskip("zarr")


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(1, 255, (100, 120, 3), np.uint8)


def ome(path, array, axes, scale, *, every=None, units="micrometer", form=2, inside=False):
    """An OME-Zarr of one level."""
    group = zarr.open_group(str(path), mode="w", zarr_format=form)
    group.create_array("0", data=array, chunks=tuple(min(64, n) for n in array.shape))
    units = [units] * len(axes) if isinstance(units, str) else units
    change = [{"type": "scale", "scale": scale}]
    about = {
        "axes": [{"name": n, **({"unit": u} if u else {})} for n, u in zip(axes, units)],
        "datasets": [{"path": "0", "coordinateTransformations": change}],
    }
    if every:
        about["coordinateTransformations"] = [{"type": "scale", "scale": every}]
    if inside:
        group.attrs["ome"] = {"version": "0.5", "multiscales": [about]}
    else:
        group.attrs["multiscales"] = [about]


@pytest.mark.parametrize("planes", [3, 1])
def test_one_damaged_chunk_alone_is_lost(tmp_path, photo, planes):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(str(path), shape=photo.shape, dtype="u1", chunks=(32, 40, planes))
    array[:] = photo
    (path / "c" / "1" / "2" / "0").write_bytes(b"junk")
    with open_large(path) as large:
        np.testing.assert_array_equal(large.region(0, 0, 32, 120), photo[:32])
        with pytest.raises(UnreadableImage, match="chunk at row 32, column 80 of level 0"):
            large.region(20, 30, 60, 60)
    with open_large(path, damaged="blank") as large:
        pixels = large.region(0, 0, 100, 120)
        assert not pixels[32:64, 80:120, :planes].any()
        pixels[32:64, 80:120, :planes] = photo[32:64, 80:120, :planes]
        np.testing.assert_array_equal(pixels, photo)
        assert len(large.notes) == 1


@pytest.mark.parametrize(
    ("options", "spacing"),
    [
        ({"scale": [1, 0.5, 0.25]}, (0.5e-3, 0.25e-3)),
        ({"scale": [1, 1, 1], "every": [1, 0.5, 0.25]}, (0.5e-3, 0.25e-3)),
        ({"scale": [1, 2, 3], "every": [1, 0.5, 0.5]}, (1e-3, 1.5e-3)),
        ({"scale": [1, 2, 3], "units": [None, "angstrom", "inch"]}, (2e-7, 76.2)),
        ({"scale": [1, 2, 2], "units": [None, None, "micrometer"]}, None),
        ({"scale": [1, 2, 2], "units": "parsecs of cake"}, None),
        ({"scale": [2, 2]}, None),
        ({"scale": [1, 0, 2]}, None),
    ],
    ids=["level", "whole", "both", "units", "one-unit", "unknown", "short", "zero"],
)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_spacing(tmp_path, photo, options, spacing, version):
    newer = {"form": 3, "inside": True} if version == "0.5" else {}
    ome(tmp_path / "a.zarr", np.moveaxis(photo, -1, 0), "cyx", **options, **newer)
    with open_large(tmp_path / "a.zarr") as large:
        assert large.spacing == (None if spacing is None else pytest.approx(spacing))
        np.testing.assert_array_equal(large.region(0, 0, 100, 120), photo)


def test_spacing_of_columns_before_rows(tmp_path, photo):
    ome(tmp_path / "a.zarr", photo[..., 0].T.copy(), "xy", [0.5, 0.25])
    with open_large(tmp_path / "a.zarr") as large:
        assert large.spacing == pytest.approx((0.25e-3, 0.5e-3))
        np.testing.assert_array_equal(large.region(0, 0, 100, 120), photo[..., 0])


def test_four_channels_are_colours_only_where_they_have_a_name(tmp_path, photo):
    four = np.concatenate([photo, photo[..., :1]], -1)
    zarr.create_array(str(tmp_path / "a.zarr"), data=four)
    ome(tmp_path / "b.zarr", np.moveaxis(four, -1, 0), "cyx", [1, 1, 1])
    with open_large(tmp_path / "a.zarr") as large:
        np.testing.assert_array_equal(large.region(0, 0, 100, 120), photo)
        assert "opacity" in large.notes[0]
    with open_large(tmp_path / "b.zarr") as large:
        np.testing.assert_array_equal(large.region(0, 0, 100, 120), four)


@pytest.mark.parametrize(
    ("about", "match"),
    [
        ([{"axes": ["y", "x"], "datasets": [{"path": "nope"}]}], "level 'nope'"),
        ([{"axes": ["y", "x"]}], "KeyError: 'datasets'"),
        ([{"axes": ["y", "x"], "datasets": []}], "none of OME-Zarr"),
        ("x", "none of OME-Zarr"),
        ([{"axes": ["y", "x"], "datasets": [{"path": "deep"}]}], "the axes are yx"),
        ([{"axes": ["y", "y"], "datasets": [{"path": "0"}]}], "has the axes yy"),
        ([{"axes": ["y", "x"], "datasets": [{"path": "0"}, {"path": "f"}]}], "float32"),
        ([{"axes": ["y", "x"], "datasets": [{"path": "group"}]}], "is a group"),
        (None, "give the picture inside it.*0"),
    ],
    ids=["path", "none", "empty", "text", "ndim", "twice", "types", "group", "bare"],
)
def test_wrong_metadata_are_told_in_words(tmp_path, about, match):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("0", shape=(9, 9), dtype="u1")
    group.create_array("f", shape=(4, 4), dtype="f4")
    group.create_array("deep", shape=(9, 9, 9, 9), dtype="u1")
    group.create_group("group")
    if about is not None:
        group.attrs["multiscales"] = about
    with pytest.raises(UnreadableImage, match=match):
        open_large(tmp_path / "a.zarr")


def test_chunks_too_large_to_decode(tmp_path):
    side = 100_000
    zarr.create_array(
        str(tmp_path / "a.zarr"), shape=(side, side), chunks=(side, side), dtype="u1", fill_value=0
    )
    with pytest.raises(ImageTooLarge, match="smaller chunks"):
        open_large(tmp_path / "a.zarr")
