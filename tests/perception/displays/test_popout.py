"""Displays: what is drawn, where the odd item is, and what differs."""

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.perception.channels import grey
from heatlens.perception.displays import KINDS, popout
from heatlens.perception.displays.drawing import draw_bar
from heatlens.perception.displays.kind import BACKGROUND, coloured
from heatlens.perception.displays.layout import jittered_grid

NAMES = list(KINDS)
STILL = [name for name in NAMES if not KINDS[name].moving]
BEHIND = round(BACKGROUND * 255)


def pixels_of(display, index):
    """The window of one item, wide enough for it and for no other."""
    row, column = np.rint(display.positions[index]).astype(int)
    reach = int(display.item * 0.75)
    return display.image.pixels[row - reach : row + reach + 1, column - reach : column + reach + 1]


def colour_of(display, index):
    row, column = np.rint(display.positions[index]).astype(int)
    return display.image.pixels[row, column].astype(int)


def test_the_kinds():
    assert NAMES == ["colour", "conjunction", "isoluminant", "motion", "orientation", "size"]
    assert [name for name in NAMES if not KINDS[name].popout] == ["conjunction"]
    for kind in KINDS.values():
        assert kind.summary


@pytest.mark.parametrize("kind", STILL)
@pytest.mark.parametrize("seed", range(4))
def test_a_still_display(kind, seed):
    display = popout(kind, seed=seed)
    assert display.image.pixels.shape == (240, 320, 3)
    assert display.image.pixels.dtype == np.uint8
    assert display.positions.shape == (35, 2)
    assert display.kind == kind
    middle = np.argwhere(display.mask).mean(0)
    assert np.abs(middle - display.positions[display.odd]).max() < 0.6
    assert display.area[display.mask].all()
    assert 0.005 < display.chance < 0.05
    assert len(display.fixations) == display.mask.sum()
    # Every item is there, and nothing leaves the picture.
    assert (display.image.pixels[[0, -1]] == BEHIND).all()
    assert (display.image.pixels[:, [0, -1]] == BEHIND).all()
    for index in range(35):
        assert (colour_of(display, index) != BEHIND).any()


@pytest.mark.parametrize("kind", NAMES)
def test_the_seed_decides(kind):
    one, again, other = (popout(kind, seed=s) for s in (1, 1, 2))
    assert (one.image.pixels == again.image.pixels).all()
    assert (one.mask == again.mask).all()
    assert (one.image.pixels != other.image.pixels).any()


def test_the_odd_item_stands_anywhere():
    odd = [popout("colour", seed=s, items=12).odd for s in range(120)]
    assert set(odd) == set(range(12))
    centres = np.array(
        [popout("size", seed=s).positions[popout("size", seed=s).odd] for s in range(60)]
    )
    assert np.ptp(centres[:, 0]) > 120
    assert np.ptp(centres[:, 1]) > 180


@pytest.mark.parametrize("seed", range(5))
def test_colour(seed):
    display = popout("colour", seed=seed)
    others = [colour_of(display, i) for i in range(35) if i != display.odd]
    assert np.ptp(others, axis=0).max() == 0
    assert np.abs(colour_of(display, display.odd) - others[0]).max() > 60


@pytest.mark.parametrize("seed", range(5))
def test_isoluminant_is_invisible_in_grey(seed):
    display = popout("isoluminant", seed=seed)
    luma = grey(display.image) * 255
    row, column = np.rint(display.positions).astype(int).T
    assert np.ptp(luma[row, column]) < 1
    others = np.delete(display.image.pixels[row, column].astype(int), display.odd, 0)
    assert np.abs(colour_of(display, display.odd) - others[0]).max() > 60


@pytest.mark.parametrize("seed", range(5))
def test_orientation_by_second_moments(seed):
    """The long axis of each bar's covering; one of them points elsewhere, by 60 degrees or more."""
    display = popout("orientation", seed=seed)
    angles = []
    for index in range(35):
        weight = pixels_of(display, index)[..., 0].astype(float) - BEHIND
        row, column = np.nonzero(weight)
        spread = np.cov(np.stack([row, column]), aweights=weight[row, column])
        angles.append(0.5 * np.arctan2(2 * spread[0, 1], spread[1, 1] - spread[0, 0]))
    turn = np.exp(2j * np.array(angles))
    others = np.delete(turn, display.odd)
    assert np.abs(np.angle(others / others[0])).max() < 2 * np.deg2rad(3)
    assert abs(np.angle(turn[display.odd] / others[0])) > 2 * np.deg2rad(57)


def test_size():
    display = popout("size", seed=1)
    covered = [(pixels_of(display, i)[..., 0] > BEHIND).sum() for i in range(35)]
    others = np.delete(covered, display.odd)
    assert np.ptp(others) < 0.2 * others.mean()
    assert covered[display.odd] > 1.8 * others.max()


@pytest.mark.parametrize("seed", range(5))
def test_conjunction_shares_each_feature(seed):
    """Two colours and two turns, and the odd one is the only one of its pair."""
    display = popout("conjunction", seed=seed)
    looks = KINDS["conjunction"].looks(np.random.default_rng(seed), 35, 4)
    colours = np.round(looks.colours, 6)
    kinds = [(*c, round(a, 6)) for c, a in zip(colours.tolist(), looks.angles.tolist())]
    assert [kinds.count(kind) for kind in kinds].index(1) == 4
    assert len(set(kinds)) == 3
    assert len(np.unique(colours, axis=0)) == 2
    assert len({tuple(colour_of(display, i)) for i in range(35)}) == 2


def test_motion():
    """All positions move by one vector a frame, the odd one by its opposite."""
    display = popout("motion", frames=9, seed=3)
    assert display.image.axes == "TYXC"
    assert display.image.pixels.shape == (9, 240, 320, 3)
    assert display.mask.shape == (9, 240, 320)
    steps = np.diff(display.positions, axis=0)
    steps = np.mod(steps + np.array([120, 160]), [240, 320]) - np.array([120, 160])
    others = np.delete(steps, display.odd, 1)
    assert np.allclose(others, others[0, 0])
    assert np.allclose(steps[:, display.odd], -others[:, 0])
    assert 1 < np.hypot(*others[0, 0]) < 3
    for mask, place in zip(display.mask, display.positions[:, display.odd]):
        assert np.abs(np.argwhere(mask).mean(0) - place).max() < 0.6
    with pytest.raises(InvalidArgument, match="a mask for each frame"):
        display.fixations  # noqa: B018


def test_motion_comes_in_on_the_other_side():
    """The number of bright pixels hardly changes while bars cross the border."""
    display = popout("motion", frames=60, size=(120, 160), seed=0)
    bright = (display.image.pixels[..., 0] > BEHIND + 50).sum((1, 2))
    assert np.ptp(bright) < 0.15 * bright.mean()


def test_soft_edges_have_the_bars_area():
    """The covered shares add up to length x width, whatever the turn."""
    for angle in np.linspace(0, np.pi, 7):
        canvas = np.zeros((60, 60, 3), np.float32)
        cover = np.zeros((60, 60), np.float32)
        centre = np.array([29.3, 30.8])
        draw_bar(canvas, cover, centre, 30.0, 9.0, angle, np.ones(3))
        assert cover.sum() == pytest.approx(270, rel=0.02)
        assert np.allclose(canvas[..., 0], cover)


def test_a_bar_outside_leaves_no_trace():
    canvas = np.zeros((10, 10, 3), np.float32)
    draw_bar(canvas, None, np.array([-30.0, 5.0]), 8.0, 3.0, 1.0, np.ones(3))
    assert not canvas.any()


def test_colours_of_one_brightness():
    colours = coloured(np.linspace(0, 6, 20), 0.5, 0.3)
    assert np.allclose(colours @ [0.299, 0.587, 0.114], 0.5)
    assert np.allclose(np.linalg.norm(colours - 0.5, axis=1), 0.3)


@pytest.mark.parametrize(
    ("items", "size"), [(4, (40, 40)), (7, (99, 61)), (36, (200, 300)), (13, (64, 640))]
)
def test_any_number_of_items(items, size):
    display = popout("size", items=items, size=size, seed=1)
    assert len(display.positions) == items
    centres, cell = jittered_grid(items, size, np.random.default_rng(0))
    gaps = np.hypot(*(centres[:, None] - centres[None]).transpose(2, 0, 1))
    assert gaps[~np.eye(items, dtype=bool)].min() > 0.6 * cell
    assert (centres > 0.3 * cell).all()
    assert (centres < np.array(size) - 0.3 * cell).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"items": 3}, "at least 4"),
        ({"items": 4.5}, "items is 4.5"),
        ({"items": 5000}, "do not fit into 240 x 320 pixels; there is room for about"),
        ({"size": (0, 40)}, "expected height and width"),
        ({"size": (40,)}, "expected height and width"),
        ({"frames": 5}, "a colour display is a still and has no frames; moving is 'motion'"),
        ({"kind": "motion", "frames": 1}, "at least 2"),
        ({"kind": "motion", "frames": 2.5}, "frames is 2.5; it is a whole number"),
        ({"kind": 3}, "kind is 3; expected a name: colour"),
        ({"kind": ["colour"]}, "expected a name"),
        ({"size": 240}, "size is 240; expected height and width"),
        ({"size": (240.0, 320)}, "expected height and width"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
    ],
    ids=[
        "few", "half", "many", "no-size", "one-side", "frames", "one-frame", "half-frames",
        "number", "list", "side", "real-side", "negative-seed", "no-seed",
    ],
)  # fmt: skip
def test_bad_input(given, words):
    with pytest.raises((InvalidArgument, InvalidType), match=words):
        popout(**given)


def test_a_display_cannot_be_changed():
    display = popout("colour", seed=1)
    for array in (display.mask, display.positions, display.area, display.image.pixels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_an_unknown_kind():
    with pytest.raises(UnknownName, match="did you mean 'colour'"):
        popout("color")
