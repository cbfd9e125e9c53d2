"""The result sheet: what stands on it, and that it holds in bad cases."""

import io
import re

import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.distributions import as_distribution
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.search.sheet import Answer, Shown, facts, pixels, ranks
from heatlens.search.sheet_flow import flow
from heatlens.search.sheet_page import result_page, save_result_page
from heatlens.search.sheet_picture import MOST, save_sheet, sheet
from heatlens.transport import emd

LONG = "IMG_" + "a_name_without_any_place_to_break_it" * 6 + ".jpeg"
ODD = "雨 & <script>alert('1')</script> [b]\n$x_1$ \udcff.png"


def encoded(picture, kind="PNG"):
    buffer = io.BytesIO()
    Pillow.fromarray(picture).save(buffer, kind)
    return buffer.getvalue()


def crops(count, size=(40, 56)):
    import skimage.data

    photo, rng = skimage.data.astronaut(), np.random.default_rng(0)
    for _ in range(count):
        y, x = rng.integers(0, 400, 2)
        yield photo[y : y + size[0], x : x + size[1]]


def answer(things, kind="signature", names=None, pictures=None, **parameters):
    """The first of the things is searched for among all of them."""
    made = [as_distribution(thing, kind, **parameters) for thing in things]
    shown = []
    for k, one in enumerate(made):
        kept = one.weights > 0
        weights, points = one.weights[kept].astype(np.float32), one.points[kept].astype(np.float32)
        name = names[k] if names else f"crop {k}.png"
        thumbnail = pictures[k] if pictures else None
        shown.append(Shown(name, weights, points, 0.0, thumbnail, f"{k}", f"/photos/{name}"))
    query = shown[0]
    hits = []
    for one in shown:
        given = {"x": query.points, "y": one.points, "mass": "normalise"}
        distance = max(emd(query.weights, one.weights, **given).value, 0.0)
        hits.append(Shown(**{**vars(one), "distance": distance}))
    hits.sort(key=lambda hit: hit.distance)
    return Answer(
        query, hits, kind, made[0].unit, 5000, True, parameters=parameters, index="photos.lance"
    )


def texts(figure):
    return [text.get_text() for text in figure.texts]


def headings(page):
    return re.findall("<h2>(.*?)</h2>", page)


def test_the_sheet_shows_the_query_first():
    pictures = [encoded(crop) for crop in crops(8)]
    figure = sheet(answer(crops(8), k=8, pictures=pictures))
    said = texts(figure)
    assert said[0] == "nearest to crop 0.png in photos.lance"
    assert said[1] == "query: crop 0.png"
    assert said[2].startswith("1: 0 CIELAB units")
    assert " ".join(said).count("CIELAB units, crop") == 8
    assert "Certified" in " ".join(said)
    assert len(figure.axes) == 9
    first = np.asarray(figure.axes[0].images[0].get_array())
    assert first.shape == (256, 256, 3)


def test_the_page_needs_nothing_else(tmp_path):
    pictures = [encoded(crop, "JPEG") for crop in crops(4)]
    found = answer(crops(4), k=8, pictures=pictures)
    path = save_result_page(found, tmp_path / "page.html")
    page = path.read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|https?://|url\(", page)
    assert set(re.findall('src="([^"]{0,22})', page)) == {"data:image/png;base64,"}
    assert page.count("<img ") == 5 + 3, "tiles, and a flow for each hit but the query itself"
    assert headings(page) == [
        "query and hits",
        *(f"{k}: {h.name}" for k, h in enumerate(found.hits, 1)),
    ]
    assert "The signatures are equal: nothing moves." in page
    assert page.count('class="pictures tiles"') == 1


def test_names_of_all_kinds(tmp_path):
    found = answer(crops(3), k=4, names=[LONG, ODD, "plain.png"])
    with pytest.warns(UserWarning, match="Glyph") if no_han() else _no_warning():
        save_sheet(found, tmp_path / "sheet.png")
        page = result_page(found)
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;" in page
    assert LONG in page
    with Pillow.open(tmp_path / "sheet.png") as drawn:
        assert drawn.width < 2200


def no_han():
    from heatlens.render.typography import font

    return font(8).get_family() == ["DejaVu Sans"]


def _no_warning():
    import contextlib

    return contextlib.nullcontext()


@pytest.mark.parametrize("count", [1, 2, 50, 150])
def test_any_number_of_hits(count, tmp_path):
    thumbnail = encoded(next(crops(1)))
    one = np.float32([1]), np.zeros((1, 3), np.float32)
    hits = [Shown("same.png", *one[:1], one[1] + k, k * 3**0.5, thumbnail) for k in range(count)]
    found = Answer(Shown("query", *one), hits, "signature", "CIELAB units", 10**6, True)
    path = save_sheet(found, tmp_path / "sheet.png", dpi=40)
    with Pillow.open(path) as drawn:
        assert drawn.height < 60 * 40
    calls = []
    page = result_page(found, flows=3, progress=lambda *given: calls.append(given))
    flows = min(3, count) - 1  # the first is the query itself
    assert page.count("<img ") == 1 + min(count, 119) + flows
    assert calls[-1] == (min(3, count), min(3, count))
    assert ("further hits" in headings(page)) == (count > 3)
    assert len(re.findall("<tr><th>[0-9]+: same.png", page)) == max(0, count - 3), "names repeat"
    said = " ".join(texts(sheet(found)))
    assert (f"The first {MOST} of {count} hits are shown." in said) == (count > MOST)


def test_twenty_hits_are_a_page_of_reasonable_size():
    found = answer(
        crops(20, (100, 128)), k=32, pictures=[encoded(c) for c in crops(20, (100, 128))]
    )
    page = result_page(found)
    assert page.count("<img ") == 21 + 19
    assert len(page) < 3_000_000


def test_nothing_was_found():
    one = np.float32([1]), np.zeros((1, 3), np.float32)
    found = Answer(Shown("query", *one), [], "signature", "CIELAB units", 7, True, radius=0.5)
    assert (
        facts(found)[0] == "No image within 0.5 by W1 on signature, in CIELAB units: 0 of 7 images."
    )
    assert len(sheet(found).axes) == 1
    assert headings(result_page(found)) == ["query and hits"]


@pytest.mark.parametrize("broken", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\nand no more"])
def test_missing_and_broken_thumbnails(broken):
    found = answer(crops(2), k=4, pictures=[broken, encoded(next(crops(1)))])
    assert pixels(found.query) is None
    assert "no thumbnail" in [text.get_text() for axes in sheet(found).axes for text in axes.texts]
    assert "query: crop 0.png (no thumbnail)" in result_page(found)


def test_transparent_thumbnails_lie_on_white():
    clear = encoded(np.zeros((4, 4, 4), np.uint8))
    one = np.float32([1]), np.zeros((1, 3), np.float32)
    assert (pixels(Shown("query", *one, thumbnail=clear)) == 255).all()


def peaks():
    y, x = np.mgrid[:24, :24]
    for row, column in ((6, 6), (6, 9), (18, 15)):
        values = np.exp(-((y - row) ** 2 + (x - column) ** 2) / 6) - 0.05
        yield Heatmap(values, Provenance("gradcam"))


@pytest.mark.parametrize(
    "given", [{"grid": (16, 16), "aspect": 1.0}, {"unit": "pixels", "grid": (12, 12)}]
)
def test_the_flow_of_heatmaps_is_drawn_on_their_grid(given):
    """Also where there is no thumbnail: then the mass itself is shown."""
    found = answer(list(peaks()), "mass", part="positive", **given)
    figure = flow(found, found.hits[1])
    said = texts(figure)
    assert said[0].startswith("W1 = ")
    assert any("what moves" in line for line in said)
    from_, _, to = (axes.images[0].get_array() for axes in figure.axes[:3])
    for picture, peak in ((from_, (6, 6)), (to, (6, 9))):
        bright = np.unravel_index(np.asarray(picture).sum(-1).argmax(), picture.shape[:2])
        near = np.array(bright) / picture.shape[:2] * 24
        assert np.abs(near - np.array(peak) - 0.5).max() < 2, "the mass lies where it belongs"


def test_the_flow_of_masses_on_their_own_grids_needs_a_thumbnail():
    things = [crop[:, : 56 - 8 * k] for k, crop in enumerate(crops(3))]
    bare = answer(things, "mass", side=12)
    assert flow(bare, bare.hits[1]) is None
    assert "What moves" not in result_page(bare)
    found = answer(things, "mass", side=12, pictures=[encoded(thing) for thing in things])
    figure = flow(found, found.hits[1])
    assert "from: query" in texts(figure)
    unit = answer(things, "mass", unit="pixels", side=12)
    assert flow(unit, unit.hits[1]) is None


def test_flows_of_other_kinds():
    histogram = answer(crops(3), "histogram", bins=256)
    title = texts(flow(histogram, histogram.hits[1]))[0]
    assert title == f"W1 = {histogram.hits[1].distance:.4g} grey levels of 0..255"
    assert "not" not in " ".join(texts(flow(histogram, histogram.hits[1]))), (
        "the area is the distance"
    )
    position = answer(crops(3), "signature-position", k=6)
    assert flow(position, position.hits[1]) is not None
    angles = answer(crops(3), "orientation")
    assert flow(angles, angles.hits[1]) is None
    assert flow(histogram, histogram.hits[0]) is None, "nothing moves"


def test_ranks_and_words():
    assert ranks([]) == []
    assert ranks([0.0, 0.0, 0.0, 1.0, 1.0 + 1e-12, 3.0]) == ["1=", "1=", "1=", "4=", "4=", "6"]
    one = np.float32([1]), np.zeros((1, 3), np.float32)
    hits = [Shown("a", *one, distance) for distance in (0.0, 1.0, 1.0, 1.0)]
    given = {"tied": True, "bounds": 1234567, "solves": 42, "seconds": 0.0104}
    found = Answer(Shown("q", *one), hits, "signature", "CIELAB units", 10**6, True, **given)
    assert facts(found) == [
        "The 4 nearest by W1 on signature, in CIELAB units: 4 of 1,000,000 images.",
        "Certified: none of the others is nearer.",
        "Equally far away: hits 2 to 4.",
        "Others lie exactly as far away as the last one.",
        "1,234,567 bounds and 42 exact distances were computed, in 10 ms.",
    ]
    with pytest.raises(InvalidArgument, match="not in order"):
        Answer(Shown("q", *one), hits[::-1], "signature", "CIELAB units", 4, True)
    with pytest.raises(InvalidArgument, match=r"\.png"):
        save_sheet(found, "sheet.jpg")
