"""The grid of channels: one scale for all, the picture first, signs seen."""

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, NoSpatialLayer
from heatlens.features.activations import channel_grid, layer_activations, layer_tree
from heatlens.features.activations.tree import around
from heatlens.models.load import as_model, load_model
from heatlens.models.prepare import prepared
from heatlens.render.colour import Scale
from heatlens.testing.scenes import scene


@pytest.fixture(scope="module")
def cnn():
    return hl.load_model("bundled:scene-cnn")


@pytest.fixture(scope="module")
def seen(cnn):
    return layer_activations(cnn, scene(14, split="test").image, "stage3")


def shown(figure):
    """The pixels of every picture of a figure, in order."""
    return [axes.images[0].get_array() for axes in figure.axes if axes.get_label() == "picture"]


def test_all_channels_share_one_scale_and_the_picture_comes_first(seen):
    pictures = shown(channel_grid(seen, [5, 90, 19]))
    scale = Scale(0.0, float(seen.values[[5, 90, 19]].max()))
    np.testing.assert_array_equal(pictures[0], scene(14, split="test").image)
    for drawn, k in zip(pictures[1:], [5, 90, 19], strict=True):
        np.testing.assert_array_equal(drawn, scale.colours(seen.values[k].numpy()))


def test_signed_channels_are_drawn_about_zero(cnn):
    before = layer_activations(cnn, scene(14, split="test").image, "stem.0.0")
    assert before.signed
    end = float(before.values[[3, 4]].abs().max())
    scale = Scale(-end, end, "blue-red", symmetric=True)
    drawn = shown(channel_grid(before, [3, 4]))[2]
    np.testing.assert_array_equal(drawn, scale.colours(before.values[4].numpy()))


@pytest.mark.parametrize(
    "channels",
    [[5, 3], (5, 3), np.array([5, 3]), torch.tensor([5, 3])],
    ids=["list", "tuple", "array", "tensor"],
)
def test_channels_that_were_named_are_not_called_the_strongest(seen, channels):
    words = [text.get_text() for text in channel_grid(seen, channels).texts]
    assert [word for word in words if word.isdecimal()] == ["5", "3"]
    assert "2 of 96 channels; 12 x 12 cells each; one scale for all" in words


@pytest.mark.parametrize("count", [np.int64(1), 7, None], ids=["one", "seven", "default"])
def test_the_strongest_are_chosen_and_named(seen, count):
    figure = channel_grid(seen, count)
    titles = [text.get_text() for text in figure.texts]
    wanted = [str(k) for k, _ in seen.top(35 if count is None else count)]
    assert [title for title in titles if title.isdecimal()] == wanted
    assert any(f"{len(wanted)} of 96 channels" in title for title in titles)
    corners = [axes.get_position() for axes in figure.axes]
    assert all(box.x0 >= 0 and box.x1 <= 1 and box.y0 >= 0 and box.y1 <= 1 for box in corners)


def test_a_percentile_cuts_the_scale_and_the_bar_says_so(seen):
    figure = channel_grid(seen, 4, percentile=90)
    [bar] = [axes for axes in figure.axes if axes.get_label() == "colour bar"]
    assert any("≥" in label.get_text() for label in bar.get_yticklabels())


def test_silent_channels_are_told():
    network = nn.Sequential(nn.Conv2d(3, 3, 4, stride=4), nn.ReLU())
    nn.init.zeros_(network[0].weight)
    network[0].bias.data = torch.tensor([-1.0, -1.0, 1.0])
    seen = layer_activations(
        load_model(network, input_size=16, mean=0.0, std=1.0), np.zeros((16, 16, 3), np.uint8), "1"
    )
    words = " ".join(text.get_text() for text in channel_grid(seen).texts)
    assert "2 of 3 channels are 0 in every cell" in words
    figure = channel_grid(seen, [0, 1])
    assert "every activation that is shown is 0" in " ".join(t.get_text() for t in figure.texts)
    assert len(figure.axes) == 3


def test_what_cannot_be_drawn_is_refused(cnn, seen):
    with pytest.raises(NoSpatialLayer, match="needs rows and columns"):
        channel_grid(layer_activations(cnn, scene(1).image, "head"))
    with pytest.raises(InvalidArgument, match="no channel 96"):
        channel_grid(seen, [96])
    with pytest.raises(InvalidArgument, match="0 channels on one page"):
        channel_grid(seen, [])
    with pytest.raises(InvalidArgument, match="percentile is 0"):
        channel_grid(seen, 4, percentile=0)


def test_the_tree_has_every_layer_with_its_shape(cnn):
    batch = prepared(cnn, hl.read_image(scene(1).image)).batch
    lines = layer_tree(cnn, batch)
    assert [line.name for line in lines] == list(cnn.layers())
    said = {line.name: line for line in lines}
    assert said["stem.0.0"].words() == "Conv2d 16 x 48 x 48, kernel 3 x 3, stride 2"
    assert said["head"].words() == "Linear 10"
    assert said["stage2.0.conv1"].depth == 2
    for name in ("stem", "stage3", "pool"):
        assert said[name].shape == tuple(cnn.activations(batch, [name])[name].shape[1:])


def test_the_tree_says_what_did_not_run():
    class Spare(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.spare = nn.Conv2d(3, 2, (3, 1), stride=(2, 1)), nn.Linear(3, 2)
            self.pool = nn.MaxPool2d(2)

        def forward(self, x):
            return self.pool(self.used(x))

    lines = layer_tree(as_model(Spare().eval()), torch.zeros(2, 3, 9, 8))
    assert [line.words() for line in lines] == [
        "Conv2d 2 x 4 x 8, kernel 3 x 1, stride 2 x 1",
        "Linear did not run",
        "MaxPool2d 2 x 2 x 4, kernel 2 x 2, stride 2",
    ]


def test_the_tree_around_a_mistyped_name(cnn):
    lines = layer_tree(cnn, prepared(cnn, hl.read_image(scene(1).image)).batch)
    inside = around(lines, "stage2.0.conv9")
    assert inside[0].name == "stage2.0"
    assert all(line.name.startswith("stage2.0") for line in inside)
    for typed in ("stge2", "nothing like it", ""):
        assert {"stem", "stage2", "head"} <= {line.name for line in around(lines, typed)}
    assert len(around(lines, "x", most=5)) <= 7
