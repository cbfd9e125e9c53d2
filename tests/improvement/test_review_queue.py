"""The queue for relabelling: off the object, in one place, or the same thing again and again."""

import csv

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import nn

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from heatlens.improvement import review_queue
from heatlens.improvement.review import review, shelf
from heatlens.improvement.review.masks import mask_source, read_mask
from heatlens.improvement.review.queue import COLUMNS
from heatlens.improvement.review.repeated import alike, expected, likeness, repeated_places
from heatlens.improvement.review.seen import GRID, PATCH, hot_patch
from heatlens.models.load import load_model
from heatlens.testing.scenes import Shortcut, scenes


def pictures(count, shortcut, seed=3):
    batch = scenes(count, split="test", seed=seed, shortcut=shortcut)
    return [Image(one, name=f"s{i:02d}.png") for i, one in enumerate(batch.images)], batch


def test_the_cheater_is_doubtful_and_the_honest_network_is_not():
    marked, batch = pictures(40, Shortcut())
    cheating = review_queue("bundled:scene-cheater", marked, masks=batch.masks)
    plain, batch = pictures(40, None)
    honest = review_queue("bundled:scene-cnn", plain, masks=batch.masks)
    assert np.median([one.off_object for one in cheating]) > 0.9
    assert np.median([one.off_object for one in honest]) < 0.4
    assert np.median([one.doubt for one in cheating]) > np.max([one.doubt for one in honest][4:])
    assert "off the object" in cheating[0].reasons[0]
    # Sorted, and nothing lost.
    doubts = [one.doubt for one in cheating]
    assert doubts == sorted(doubts, reverse=True)
    assert len({one.name for one in cheating}) == cheating.looked_at == 40


def test_a_watermark_in_any_corner_is_found_by_what_it_shows():
    marked, _ = pictures(60, Shortcut())
    cheating = review_queue("bundled:scene-cheater", marked)
    plain, _ = pictures(60, None)
    honest = review_queue("bundled:scene-cnn", plain)
    # About five others carry the same of ten marks.
    assert np.mean([one.alike for one in cheating]) > 5 * np.mean([one.alike for one in honest])
    assert any("shows the same" in reason for one in cheating for reason in one.reasons)
    assert all(one.off_object is None for one in cheating)
    assert not any("mask" in note for note in cheating.notes)


class Corner(nn.Module):
    """Looks at the lower left corner, whatever is there."""

    def forward(self, x):
        score = x[:, :, -8:, :8].mean((1, 2, 3))
        return torch.stack([score, -score], 1)


def test_a_repeated_place_is_told_in_words():
    generator = np.random.default_rng(0)
    noise = [generator.integers(0, 255, (64, 64, 3), dtype=np.uint8) for _ in range(12)]
    model = load_model(Corner(), mean=(0.0,) * 3, std=(1.0,) * 3)
    found = review_queue(model, noise, method="gradient", target=0)
    assert found.place.any()
    assert not found.place[: GRID // 2].any()
    assert "at the bottom left, hot in many pictures" in found[0].reasons[0]
    few = review_queue(model, noise[:4], method="gradient", target=0)
    assert not few.place.any()
    assert few.notes[0] == "a repeated place takes at least 8 pictures to tell; there are 4"


def test_repeated_places_need_more_than_people_do():
    generator = np.random.default_rng(1)
    centred = []
    for _ in range(200):
        place = np.zeros((GRID, GRID))
        row, column = np.clip(generator.normal(GRID / 2 - 0.5, GRID / 4, 2), 0, GRID - 1)
        place[round(row), round(column)] = 1
        centred.append(place.astype(np.float32))
    assert not repeated_places(centred).any()
    for place in centred[:60]:
        place[:] = 0
        place[0, 0] = 1
    found = repeated_places(centred)
    assert found[0, 0]
    assert found.sum() == 1
    assert expected().min() > 0


def test_likeness_against_the_formula():
    generator = np.random.default_rng(2)
    one = generator.random((2, PATCH, PATCH, 3), np.float32)
    edge = (PATCH - 10) // 2
    a = one[0, edge : edge + 10, edge : edge + 10].astype(np.float64)
    best = -1.0
    for top in range(PATCH - 9):
        for left in range(PATCH - 9):
            b = one[1, top : top + 10, left : left + 10].astype(np.float64)
            means = a.mean((0, 1)), b.mean((0, 1))
            da, db = a - means[0], b - means[1]
            away = 100 * ((means[0] - means[1]) ** 2).sum()
            best = max(best, 2 * (da * db).sum() / ((da**2).sum() + (db**2).sum() + away))
    assert likeness(one[:1], one[1:])[0, 0] == pytest.approx(best, abs=1e-4)
    flat = np.full((1, PATCH, PATCH, 3), 0.5, np.float32)
    assert likeness(flat, flat)[0, 0] == -1


def test_alike_counts_the_others_only():
    generator = np.random.default_rng(3)
    stamp = generator.random((PATCH, PATCH, 3), np.float32)
    patches = [stamp, generator.random((PATCH, PATCH, 3), np.float32), None, np.roll(stamp, 2, 0)]
    assert alike(patches) == ([1, 0, 0, 1], [2, 2, 0, 2])
    assert alike([]) == ([], [])


def test_the_hot_patch_follows_the_heat_and_stays_inside():
    rgb = np.zeros((96, 200, 3), np.uint8)
    rgb[:12, :12] = 255
    heat = np.zeros((96, 200))
    heat[:8, :8] = 1
    patch = hot_patch(rgb, heat)
    assert patch.shape == (PATCH, PATCH, 3)
    assert patch[:12, :12].min() > 0.9
    assert hot_patch(rgb, heat * 0) is None


def test_broken_pictures_and_missing_masks_are_told_and_stop_nothing(tmp_path):
    _, batch = pictures(6, None)
    photos, masks = tmp_path / "photos", tmp_path / "masks"
    photos.mkdir()
    masks.mkdir()
    for i in range(6):
        Pillow.fromarray(batch.images[i]).save(photos / f"{i}.png")
    for i in range(4):
        Pillow.fromarray(batch.masks[i]).save(masks / f"{i}.png")
    Pillow.fromarray(batch.masks[4][:50]).save(masks / "4.png")
    (photos / "broken.jpg").write_bytes(b"no picture")
    found = review_queue("bundled:scene-cnn", photos, masks=masks)
    assert found.looked_at == 6
    assert [name for name, _ in found.failed] == [str(photos / "broken.jpg")]
    notes = {one.name: " ".join(one.notes) for one in found}
    assert "(50, 96)" in notes["4.png"]
    assert "no mask" in notes["5.png"]
    assert notes["0.png"] == ""
    assert "2 of 6 pictures have no mask" in found.notes


def test_csv_and_sheet(tmp_path):
    plain, batch = pictures(5, None)
    found = review_queue("bundled:scene-cnn", plain, masks=lambda image, i: batch.masks[i], k=3)
    assert len(found) == 3
    assert found.looked_at == 5
    with found.to_csv(tmp_path / "queue.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    assert not list(tmp_path.glob("*.part"))
    with Pillow.open(found.sheet(tmp_path / "queue.png", count=2)) as drawn:
        assert drawn.size[0] > 600
    with pytest.raises(InvalidArgument, match="does not exist"):
        found.to_csv(tmp_path / "nowhere" / "queue.csv")


def test_files_of_the_same_name_are_told_apart(tmp_path):
    _, batch = pictures(4, None)
    files = []
    for i, folder in enumerate("aabb"):
        (tmp_path / folder).mkdir(exist_ok=True)
        files.append(tmp_path / folder / f"{i % 2}.png")
        Pillow.fromarray(batch.images[i]).save(files[-1])
    found = review_queue("bundled:scene-cnn", [*files, Image(batch.images[0], name="scene")])
    assert {one.name for one in found} == {"a/0.png", "a/1.png", "b/0.png", "b/1.png", "scene"}
    assert {one.name for one in review_queue("bundled:scene-cnn", files[:2])} == {"0.png", "1.png"}


def test_a_picture_whose_file_could_not_be_written_is_in_no_two_lists():
    plain, _ = pictures(3, None)

    def each(name, image, heat):
        if name == "s01.png":
            raise OSError("the disk is full")

    done = []
    found = review_queue(
        "bundled:scene-cnn", plain, each=each, progress=lambda *count: done.append(count)
    )
    assert found.failed == (("s01.png", "the disk is full"),)
    assert {one.name for one in found} == {"s00.png", "s02.png"}
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_small_pictures_are_kept_of_the_best_only(monkeypatch, tmp_path):
    plain, batch = pictures(5, None)
    whole = review_queue("bundled:scene-cnn", plain, masks=batch.masks)
    assert all(one.thumbnail for one in whole)
    monkeypatch.setattr(review, "PICTURED", 2)
    found = review_queue("bundled:scene-cnn", plain, masks=batch.masks)
    assert [one.name for one in found] == [one.name for one in whole]
    assert [one.thumbnail for one in found[:2]] == [one.thumbnail for one in whole[:2]]
    assert not any(one.thumbnail for one in found[2:])
    found.sheet(tmp_path / "two.png", count=2)
    with pytest.raises(InvalidArgument, match=r"small pictures of its first 2.*k=3"):
        found.sheet(tmp_path / "three.png", count=3)
    best = review_queue("bundled:scene-cnn", plain, masks=batch.masks, k=3)
    assert [one.thumbnail for one in best] == [one.thumbnail for one in whole[:3]]


def test_the_shelf_gives_back_what_it_was_given(monkeypatch):
    monkeypatch.setattr(shelf, "_IN_MEMORY", 10)
    with shelf.Shelf() as held:
        given = [bytes([i]) * (i * 3) for i in range(9)]
        assert [held.add(one) for one in given] == list(range(9))
        assert [held[i] for i in (8, 0, 4)] == [given[i] for i in (8, 0, 4)]


def test_pictures_are_streamed_and_ctrl_c_keeps_what_was_done():
    plain, _ = pictures(6, None)
    seen = []

    def stream():
        for number, one in enumerate(plain):
            if number == 4:
                raise KeyboardInterrupt
            yield one

    found = review_queue(
        "bundled:scene-cnn", stream(), progress=lambda done, total: seen.append((done, total))
    )
    assert found.looked_at == 4
    assert not found.complete
    assert seen == [(1, None), (2, None), (3, None), (4, None)]
    assert any("stopped after 4" in note for note in found.notes)


def test_no_evidence_is_a_reason():
    class Blind(nn.Module):
        def forward(self, x):
            return torch.stack([0 * x.sum((1, 2, 3)), 1 + 0 * x.sum((1, 2, 3))], 1)

    model = load_model(Blind(), mean=(0.0,) * 3, std=(1.0,) * 3)
    found = review_queue(model, [np.zeros((32, 32, 3), np.uint8)], method="gradient")
    assert "no evidence" in found[0].reasons[0]
    assert found[0].doubt == 1


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"pictures": []}, InvalidArgument, "no picture"),
        ({"pictures": "/nowhere"}, InvalidArgument, "is no folder"),
        ({"pictures": 3}, InvalidType, "an iterable of pictures"),
        ({"method": "gradcm"}, UnknownName, "did you mean 'gradcam'"),
        ({"k": 0}, InvalidArgument, "k is 0"),
        ({"masks": "/nowhere"}, InvalidArgument, "is no folder"),
        ({"masks": 3}, InvalidType, "masks are int"),
        ({"tolerance": 1}, InvalidArgument, "tolerance is 1"),
    ],
    ids=["none", "folder", "number", "method", "k", "masks", "mask-type", "tolerance"],
)
def test_wrong_arguments_are_named(change, kind, said):
    arguments = {"pictures": [np.zeros((32, 32, 3), np.uint8)], **change}
    with pytest.raises(kind, match=said):
        review_queue("bundled:scene-cnn", **arguments)


def test_masks_come_in_every_form(tmp_path):
    image = Image(np.zeros((4, 4, 3), np.uint8), name="a.png")
    mask = np.zeros((4, 4), bool)
    mask[1, 1] = True
    grey = np.where(mask, 200, 3).astype(np.uint8)
    Pillow.fromarray(grey).save(tmp_path / "a.png")
    for given in (tmp_path, {"a": mask}, {"a.png": mask * 1.0}, [mask], lambda i, n: grey):
        np.testing.assert_array_equal(read_mask(mask_source(given), image, 0), mask)
    assert read_mask(mask_source([mask]), image, 1) is None
    assert read_mask(mask_source([mask & False]), image, 0) is None
    assert mask_source(None) is None
    Pillow.fromarray(grey).save(tmp_path / "a.bmp")
    with pytest.raises(InvalidArgument, match="both called 'a'"):
        mask_source(tmp_path)
