"""NIfTI against nibabel: every voxel lies where the file's own affine says."""

import gzip
import io
import itertools
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from heatlens.errors import ImageTooLarge, InvalidArgument, MissingDependency, UnreadableImage
from heatlens.images.read import read_image

N = Path(nibabel.__file__).parent / "tests/data"
RAS_TO_LPS = np.diag([-1, -1, 1, 1])


def saved(path, values, affine=None, **header):
    image = nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine)
    for key, value in header.items():
        image.header[key] = value
    nibabel.save(image, path)
    return path


def positions(affine, shape):
    index = np.stack([*np.meshgrid(*map(np.arange, shape), indexing="ij"), np.ones(shape)], -1)
    return index @ affine.T


@pytest.mark.parametrize("flips", list(itertools.product([1, -1], repeat=3)))
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_every_voxel_keeps_its_place(tmp_path, flips, order):
    values = np.random.default_rng(0).integers(1, 255, (3, 4, 5), dtype=np.uint8)
    affine = np.eye(4)
    affine[:3, :3] = (np.diag(flips) * [2, 3, 4])[list(order)] + 0.05
    affine[:3, 3] = 10, 20, 30
    path = saved(tmp_path / "v.nii", values, affine)
    place = positions(RAS_TO_LPS @ affine, values.shape)
    table = {tuple(np.round(p, 4)): v for p, v in zip(place.reshape(-1, 4), values.ravel())}
    image = read_image(path)
    assert image.axes == "ZYX"
    z, y, x = image.affine[:3, :3].T
    assert (abs(z).argmax(), abs(y).argmax(), abs(x).argmax()) == (2, 1, 0)
    assert min(z[2], y[1], x[0]) > 0  # to the head, to the back, to the left
    mine = positions(image.affine, image.pixels.shape).reshape(-1, 4)
    assert all(table[tuple(np.round(p, 4))] == v for p, v in zip(mine, image.pixels.ravel()))
    assert image.spacing == pytest.approx(np.linalg.norm(image.affine[:3, :3], axis=0))
    for axis, number in (("z", 1), ("coronal", 2), ("x", -1)):
        part = read_image(path, slice=number, axis=axis)
        assert part.axes == "YX"
        mine = positions(part.affine, (1, *part.size)).reshape(-1, 4)
        assert all(table[tuple(np.round(p, 4))] == v for p, v in zip(mine, part.pixels.ravel()))
        assert part.spacing == pytest.approx(np.linalg.norm(part.affine[:3, 1:3], axis=0))
        assert part.value_range == image.value_range


def test_slices_look_as_radiologists_expect(tmp_path):
    values = np.zeros((4, 5, 6), np.float32)  # RAS: x to the right, y to the front, z to the head
    values[3, 4, 5] = 1  # right, front, head
    path = saved(tmp_path / "v.nii", values)
    assert read_image(path, slice=-1).pixels[0, 0] == 1  # front on top, right on the left
    assert read_image(path, slice=0, axis="coronal").pixels[0, 0] == 1  # head on top
    assert read_image(path, slice=0, axis="sagittal").pixels[0, 0] == 1  # front on the left


def test_anatomical():
    path = N / "anatomical.nii"
    image = read_image(path)
    file = nibabel.load(path)
    assert image.pixels.shape == (25, 41, 33)
    assert image.spacing == pytest.approx((2, 2, 2))
    assert image.metadata["stored_as"] == "LAS"
    wanted = np.asarray(file.dataobj)[:, ::-1].T  # LAS: only the front has to go to the back
    assert np.array_equal(image.pixels, wanted)
    assert image.name == "anatomical.nii"


def test_time_steps_of_an_oblique_file():
    path = N / "example4d.nii.gz"
    first, second = read_image(path), read_image(path, frame=1, slice=12)
    assert first.pixels.shape == (24, 96, 128)
    assert first.spacing == pytest.approx((2.2, 2, 2), abs=1e-3)
    assert "first of 2 time steps" in first.metadata["notes"][0]
    data = np.asarray(nibabel.load(path).dataobj)
    assert np.array_equal(np.sort(second.pixels.ravel()), np.sort(data[:, :, 12, 1].ravel()))
    with pytest.raises(InvalidArgument, match="frames 0 to 1; frame 2"):
        read_image(path, frame=2)


def test_ranges(tmp_path):
    values = np.linspace(-100, 300, 60, dtype=np.float32).reshape(3, 4, 5)
    plain = saved(tmp_path / "a.nii", values)
    assert read_image(plain, slice=0).value_range == (-100, 300)
    whole = saved(tmp_path / "w.nii", np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    assert read_image(whole).value_range == (0, 59)
    windowed = read_image(plain, window=(0, 100))
    assert windowed.value_range == (-50, 50) == (windowed.pixels.min(), windowed.pixels.max())
    calibrated = saved(tmp_path / "b.nii", values, cal_min=-10, cal_max=50)
    assert read_image(calibrated).value_range == (-10, 50)
    assert read_image(calibrated, window="full").value_range == (-100, 300)
    scaled = nibabel.Nifti1Image(values, np.eye(4), dtype=np.int16)
    nibabel.save(scaled, tmp_path / "c.nii")
    assert (
        np.abs(np.sort(read_image(tmp_path / "c.nii").pixels.ravel()) - values.ravel()).max() < 0.01
    )


def test_two_dimensions_and_bytes(tmp_path):
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    path = saved(tmp_path / "flat.nii", values)
    assert read_image(path).pixels.shape == (1, 4, 3)
    assert read_image(path, slice=0).size == (4, 3)
    data = path.read_bytes()
    assert read_image(data, slice=0).size == (4, 3)
    assert read_image(io.BytesIO(data), slice=0).size == (4, 3)
    (tmp_path / "flat.nii.gz").write_bytes(gzip.compress(data))
    assert np.array_equal(read_image(tmp_path / "flat.nii.gz").pixels, read_image(path).pixels)


def test_errors(tmp_path, monkeypatch):
    path = N / "anatomical.nii"
    data = path.read_bytes()
    (tmp_path / "cut.nii").write_bytes(data[: len(data) // 2])
    (tmp_path / "cut.nii.gz").write_bytes(gzip.compress(data)[:4000])
    (tmp_path / "text.nii").write_bytes(b"x,y,z\n1,2,3\n")
    for name in ("cut.nii", "cut.nii.gz", "text.nii"):
        with pytest.raises(UnreadableImage, match=r"damaged or cut off .* fresh copy"):
            read_image(tmp_path / name)
    with pytest.raises(UnreadableImage, match="damaged or cut off"):
        read_image(data[:9000])
    with pytest.raises(ImageTooLarge, match="33 x 41 x 25 voxels, the limit is 100"):
        read_image(path, max_pixels=100)
    with pytest.raises(InvalidArgument, match="slices 0 to 24; slice 25"):
        read_image(path, slice=25)
    with pytest.raises(InvalidArgument, match="no numbered windows"):
        read_image(path, window=1)
    holes = saved(tmp_path / "nan.nii", np.full((2, 2, 2), np.nan, np.float32))
    with pytest.raises(UnreadableImage, match="nan_to_num"):
        read_image(holes)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(MissingDependency, match="reading NIfTI needs nibabel"):
        read_image(path)
