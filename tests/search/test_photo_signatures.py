"""The benchmarks' signatures of real photographs."""

import numpy as np
import pytest

from benchmarks import photo_signatures
from benchmarks.photo_files import written
from benchmarks.photo_signatures import made, signatures, thumbnails


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(photo_signatures, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.mark.parametrize(("k", "position", "d"), [(32, False, 3), (64, True, 5)])
def test_rows_are_signatures(k, position, d):
    weights, points = made(0, 40, k, position, 0)
    assert weights.shape == (40, k)
    assert points.shape == (40, k, d)
    assert weights.min() > 0
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert 0 <= points[..., 0].min() < points[..., 0].max() <= 100.001
    if position:
        assert np.abs(points[..., 3:]).max() < 50 / np.sqrt(2)
        centre = (weights[..., None] * points[..., 3:]).sum(1)
        np.testing.assert_allclose(centre, 0, atol=1e-4)


def test_a_row_depends_on_its_number_and_the_seed_alone():
    whole, part = made(0, 200, 32, False, 0), made(130, 170, 32, False, 0)
    for a, b in zip(whole, part):
        np.testing.assert_array_equal(a[130:170], b)
    other = made(0, 200, 32, False, 1)
    assert len(np.unique(np.concatenate([whole[0], other[0]]), axis=0)) == 400


def test_the_cache_holds_and_grows(cache, monkeypatch):
    first = [part.copy() for part in signatures(20)]
    more = signatures(50)
    assert len(list(cache.iterdir())) == 2
    monkeypatch.setattr(photo_signatures, "made", None)  # all that follows is read
    for a, b, c in zip(first, more, signatures(30)):
        np.testing.assert_array_equal(a, b[:20])
        np.testing.assert_array_equal(b[:30], c)
        assert not c.flags.writeable


def test_what_was_interrupted_is_not_there(cache, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(photo_signatures, "made", stopped)
    with pytest.raises(KeyboardInterrupt):
        signatures(20)
    assert not list(cache.iterdir())


def test_crops_of_one_photograph_differ_like_photographs():
    pictures = thumbnails(200, 32)
    means = pictures.reshape(200, -1, 3).mean(1)
    assert (means.std(0) > 40).all()
    assert len(np.unique(means, axis=0)) > 195


def test_jpeg_files_are_what_they_say(tmp_path):
    from PIL import Image

    files = written(tmp_path, 3, 320, 240, seed=0)
    for file in files:
        with Image.open(file) as opened:
            assert opened.size == (320, 240)
    again = written(tmp_path / "again", 3, 320, 240, seed=0)
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]
