"""The ground-truth world: what a scene promises, checked pixel by pixel."""

import builtins
import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import ndimage

from heatlens.errors import InvalidArgument, MissingDependency
from heatlens.testing.scenes import (
    CONTRAST,
    LUMA,
    PHOTOGRAPHS,
    TEXTURES,
    Shortcut,
    scene,
    scenes,
    shortcut,
    sources,
)

PLANTED = Shortcut()


@pytest.fixture(scope="module", params=["train", "test"])
def drawn(request):
    return [scene(i, split=request.param, seed=5) for i in range(120)]


@pytest.fixture(scope="module")
def marked():
    return [scene(i, split="test", seed=6, shortcut=PLANTED) for i in range(200)]


def luma(pixels):
    return pixels / 255.0 @ np.array(LUMA)


def test_a_scene_depends_on_its_number_alone():
    batch = scenes(150, seed=3)
    other = scenes(20, seed=3, start=100)
    np.testing.assert_array_equal(batch.images[100:120], other.images)
    np.testing.assert_array_equal(batch.masks[100:120], other.masks)
    np.testing.assert_array_equal(batch.images[119], scene(119, seed=3).image)


def test_threads_render_the_same_scenes():
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda start: scenes(10, seed=3, start=start), range(0, 40, 10)))
    np.testing.assert_array_equal(
        np.concatenate([part.images for part in parts]), scenes(40, seed=3).images
    )


def test_another_process_renders_the_same_scene():
    program = (
        "from heatlens.testing.scenes import scene; import hashlib;"
        "print(hashlib.sha256(scene(11, split='test', seed=2).image.tobytes()).hexdigest())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    here = hashlib.sha256(scene(11, split="test", seed=2).image.tobytes()).hexdigest()
    assert answer.stdout.strip() == here


def test_no_global_random_state_is_touched():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    scene(0)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_seeds_and_splits_differ():
    first = scene(0).image
    assert not np.array_equal(first, scene(0, seed=1).image)
    assert not np.array_equal(first, scene(0, split="test").image)
    assert not np.array_equal(first, scene(1).image)


def test_only_the_object_differs_from_the_scene_without_it(drawn):
    for one in drawn:
        changed = (one.image != one.without_object).any(axis=2)
        assert not changed[~one.edge].any()
        # A few pixels of the background may have the fill's very colour.
        assert changed[one.mask].mean() > 0.97
        assert one.edge[one.mask].all()


def test_the_edge_hugs_the_mask(drawn):
    """The soft edge is about a pixel wide; where a stroke thins out it may reach a little on."""
    reach = [ndimage.distance_transform_edt(~one.mask)[one.edge].max() for one in drawn]
    assert max(reach) < 3.0
    assert np.quantile(reach, 0.9) < 1.5


def test_contrast_lies_in_the_stated_range(drawn):
    for one in drawn:
        values = luma(one.image)
        contrast = abs(values[one.mask].mean() - values[one.ring].mean())
        assert CONTRAST[0] <= contrast <= CONTRAST[1]


def test_objects_have_the_stated_size_and_lie_within_the_picture(drawn):
    for one in drawn:
        rows, columns = np.nonzero(one.mask)
        extent = max(np.ptp(rows), np.ptp(columns)) + 1
        # Turning by up to 30 degrees shortens a bar and widens a square.
        assert 36 * 0.8 < extent < 60 * 1.45
        assert not one.mask[[0, -1]].any()
        assert not one.mask[:, [0, -1]].any()


def test_all_classes_occur_about_equally_often():
    labels = scenes(1000, split="test", seed=9, size=24).labels
    counts = np.bincount(labels, minlength=10)
    assert counts.min() > 60
    assert counts.max() < 140


def test_distractors_stay_clear_of_the_object(monkeypatch):
    """Without distractors a scene looks the same in a band of 3 px around its object."""
    from heatlens.testing.scenes import render

    whole = [scene(i, seed=8) for i in range(60)]
    monkeypatch.setattr(render, "_with_distractors", lambda rng, base, distance, split: base)
    for i, one in enumerate(whole):
        bare = scene(i, seed=8)
        np.testing.assert_array_equal(one.mask, bare.mask)
        differs = (one.without_object != bare.without_object).any(axis=2)
        near = ndimage.distance_transform_edt(~one.mask) <= 2.5
        assert not (differs & near).any()
        assert ndimage.label(differs)[1] >= 2


def test_whole_photographs_and_digits_are_held_out():
    for table in (PHOTOGRAPHS, TEXTURES):
        assert not set(table["train"]) & set(table["test"])
    train = {i for numbers in sources.digits("train") for i in numbers}
    test = {i for numbers in sources.digits("test") for i in numbers}
    assert not train & test
    assert len(test) == pytest.approx(1797 / 5, abs=10)
    labels = sources.digit_pixels()[1]
    for label, numbers in enumerate(sources.digits("test")):
        assert set(labels[list(numbers)]) == {label}


def test_every_photograph_lies_in_a_wheel():
    for table in (PHOTOGRAPHS, TEXTURES):
        for files in table.values():
            for place, name in files:
                assert sources.file_of(place, name).stat().st_size > 10_000


def test_the_shortcut_changes_nothing_but_its_own_pixels(marked):
    for i, one in enumerate(marked):
        plain = scene(i, split="test", seed=6)
        np.testing.assert_array_equal(one.without_shortcut, plain.image)
        np.testing.assert_array_equal(one.mask, plain.mask)
        changed = (one.image != plain.image).any(axis=2)
        assert not changed[~one.shortcut_mask].any()
        assert not (one.shortcut_mask & one.edge).any()
        assert changed[one.shortcut_mask].mean() > 0.9
        emptied = (one.without_object != plain.without_object).any(axis=2)
        np.testing.assert_array_equal(emptied, emptied & one.shortcut_mask)


def test_the_mark_is_small_and_whole(marked):
    areas = np.array([one.shortcut_mask.sum() for one in marked])
    assert areas.max() == shortcut.MARK_SIDE**2
    assert (areas == shortcut.MARK_SIDE**2).mean() > 0.98


def test_the_mark_belongs_to_the_class():
    rng = np.random.default_rng(0)
    own = [shortcut.drawn_class(rng, 4, Shortcut(agrees=0.9)) for _ in range(2000)]
    assert np.mean(np.array(own) == 4) == pytest.approx(0.9, abs=0.03)
    never = {shortcut.drawn_class(rng, 4, Shortcut(agrees=0.0)) for _ in range(500)}
    assert never == set(range(10)) - {4}
    assert {shortcut.drawn_class(rng, 4, Shortcut(present=0.0)) for _ in range(50)} == {None}


def test_marks_of_classes_differ():
    marks = [shortcut.mark(label, 12) for label in range(10)]
    for i in range(10):
        for j in range(i):
            assert (marks[i] != marks[j]).any(axis=2).mean() > 0.2


def test_batches_render_their_other_versions():
    batch = scenes(5, split="test", seed=6, shortcut=PLANTED)
    for i in range(5):
        one = scene(i, split="test", seed=6, shortcut=PLANTED)
        np.testing.assert_array_equal(batch.without_object[i], one.without_object)
        np.testing.assert_array_equal(batch.without_shortcut[i], one.without_shortcut)
        np.testing.assert_array_equal(batch.shortcut_masks[i], one.shortcut_mask)
    plain = scenes(2)
    assert plain.without_shortcut is plain.images


@pytest.mark.parametrize("size", [24, 33, 64, 97, 224])
def test_other_sizes(size):
    batch = scenes(6, size=size, shortcut=PLANTED)
    assert batch.images.shape == (6, size, size, 3)
    assert batch.masks.shape == (6, size, size)
    share = batch.masks.mean(axis=(1, 2))
    assert (share > 0.02).all()
    assert (share < 0.35).all()
    one = scene(2, size=size, shortcut=PLANTED)
    changed = (one.image != one.without_object).any(axis=2)
    assert not changed[~one.edge].any()


def test_empty_batch():
    batch = scenes(0)
    assert len(batch) == 0
    assert batch.images.shape == (0, 96, 96, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"split": "validation"}, "'train' or 'test'"),
        ({"seed": -1}, "seed"),
        ({"size": 8}, "size"),
        ({"start": -1}, "number of a scene"),
        ({"count": -1}, "count"),
    ],
)
def test_bad_arguments_say_what_would_do(arguments, said):
    with pytest.raises(InvalidArgument, match=said):
        scenes(**{"count": 1, **arguments})


@pytest.mark.parametrize("name", ["present", "agrees", "opacity"])
def test_a_shortcut_checks_its_numbers(name):
    with pytest.raises(InvalidArgument, match=name):
        Shortcut(**{name: 1.5})


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"pip install 'heatlens\[scenes\]'"):
        sources.file_of(("skimage", "data"), "astronaut.png")


def test_missing_digits_name_the_extra(monkeypatch):
    real = builtins.__import__

    def without_sklearn(name, *arguments, **options):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_sklearn)
    with pytest.raises(MissingDependency, match=r"pip install 'heatlens\[scenes\]'"):
        sources.digit_pixels.__wrapped__()


def test_importing_scenes_imports_neither_package():
    program = (
        "import sys, heatlens.testing.scenes;"
        "print([m for m in ('skimage', 'sklearn', 'torch', 'PIL') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
