"""DICOM files that pydicom brings along, and small ones made here."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_windowing
from pydicom.uid import ExplicitVRLittleEndian

from heatlens.errors import ImageTooLarge, InvalidArgument, MissingDependency, UnreadableImage
from heatlens.images.read import read_image

P = Path(pydicom.__file__).parent / "data/test_files"
D = P / "dicomdirtests"


def made(pixels, **attributes):
    """A file with the given stored values, as bytes."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    dataset.Modality, dataset.PatientName, dataset.PatientID = "US", "Doe^Jane", "4711007"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    if pixels.ndim == 3:
        dataset.NumberOfFrames = len(pixels)
    for key, value in attributes.items():
        setattr(dataset, key, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


RAMP = np.arange(0, 2000, 20, dtype=np.int16).reshape(10, 10)


def test_ct_is_in_hounsfield_units():
    image = read_image(P / "CT_small.dcm")
    assert image.axes == "YX"
    assert image.size == (128, 128)
    assert image.value_range == (-896, 1167)
    assert (image.pixels.min(), image.pixels.max()) == (-896, 1167)
    assert image.spacing == (0.661468, 0.661468)
    assert image.metadata["unit"] == "HU"
    dataset = pydicom.dcmread(P / "CT_small.dcm")
    assert np.array_equal(image.pixels, dataset.pixel_array - 1024.0)
    # a corner of the affine, by the standard's formula C.7.6.2.1-1
    corner = image.affine @ [0, 10, 20, 1]
    turn, start = dataset.ImageOrientationPatient, dataset.ImagePositionPatient
    by_hand = np.array(start) + np.array(turn[:3]) * 20 * 0.661468 + np.array(turn[3:]) * 6.61468
    assert np.allclose(corner[:3], by_hand)


@pytest.mark.parametrize("number", [0, 2])
def test_windows_of_the_file(number):
    path = P / "J2K_pixelrep_mismatch.dcm"
    image = read_image(path) if number == 0 else read_image(path, window=number)
    dataset = pydicom.dcmread(path)
    stored = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    reference = apply_windowing(stored, dataset, index=number)
    low, high = reference.min(), reference.max()
    assert np.allclose(image.unit(), (reference - low) / (high - low), atol=1e-5)
    centre, width = dataset.WindowCenter[number], dataset.WindowWidth[number]
    assert image.metadata["window"] == (centre, width)
    assert image.value_range == (centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2)


def test_window_by_argument():
    path = P / "CT_small.dcm"
    image = read_image(path, window=(40, 400))
    full = read_image(path)
    assert image.value_range == (-160, 240)
    assert np.array_equal(image.pixels, np.clip(full.pixels, -160, 240))
    assert read_image(P / "MR_small.dcm", window="full").value_range == (127, 2145)
    with pytest.raises(InvalidArgument, match="no window of its own"):
        read_image(path, window=0)
    with pytest.raises(InvalidArgument, match="one window; window 3"):
        read_image(P / "MR_small.dcm", window=3)


def test_monochrome1_is_inverted_last():
    [path] = (D / "77654033/CR1").iterdir()
    image = read_image(path)
    dataset = pydicom.dcmread(path)
    real = dataset.pixel_array * 0.684 + float(dataset.RescaleIntercept)
    low, high = 1600 - 0.5 - 2799 / 2, 1600 - 0.5 + 2799 / 2
    assert image.value_range == pytest.approx((low, high))
    assert np.allclose(image.unit(), 1 - (np.clip(real, low, high) - low) / (high - low), atol=1e-6)
    assert image.metadata["inverted"]


@pytest.mark.parametrize("name", ["RLE", "bigendian", "expb", "implicit", "jp2klossless", "padded"])
@pytest.mark.filterwarnings("ignore")
def test_every_encoding_has_the_same_pixels(name):
    reference = read_image(P / "MR_small.dcm")
    image = read_image(P / f"MR_small_{name}.dcm")
    assert np.array_equal(image.pixels, reference.pixels)
    assert image.value_range == reference.value_range
    assert image.spacing == (0.3125, 0.3125)


def test_colour_and_frames():
    first = read_image(P / "examples_ybr_color.dcm")
    assert (first.axes, first.pixels.shape, first.pixels.dtype) == ("YXC", (240, 320, 3), np.uint8)
    assert "first of 30 frames" in first.metadata["notes"][0]
    last = read_image(P / "examples_ybr_color.dcm", frame=-1)
    assert last.metadata["frame"] == 29
    assert not np.array_equal(first.pixels, last.pixels)
    with pytest.raises(InvalidArgument, match="frames 0 to 29; frame 30"):
        read_image(P / "examples_ybr_color.dcm", frame=30)
    palette = read_image(P / "examples_palette.dcm")
    assert palette.axes == "YXC"
    assert len(np.unique(palette.pixels)) > 10


def test_dose_has_its_unit():
    image = read_image(P / "rtdose.dcm", frame=3)
    dataset = pydicom.dcmread(P / "rtdose.dcm")
    wanted = dataset.pixel_array[3] * float(dataset.DoseGridScaling)
    assert np.allclose(image.pixels, wanted)
    assert image.metadata["unit"] == dataset.DoseUnits


def test_rescale_of_every_frame_of_an_enhanced_object():
    def group(slope, row):
        transform, measures, frame = Dataset(), Dataset(), Dataset()
        transform.RescaleSlope, transform.RescaleIntercept = slope, 1
        measures.PixelSpacing = [row, 2]
        frame.PixelValueTransformationSequence = [transform]
        frame.PixelMeasuresSequence = [measures]
        return frame

    data = made(np.stack([RAMP, RAMP]), PerFrameFunctionalGroupsSequence=[group(2, 3), group(5, 4)])
    image = read_image(data, frame=1)
    assert np.array_equal(image.pixels, RAMP * 5.0 + 1)
    assert image.spacing == (4, 2)


def test_other_window_functions():
    exact = read_image(made(RAMP, WindowCenter=500, WindowWidth=100, VOILUTFunction="LINEAR_EXACT"))
    assert exact.value_range == (450, 550)
    sigmoid = read_image(made(RAMP, WindowCenter=500, WindowWidth=100, VOILUTFunction="SIGMOID"))
    assert sigmoid.value_range == (0, 1)
    assert sigmoid.pixels.ravel()[25] == pytest.approx(0.5)
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [3, 100, 16], np.array([7, 8, 9], "<u2").tobytes()
    table["LUTDescriptor"].VR = table["LUTData"].VR = "OW"
    table["LUTDescriptor"].VR = "US"
    looked = read_image(made(RAMP, VOILUTSequence=[table]))
    assert looked.value_range == (0, 65535)
    assert set(np.unique(looked.pixels)) == {7, 9}


def test_padding_does_not_stretch_the_range():
    pixels = RAMP.copy()
    pixels[0] = -2000
    image = read_image(made(pixels, PixelPaddingValue=-2000))
    assert image.value_range == (200, 1980)
    assert (image.pixels[0] == 200).all()
    assert "outside" in image.metadata["notes"][0]


def test_no_patient_gets_out(tmp_path):
    for name, kept in [("doe_jane_ct.dcm", "US"), ("4711007.dcm", "US"), ("im1.dcm", "im1.dcm")]:
        (tmp_path / name).write_bytes(made(RAMP, BurnedInAnnotation="YES"))
        image = read_image(tmp_path / name)
        assert image.name == kept
        assert "doe" not in repr(image.metadata).lower()
        assert "4711007" not in repr(image.metadata)
        assert "burned into" in image.metadata["notes"][0]


def test_content_or_suffix_tells(tmp_path):
    data = made(RAMP)
    (tmp_path / "scan").write_bytes(data)
    assert read_image(tmp_path / "scan").metadata["format"] == "DICOM"
    assert read_image(io.BytesIO(data)).size == (10, 10)
    old = tmp_path / "old.dcm"  # from before the file header existed
    dataset = pydicom.dcmread(io.BytesIO(data))
    bare = io.BytesIO()
    pydicom.dcmwrite(bare, Dataset(dataset), implicit_vr=True, little_endian=True)
    old.write_bytes(bare.getvalue())
    assert np.array_equal(read_image(old).pixels, RAMP)


def test_errors(tmp_path, monkeypatch):
    with pytest.raises(UnreadableImage, match=r"damaged or cut off .* fresh copy"):
        read_image(P / "MR_truncated.dcm")
    with pytest.raises(UnreadableImage, match=r"\(RTPLAN\) that has no pixels"):
        read_image(P / "rtplan.dcm")
    with pytest.raises(ImageTooLarge, match="128 x 128 pixels, the limit is 99"):
        read_image(P / "CT_small.dcm", max_pixels=99)
    with pytest.raises(InvalidArgument, match="`slice` means nothing"):
        read_image(P / "CT_small.dcm", slice=1)
    (tmp_path / "fake.dcm").write_bytes(bytes([7, 200]) * 300)
    with pytest.raises(UnreadableImage, match=r"not a DICOM file|damaged"):
        read_image(tmp_path / "fake.dcm")
    (tmp_path / "page.dcm").write_bytes(b"<html><body>login please")
    with pytest.raises(UnreadableImage, match="HTML page"):
        read_image(tmp_path / "page.dcm")
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(
        MissingDependency, match=r"reading DICOM needs pydicom: .*heatlens\[medical"
    ):
        read_image(P / "CT_small.dcm")


def test_cut_anywhere_is_an_error():
    data = made(RAMP)
    for cut in range(140, len(data) - 2, 37):
        with pytest.raises(UnreadableImage):
            read_image(data[:cut])


def test_a_missing_decoder_is_named(monkeypatch):
    from pydicom.pixels.decoders import JPEGLSLosslessDecoder

    monkeypatch.setattr(JPEGLSLosslessDecoder, "_available", {})
    with pytest.raises(UnreadableImage, match=r"as JPEG-LS Lossless .* pip install"):
        read_image(P / "MR_small_jpeg_ls_lossless.dcm")
