import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering, KMeans, MeanShift
from sklearn.feature_extraction.image import grid_to_graph
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from heatlens.pixels import CLUSTERINGS, clusters, feature_stack
from heatlens.pixels.checks import seeds_of
from heatlens.pixels.grouping import centre_distances, cluster_means, nearest_centres
from heatlens.pixels.groupings.hierarchical import touching
from heatlens.pixels.silhouette import silhouettes
from tests.pixels.pictures_for_pixels import awkward, photograph

PICTURE = photograph("coffee", 5)


def patches(seed=0, noise=4):
    """Four flat areas with noise, and their labels."""
    truth = np.zeros((60, 80), int)
    truth[:25, 50:], truth[25:, :30], truth[40:, 45:70] = 1, 2, 3
    colours = np.array([[200, 60, 50], [40, 160, 70], [50, 70, 190], [220, 210, 80]])
    values = colours[truth] + np.random.default_rng(seed).normal(0, noise, (60, 80, 3))
    return Image(np.clip(values, 0, 255).astype(np.uint8)), truth


@pytest.mark.parametrize("method", ["k-means", "hierarchical", "mean-shift"])
def test_what_is_clearly_apart_is_found(method):
    picture, truth = patches()
    found = clusters(picture, method, None if method == "mean-shift" else 4)
    assert len(found) == 4
    assert adjusted_rand_score(truth.ravel(), found.labels.ravel()) > 0.98
    assert found.counts.tolist() == sorted(found.counts, reverse=True)
    assert found.counts.sum() == 60 * 80
    assert found.silhouette > 0.8


def test_k_means_is_as_good_as_full_lloyd():
    values = feature_stack(PICTURE).rows.astype(float)
    full = KMeans(6, n_init=3, random_state=0, tol=0, max_iter=500).fit(values)
    found = clusters(PICTURE, "k-means", 6, starts=3, sample=10**9)
    ours = found.provenance.info["mean squared distance to centre"]
    assert ours * len(values) <= 1.01 * full.inertia_
    few = clusters(PICTURE, "k-means", 6, starts=3, sample=3000)
    assert few.provenance.info["mean squared distance to centre"] <= 1.02 * ours


def test_every_pixel_belongs_to_the_nearest_of_the_fitted_centres():
    rows = np.random.default_rng(0).random((37, 53, 5), np.float32)
    centres = np.random.default_rng(1).random((11, 5))
    found = nearest_centres(rows, centres)
    far = ((rows[:, :, None] - centres.astype(np.float32)) ** 2).sum(axis=3)
    best = far.min(axis=2)
    chosen = np.take_along_axis(far, found[..., None].astype(int), 2)[..., 0]
    np.testing.assert_allclose(chosen, best, rtol=1e-5)


def test_means_and_distances_are_numpys():
    generator = np.random.default_rng(2)
    values = generator.random((41, 29, 3), np.float32)
    labels = generator.integers(0, 7, (41, 29)).astype(np.int32)
    means, counts = cluster_means(values, labels, 8)
    for j in range(7):
        np.testing.assert_allclose(means[j], values[labels == j].mean(axis=0), atol=1e-6)
    assert counts.tolist() == np.bincount(labels.ravel(), minlength=8).tolist()
    expected = np.linalg.norm(values - means[labels], axis=2)
    order = np.arange(8, dtype=np.int32)[::-1].copy()
    before = labels.copy()
    np.testing.assert_allclose(centre_distances(values, labels, means, order), expected, atol=1e-6)
    np.testing.assert_array_equal(labels, 7 - before)


def test_hierarchical_is_scikit_learns_on_small_pictures():
    small = Image(PICTURE.pixels[10:30, 10:34])
    values = feature_stack(small).rows.astype(float)
    ward = AgglomerativeClustering(5, linkage="ward", connectivity=grid_to_graph(20, 24))
    expected = ward.fit_predict(values)
    found = clusters(small, "hierarchical", 5)
    assert adjusted_rand_score(expected, found.labels.ravel()) == pytest.approx(1)


def test_hierarchical_clusters_are_in_one_piece():
    from scipy import ndimage

    found = clusters(PICTURE, "hierarchical", 6, leaves=500)
    for label in range(len(found)):
        assert ndimage.label(found.labels == label)[1] == 1


def test_touching_knows_neighbours():
    labels = np.array([[0, 0, 1], [2, 2, 1]], np.int32)
    expected = [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert touching(labels).toarray().tolist() == expected
    assert touching(np.array([[0, 1, 2]], np.int32)).toarray()[0, 2] == 0


def test_slic_is_connected_and_follows_edges():
    picture, truth = patches(noise=2)
    found = clusters(picture, "slic", 60)
    assert 30 <= len(found) <= 90
    purity = [np.bincount(truth[found.labels == j]).max() for j in range(len(found))]
    assert sum(purity) / truth.size > 0.97
    assert found.provenance.notes[0].startswith("60 clusters were asked for")


def test_silhouettes_are_scikit_learns():
    generator = np.random.default_rng(3)
    rows = generator.normal(0, 1, (700, 3)) + generator.integers(0, 3, (700, 1)) * 2
    labels = generator.integers(0, 5, 700)
    labels[0] = 9  # alone
    np.testing.assert_allclose(
        silhouettes(rows, labels), silhouette_samples(rows, labels), atol=1e-9
    )


def test_the_silhouettes_error_covers_other_samples():
    all_of_it = clusters(PICTURE, k=4, silhouette_sample=10_000)
    samples = [clusters(PICTURE, k=4, seed=0, silhouette_sample=n) for n in (400, 800, 1600)]
    for found in samples:
        assert abs(found.silhouette - all_of_it.silhouette) < 4 * found.silhouette_error
    assert samples[2].silhouette_error == pytest.approx(samples[0].silhouette_error / 2, rel=0.15)


def test_maps_and_pictures():
    picture, _ = patches()
    found = clusters(picture, k=4)
    assert found.heatmap(0).values.sum() == found.counts[0]
    size = found.heatmap("size")
    assert size.values[5, 5] == pytest.approx(found.counts[found.labels[5, 5]] / 4800)
    values = feature_stack(picture).values
    expected = np.linalg.norm(values - found.centres[found.labels], axis=2)
    np.testing.assert_allclose(found.heatmap().values, expected, atol=1e-5)
    shown = found.picture(picture)
    mean = picture.pixels[found.labels == 2].mean(axis=0)
    assert np.abs(shown.pixels[found.labels == 2][0] - mean).max() <= 0.51
    assert len(np.unique(found.picture().pixels.reshape(-1, 3), axis=0)) == 4
    assert repr(found).startswith("Clusters(4 by k-means, 60 x 80, silhouette 0.9")


@pytest.mark.parametrize("kind", sorted(awkward()))
@pytest.mark.parametrize("method", sorted(CLUSTERINGS))
def test_every_method_takes_every_picture(method, kind):
    picture = awkward()[kind]
    k = None if method == "mean-shift" else min(3, picture.size[0] * picture.size[1])
    found, again = (clusters(picture, method, k, silhouette_sample=100) for _ in range(2))
    assert found.labels.shape == picture.size
    assert found.labels.max() == len(found) - 1
    assert (found.counts > 0).all()
    np.testing.assert_array_equal(found.labels, again.labels)
    found.heatmap()


def test_fewer_colours_than_clusters_is_said():
    found = clusters(np.tile(np.array([0, 255], np.uint8), (6, 4)), k=5)
    assert len(found) == 2
    assert found.provenance.notes == ("5 clusters were asked for, 2 were found",)
    constant = clusters(np.full((6, 6), 7, np.uint8), k=3)
    assert (len(constant), constant.silhouette) == (1, None)


def test_position_keeps_clusters_together():
    loose = clusters(PICTURE, k=6)
    tight = clusters(PICTURE, k=6, features=("colour", ("position", {"weight": 3.0})))
    borders = [(found.labels[1:] != found.labels[:-1]).mean() for found in (loose, tight)]
    assert borders[1] < 0.5 * borders[0]


def test_ones_own_method():
    def halves(values, k, seed):
        return (np.arange(values.shape[1]) >= values.shape[1] // 2) * np.ones(values.shape[:2], int)

    found = clusters(PICTURE, halves, 2)
    assert len(found) == 2
    assert found.provenance.method == "clusters by halves"


@pytest.mark.parametrize("label", [5000, 3 * 10**8, 2**31 + 5, 2**32, 2**62])
def test_labels_may_have_gaps(label):
    given = []

    def halves(values, k, seed):
        right = np.arange(values.shape[1]) > 60
        given.append(np.broadcast_to(right * np.int64(label), values.shape[:2]).copy())
        return given[-1]

    found = clusters(PICTURE, halves, 2)
    assert sorted(found.counts.tolist()) == sorted(np.unique(given[0], return_counts=True)[1])
    assert adjusted_rand_score(given[0].ravel(), found.labels.ravel()) == 1
    assert set(np.unique(given[0]).tolist()) == {0, label}


def test_the_labels_of_ones_own_method_stay_as_they_are():
    mine = np.zeros(PICTURE.size, np.int32)
    mine[:, 30:] = 1
    kept = mine.copy()
    clusters(PICTURE, lambda values, k, seed: mine, 2)
    np.testing.assert_array_equal(mine, kept)
    assert mine.flags.writeable


def test_mean_shift_finds_what_scikit_learn_finds_from_every_point():
    """With seeds in the middle of bins two colours in different corners of theirs were lost."""
    values = np.zeros((20, 20, 6), np.float32)
    values[:, 10:] = 0.249
    noise = np.random.default_rng(0).random((12, 12, 16), np.float32)
    faint = (0.049 + 1e-4 * np.random.default_rng(0).random((4, 4, 6))).astype(np.float32)
    for pixels, bandwidth in ((values, 0.1), (noise, 0.05), (faint, 0.1)):
        picture = Image(pixels, value_range=(0, 1))
        found = clusters(picture, "mean-shift", features=("channels",), bandwidth=bandwidth)
        rows = pixels.reshape(-1, pixels.shape[2])
        expected = MeanShift(bandwidth=bandwidth).fit(rows)
        assert len(found) == len(expected.cluster_centers_)
        assert adjusted_rand_score(expected.labels_, found.labels.ravel()) == 1


def test_long_seeds_and_small_pictures():
    for method in CLUSTERINGS:
        one, two = (clusters(PICTURE, method, seed=2**40, silhouette_sample=50) for _ in range(2))
        np.testing.assert_array_equal(one.labels, two.labels)
    for method in sorted(set(CLUSTERINGS) - {"mean-shift"}):
        assert clusters(np.eye(2, dtype=np.uint8), method, silhouette_sample=9).labels.size == 4
    assert clusters(np.eye(2, dtype=np.uint8)).provenance.parameters["k"] == 4


def test_starts_of_neighbouring_seeds_are_their_own():
    assert len({one for seed in range(50) for one in seeds_of(seed, 5)}) == 250


def test_a_picture_may_be_an_array():
    found = clusters(PICTURE, k=3)
    np.testing.assert_array_equal(
        found.picture(PICTURE.pixels).pixels, found.picture(PICTURE).pixels
    )
    with pytest.raises(InvalidArgument, match="the picture has size"):
        found.picture(PICTURE.pixels[1:])


def test_what_cannot_be_clustered_is_said_in_words():
    with pytest.raises(UnknownName, match="did you mean 'k-means'"):
        clusters(PICTURE, "kmeans")
    with pytest.raises(InvalidArgument, match="from 1"):
        clusters(PICTURE, k=0)
    with pytest.raises(InvalidType, match="whole number"):
        clusters(PICTURE, k=2.5)
    with pytest.raises(InvalidArgument, match="the picture has 4 pixels"):
        clusters(np.zeros((2, 2), np.uint8), k=5)
    with pytest.raises(InvalidArgument, match="leave it out"):
        clusters(PICTURE, "mean-shift", 4)
    with pytest.raises(InvalidArgument, match="no parameter 'band_width'"):
        clusters(PICTURE, "mean-shift", band_width=2)
    halves = np.zeros((40, 40), np.uint8)
    halves[:20] = 255
    with pytest.raises(InvalidArgument, match="give bandwidth="):
        clusters(halves, "mean-shift")
    with pytest.raises(InvalidArgument, match="whole labels"):
        clusters(PICTURE, lambda values, k, seed: np.zeros(3), 2)
    found = clusters(PICTURE, k=2)
    with pytest.raises(InvalidArgument, match="0 to 1"):
        found.heatmap(7)
    with pytest.raises(UnknownName, match="did you mean 'size'"):
        found.heatmap("sizes")
