"""The page of a zoomable picture and its folder: no text runs, nothing else is removed."""

import base64
import hashlib
import html.parser
import json
import threading
import time

import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.render.colour import Scale
from heatlens.render.zoom.deep_zoom import deep_zoom

PIXELS = np.random.default_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)
BAD = [
    "{{about}} onfocus=document.title=1 autofocus .tif",
    "{{script}}{{style}}{{nothing}}",
    "</script><img src=x onerror=alert(1)>",
    "\"></title><script>alert('x')</script>",
    "a & b &lt;b&gt; \u2028 {{name}}",
]


class Seen(html.parser.HTMLParser):
    """What a browser makes of a page: its elements, and the text of each."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.inside = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = len(self.elements)
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside is not None:
            self.texts[self.inside] = self.texts.get(self.inside, "") + data

    def only(self, tag, **wanted):
        (found,) = [
            number
            for number, (name, has) in enumerate(self.elements)
            if name == tag and all(has.get(key) == value for key, value in wanted.items())
        ]
        return self.elements[found][1], self.texts.get(found)


@pytest.mark.parametrize("name", BAD, ids=["braces", "keys", "script", "title", "entities"])
def test_no_name_or_note_becomes_part_of_the_page(name, tmp_path):
    plain = Seen(deep_zoom(Image(PIXELS), None, tmp_path / "plain").read_text("utf-8"))
    heat = Heatmap(np.float32(PIXELS[..., 0]), Provenance("made", target=name, notes=(name,)))
    seen = Seen(deep_zoom(Image(PIXELS, name=name), heat, tmp_path / "a").read_text("utf-8"))
    assert seen.elements[1:] == plain.elements[1:]
    assert seen.only("title")[1] == name
    about = json.loads(seen.only("script", type="application/json")[1])
    assert about["name"] == name
    assert about["heat"]["notes"] == [name]


def test_the_policy_names_the_pages_own_script_and_style(tmp_path):
    seen = Seen(deep_zoom(Image(PIXELS), None, tmp_path).read_text("utf-8"))
    policy = seen.only("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    texts = [
        seen.texts[n]
        for n, (tag, has) in enumerate(seen.elements)
        if tag == "script" and "type" not in has
    ]
    for rule, text in (("script-src", *texts), ("style-src", seen.only("style")[1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert not any(
        key.startswith("on") or key == "style" for _, has in seen.elements for key in has
    )


def test_a_scale_that_ends_early_says_so(tmp_path):
    heat = Heatmap(np.linspace(-4, 8, 90 * 70).reshape(90, 70).astype(np.float32), Provenance("m"))
    ends = {Scale(-2, 2, "viridis", symmetric=True): ("≤ −2", "≥ 2"), None: ("−8", "8")}
    for number, (scale, words) in enumerate(ends.items()):
        page = deep_zoom(Image(PIXELS), heat, tmp_path / str(number), scale=scale)
        about = json.loads(Seen(page.read_text("utf-8")).only("script", id="data")[1])
        ticks = about["heat"]["ticks"]
        assert (ticks[0][1], ticks[-1][1]) == words


def test_an_earlier_result_is_replaced_and_nothing_else(tmp_path):
    heat = Heatmap(np.float32(PIXELS[..., 0]), Provenance("made"))
    deep_zoom(Image(PIXELS), heat, tmp_path / "a", tile=16)
    deep_zoom(Image(PIXELS[:20, :20]), None, tmp_path / "a", tile=16)
    left = {path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*.*")}
    assert not any("heat" in name for name in left)
    assert "picture_files/5/1_1.jpg" in left
    assert "picture_files/7/0_0.jpg" not in left
    for name, text in (("index.html", "<h1>my page</h1>"), ("picture_files/mine.txt", "x")):
        file = tmp_path / name.partition("/")[0][:1] / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
        with pytest.raises(InvalidArgument, match="none of ours"):
            deep_zoom(Image(PIXELS), None, tmp_path / name[:1])
        assert file.read_text() == text


class Slow:
    name, size, value_range, spacing = "slow", (4096, 4096), (0.0, 255.0), None

    def __init__(self, wait=0.0, bad=False):
        self.asked, self.wait, self.bad = 0, wait, bad

    def region(self, top, left, height, width):
        self.asked += 1
        time.sleep(self.wait)
        if self.bad and (top, left) == (0, 0):
            raise ValueError("damaged")
        return np.zeros((height, width), np.uint8)


def test_an_error_or_an_interrupt_ends_the_other_threads(tmp_path):
    damaged = Slow(0.01, bad=True)
    with pytest.raises(ValueError, match="damaged"):
        deep_zoom(damaged, None, tmp_path / "a", tile=128)
    assert damaged.asked < 1024 / 2

    def stop(done, total):
        if done > total / 50:
            raise KeyboardInterrupt

    slow = Slow(0.001)
    with pytest.raises(KeyboardInterrupt):
        deep_zoom(slow, None, tmp_path / "b", tile=128, progress=stop)
    assert slow.asked < 1024 / 2
    assert not (tmp_path / "b/index.html").exists()


def test_progress_is_told_by_one_thread_at_a_time(tmp_path):
    told, inside, crossed = [], threading.Lock(), []

    def progress(done, total):
        if not inside.acquire(blocking=False):
            crossed.append(done)
            return
        time.sleep(0.001)
        told.append(done)
        inside.release()

    deep_zoom(Image(PIXELS), None, tmp_path, tile=16, progress=progress)
    assert not crossed
    assert told == sorted(told)
    assert told[-1] == 90 * 70
