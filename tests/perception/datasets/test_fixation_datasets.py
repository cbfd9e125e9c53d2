"""Readers of data sets, on tiny folders in the published layouts."""

import json
import pickle

import numpy as np
import pytest
import scipy.io
from numpy.testing import assert_allclose
from PIL import Image

from heatlens.errors import (
    AssumptionWarning,
    InvalidArgument,
    MissingImage,
    UnknownName,
    UnreadableImage,
)
from heatlens.perception.datasets import DATASETS, read
from heatlens.perception.metrics import evaluate, fixation_density

SIZE = (24, 40)
POINTS = np.array([[3, 5], [3, 6], [20, 39], [0, 0]])


def save(path, pixels, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path, **how)


def photo(path, seed=0):
    save(path, np.random.default_rng(seed).integers(0, 255, (*SIZE, 3)))


def mask(points=POINTS):
    found = np.zeros(SIZE, np.uint8)
    found[tuple(np.transpose(points))] = 255
    return found


def density():
    return np.add.outer(np.arange(24), np.arange(40))


def ordered(points):
    return points[np.lexsort(points.T[::-1])]


@pytest.fixture
def mit1003(tmp_path):
    for i, name in enumerate(("i05june05_a", "i1015")):
        photo(tmp_path / "ALLSTIMULI" / f"{name}.jpeg", i)
        maps = tmp_path / "ALLFIXATIONMAPS"
        save(maps / f"{name}_fixPts.jpg", mask(), quality=90)
        save(maps / f"{name}_fixMap.jpg", density(), quality=95)
    eye = np.array([[1.0, 1.0, 0], [12.7, 3.2, 0], [-1, -1, 2]])
    folder = tmp_path / "DATA" / "CNG"
    folder.mkdir(parents=True)
    trial = {"DATA": {"eyeData": eye}, "imsize": [24, 40]}
    scipy.io.savemat(folder / "i1015.mat", {"i1015": trial})
    return tmp_path


@pytest.fixture
def cat2000(tmp_path):
    for category in ("Action", "Pattern"):
        photo(tmp_path / "Stimuli" / category / "001.jpg")
        (tmp_path / "FIXATIONLOCS" / category).mkdir(parents=True)
        scipy.io.savemat(
            tmp_path / "FIXATIONLOCS" / category / "001.mat", {"fixLocs": mask() // 255}
        )
        save(tmp_path / "FIXATIONMAPS" / category / "001.jpg", density(), quality=95)
    photo(tmp_path / "Stimuli" / "Action" / "002.jpg")
    photo(tmp_path / "Stimuli" / "Action" / "Output" / "001_SaliencyMap.jpg")
    return tmp_path


@pytest.fixture
def salicon(tmp_path):
    photo(tmp_path / "images" / "train" / "COCO_train2014_000000000009.jpg")
    photo(tmp_path / "images" / "val" / "COCO_val2014_000000000042.jpg")
    save(tmp_path / "maps" / "train" / "COCO_train2014_000000000009.png", density())
    kind = [("location", "O"), ("timestamp", "O"), ("fixations", "O")]
    gaze = np.empty((2, 1), kind)
    gaze[0, 0] = (np.ones((3, 2)), np.arange(3), POINTS[:3, ::-1] + 1)
    gaze[1, 0] = (np.ones((3, 2)), np.arange(3), np.array([[1, 1], [99, 3]]))
    folder = tmp_path / "fixations" / "train"
    folder.mkdir(parents=True)
    scipy.io.savemat(folder / "COCO_train2014_000000000009.mat", {"gaze": gaze})
    (tmp_path / "annotations").mkdir()
    content = {
        "images": [{"id": 42, "file_name": "COCO_val2014_000000000042.jpg"}],
        "annotations": [
            {"image_id": 42, "worker_id": 1, "fixations": (POINTS[:2] + 1).tolist()},
            {"image_id": 42, "worker_id": 2, "fixations": (POINTS[2:] + 1).tolist()},
            {"image_id": 42, "worker_id": 3, "fixations": []},
        ],
    }
    (tmp_path / "annotations" / "fixations_val2014.json").write_text(json.dumps(content))
    return tmp_path


@pytest.fixture
def dhf1k(tmp_path):
    (tmp_path / "video").mkdir()
    for number in (1, 2):
        (tmp_path / "video" / f"{number:03d}.AVI").write_bytes(b"")
        for frame in (1, 2):
            truth = tmp_path / "annotation" / f"{number:04d}"
            save(truth / "maps" / f"{frame:04d}.png", density())
            if number == 1:
                save(truth / "fixation" / f"{frame:04d}.png", mask())
            else:
                (truth / "fixation" / "maps").mkdir(parents=True, exist_ok=True)
                scipy.io.savemat(truth / "fixation" / "maps" / f"{frame:04d}.mat", {"I": mask()})
    return tmp_path


FOLDERS = ["mit1003", "cat2000", "salicon", "dhf1k"]


@pytest.fixture(params=FOLDERS)
def each(request):
    return request.param, request.getfixturevalue(request.param)


def test_registered():
    assert sorted(FOLDERS) == list(DATASETS)
    for layout in DATASETS.values():
        assert layout.summary
        assert layout.paper


def test_recognised_by_its_folders(each):
    name, folder = each
    found = read(folder)
    assert found.name == name
    assert [s.name for s in found] == [s.name for s in read(str(folder), name)]
    assert name in repr(found)


def test_the_first_stimulus(each):
    name, folder = each
    first = read(folder)[0]
    assert first.image.is_file()
    assert_allclose(ordered(first.fixations), ordered(POINTS.astype(float)))
    assert first.density.shape == SIZE
    assert np.abs(first.density - density()).max() <= (0 if name in ("salicon", "dhf1k") else 6)
    assert first.fixations is first.fixations


def test_nothing_is_read_before_it_is_asked_for(each):
    """Broken files trouble whoever asks for them, and only then."""
    _, folder = each
    for file in folder.rglob("*"):
        if file.suffix in (".mat", ".jpg", ".jpeg", ".png"):
            file.write_bytes(b"broken")
    stimulus = read(folder)[0]
    with pytest.raises(UnreadableImage):
        stimulus.fixations  # noqa: B018
    with pytest.raises(UnreadableImage):
        stimulus.density  # noqa: B018


def test_a_sequence(each):
    _, folder = each
    found = read(folder)
    assert len(found[:1]) == 1
    assert found[-1].name == found[len(found) - 1].name
    assert found.named(found[1].name) is found[1]
    with pytest.raises(UnknownName, match="unknown stimulus"):
        found.named("nobody")
    assert len({s.name for s in found}) == len(found)
    assert pickle.loads(pickle.dumps(found[0])).name == found[0].name


def test_mit1003_gaze(mit1003):
    stimulus = read(mit1003).named("i1015")
    assert list(stimulus.observers) == ["CNG"]
    # Matlab's floor(12.7), floor(3.2) is column 11, row 2 from 0, the pixel's middle at 12.5.
    expected = [[-0.5, -0.5], [1.7, 11.2], [np.nan, np.nan]]
    assert_allclose(stimulus.gaze("CNG"), expected)
    with pytest.raises(UnknownName, match="unknown observer 'ems'"):
        stimulus.gaze("ems")
    assert not read(mit1003)[0].observers


def test_cat2000_categories_and_test_set(cat2000):
    found = read(cat2000)
    assert [s.name for s in found] == ["Action/001", "Action/002", "Pattern/001"]
    assert found[0].category == "Action"
    with pytest.raises(InvalidArgument, match="Action/002: the data set has no fixations"):
        found[1].fixations  # noqa: B018
    with pytest.raises(InvalidArgument, match="make one: fixation_density"):
        found[1].density  # noqa: B018


def test_salicon_splits_and_annotations(salicon):
    found = read(salicon)
    assert [s.split for s in found] == ["train", "val"]
    assert_allclose(read(salicon, split="val")[0].fixations, POINTS)
    with pytest.raises(InvalidArgument, match="no split 'dev'; it has train, val, test"):
        read(salicon, split="dev")
    with pytest.raises(MissingImage, match="has its pictures in images/test/"):
        read(salicon, split="test")
    file = salicon / "annotations" / "fixations_val2014.json"
    file.write_text('{"images": [], "annotations": [{}]}')
    with pytest.raises(UnreadableImage, match="not the annotations of SALICON"):
        read(salicon, split="val")[0].fixations  # noqa: B018
    file.write_text('{"images": [], "annotations": []}')
    with pytest.raises(UnreadableImage, match="no picture COCO_val2014_000000000042"):
        read(salicon, split="val")[0].fixations  # noqa: B018


def test_dhf1k_frames(dhf1k):
    found = read(dhf1k)
    assert [s.name for s in found] == ["0001/0001", "0001/0002", "0002/0001", "0002/0002"]
    assert [s.frame for s in found] == [0, 1, 0, 1]
    assert found[2].image.name == "002.AVI"
    assert_allclose(ordered(found[3].fixations), ordered(POINTS.astype(float)))
    (dhf1k / "video" / "002.AVI").unlink()
    with pytest.raises(MissingImage, match=r"no film 002.AVI to the annotation 0002; there is 001"):
        read(dhf1k)


def test_dhf1k_pictures_that_are_no_frames(dhf1k):
    maps = dhf1k / "annotation" / "0001" / "maps"
    for name in ("Thumbs.png", "0000.png", "\u00b2.png"):
        save(maps / name, density())
    with pytest.warns(AssumptionWarning, match=r"maps: 0000\.png, Thumbs\.png, ².png skipped"):
        found = read(dhf1k)
    assert [s.name for s in found[:2]] == ["0001/0001", "0001/0002"]
    assert len(found) == 4


def test_fixations_cannot_be_changed(each):
    _, folder = each
    first = read(folder)[0]
    with pytest.raises(ValueError, match="read-only"):
        first.fixations[:] = -99
    assert_allclose(ordered(first.fixations), ordered(POINTS.astype(float)))


def test_what_is_missing_is_said(mit1003, tmp_path):
    with pytest.raises(MissingImage, match="no such folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(MissingImage, match="Stimuli: no such folder; CAT2000 has"):
        read(mit1003, "cat2000")
    for file in (mit1003 / "ALLSTIMULI").iterdir():
        file.unlink()
    with pytest.raises(
        MissingImage, match="no stimuli of mit1003 in it; there is ALLFIXATIONMAPS/"
    ):
        read(mit1003)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(MissingImage, match=r"Expected cat2000: Stimuli/.*there is nothing"):
        read(empty)
    with pytest.raises(UnknownName, match="did you mean 'mit1003'"):
        read(empty, "mit103")
    with pytest.raises(InvalidArgument, match="it has no splits"):
        read(mit1003, "mit1003", split="train")


def test_broken_matlab_files(cat2000):
    file = cat2000 / "FIXATIONLOCS" / "Action" / "001.mat"
    scipy.io.savemat(file, {"other": 1})
    with pytest.raises(UnreadableImage, match="no variable 'fixLocs' in it; there are other"):
        read(cat2000)[0].fixations  # noqa: B018
    scipy.io.savemat(file, {"fixLocs": np.zeros((2, 2, 2))})
    with pytest.raises(UnreadableImage, match="fixLocs has shape"):
        read(cat2000)[0].fixations  # noqa: B018


def test_a_folder_of_two_data_sets(salicon):
    (salicon / "Stimuli").mkdir()
    with pytest.raises(InvalidArgument, match="looks like cat2000, salicon; say which"):
        read(salicon)


def test_from_a_folder_to_a_table(mit1003):
    """The whole way: a map for each picture, and its figures."""
    found = read(mit1003)
    maps = [stimulus.density for stimulus in found]
    table = evaluate(
        maps, [s.fixations for s in found], ["nss", "cc"], names=[s.name for s in found], sigma=2.0
    )
    assert table.names == ("i05june05_a", "i1015")
    for i, stimulus in enumerate(found):
        heat, at = stimulus.density, tuple(POINTS.T)
        expected = ((heat - heat.mean()) / heat.std())[at].mean()
        assert table.values["nss"][i] == pytest.approx(expected)
        blurred = fixation_density(POINTS, SIZE, 2.0).ravel()
        assert table.values["cc"][i] == pytest.approx(np.corrcoef(heat.ravel(), blurred)[0, 1])
