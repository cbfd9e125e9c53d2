"""What the tests of an index share: ids, parameters for each kind, an index of crops."""

from benchmarks.photo_signatures import made
from heatlens import ImageIndex

KINDS = {
    "signature": {"k": 6},
    "signature-position": {"k": 6},
    "histogram": {},
    "colour-histogram": {"bins": 4},
    "orientation": {},
    "mass": {"grid": (8, 8)},
    "patches": {"k": 6, "count": 300},
    "features": {"model": "bundled:scene-cnn", "k": 6},
}


def names(count, start=0):
    return [f"row{k:05d}" for k in range(start, start + count)]


def photo_index(path, count=400, k=12, **more):
    weights, points = made(0, count, k, False, 0)
    index = ImageIndex.create(path, k=k, thumbnail=0)
    index.add((weights, points, names(count)), **more)
    return index
