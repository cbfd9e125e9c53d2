"""Small stores, and what is in them."""

import numpy as np

from heatlens.search.signatures import canonical
from heatlens.search.store.schema import Row
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store


def row(name, seed=0, n=4, **more):
    rng = np.random.default_rng([seed, *name.encode()])
    weights, points = canonical(rng.random(n), rng.random((n, 3)) * 100)
    return Row(name, name, f"{seed:032x}", weights, points, **more)


def store_of(path, count, seed=0, batches=1, **more):
    store = Store.create(path, Settings.of("signature", k=4))
    names = [f"row{k:04d}" for k in range(count)]
    for part in np.array_split(names, batches):
        store.append([row(str(name), seed, **more) for name in part])
    return store


def content(store):
    """All rows by id, but for the time they were added at."""
    columns = ["id", "path", "name", "hash", "tags", "weights", "points", "dimensions"]
    columns += ["embedding", "thumbnail", "notes", "key"]
    rows = [item for batch in store.read(columns=columns) for item in batch.to_pylist()]
    found = {item["id"]: item for item in rows}
    assert len(found) == len(rows)
    return found
