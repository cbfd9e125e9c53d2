import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.render.hotspots import hotspots, otsu

small = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.integers(-3, 6).map(float),
)


def of(values, valid=None):
    axes = {2: "YX", 3: "ZYX"}[np.ndim(values)]
    return Heatmap(np.asarray(values, np.float32), Provenance("x"), axes=axes, valid=valid)


@settings(max_examples=60, deadline=None)
@given(small, st.floats(0.5, 6))
def test_regions_partition_what_is_hot(values, level):
    spots = hotspots(of(values), "value", level=level)
    hot = values >= np.float32(level)
    total = np.maximum(values, 0).sum(dtype=np.float64)
    assert sum(spot.area for spot in spots) == hot.sum()
    assert sum(spot.mass for spot in spots) == pytest.approx(values[hot].sum())
    assert sum(spot.share for spot in spots) == pytest.approx(
        values[hot].sum() / total if total else 0
    )
    masks = [spot.mask(values.shape) for spot in spots]
    np.testing.assert_array_equal(sum(masks, np.zeros(values.shape)), hot)
    for spot, mask in zip(spots, masks, strict=True):
        y, x = np.nonzero(mask)
        assert spot.box == (y.min(), x.min(), y.max() + 1, x.max() + 1)
        assert mask[spot.peak]
        assert spot.value == values[spot.peak] == values[mask].max()
        assert spot.peak == tuple(np.argwhere(mask & (values == spot.value))[0])
        weights = values[mask].astype(float)
        assert spot.centroid == pytest.approx((weights @ y / spot.mass, weights @ x / spot.mass))
    assert [spot.mass for spot in spots] == sorted((s.mass for s in spots), reverse=True)


@settings(max_examples=50, deadline=None)
@given(small)
def test_regions_do_not_touch(values):
    from skimage.measure import label

    spots = hotspots(of(values))
    if spots:
        hot = sum(spot.mask(values.shape) for spot in spots) > 0
        assert label(hot, connectivity=2).max() == len(spots)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float32, st.integers(2, 30), elements=st.integers(0, 9).map(float)))
def test_otsu_is_the_best_of_all_splits(values):
    if values.min() == values.max():
        with pytest.raises(InvalidArgument):
            otsu(values)
        return

    def between(level):
        cold, hot = values[values < level], values[values >= level]
        return len(cold) * len(hot) * (hot.mean(dtype=float) - cold.mean(dtype=float)) ** 2

    best = max(between(level) for level in np.unique(values)[1:])
    assert between(otsu(values)) == pytest.approx(best)


@pytest.mark.parametrize("name", ["camera", "coins", "moon"])
def test_otsu_equals_skimage_on_photographs(name):
    data, filters = pytest.importorskip("skimage.data"), pytest.importorskip("skimage.filters")
    photo = getattr(data, name)()
    np.testing.assert_array_equal(
        photo >= otsu(photo.astype(np.float32)), photo > filters.threshold_otsu(photo)
    )


def test_otsu_sees_a_spike_that_256_bins_would_merge():
    values = np.full((50, 50), 1e-6, np.float32)
    values[:, :25] = 0
    values[7, 9] = 1.0
    (spot,) = hotspots(of(values))
    assert (spot.box, spot.area, spot.peak) == ((7, 9, 8, 10), 1, (7, 9))


@pytest.mark.parametrize("scale", [1e-38, 1e-30, 1.0, 1e30, 3e37])
def test_any_unit(scale):
    values = np.zeros((6, 6), np.float32)
    values[2:4, 2:4] = scale
    (spot,) = hotspots(of(values))
    assert (spot.box, spot.share) == ((2, 2, 4, 4), 1.0)


@pytest.mark.parametrize("method", ["otsu", "quantile"])
@pytest.mark.parametrize("value", [0.0, -2.0, 5.0])
def test_flat_maps_have_no_hot_region(method, value):
    assert hotspots(of(np.full((5, 7), value)), method) == []


def test_a_named_level_finds_a_constant_map():
    (spot,) = hotspots(of(np.full((5, 7), 2.0)), "value", level=2.0)
    assert spot.box == (0, 0, 5, 7)
    assert spot.centroid == (2.0, 3.0)
    assert hotspots(of(np.full((5, 7), 2.0)), "value", level=2.1) == []


def test_plateau_at_the_quantile_is_whole():
    values = np.zeros((10, 10))
    values[:, 4:] = 0.1
    (spot,) = hotspots(of(values), "quantile", level=0.95)
    assert spot.area == 60


def test_sparse_map_below_the_quantile_takes_no_zeros():
    values = np.zeros((20, 20))
    values[3, 3] = 1
    (spot,) = hotspots(of(values), "quantile", level=0.5)
    assert spot.area == 1


def test_corners_connect_and_borders_hold():
    values = np.array([[5, 0, 0], [0, 5, 0], [0, 0, 5]])
    (spot,) = hotspots(of(values))
    assert spot.box == (0, 0, 3, 3)
    assert spot.area == 3
    np.testing.assert_array_equal(spot.mask((3, 3)), values > 0)


def test_single_pixel_map():
    assert hotspots(of([[3.0]])) == []
    assert len(hotspots(of([[3.0]]), "value", level=1)) == 1


def test_invalid_pixels_are_excluded():
    values = np.zeros((4, 8))
    values[1, 1], values[1, 6] = 5, 50
    valid = np.ones((4, 8), bool)
    valid[:, 4:] = False
    (spot,) = hotspots(of(values, valid))
    assert spot.peak == (1, 1)
    assert spot.share == 1.0
    assert hotspots(of(values, np.zeros((4, 8), bool))) == []


def test_volume():
    values = np.zeros((3, 4, 5))
    values[1:, 2, 3] = 2
    (spot,) = hotspots(of(values))
    assert spot.box == (1, 2, 3, 3, 3, 4)
    assert spot.centroid == (1.5, 2.0, 3.0)


def test_min_area_and_most():
    values = np.zeros((5, 9))
    values[0, 0], values[2:4, 3:5], values[0, 8] = 8, 1.5, 7
    kinds = [
        hotspots(of(values), "value", level=1, **given)
        for given in ({}, {"min_area": 2}, {"most": 1}, {"most": 0})
    ]
    assert [[spot.area for spot in spots] for spots in kinds] == [[1, 1, 4], [4], [1], []]


@pytest.mark.parametrize(
    ("method", "level"),
    [("value", None), ("value", 0.0), ("value", np.nan), ("quantile", 1.5), ("otsu", 0.3)],
)
def test_bad_levels(method, level):
    with pytest.raises(InvalidArgument, match="level"):
        hotspots(of(np.eye(3)), method, level=level)


def test_unknown_method():
    with pytest.raises(UnknownName, match="otsu"):
        hotspots(of(np.eye(3)), "otsus")
