import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from heatlens.errors import ImageTooLarge, InvalidArgument, MissingImage, UnreadableImage
from heatlens.heatmap import Heatmap
from heatlens.images.read import read_image
from heatlens.provenance import Provenance

SUFFIXES = [".npz", ".tif", ".TIFF"]
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def heatmaps(draw):
    axes = draw(st.sampled_from(["YX", "ZYX", "TYX", "FT", "T", "F", "L"]))
    shape = draw(hnp.array_shapes(min_dims=len(axes), max_dims=len(axes), max_side=6))
    values = draw(hnp.arrays(np.float32, shape, elements=FLOATS))
    signed = draw(st.booleans())
    provenance = Provenance(
        draw(st.text(max_size=9)),
        {"steps": draw(st.integers()), "name": draw(st.text(max_size=9))},
        target=draw(st.text(max_size=9)),
        score=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
        notes=tuple(draw(st.lists(st.text(max_size=9), max_size=2))),
    )
    error = draw(st.none() | hnp.arrays(np.float32, shape, elements=FLOATS))
    valid = draw(st.none() | hnp.arrays(np.bool_, shape))
    numbers = st.floats(allow_nan=False)
    coordinates = {
        axis: draw(
            st.lists(st.text(max_size=5) if axis == "L" else numbers, min_size=n, max_size=n)
        )
        for axis, n in zip(axes, shape)
        if draw(st.booleans())
    }
    values = values if signed else abs(values)
    return Heatmap(values, provenance, axes, signed, error, valid, coordinates)


def equal(one, other):
    for name in ("values", "error", "valid"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if (mine is None) != (theirs is None):
            return False
        if mine is not None and (mine.dtype, mine.tobytes()) != (theirs.dtype, theirs.tobytes()):
            return False
    rest = [(it.axes, it.signed, it.provenance, it.coordinates) for it in (one, other)]
    return rest[0] == rest[1]


@settings(max_examples=40, deadline=None)
@given(heatmaps(), st.sampled_from(SUFFIXES))
def test_round_trip_keeps_every_bit(tmp_path_factory, heatmap, suffix):
    path = tmp_path_factory.mktemp("heat") / f"map{suffix}"
    heatmap.save(path)
    back = Heatmap.load(path)
    assert equal(heatmap, back)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def example(**more):
    values = np.linspace(-1, 1, 30, dtype=np.float32).reshape(5, 6)
    return Heatmap(values, Provenance("gradcam", target="Störche 🐦"), **more)


def header_of(path):
    if path.suffix == ".npz":
        return json.loads(np.load(path)["header"].tobytes())
    with Pillow.open(path) as picture:
        return json.loads(picture.tag_v2[270])


@pytest.mark.parametrize("suffix", [".npz", ".tif"])
def test_only_a_map_with_coordinates_needs_a_new_reader(tmp_path, suffix):
    plain, placed = tmp_path / f"plain{suffix}", tmp_path / f"placed{suffix}"
    example().save(plain)
    seconds = {"T": np.arange(6) / 3}
    example().with_(axes="FT", coordinates=seconds).save(placed)
    assert header_of(plain)["heatlens"] == 1
    assert "coordinates" not in header_of(plain)
    assert header_of(placed)["heatlens"] == 2
    assert Heatmap.load(placed).coordinates == {"T": tuple(seconds["T"].tolist())}


def test_a_map_along_one_axis_is_a_tiff_of_one_row(tmp_path):
    path = tmp_path / "words.tif"
    words = ("Störche", "\ud800", "🐦\n", "")
    heat = Heatmap(np.arange(4.0), Provenance("x"), "L", coordinates={"L": words})
    heat.save(path)
    assert Heatmap.load(path).coordinates["L"] == words
    with Pillow.open(path) as picture:
        assert picture.size == (4, 1)


def test_coordinates_that_do_not_fit_are_damage(tmp_path):
    path = tmp_path / "map.npz"
    example().save(path)
    arrays = dict(np.load(path))
    for broken in ({"T": [1]}, {"X": [1]}, {"X": "no number"}, [1]):
        header = header_of(path) | {"coordinates": broken}
        changed = arrays | {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}
        np.savez(tmp_path / "broken.npz", **changed)
        with pytest.raises(UnreadableImage, match="damaged"):
            Heatmap.load(tmp_path / "broken.npz")


def test_other_programs_read_the_tiff(tmp_path):
    path = tmp_path / "map.tif"
    example(valid=np.ones((5, 6), bool)).save(path)
    with Pillow.open(path) as picture:
        assert picture.mode == "F"
        assert np.array_equal(np.asarray(picture), example().values)
        assert json.loads(picture.tag_v2[270])["provenance"]["target"] == "Störche 🐦"
    assert np.array_equal(read_image(path).pixels, example().values)


@pytest.mark.parametrize("suffix", [".npz", ".tif"])
def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"map{suffix}"
    example().save(path)

    def disk_full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", disk_full)
    monkeypatch.setattr(Pillow.Image, "save", disk_full)
    with pytest.raises(InvalidArgument, match="cannot be written: No space left"):
        example().normalized().save(path)
    assert equal(Heatmap.load(path), example())
    assert len(list(tmp_path.iterdir())) == 1


def test_where_it_cannot_be_written(tmp_path):
    with pytest.raises(InvalidArgument, match=r"\.npz, \.tif or \.tiff, not as \.jpg"):
        example().save(tmp_path / "map.jpg")
    with pytest.raises(InvalidArgument, match="not as no suffix"):
        Heatmap.load(tmp_path / "map")
    for suffix in (".npz", ".tif", ".png", ".svg"):
        with pytest.raises(InvalidArgument, match="nowhere does not exist; make it first"):
            example().save(tmp_path / "nowhere" / f"map{suffix}")


@pytest.mark.filterwarnings("ignore:Tag data larger", "ignore:Truncated File Read")
def test_what_cannot_be_read(tmp_path, monkeypatch):
    example().save(tmp_path / "heat.npz")
    example().save(tmp_path / "heat.tif")
    with pytest.raises(MissingImage, match=r"no heatmap at .*did you mean heat\.npz"):
        Heatmap.load(tmp_path / "haet.npz")
    for suffix in (".npz", ".tif"):
        path = tmp_path / f"broken{suffix}"
        data = (tmp_path / f"heat{suffix}").read_bytes()
        for broken in (b"", b"text", data[: len(data) // 2], data[:200], data[:-30]):
            path.write_bytes(broken)
            with pytest.raises(UnreadableImage, match=r"damaged|not a heatmap"):
                Heatmap.load(path)
    np.savez(tmp_path / "foreign.npz", weights=np.ones(3), bias=np.ones(3))
    with pytest.raises(UnreadableImage, match="it holds weights, bias, not `header`"):
        Heatmap.load(tmp_path / "foreign.npz")
    Pillow.fromarray(np.ones((3, 3), np.float32)).save(tmp_path / "foreign.tif")
    with pytest.raises(UnreadableImage, match="read_image reads it as a picture"):
        Heatmap.load(tmp_path / "foreign.tif")
    monkeypatch.setenv("HEATLENS_MAX_PIXELS", "10")
    big = Heatmap(np.zeros((600, 600), np.float32), Provenance("zero"))
    for suffix in (".npz", ".tif"):
        big.save(tmp_path / f"big{suffix}")
        with pytest.raises(ImageTooLarge, match="HEATLENS_MAX_PIXELS"):
            Heatmap.load(tmp_path / f"big{suffix}")


def test_nothing_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("code of the file was run",)

    buffer = io.BytesIO()
    np.savez(buffer, header=np.zeros(2, np.uint8), values=np.array([Trap()], dtype=object))
    (tmp_path / "trap.npz").write_bytes(buffer.getvalue())
    with pytest.raises(UnreadableImage, match="damaged"):
        Heatmap.load(tmp_path / "trap.npz")


def test_a_later_format_is_said(tmp_path):
    path = tmp_path / "map.npz"
    example().save(path)
    arrays = dict(np.load(path))
    header = json.loads(arrays["header"].tobytes())
    header["heatlens"] = 99
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(path, **arrays)
    with pytest.raises(UnreadableImage, match="later heatlens"):
        Heatmap.load(path)
