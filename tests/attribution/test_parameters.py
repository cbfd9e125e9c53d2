"""Parameters and labels that would mean something by accident are refused."""

import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument
from heatlens.models.contract import Contract
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex, Difference, as_target
from tests.attribution.networks import ResidualNet, pictures, seeded


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("gradcam", {"relu": "no"}),
        ("gradcam", {"layer": 3}),
        ("gradcam", {"layer": nn.Conv2d(1, 1, 1)}),
        ("smoothgrad", {"noise": "a"}),
        ("smoothgrad", {"noise": float("nan")}),
        ("smoothgrad", {"seed": None}),
        ("smoothgrad", {"seed": "a"}),
        ("integrated-gradients", {"steps": 2.5}),
        ("integrated-gradients", {"steps": True}),
    ],
)
def test_a_value_of_another_kind(method, parameters):
    (name,) = parameters
    with pytest.raises(InvalidArgument, match=f"{name} is .* it must be"):
        hl.attribute(seeded(ResidualNet()), pictures(1), method, 1, **parameters)


def test_words_that_are_labels_mean_the_label():
    labels = ("2", "1", "0", "predicted", "cat - dog", "cat", "dog")
    for index, label in enumerate(labels):
        bound = as_target(label, labels).bind(labels)
        assert isinstance(bound, ClassIndex)
        assert bound.index == index
    assert isinstance(as_target("cat - 2", labels), Difference)
    assert as_target("cat - 2", labels).bind(labels).second.index == 0
    assert as_target("1", ("cat", "dog")).bind(("cat", "dog")).index == 1


def test_labels_that_are_not_as_many_as_the_classes():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model = TorchModel(net, Contract(input_size=(8, 8), labels=("a", "b")))
    photo = torch.rand(3, 8, 8)
    with pytest.raises(InvalidArgument, match="2 labels for a model with 4 classes"):
        hl.predict(model, photo)
    with pytest.raises(InvalidArgument, match="2 labels for a model with 4 classes"):
        hl.explain(model, photo, "gradient", 0)


def test_completeness_is_not_claimed_for_squares():
    batch, net = pictures(1), seeded(ResidualNet())
    settings = {"of": "integrated-gradients", "samples": 2, "steps": 2, "full": True}
    for variant, claimed in (("mean", True), ("square", False), ("variance", False)):
        info = hl.attribute(net, batch, "smoothgrad", 1, variant=variant, **settings).info
        assert ("completeness_gap" in info) == claimed
