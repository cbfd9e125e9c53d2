import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, InvalidType, MissingImage, UnreadableImage
from heatlens.provenance import Provenance
from heatlens.render.figure import (
    compare,
    plot,
    png,
    read_provenance,
    read_provenances,
    save_figure,
    save_picture,
)
from heatlens.render.html import Section, page, save_page
from heatlens.render.sheet import sheet, sheet_pixels

RICH = Provenance(
    "gradcam",
    parameters={"layer": "layer4", "steps": 3},
    target='Ägyptische <Katze> & "Co" ]]> </metadata>',
    score=1.5,
    seed=7,
    version="0.1.0",
    image="\udcffodd name.png",
    notes=("one", "two"),
)


@pytest.mark.parametrize("suffix", ["png", "svg", "PNG"])
def test_provenance_round_trips(blob, photo, tmp_path, suffix):
    path = save_picture(blob.with_(provenance=RICH), tmp_path / f"x.{suffix}", photo, dpi=60)
    assert read_provenance(path) == RICH


def test_png_text_entries(blob, tmp_path):
    path = save_picture(blob.with_(provenance=RICH), tmp_path / "x.png", dpi=60)
    with Pillow.open(path) as picture:
        assert picture.text["Software"] == "heatlens 0.1.0"
        assert picture.text["Description"].startswith("gradcam for")
        assert Provenance.from_json(picture.text["heatlens"]) == RICH


def test_svg_is_well_formed_and_has_no_date(blob, tmp_path):
    path = save_picture(blob.with_(provenance=RICH), tmp_path / "x.svg")
    root = ElementTree.parse(path).getroot()
    (entry,) = root.iter("{urn:heatlens:provenance}provenance")
    assert Provenance.from_json(entry.text) == RICH
    assert "<dc:date>" not in path.read_text()


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_same_figure_same_bytes(blob, photo, tmp_path, suffix):
    files = [save_picture(blob, tmp_path / f"{k}.{suffix}", photo, dpi=60) for k in range(2)]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_several_maps_in_one_figure(blob, tmp_path, suffix):
    makers = [Provenance("gradcam"), RICH]
    figure = compare([blob.with_(provenance=one) for one in makers])
    path = save_figure(figure, tmp_path / f"x.{suffix}", *makers, dpi=60)
    assert read_provenances(path) == tuple(makers)


def test_heatmap_save_is_a_picture(blob, tmp_path):
    blob.save(tmp_path / "x.png")
    assert read_provenance(tmp_path / "x.png") == blob.provenance


def test_reading_what_is_not_ours(tmp_path):
    with pytest.raises(MissingImage):
        read_provenance(tmp_path / "none.png")
    Pillow.new("RGB", (3, 3)).save(tmp_path / "plain.png")
    (tmp_path / "plain.svg").write_text("<svg/>")
    (tmp_path / "text.png").write_text("hello")
    for name in ("plain.png", "plain.svg", "text.png"):
        with pytest.raises(UnreadableImage):
            read_provenance(tmp_path / name)
    element = '<heatlens:provenance xmlns:heatlens="urn:heatlens:provenance">{}</{}>'
    for broken in ("{", "[]", "{}", "[1]"):
        text = element.format(broken, "heatlens:provenance")
        (tmp_path / "broken.svg").write_text(text)
        with pytest.raises(UnreadableImage):
            read_provenance(tmp_path / "broken.svg")


def test_other_formats_are_refused_before_drawing(blob, tmp_path):
    with pytest.raises(InvalidArgument, match="npz"):
        save_picture(blob, tmp_path / "x.jpg")


def test_page_is_self_contained_and_escaped(blob, photo, tmp_path):
    evil = "<script>alert(1)</script>"
    section = Section(
        evil,
        [evil],
        [(f'" onload="x {evil}', plot(blob, photo)), ("", photo), ("bytes", png(blob))],
        {evil: evil, "score": 1.5},
    )
    text = page(evil, [section, Section("empty")], dpi=60)
    assert "<script" not in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert "onload=&quot;" not in text.replace("&quot; onload=&quot;x", "")
    assert text.count("data:image/png;base64,") == 3
    assert "prefers-color-scheme: dark" in text
    path = save_page(tmp_path / "page.html", "Ä", [Section("x")])
    assert "<title>Ä</title>" in path.read_text(encoding="utf-8")
    with pytest.raises(InvalidArgument):
        page("x", [Section("x", pictures=[("x", b"GIF89a")])])


def test_sheet_holds_the_pictures(blob, photo, tmp_path):
    red = np.zeros((50, 50, 3), np.uint8)
    red[..., 0] = 255
    tall = np.full((200, 10), 90, np.uint8)
    rows = [("first row", [("red", red), photo]), ("second", [("tall", tall), plot(blob)])]
    pixels = sheet_pixels(rows, title="A title", cell=100)
    assert (pixels == [255, 0, 0]).all(axis=-1).sum() == 100 * 100
    assert (pixels == [90, 90, 90]).all(axis=-1).sum() >= 100 * 5
    for name in ("x.png", "x.jpg", "x.webp"):
        with Pillow.open(sheet(rows, tmp_path / name, title="A title", cell=100)) as drawn:
            assert drawn.size == pixels.shape[1::-1]


def test_sheet_errors(tmp_path):
    with pytest.raises(InvalidArgument):
        sheet([], tmp_path / "x.png")
    with pytest.raises(InvalidArgument):
        sheet([("x", [np.zeros((4, 4), np.uint8)])], tmp_path / "x.pdf")
    with pytest.raises(InvalidType, match="uint8"):
        sheet_pixels([("x", [np.zeros((4, 4))])])
