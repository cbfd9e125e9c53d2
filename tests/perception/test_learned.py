"""Networks whose output is a map, through `saliency(picture, network)`."""

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.attribution.several import held
from heatlens.errors import AssumptionWarning, InvalidArgument, UnknownName


class Brightness(nn.Module):
    """A map of mean brightness at half the size, or its logarithm."""

    def __init__(self, maps=1, logarithm=False):
        super().__init__()
        self.maps, self.logarithm = maps, logarithm

    def forward(self, batch):
        mean = nn.functional.avg_pool2d(batch.mean(1, keepdim=True), 2)
        if self.logarithm:
            mean = torch.log_softmax(mean.flatten(1), 1).view_as(mean)
        return torch.cat([mean * (number + 1) for number in range(self.maps)], 1)


def loaded(network):
    return hl.load_model(network, mean=0, std=1, input_size=(12, 16))


def picture():
    levels = np.full((12, 16, 3), 40, np.uint8)
    levels[4:6, 10:12] = 240
    return levels


def test_the_map_is_the_networks_own():
    heat = hl.saliency(picture(), loaded(Brightness()))
    assert heat.size == (12, 16)
    assert heat.provenance.method == "learned saliency"
    assert 4 <= heat.peak[0] < 6
    assert 10 <= heat.peak[1] < 12
    # Bilinear from half the size: the cell's own pixels hold 9/16 of it, the rest of the ground.
    np.testing.assert_allclose(heat.values.max(), (9 * 240 + 7 * 40) / 16 / 255, rtol=1e-4)


def test_one_of_several_maps():
    one = hl.saliency(picture(), loaded(Brightness(2)))
    two = hl.saliency(picture(), loaded(Brightness(2)), channel=1)
    np.testing.assert_allclose(two.values, 2 * one.values, rtol=1e-5)
    with pytest.raises(InvalidArgument, match="gives 2 maps; there is no channel 2"):
        hl.saliency(picture(), loaded(Brightness(2)), channel=2)


def test_logarithms_have_to_be_called_such():
    with pytest.raises(InvalidArgument, match="output='log-density'"):
        hl.saliency(picture(), loaded(Brightness(logarithm=True)))
    heat = hl.saliency(picture(), loaded(Brightness(logarithm=True)), output="log-density")
    times = np.exp((240 - 40) / 255)  # denser, by the difference of the logarithms
    found = heat.values.max() / heat.values.min()
    np.testing.assert_allclose(found, (9 * times + 7) / 16, rtol=1e-4)


def test_a_network_may_be_named():
    with pytest.raises(InvalidArgument, match=r"no map.*heatlens\.explain"):
        hl.saliency(np.zeros((96, 96, 3), np.uint8), "bundled:scene-cnn")
    with pytest.raises(UnknownName, match="unknown bundled model"):
        hl.saliency(picture(), "bundled:saliency")


def test_a_network_may_lie_in_a_file(tmp_path):
    path = tmp_path / "brightness.pt2"
    torch.export.save(torch.export.export(Brightness(), (torch.zeros(1, 3, 12, 16),)), path)
    with pytest.warns(AssumptionWarning):
        heat = hl.saliency(picture(), str(path))
    assert heat.size == (12, 16)
    assert heat.provenance.method == "learned saliency"
    with pytest.raises(UnknownName, match="unknown saliency model"):
        hl.saliency(picture(), str(tmp_path / "none.pt2"))


class WithPrior(nn.Module):
    """The logarithm of a density of the picture and of where people look anyway."""

    def forward(self, image, centerbias):
        sums = (image.mean(1) + centerbias).flatten(1)
        return torch.log_softmax(sums, 1).view(len(image), *image.shape[2:])


def test_a_network_of_several_inputs_is_given_the_others_first():
    prior = np.zeros((1, 12, 16), np.float32)
    prior[0, 8, 3] = np.log(5)
    model = held(loaded(WithPrior()), {"centerbias": prior})
    heat = hl.saliency(np.full((12, 16, 3), 90, np.uint8), model, output="log-density")
    assert heat.peak == (8, 3)
    assert heat.values.max() / heat.values.min() == pytest.approx(5, rel=1e-4)


def test_a_classifier_is_sent_elsewhere():
    with pytest.raises(InvalidArgument, match=r"no map.*heatlens\.explain"):
        hl.saliency(np.zeros((96, 96, 3), np.uint8), hl.load_model("bundled:scene-cnn"))
