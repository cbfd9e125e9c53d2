"""Several transforms as one, the named sets, and words."""

import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.features.visualisation.transforms import composed as home
from heatlens.features.visualisation.transforms.blur import Blur
from heatlens.features.visualisation.transforms.composed import (
    MACO,
    NONE,
    ROBUST,
    composed,
    robust,
)
from heatlens.features.visualisation.transforms.crop import Crop
from heatlens.features.visualisation.transforms.jitter import Jitter
from heatlens.features.visualisation.transforms.noise import Noise
from heatlens.features.visualisation.transforms.pad import Pad
from heatlens.features.visualisation.transforms.rotate import Rotate
from heatlens.features.visualisation.transforms.scale import Scale
from heatlens.features.visualisation.transforms.warp import warped
from heatlens.features.visualisation.transforms.words import parsed

SMOOTH = 0.5 + 0.3 * torch.sin(torch.arange(64.0)[:, None] / 6 + torch.arange(80.0) / 9)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def test_together_is_one_after_the_other_within_interpolation():
    pixels = SMOOTH.expand(4, 3, 64, 80)
    together = composed(ROBUST)(pixels, chance())
    one_by_one, same = pixels, chance()
    for transform in ROBUST:
        one_by_one = composed([transform])(one_by_one, same)
    # One by one, what is shifted out of the canvas is lost: compared is what was seen both times.
    white = torch.ones_like(pixels)
    seen, again = composed(ROBUST, outside=0.0)(white, chance()), chance()
    for transform in ROBUST:
        white = composed([transform], outside=0.0)(white, again)
    seen = torch.minimum(seen, white)
    inside = -torch.nn.functional.max_pool2d(-seen, 5, 1, 2) > 0.999
    assert inside.float().mean() > 0.3
    assert (together - one_by_one)[inside].abs().max() < 0.01


def test_neighbours_are_resampled_once(monkeypatch):
    calls = []

    def counted(pixels, matrix, outside):
        calls.append(matrix)
        return warped(pixels, matrix, outside)

    monkeypatch.setattr(home, "warped", counted)
    steps = [Pad(2), Jitter(1), Noise(), Blur(), Rotate(5), Scale()]
    composed(steps)(torch.rand(2, 3, 16, 16), chance())
    assert len(calls) == 2
    size = (16, 16)
    expected = Jitter(1).matrix(chance(), 2, size) @ Pad(2).matrix(chance(), 2, size)
    torch.testing.assert_close(calls[0], expected)


def test_order_counts():
    pixels = torch.rand(1, 3, 16, 16, generator=chance(1))
    moves = [Jitter(4), Scale(0.8, 0.8)]
    first, then = (composed(order)(pixels, chance()) for order in (moves, moves[::-1]))
    assert not torch.allclose(first, then)


def test_none_gives_the_very_picture():
    pixels = torch.rand(1, 3, 4, 5)
    assert composed(NONE)(pixels, chance()) is pixels


def test_what_lies_outside():
    black = torch.zeros(1, 1, 20, 20)
    for outside, level in (("grey", 0.5), (0.25, 0.25), (1, 1.0), ("reflect", 0.0)):
        moved = composed([Pad(10)], outside)(black, chance())
        assert moved[0, 0, 0, 0] == pytest.approx(level)
    for outside in ("gray", 2, -0.1, float("nan"), None):
        with pytest.raises(InvalidArgument, match=r"'grey', 'reflect' or a value in 0\.\.1"):
            composed([Pad(10)], outside)


def test_the_named_sets_have_the_strengths_they_state():
    assert (Pad(12), Jitter(8), Scale(0.9, 1.1), Rotate(10), Jitter(4)) == ROBUST
    assert robust((96, 128)) == (Pad(5), Jitter(3), Scale(0.9, 1.1), Rotate(10), Jitter(2))
    assert robust((1, 1))[1] == Jitter(1)
    assert (Crop(0.5, 0.9), Noise(0.02)) == MACO


def test_flattening_is_refused():
    with pytest.raises(InvalidArgument, match="flattens"):
        warped(torch.rand(1, 3, 4, 4), torch.diag(torch.tensor([1.0, 0, 1]))[None])
    with pytest.raises(InvalidType, match="'jitter' is no transform"):
        composed(["jitter"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("none", NONE),
        ("robust", ROBUST),
        (" robust , noise(0.1)", (*ROBUST, Noise(0.1))),
        ("maco", MACO),
        ("jitter(8), rotate(10)", (Jitter(8), Rotate(10))),
        ("scale(0.5, high=2.0)", (Scale(0.5, 2.0),)),
        ("blur", (Blur(),)),
        ("blur()", (Blur(),)),
    ],
)
def test_words(words, expected):
    assert parsed(words) == expected


def test_words_fit_the_named_set_to_the_canvas():
    assert parsed("robust", (96, 96)) == robust((96, 96))


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ("jiter(8)", UnknownName, "did you mean 'jitter'"),
        ("robus", UnknownName, "did you mean 'robust'"),
        ("jitter(8", InvalidArgument, r"cannot be read; write them like 'jitter\(8\)"),
        ("", InvalidArgument, "cannot be read"),
        ("8", InvalidArgument, "'8' in '8' is no transform"),
        ("robust(2)", InvalidArgument, "is a set and takes no strengths"),
        ("jitter(1, 2)", InvalidArgument, "jitter takes amount; 2 values are too many"),
        ("scale(hi=2)", InvalidArgument, "'hi' is not known; did you mean 'high'"),
        ("scale(1, low=1)", InvalidArgument, "'low' is given twice"),
        ("rotate('ten')", InvalidArgument, r"rotate\('ten'\): a number is needed"),
        ("rotate(x)", InvalidArgument, "a number is needed"),
        ("rotate(500)", InvalidArgument, "degrees is 500"),
        ("os.system(1)", InvalidArgument, "no transform"),
        (8, InvalidType, "transforms are 8"),
    ],
    ids=[
        "name", "set", "bracket", "nothing", "number", "set-strength", "many", "keyword", "twice",
        "word", "variable", "range", "attribute", "kind",
    ],
)  # fmt: skip
def test_words_are_refused_in_words(words, error, message):
    with pytest.raises(error, match=message):
        parsed(words)
