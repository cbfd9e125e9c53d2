import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.transfer import barycenter


def spot(row, column, size=(24, 24), height=1.0):
    y, x = np.mgrid[: size[0], : size[1]]
    values = height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 10)
    return Heatmap(values, Provenance("x"), signed=False)


def test_one_spot_where_the_mean_of_values_has_two():
    maps = [spot(8, 6), spot(14, 17)]
    mean = barycenter(maps, [1, 1])
    np.testing.assert_allclose(mean.values, spot(11, 11.5).values, atol=0.01)
    assert mean.values.sum() == pytest.approx(maps[0].values.sum(), rel=1e-3)
    made = mean.provenance
    assert made.method == "wasserstein-barycenter"
    assert made.parameters["weights"] == [1, 1]
    assert made.image == "2 heatmaps"
    assert not mean.signed


def test_totals_are_averaged():
    mean = barycenter([spot(8, 8), spot(12, 12, height=3.0)], [3, 1])
    assert mean.values.sum() == pytest.approx(1.5 * spot(8, 8).values.sum(), rel=1e-3)


def test_pictures_are_light():
    light = np.rint(spot(8, 6).values * 255).astype(np.uint8)
    mean = barycenter([light, Image(light, "YX")])
    np.testing.assert_allclose(mean.values, light / 255, atol=0.01)


def test_reduction_and_limit_are_noted():
    mean = barycenter([spot(8, 6), spot(14, 17)], longest=12, blur=0.7, max_iterations=1)
    assert mean.size == (12, 12)
    assert mean.provenance.notes[0] == "24 x 24 pixels were reduced to 12 x 12"
    assert "not converged" in mean.provenance.notes[1]


def test_each_size_is_noted():
    maps = [spot(8, 6), spot(28, 34, (48, 48)), spot(3, 3, (12, 12))]
    assert barycenter(maps).provenance.notes == (
        "items[1]: 48 x 48 pixels were reduced to 24 x 24",
        "items[2]: 12 x 12 pixels were spread over 24 x 24",
    )


@pytest.mark.parametrize("most", [1, 2, 5, 30])
def test_the_limit_holds_for_all_rounds_together(most):
    mean = barycenter([spot(20, 20, (48, 48)), spot(40, 40, (48, 48))], max_iterations=most)
    assert 1 <= mean.provenance.info["iterations"] <= most


def test_saved_heatmaps_are_averaged_as_heatmaps(tmp_path):
    spot(8, 6).save(tmp_path / "a.tif")
    spot(14, 17).save(tmp_path / "b.npz")
    mean = barycenter([tmp_path / "a.tif", str(tmp_path / "b.npz")])
    np.testing.assert_allclose(mean.values, barycenter([spot(8, 6), spot(14, 17)]).values)


def test_what_is_not_valid_has_no_mass():
    valid = np.ones((24, 24), bool)
    valid[:, 12:] = False
    both = Heatmap(spot(8, 6).values + spot(8, 18).values, Provenance("x"), valid=valid)
    assert barycenter([both]).values[:, 14:].max() < 1e-3


@pytest.mark.parametrize(
    ("items", "error", "says"),
    [
        ([], InvalidArgument, "nothing to average"),
        (spot(3, 3), InvalidType, "expected a list"),
        ([spot(3, 3), np.ones((24, 24))], InvalidType, "one kind"),
        ([spot(3, 3), spot(3, 3, (24, 30))], InvalidArgument, "number 1"),
        (
            [Heatmap(-np.eye(4), Provenance("x"))],
            InvalidArgument,
            r"items\[0\] has evidence against",
        ),
        ([Heatmap(np.zeros((2, 4, 4)), Provenance("x"), "ZYX")], InvalidArgument, "one slice"),
    ],
)
def test_bad_items(items, error, says):
    with pytest.raises(error, match=says):
        barycenter(items)
