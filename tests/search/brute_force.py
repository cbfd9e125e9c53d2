"""The nearest rows by solving them all with other code than the search's."""

import numpy as np

from heatlens.transport import emd_matrix, wasserstein_1d, wasserstein_circular


def all_distances(signatures, weights, points, period=None):
    """W1 (N,) of each of (weights, points) pairs from a query."""
    if period is not None:
        return np.array(
            [
                wasserstein_circular(
                    x[:, 0], points[:, 0], a, weights, period=period, mass="normalise"
                )
                for a, x in signatures
            ]
        )
    if points.shape[1] == 1:
        return np.array(
            [
                wasserstein_1d(x[:, 0], points[:, 0], a, weights, mass="normalise")
                for a, x in signatures
            ]
        )
    masses, places = zip(*((np.float64(a), np.float64(x)) for a, x in signatures), strict=True)
    query = [np.float64(weights)], [np.float64(points)]
    return emd_matrix(query[0], list(masses), x=query[1], y=list(places), mass="normalise")[0]


def distance_table(queries, signatures, period=None):
    """W1 (Q, N) of each of the queries from each signature, as `all_distances` but all at once."""
    if signatures[0][1].shape[1] == 1:
        return _by_cumulative_masses(queries, signatures, period)
    (a, x), (b, y) = (
        [[np.float64(pair[k]) for pair in pairs] for k in (0, 1)] for pairs in (queries, signatures)
    )
    return emd_matrix(a, b, x=x, y=y, mass="normalise")


def _by_cumulative_masses(queries, signatures, period):
    """On a line the area between the cumulative masses; round a circle, their median taken off."""
    pairs = [*queries, *signatures]
    places = np.unique(np.concatenate([x[:, 0] for _, x in pairs])).astype(float)
    gaps = np.diff(places, append=places[-1] if period is None else places[0] + period)
    heaps = np.zeros((len(pairs), len(places)))
    for row, (a, x) in zip(heaps, pairs, strict=True):
        np.add.at(row, np.searchsorted(places, x[:, 0]), np.float64(a) / np.float64(a).sum())
    heaps = heaps.cumsum(1)
    table = np.empty((len(queries), len(signatures)))
    for row, query in zip(table, heaps, strict=False):
        apart = heaps[len(queries) :] - query
        if period is not None:
            order = np.argsort(apart, 1)
            middle = (gaps[order].cumsum(1) >= period / 2).argmax(1)
            rows = np.arange(len(apart))
            apart -= apart[rows, order[rows, middle]][:, None]
        row[:] = np.abs(apart) @ gaps
    return table


def stored(index):
    """Ids and signatures of all rows, straight from the table."""
    ids, signatures = [], []
    for _, names, piece in index.store.signatures():
        ids += names
        signatures += list(piece)
    return ids, signatures


def close(distances):
    """How far two exact distances may lie apart."""
    return 1e-9 * np.maximum(1e-3, np.abs(distances))


def assert_nearest(hits, ids, distances, k):
    """Hits are k nearest rows; ties may be any of them, and are told."""
    count = min(k, len(ids))
    assert len(hits) == len(set(hits.ids)) == count
    assert hits.certified
    order = np.sort(distances)
    assert np.all(np.abs(hits.distances - order[:count]) <= close(order[:count]))
    assert np.all(np.diff(hits.distances) >= 0)
    place = {name: k for k, name in enumerate(ids)}
    own = distances[[place[name] for name in hits.ids]]
    assert np.all(np.abs(hits.distances - own) <= close(own))
    if count < len(ids) and count and order[count - 1] > 0:
        gap = order[count] / order[count - 1] - 1
        if gap < 1e-10:
            assert hits.tied
        if gap > 1e-8:
            assert not hits.tied
