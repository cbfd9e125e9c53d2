"""Itti-Koch: its sum written out once more, and what has to stand out."""

from __future__ import annotations

import numpy as np
import pytest

from heatlens.errors import UnknownName
from heatlens.image import Image
from heatlens.perception.channels import seen
from heatlens.perception.displays import hit, popout
from heatlens.perception.static.feature_maps.early import early_features
from heatlens.perception.static.feature_maps.promotion import promoted
from heatlens.perception.static.feature_maps.pyramid import onto
from heatlens.perception.static.itti_koch import itti_koch


def test_the_map_is_the_papers_sum_over_pairs_of_levels():
    picture = Image(np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8))
    F = early_features(seen(picture, 640), 2, 8).levels
    size = F[4].shape[1:]
    assert size == (30, 40)

    def N(one):
        return promoted(one[None])[0]

    conspicuity = [np.zeros(size), np.zeros(size), np.zeros(size)]
    oriented = np.zeros((4, *size))
    for c in (2, 3, 4):
        for s in (c + 3, c + 4):
            for channel in range(7):
                fine = F[c][channel : channel + 1]
                across = np.abs(fine - onto(F[s][channel : channel + 1], fine.shape[1:]))
                found = N(onto(across, size)[0])
                if channel < 3:
                    conspicuity[min(channel, 1)] += found
                else:
                    oriented[channel - 3] += found
    conspicuity[2] = sum(N(one.astype(np.float32)) for one in oriented)
    expected = sum(N(one.astype(np.float32)) for one in conspicuity) / 3
    np.testing.assert_allclose(itti_koch(picture), expected, atol=1e-5)


@pytest.mark.parametrize("side", [128, 160, 256, 320, 512, 640])
def test_a_square_in_the_middle_stands_out(side):
    """It is symmetric: where its maxima are plateaus, none of them is the other's rival."""
    for width in (8, 16, 32, 40, 48, 64):
        if 3 * width > side:  # at a third, the corners of one thing become rivals
            continue
        scene = np.full((side, side), 90, np.uint8)
        first = (side - width) // 2
        scene[first : first + width, first : first + width] = 220
        look = itti_koch(Image(scene, "YX"))
        row, column = (np.array(np.unravel_index(look.argmax(), look.shape)) + 0.5) * (
            side / len(look)
        )
        assert look.max() > 0.01, f"{side} / {width}"
        reach = width / 2 + side / len(look)
        assert max(abs(row - side / 2), abs(column - side / 2)) <= reach


@pytest.mark.parametrize("kind", ["colour", "orientation", "size"])
def test_the_odd_item_stands_out(kind):
    displays = [popout(kind, seed=seed) for seed in range(100, 110)]
    assert sum(hit(itti_koch(one.image), one) for one in displays) >= 8


def test_a_picture_of_half_the_size_is_seen_alike():
    display = popout("orientation", size=(480, 640), seed=4)
    whole, half = itti_koch(display.image), itti_koch(display.image, longest=320)
    assert whole.shape == half.shape == (30, 40)
    assert np.corrcoef(whole.ravel(), half.ravel())[0, 1] > 0.7


def test_a_strong_hue_among_strong_ones_is_found_by_cells_of_its_own():
    display = popout("colour", seed=5)  # green among orange
    assert not hit(itti_koch(display.image), display)
    assert hit(itti_koch(display.image, opponents="separate"), display)


def test_competition_keeps_the_odd_item():
    display = popout("orientation", seed=7)
    assert hit(itti_koch(display.image, normalisation="iterative"), display)


def test_another_normalisation_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'iterative'"):
        itti_koch(Image(np.zeros((8, 8), np.uint8), "YX"), normalisation="iterativ")


def test_other_opponents_are_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'separate'"):
        itti_koch(
            Image(np.zeros((8, 8), np.uint8), "YX"),
            opponents="seperate",  # misspelt on purpose
        )  # misspelt on purpose
