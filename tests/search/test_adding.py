"""Sources become rows: files, pictures, heatmaps, ready signatures; what fails is listed."""

import os
import shutil
import threading

import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.distributions.as_distribution import as_distribution
from heatlens.errors import InvalidArgument, InvalidType, MissingImage, UnwritableIndex
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.images.reduced import reduced
from heatlens.provenance import Provenance
from heatlens.search.adding import add as module
from heatlens.search.adding.add import add
from heatlens.search.adding.describe import check_settings, describe
from heatlens.search.adding.prune import prune
from heatlens.search.signatures import canonical
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
from tests.search.photographs import crops
from tests.search.stores import content

SIGNATURE = Settings.of("signature", k=8)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    crops(folder, 12)
    crops(folder / "deeper/down", 4, seed=1)
    return folder


def store_at(path, settings=SIGNATURE):
    return Store.create(path / "a.lance", settings)


def counts(found):
    return found.added, found.replaced, found.unchanged, len(found.failed)


def test_folder_is_added_once_and_what_changed_again(photos, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(photos, folder)
    store, seen = store_at(tmp_path), []
    found = add(store, folder, tags=("holiday",), progress=lambda *now: seen.append(now))
    assert counts(found) == (16, 0, 0, 0)
    assert seen == [(k, 16) for k in range(1, 17)]
    assert counts(add(store, str(folder))) == (0, 0, 16, 0)
    first = sorted(folder.glob("*.jpg"))[0]
    shutil.copy(folder / "crop001.jpg", first)
    assert counts(add(store, folder)) == (0, 1, 15, 0)
    rows = content(store)
    one = rows[first.resolve().as_posix()]
    assert one["name"] == "crop000.jpg"
    assert one["path"] == one["id"]
    assert one["points"] == rows[(folder / "crop001.jpg").resolve().as_posix()]["points"]
    assert rows[(folder / "deeper/down/crop003.jpg").resolve().as_posix()]["tags"] == ["holiday"]
    assert store.verify().ok


def test_a_row_is_the_distribution_of_the_reduced_picture(photos, tmp_path):
    store = store_at(tmp_path)
    file = photos / "crop003.jpg"
    add(store, file)
    [item] = content(store).values()
    small = reduced(read_image(file), 64)
    assert small.size == (64, 64)
    made = as_distribution(small, "signature", k=8)
    weights, points = canonical(made.weights, made.points)
    assert item["weights"] == weights.tolist()
    assert item["points"] == points.ravel().tolist()
    thumbnail = read_image(item["thumbnail"])
    assert thumbnail.metadata["format"] == "JPEG"
    assert thumbnail.size == (96, 96)
    query = describe(file, SIGNATURE, thumbnail=False)
    assert np.array_equal(query.weights, weights)
    assert np.array_equal(query.points, points)
    assert (query.thumbnail, query.hash) == (None, item["hash"])


def test_large_jpegs_are_decoded_in_part_and_mean_the_same(tmp_path):
    [file] = crops(tmp_path, 1, side=200)
    with Pillow.open(file) as small:
        large = small.resize((1600, 1200), Pillow.Resampling.BICUBIC)
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turn right
    large.save(tmp_path / "large.jpg", quality=95, exif=exif)
    large.save(tmp_path / "large.png", exif=exif)
    settings = Settings.of("mass", grid=(8, 8))
    fast, full = (describe(tmp_path / f"large.{end}", settings) for end in ("jpg", "png"))
    assert read_image(tmp_path / "large.jpg").size == (1600, 1200)  # height, width
    assert read_image(fast.thumbnail).size == read_image(full.thumbnail).size == (128, 96)
    assert np.abs(fast.weights - full.weights).max() < 1e-3  # of a mean of 1.6e-2
    assert np.array_equal(fast.points, full.points)
    large.resize((640, 480)).save(tmp_path / "middle.jpg")
    row, query = (describe(tmp_path / "middle.jpg", SIGNATURE, thumbnail=t) for t in (True, False))
    assert np.array_equal(row.points, query.points)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_order_change_no_row(photos, tmp_path, threads):
    files = sorted(photos.rglob("*.jpg"))
    plain = Store.create(tmp_path / "plain.lance", SIGNATURE)
    add(plain, files, threads=2)
    other = Store.create(tmp_path / "other.lance", SIGNATURE)
    shuffled = np.random.default_rng(0).permutation(files).tolist()
    add(other, shuffled[:5], threads=threads)
    add(other, shuffled, threads=threads)
    assert content(other) == content(plain)


def test_what_cannot_be_read_is_listed_with_its_reason(photos, tmp_path, monkeypatch):
    folder = tmp_path / "photos"
    folder.mkdir()
    good = (photos / "crop000.jpg").read_bytes()
    (folder / "good.jpg").write_bytes(good)
    (folder / "empty.jpg").touch()
    (folder / "cut.jpg").write_bytes(good[: len(good) // 2])
    (folder / "text.png").write_text("hello")
    (folder / "volume.nii").write_bytes(b"\0" * 400)
    (folder / "notes.txt").write_text("not a picture, and not asked for")
    (folder / "archive.tar.gz").write_bytes(b"nor is this")
    (folder / ".hidden.jpg").write_bytes(good)
    Pillow.new("L", (300, 300)).save(folder / "huge.png")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "dangling.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "again.jpg").symlink_to(folder / "good.jpg")
    monkeypatch.setenv("HEATLENS_MAX_PIXELS", "50000")
    store = store_at(tmp_path)
    found = add(store, folder)
    assert (found.added, len(store)) == (1, 1)
    reasons = {source.rpartition("/")[2]: reason for source, reason in found.failed}
    assert reasons.keys() == {
        "empty.jpg", "cut.jpg", "text.png", "volume.nii", "huge.png", "pipe.jpg", "nowhere.jpg"
    }  # fmt: skip
    for name, reason in (
        ("empty.jpg", "0 bytes"),
        ("cut.jpg", "cut off"),
        ("text.png", "looks like text"),
        ("huge.png", "million pixels"),
        ("pipe.jpg", "pipe"),
        ("nowhere.jpg", "there is no picture"),
    ):
        assert reason in reasons[name]
    assert counts(add(store, folder)) == (0, 0, 1, 7)


def test_globs_lists_and_missing_paths(photos, tmp_path):
    store = store_at(tmp_path)
    assert counts(add(store, f"{photos}/*1.jpg")) == (2, 0, 0, 0)
    assert counts(add(store, f"{photos}/**/*.jpg")) == (14, 0, 2, 0)
    found = add(store, [photos / "deeper", photos / "nope.jpg", photos / "crop001.jpg"])
    assert counts(found) == (0, 0, 5, 1)
    assert found.failed[0][0].endswith("nope.jpg")
    (tmp_path / "bare").mkdir()
    with pytest.raises(InvalidArgument, match=r"bare: the folder has no pictures"):
        add(store, tmp_path / "bare")
    with pytest.raises(MissingImage, match=r"no picture at .*nope"):
        add(store, tmp_path / "nope")
    with pytest.raises(InvalidArgument, match=r"matches no file"):
        add(store, f"{tmp_path}/*.jpg")
    for thing in (3, np.zeros((4, 4)), {"a": 1}, [3]):
        with pytest.raises(InvalidType, match=r"cannot be added|a list holds"):
            add(store, thing)


def test_images_have_names_or_ids(photos, tmp_path):
    store = store_at(tmp_path)
    images = [read_image(file) for file in sorted(photos.glob("*.jpg"))[:3]]
    assert counts(add(store, images)) == (3, 0, 0, 0)
    assert counts(add(store, images[0])) == (0, 0, 1, 0)
    assert counts(add(store, images[0].with_(pixels=images[1].pixels))) == (0, 1, 0, 0)
    assert counts(add(store, images[:2], ids=["a", "b"])) == (2, 0, 0, 0)
    assert sorted(store.known()) == ["a", "b", "crop000.jpg", "crop001.jpg", "crop002.jpg"]
    assert counts(add(store, [photos / "crop004.jpg"], ids=["mine"])) == (1, 0, 0, 0)
    assert content(store)["mine"]["path"].endswith("crop004.jpg")
    with pytest.raises(InvalidArgument, match=r"Image at \[0\] has no name; give ids="):
        add(store, images[0].with_(name=""))
    with pytest.raises(InvalidArgument, match=r"2 sources have the id 'crop000.jpg'"):
        add(store, [images[0], images[0]])
    with pytest.raises(InvalidArgument, match=r"2 ids for 1 sources"):
        add(store, [images[0]], ids=["a", "b"])
    with pytest.raises(InvalidType, match=r"the id 3 is no text"):
        add(store, [images[0]], ids=[3])
    with pytest.raises(InvalidArgument, match=r"ids= belongs to a list"):
        add(store, photos, ids=["a"])


def test_ready_signatures(tmp_path):
    rng = np.random.default_rng(0)
    weights, points = rng.random((5, 6)), rng.random((5, 6, 3))
    store, names = store_at(tmp_path), list("abcde")
    assert counts(add(store, (weights, points, names))) == (5, 0, 0, 0)
    assert counts(add(store, (weights, points), ids=names)) == (0, 0, 5, 0)
    loose = [[1.0], [1.0, 3.0]], [np.zeros((1, 3)), np.eye(3)[:2]]
    assert counts(add(store, loose, ids=["f", "g"])) == (2, 0, 0, 0)
    weights[1, 0] = np.nan
    found = add(store, (weights, points, names))
    assert counts(found) == (0, 0, 4, 1)
    assert found.failed[0][0] == "b"
    first = canonical(weights[0], points[0])
    assert content(store)["a"]["weights"] == first[0].tolist()
    with pytest.raises(InvalidArgument, match=r"need ids"):
        add(store, (weights, points))
    with pytest.raises(InvalidArgument, match=r"weights of 5, points of 4 and 5 ids"):
        add(store, (weights, points[:4], names))
    with pytest.raises(InvalidArgument, match=r"3 sources have the id 'x'"):
        add(store, (weights[:3], points[:3], ["x"] * 3))


@pytest.mark.parametrize("known", [True, False])
def test_points_of_other_dimensions_are_listed(tmp_path, known):
    """Also in an index made before its settings knew them; there the first row decides."""
    store = store_at(tmp_path, check_settings(SIGNATURE) if known else SIGNATURE)
    assert store.settings.dimensions == (3 if known else 0)
    points = [np.zeros((1, 3)), np.zeros((1, 2)), np.ones((1, 3))]
    for number in (0, 1):
        found = add(store, ([[1.0]] * 3, points, [f"{number}{name}" for name in "abc"]))
        assert counts(found) == (2, 0, 0, 1)
        [(name, reason)] = found.failed
        assert name == f"{number}b"
        assert reason.startswith("the points have 2 coordinates, those of the index 3;")
    if known:
        with pytest.raises(InvalidArgument, match=r"2 coordinates, those of the index 3"):
            describe(([1.0], [[0.0, 0.0]]), store.settings, thumbnail=False)
    empty = Store.create(tmp_path / "b.lance", check_settings(SIGNATURE))
    assert counts(add(empty, ([[1.0]], points[1:2], ["flat"]))) == (0, 0, 0, 1)
    assert Store.open(tmp_path / "b.lance").settings.dimensions == 3


def test_tags_of_rows_that_are_there(photos, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(photos, folder)
    store = store_at(tmp_path)
    add(store, folder, tags="holiday")
    shutil.copy(folder / "crop001.jpg", folder / "crop000.jpg")
    assert counts(add(store, folder)) == (0, 1, 15, 0)
    assert {tuple(item["tags"]) for item in content(store).values()} == {("holiday",)}
    version = store.version
    found = add(store, folder / "deeper", tags=["winter", "holiday"])
    assert (counts(found), found.retagged) == ((0, 0, 4, 0), 4)
    assert store.version == version + 1
    assert len(store.matching("array_has(tags, 'winter')")) == 4
    assert len(store.matching("array_has(tags, 'holiday')")) == 16
    assert add(store, folder / "deeper", tags=["winter"]).retagged == 0
    assert store.version == version + 1


def test_rows_of_lost_files_are_pruned(photos, tmp_path, monkeypatch):
    folder, near = tmp_path / "photos", tmp_path / "photos2"
    for place in (folder, near):
        shutil.copytree(photos, place)
    store = store_at(tmp_path)
    add(store, [folder, near])
    add(store, read_image(folder / "crop000.jpg").with_(name="no file"))
    add(store, [folder / "crop003.jpg"], ids=["mine"])
    assert prune(store, [tmp_path]) == 0
    (near / "crop001.jpg").unlink()
    (folder / "crop002.jpg").rename(folder / "renamed.jpg")
    (folder / "crop003.jpg").unlink()
    shutil.rmtree(folder / "deeper")
    version = store.version
    assert prune(store, [folder]) == 1 + 2 + 4
    assert store.version == version + 1
    assert "mine" not in store.known()
    assert (near / "crop001.jpg").as_posix() in store.known()
    (tmp_path / "link").symlink_to(near)
    assert prune(store, [folder, tmp_path / "link"]) == 1
    assert len(store) == 16 - 6 + 15 + 1
    with monkeypatch.context() as patch:  # a folder that may not be looked into

        def refused(self, **_):
            raise PermissionError(13, "Permission denied", str(self))

        (near / "crop002.jpg").unlink()
        patch.setattr("heatlens.search.adding.prune.Path.stat", refused)
        patch.setattr("heatlens.search.adding.prune.Path.is_dir", lambda self: True)
        assert prune(store, [near]) == 0
    shutil.rmtree(near)  # as a disk that is not mounted
    with pytest.raises(InvalidArgument, match=r"photos2 is no folder; rows are pruned below"):
        prune(store, [folder, near])
    assert store.verify().ok


def heat(values, name):
    return Heatmap(np.asarray(values, np.float32), Provenance("by hand", image=name))


def test_heatmaps_of_any_size_share_a_frame(photos, tmp_path):
    store = store_at(tmp_path, Settings.of("mass"))
    rng = np.random.default_rng(0)
    maps = [heat(rng.random(size), f"map{size}") for size in ((40, 60), (96, 96), (7, 9))]
    signed = heat(rng.normal(size=(32, 32)), "signed")
    assert counts(add(store, [*maps, signed])) == (4, 0, 0, 0)
    maps[0].save(tmp_path / "saved.npz")
    signed.save(tmp_path / "saved.tif")
    shutil.copy(photos / "crop000.jpg", tmp_path / "photo.jpg")
    assert counts(add(store, tmp_path)) == (3, 0, 0, 0)
    rows = content(store)
    places = {
        tuple(point) for item in rows.values() for point in np.reshape(item["points"], (-1, 2))
    }
    assert len(places) <= 16 * 16
    assert any("negative evidence was left out" in note for note in rows["signed"]["notes"])
    assert rows["signed"]["points"] == rows[(tmp_path / "saved.tif").as_posix()]["points"]
    assert read_image(rows["map(96, 96)"]["thumbnail"]).metadata["format"] == "PNG"
    other = Store.create(tmp_path / "negative.lance", Settings.of("mass", part="negative"))
    assert counts(add(other, signed)) == (1, 0, 0, 0)
    assert content(other)["signed"]["points"] != rows["signed"]["points"]


def test_a_heatmap_is_no_picture(tmp_path):
    found = add(store_at(tmp_path), heat(np.eye(4), "eye"))
    assert counts(found) == (0, 0, 0, 1)
    assert "on='mass'" in found.failed[0][1]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("signature-position", {"k": 8}),
        ("histogram", {}),
        ("colour-histogram", {}),
        ("orientation", {}),
        ("patches", {"k": 4, "count": 200}),
        ("mass", {}),
        ("features", {"model": "bundled:scene-cnn", "k": 4}),
    ],
)
def test_every_kind(photos, tmp_path, kind, parameters):
    settings = check_settings(Settings.of(kind, **parameters))
    store = store_at(tmp_path, settings)
    files = sorted(photos.glob("*.jpg"))[:3]
    assert counts(add(store, files)) == (3, 0, 0, 0)
    assert {item["dimensions"] for item in content(store).values()} == {settings.dimensions}
    [failed] = add(store, ([[1.0]], [np.zeros((1, 99))], ["odd"])).failed
    assert f"have 99 coordinates, those of the index {settings.dimensions};" in failed[1]
    again = Store.open(tmp_path / "a.lance")
    query = describe(files[1], again.settings)
    assert query.points.ravel().tolist() == content(again)[files[1].as_posix()]["points"]
    assert again.verify().ok


@pytest.mark.parametrize(
    ("kind", "parameters", "says"),
    [
        ("signature", {"k": 0}, "k is 0"),
        ("signature", {"k": "many"}, "whole number"),
        ("mass", {"part": "both"}, "part is 'both'"),
        ("mass", {"grid": 3}, "grid is 3"),
        ("mass", {"unit": "inches"}, "unit is 'inches'"),
        ("features", {"model": "bundled:scene-cm"}, "scene-cnn"),
    ],
)
def test_parameters_that_no_picture_can_use(kind, parameters, says):
    with pytest.raises((InvalidArgument, InvalidType), match=says):
        check_settings(Settings.of(kind, **parameters))


def test_interrupted_it_keeps_what_is_described_and_carries_on(photos, tmp_path):
    store, threads = store_at(tmp_path), threading.active_count()

    def stop(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(store, photos, progress=stop)
    assert len(store) == 5
    assert threading.active_count() == threads
    assert counts(add(store, photos)) == (11, 0, 5, 0)


def test_commits_are_made_by_rows_and_by_time(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 6)
    store = store_at(tmp_path)
    version = store.version
    add(store, photos)
    assert store.version == version + 3  # 6 + 6 + 4
    monkeypatch.setattr(module, "SECONDS", 0.0)
    add(store, [Image(np.full((4, 4), k, np.uint8), "YX", name=str(k)) for k in range(3)])
    assert store.version == version + 6


def test_interrupted_in_a_commit_it_loses_no_batch(photos, tmp_path, monkeypatch):
    store, append, calls = store_at(tmp_path), Store.append, []

    def stopped(self, rows):
        calls.append(len(rows))
        if len(calls) == 1:
            raise KeyboardInterrupt
        return append(self, rows)

    monkeypatch.setattr(Store, "append", stopped)
    with pytest.raises(KeyboardInterrupt):
        add(store, photos)
    assert calls == [16, 16]
    assert len(store) == 16


def test_a_commit_that_fails_is_not_tried_again(photos, tmp_path, monkeypatch):
    store, calls = store_at(tmp_path), []

    def refused(self, rows):
        calls.append(len(rows))
        raise UnwritableIndex("no room")

    monkeypatch.setattr(Store, "append", refused)
    monkeypatch.setattr(module, "ROWS", 6)
    with pytest.raises(UnwritableIndex, match="no room"):
        add(store, photos)
    assert calls == [6]
