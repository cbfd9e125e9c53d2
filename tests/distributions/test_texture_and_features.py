import numpy as np
import pytest

from heatlens.distributions import as_distribution
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.render.cielab import from_srgb
from tests.distributions.samples import photo


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
def test_orientation_of_a_grating(degrees):
    y, x = np.mgrid[:48, :48]
    turned = np.deg2rad(degrees)
    wave = np.sin(0.3 * (x * np.cos(turned) + y * np.sin(turned)))
    found = as_distribution(wave / 2 + 0.5, "orientation", bins=12)
    peak = found.points[found.weights.argmax(), 0]
    assert min(abs(peak - degrees), 180 - abs(peak - degrees)) == 0
    assert found.info["period"] == 180


def test_orientation_in_blocks_is_that_of_the_whole(monkeypatch):
    image = photo()
    whole = as_distribution(image, "orientation")
    for rows in (1, 2, 7):
        monkeypatch.setattr("heatlens.distributions.pictures._BLOCK", rows * 60)
        blocks = as_distribution(image, "orientation")
        np.testing.assert_allclose(blocks.weights, whole.weights, rtol=1e-12)


def test_patches_are_all_taken_if_wanted():
    image = photo(20, 24)
    found = as_distribution(image, "patches", size=3, count=10_000, k=10_000)
    windows = np.lib.stride_tricks.sliding_window_view(image.pixels, (3, 3), axis=(0, 1))
    lab = from_srgb(np.moveaxis(windows, 2, -1).reshape(-1, 9, 3) / 255).reshape(-1, 27) / 3
    np.testing.assert_allclose(
        np.average(found.points, axis=0, weights=found.weights), lab.mean(0), atol=1e-9
    )
    assert len(found) == len(np.unique(lab, axis=0))
    drawn = as_distribution(image, "patches", count=20, k=30, seed=1)
    assert drawn.info["count"] == 20
    assert not np.array_equal(
        drawn.points, as_distribution(image, "patches", count=20, k=30, seed=2).points
    )


def test_features_of_a_models_layer():
    import heatlens as hl
    from heatlens.models.prepare import prepared

    model = hl.load_model("bundled:scene-cnn")
    image = photo(60, 60)
    layer = model.spatial_layer(prepared(model, image).batch).name
    found = as_distribution(image, "features", model=model)
    expected = model.activations(prepared(model, image).batch, [layer])[layer]
    np.testing.assert_allclose(found.points, expected[0].flatten(1).T.numpy())
    assert layer in found.unit
    assert len(as_distribution(image, "features", model=model, k=5)) == 5


def test_features_need_a_model():
    for model in (None, "bundled:scene-cnn"):
        with pytest.raises(InvalidType, match="load_model"):
            as_distribution(photo(), "features", model=model)


def test_a_seed_is_a_whole_number_from_0_on():
    with pytest.raises(InvalidArgument, match="seed is -1"):
        as_distribution(photo(), "patches", seed=-1)
    with pytest.raises(InvalidType, match="whole number"):
        as_distribution(photo(), "patches", seed=1.5)


def test_features_do_not_know_transparency():
    alpha = np.zeros((40, 60))
    alpha[0] = 1
    found = as_distribution(
        photo(alpha=alpha), "features", model=lambda image: image.pixels.reshape(-1, 3)
    )
    assert found.notes == ()
