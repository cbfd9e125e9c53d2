import numpy as np
import pytest

from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance


def made(values, valid=None, axes="YX", **provenance):
    return Heatmap(
        np.asarray(values, np.float32),
        Provenance(**{"method": "gradcam", "target": "cat"} | provenance),
        axes=axes,
        valid=valid,
    )


@pytest.fixture(scope="session")
def heat():
    """A map from its values."""
    return made


@pytest.fixture(scope="session")
def blob():
    """A smooth positive map of 40 x 60 pixels with its peak of 4 at (10, 20)."""
    y, x = np.mgrid[:40, :60]
    return made(4 * np.exp(-((y - 10) ** 2 + (x - 20) ** 2) / 50))


@pytest.fixture(scope="session")
def photo():
    rng = np.random.default_rng(0)
    return Image(rng.integers(0, 256, (40, 60, 3), np.uint8), "YXC", name="photo.png")


def axes_of(figure, label):
    return [axes for axes in figure.axes if axes.get_label() == label]


@pytest.fixture(scope="session")
def bars():
    """The colour bars of a figure."""
    return lambda figure: axes_of(figure, "colour bar")


@pytest.fixture(scope="session")
def pictures():
    """The pixels of a figure's pictures."""
    return lambda figure: [
        np.asarray(axes.images[0].get_array()) for axes in axes_of(figure, "picture")
    ]
