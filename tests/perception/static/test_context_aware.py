"""Context-aware saliency: its formula in loops, and what has to stand out."""

from __future__ import annotations

import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.perception.displays import hit, popout
from heatlens.perception.static import context_aware as room
from heatlens.perception.static.context_aware import context_aware
from heatlens.perception.static.regions.colours import lab


def test_one_scale_is_the_papers_formula(monkeypatch):
    monkeypatch.setattr(room, "SCALES", (1.0,))
    monkeypatch.setattr(room, "CONTEXT", (1.0,))
    photo = Image(np.random.default_rng(0).integers(0, 256, (16, 20, 3), np.uint8))
    colours = np.pad(lab(photo).astype(np.float64), ((3, 3), (3, 3), (0, 0)), mode="symmetric")
    places = [(int(i), int(j)) for i in (2, 6, 10, 14) for j in (2, 6, 10, 14, 18)]
    expected = []
    for i, j in places:
        distances = []
        for p, q in places:
            one, other = colours[i : i + 7, j : j + 7], colours[p : p + 7, q : q + 7]
            looks = np.sqrt(((one - other) ** 2).sum() / 49) / 100
            away = np.hypot(i - p, j - q) / 20
            distances.append(looks / (1 + 3 * away))
        expected.append(1 - np.exp(-np.mean(np.sort(distances)[:6])))
    found = context_aware(photo, neighbours=6, focus=False)
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-4)


def test_batches_of_rows_change_nothing(monkeypatch):
    photo = Image(np.random.default_rng(1).integers(0, 256, (60, 70, 3), np.uint8))
    whole = context_aware(photo)
    monkeypatch.setattr(room, "ROWS", 7)
    np.testing.assert_allclose(context_aware(photo), whole, atol=1e-5)


def test_focus_dims_what_is_far_from_it():
    display = popout("colour", seed=1, size=(96, 128))
    plain, focused = (context_aware(display.image, focus=f) for f in (False, True))
    assert (focused <= plain + 1e-7).all()
    assert focused.max() == pytest.approx(plain.max())


@pytest.mark.parametrize("kind", ["colour", "size"])
def test_the_odd_item_is_found_far_above_chance(kind):
    displays = [popout(kind, seed=seed, size=(144, 192)) for seed in range(100, 106)]
    assert sum(hit(context_aware(one.image), one) for one in displays) >= 3


def test_neighbours_are_checked():
    with pytest.raises(InvalidArgument, match="1 or more"):
        context_aware(Image(np.zeros((8, 8), np.uint8), "YX"), neighbours=0)
