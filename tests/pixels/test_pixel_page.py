"""The page about pixels: what it shows runs, in its order, and prints what it says."""

import re
from pathlib import Path

import numpy as np
import pytest
import skimage.data

PAGE = Path(__file__).parents[2] / "docs" / "pixels.md"


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    tifffile = pytest.importorskip("tifffile")
    monkeypatch.chdir(tmp_path)
    tissue = skimage.data.immunohistochemistry()
    tifffile.imwrite("slide.tif", np.ascontiguousarray(tissue[:170, :260]))
    tifffile.imwrite("another.tif", np.ascontiguousarray(tissue[200:370, 150:410]))
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    assert len(blocks) >= 6
    names = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), names)
    told = re.sub(" +", " ", "".join(blocks))
    assert f"found # {names['found']!r}\n" in told
    row, column = names["heat"].peak
    assert 90 <= row < 150
    assert 190 <= column < 270
