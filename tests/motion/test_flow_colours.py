"""The colour wheel against torchvision's, and what each direction looks like."""

import numpy as np
import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.motion import flow_picture, flow_wheel


def test_equals_torchvisions_flow_to_image():
    utils = pytest.importorskip("torchvision.utils")
    flow = np.random.default_rng(0).normal(0, 3, (40, 50, 2)).astype(np.float32)
    columns_first = torch.from_numpy(flow[..., ::-1].copy()).permute(2, 0, 1)
    expected = utils.flow_to_image(columns_first).permute(1, 2, 0).numpy()
    found = flow_picture(flow)
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("direction", "colour"),
    [
        ((0, 1), (255, 0, 0)),
        ((0.0, 1), (255, 0, 0)),
        ((-0.0, 1), (255, 0, 0)),
        ((0, 0), (255, 255, 255)),
    ],
    ids=str,
)
def test_right_is_red_and_still_is_white(direction, colour):
    assert flow_picture(np.array([[direction]], np.float32), 1)[0, 0].tolist() == list(colour)


def test_the_other_directions():
    down, left, up = (flow_picture(np.array([[d]]), 1.0)[0, 0] for d in ((1, 0), (0, -1), (-1, 0)))
    assert down[0] == 255
    assert down[1] > 200
    assert down[2] == 0  # yellow
    assert left[0] == 0
    assert left[1] > 180
    assert left[2] == 255  # cyan to blue
    assert up[2] == 255
    assert up[1] == 0
    assert 0 < up[0] < 160  # violet


def test_the_hue_is_even_around_the_circle():
    angles = np.linspace(0, 2 * np.pi, 721)
    ring = np.stack([np.sin(angles), np.cos(angles)], -1)[None]
    colours = flow_picture(ring, 1.0)[0].astype(int)
    assert np.abs(np.diff(colours, axis=0)).max() < 14


def test_the_limit_is_a_scale_for_a_whole_film():
    flow = np.zeros((1, 3, 2))
    flow[0, :, 1] = 1, 2, 4
    weak, full, beyond = flow_picture(flow, 2)[0]
    assert weak.tolist() == [255, 127, 127]
    assert full.tolist() == [255, 0, 0]
    assert beyond.tolist() == [191, 0, 0]
    assert np.array_equal(flow_picture(np.zeros((2, 3, 2))), np.full((2, 3, 3), 255))
    for limit in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InvalidArgument, match="above 0"):
            flow_picture(flow, limit)
    with pytest.raises(InvalidType, match="pixels per frame"):
        flow_picture(flow, "fast")
    with pytest.raises(InvalidArgument, match="NaN"):
        flow_picture(np.full((1, 1, 2), np.nan))


def test_the_wheel_is_the_legend():
    wheel = flow_wheel(101)
    assert wheel.shape == (101, 101, 3)
    assert wheel[0, 0].tolist() == [255, 255, 255]
    for row, column in ((50, 90), (80, 50), (20, 30)):
        offset = (np.array([row, column]) - 50) / 50
        expected = flow_picture(offset[None, None].astype(np.float32), 1.0)[0, 0]
        assert np.abs(wheel[row, column].astype(int) - expected).max() <= 1
    with pytest.raises(InvalidArgument, match="3 to 8192"):
        flow_wheel(2)
    with pytest.raises(InvalidType, match="whole number"):
        flow_wheel(9.5)
