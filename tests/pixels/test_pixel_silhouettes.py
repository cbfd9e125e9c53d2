"""The mean silhouette of a sample, beside scikit-learn's of all pixels."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples, silhouette_score

from heatlens.pixels import clusters, feature_stack
from heatlens.pixels.silhouette import mean_silhouette
from tests.pixels.pictures_for_pixels import photograph

PICTURE = photograph("coffee", 5)


def test_of_all_pixels_it_is_exact_and_has_no_error():
    found = clusters(PICTURE, k=4, silhouette_sample=10**6)
    rows = feature_stack(PICTURE).rows.astype(float)
    expected = silhouette_score(rows, found.labels.ravel())
    assert found.silhouette == pytest.approx(expected, abs=1e-9)
    assert found.silhouette_error == 0


def test_of_a_sample_whose_others_are_all_pixels_single_values_are_exact():
    found = clusters(PICTURE, k=4, silhouette_sample=960)  # a tenth of the pixels
    every = silhouette_samples(feature_stack(PICTURE).rows.astype(float), found.labels.ravel())
    first, _ = np.random.SeedSequence(0).spawn(2)
    few = np.random.default_rng(first).choice(9600, 960, replace=False, shuffle=False)
    assert found.silhouette == pytest.approx(every[few].mean(), abs=1e-9)
    error = every[few].std(ddof=1) / np.sqrt(960) * np.sqrt(0.9)
    assert found.silhouette_error == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("k", [60, 300])
def test_many_small_clusters_leave_no_bias(k):
    """With the others drawn evenly, 300 clusters and 300 pixels were off by many errors."""
    rows = feature_stack(PICTURE).rows.astype(float)
    labels = clusters(PICTURE, "slic", k, silhouette_sample=0).labels.ravel()
    counts = np.bincount(labels)
    expected = silhouette_score(rows, labels)
    found = [mean_silhouette(rows, labels, counts, 600, seed)[:2] for seed in range(8)]
    means, errors = np.array(found).T
    assert abs(means.mean() - expected) < 1.5 * errors.mean()
    assert np.sqrt(((means - expected) ** 2).mean()) < 1.6 * errors.mean()


def test_a_rare_cluster_is_there():
    dot = np.zeros((200, 200), np.uint8)
    dot[3, 3] = 255
    found = clusters(dot, k=2)
    assert found.silhouette == pytest.approx(1)


def test_too_many_clusters_are_said():
    found = clusters(PICTURE, "slic", 300, silhouette_sample=20)
    assert found.silhouette is None
    assert "give a larger silhouette_sample" in found.provenance.notes[-1]
    assert clusters(PICTURE, k=3, silhouette_sample=0).silhouette is None
