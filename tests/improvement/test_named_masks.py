"""Whose mask is it? Masks by folder and name, none of them for two pictures."""

import pytest
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.improvement import review_queue
from heatlens.improvement.review.masks import check_masks, mask_source, read_mask
from heatlens.improvement.review.names import names
from heatlens.testing.scenes import scenes

BATCH = scenes(4, split="test", seed=3)


def saved(folder, *relative, values=BATCH.images):
    paths = [folder / name for name in relative]
    for path, pixels in zip(paths, values, strict=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(pixels).save(path)
    return paths


def found_for(masks, paths):
    """Number of the scene whose mask each picture gets; None without one."""
    source = mask_source(masks)
    got = []
    for number, path in enumerate(paths):
        mask = read_mask(source, Image(BATCH.images[0], name=path.name), number, str(path))
        same = [i for i, one in enumerate(BATCH.masks) if mask is not None and (one == mask).all()]
        got.append(same[0] if same else None)
    return got


def test_masks_lie_in_folders_as_the_pictures_do(tmp_path):
    photos = saved(tmp_path / "photos", "a/0.png", "a/1.png", "b/0.png", "c/7.png")
    saved(tmp_path / "masks", "a/0.png", "b/0.bmp", "7.png", values=BATCH.masks)
    assert found_for(tmp_path / "masks", photos) == [0, None, 1, 2]
    # From a folder on its own too.
    assert found_for(tmp_path / "masks", photos[2:3]) == [1]


def test_a_mask_that_suits_two_pictures_serves_none(tmp_path):
    photos = saved(tmp_path / "photos", "a/0.png", "b/0.png", "b/1.png")
    masks = tmp_path / "masks"
    saved(masks, "0.png", "1.png", values=BATCH.masks)
    with pytest.raises(InvalidArgument, match=r"0\.png suits two pictures, .*a/0\.png and .*b/0"):
        review_queue("bundled:scene-cnn", photos, masks=masks)
    # Though the other has a mask of its own, whose it is remains a guess.
    saved(masks, "a/0.png", values=BATCH.masks[2:])
    with pytest.raises(InvalidArgument, match="suits two pictures"):
        check_masks(mask_source(masks), photos)
    check_masks(mask_source(masks), [photos[0], photos[2], photos[2]])
    # Of a stream the second is told.
    queue = review_queue("bundled:scene-cnn", iter(photos[1::-1]), masks=masks)
    notes = {one.name: " ".join(one.notes) for one in queue}
    assert notes == {"b/0.png": "", "a/0.png": ""}
    queue = review_queue("bundled:scene-cnn", iter(photos[:2]), masks=masks)
    notes = {one.name: " ".join(one.notes) for one in queue}
    assert notes["a/0.png"] == ""
    assert "no mask: masks:" in notes["b/0.png"]


def test_a_mapping_is_asked_for_path_name_and_stem(tmp_path):
    photos = saved(tmp_path, "a/0.png", "b/0.png", "b/1.png")
    by_path = {str(photos[0]): BATCH.masks[0], str(photos[1]): BATCH.masks[1], "1": BATCH.masks[2]}
    assert found_for(by_path, photos) == [0, 1, 2]
    with pytest.raises(InvalidArgument, match="masks: '0' suits two pictures"):
        check_masks(mask_source({"0": BATCH.masks[0]}), photos)
    twice = [Image(one, name="scene") for one in BATCH.images[:2]]
    with pytest.raises(InvalidArgument, match=r"scene \(picture 0\) and scene \(picture 1\)"):
        check_masks(mask_source({"scene": BATCH.masks[0]}), twice)


def test_only_endings_of_pictures_are_endings(tmp_path):
    photos = saved(tmp_path / "photos", "scan.001.png", "scan.002.png", "scan.png")
    saved(tmp_path / "masks", "scan.001.png", "scan.002.png", "scan.png", values=BATCH.masks)
    assert found_for(tmp_path / "masks", photos) == [0, 1, 2]
    bare = [photo.with_suffix("") for photo in photos]
    assert found_for(tmp_path / "masks", bare) == [0, 1, 2]
    assert found_for(tmp_path / "masks", [tmp_path / "scan.003"]) == [None]


def test_two_masks_of_one_name_are_refused_in_any_folder(tmp_path):
    saved(tmp_path, "a/0.png", "b/0.png", values=BATCH.masks)
    assert mask_source(tmp_path) is not None
    saved(tmp_path, "a/0.bmp", values=BATCH.masks)
    with pytest.raises(InvalidArgument, match=r"0\.bmp and 0\.png in .*a are both called '0'"):
        mask_source(tmp_path)


def test_names_without_a_folder_in_common():
    assert names(["", ""], ["one", "two"]) == ["one", "two"]
    assert names(["/x/a/0.png", "/y/0.png"], ["0.png"] * 2) == ["x/a/0.png", "y/0.png"]
