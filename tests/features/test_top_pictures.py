"""Top pictures: equal to ranking all of them, streamed, told what was skipped, cut out rightly."""

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, InvalidType, MissingImage, UnknownName
from heatlens.features.activations import layer_activations, top_pictures
from heatlens.features.activations.ranking import Ranking
from heatlens.features.activations.streaming import Picture
from heatlens.features.atlas import collect_cells
from heatlens.models.load import as_model, load_model
from heatlens.testing.scenes import scenes


@pytest.fixture(scope="module")
def cnn():
    return hl.load_model("bundled:scene-cnn")


@pytest.fixture(scope="module")
def stack():
    return scenes(16, split="test").images


@pytest.fixture(scope="module")
def folder(stack, tmp_path_factory):
    place = tmp_path_factory.mktemp("scenes")
    for k, pixels in enumerate(stack):
        Pillow.fromarray(pixels).save(place / f"{k:02}.png")
    return place


@pytest.fixture
def few_rows(monkeypatch):
    """Batches of a few pictures, so that there are many to merge."""
    monkeypatch.setattr("heatlens.features.activations.streaming._ROWS", 4)


def ranked(model, stack, layer, by, top):
    """The slow way: all activations of all pictures, sorted."""
    cells = [layer_activations(model, pixels, layer).values.flatten(1) for pixels in stack]
    strength = torch.stack([one.amax(1) if by == "max" else one.mean(1) for one in cells])
    order = torch.sort(strength, dim=0, descending=True, stable=True).indices[:top]
    where = torch.stack([one.argmax(1) for one in cells])
    return strength.gather(0, order).T, order.T, where.gather(0, order).T


@pytest.mark.parametrize("by", ["max", "mean"])
@pytest.mark.parametrize("layer", ["stage2", "head"])
def test_it_equals_ranking_all_activations(cnn, stack, few_rows, layer, by):
    if layer == "head":
        cells = torch.stack([layer_activations(cnn, pixels, "head").values for pixels in stack])
        order = torch.sort(cells, dim=0, descending=True, stable=True).indices[:5].T
        values, where = cells.T.gather(1, order), None
    else:
        values, order, where = ranked(cnn, stack, layer, by, 5)
    found = top_pictures(cnn, stack, layer, top=5, by=by)
    torch.testing.assert_close(found.values, values, rtol=1e-4, atol=1e-5)
    assert (found.indices == order).float().mean() > 0.99  # values within rounding may swap
    if where is not None:
        flat = found.cells[..., 0] * 12 + found.cells[..., 1]
        assert (flat == where).float().mean() > 0.99
    assert (found.seen, found.skipped, found.complete) == (16, (), True)


def test_tokens_of_a_transformer_have_cells_too(stack):
    vit = hl.load_model("bundled:scene-vit")
    found = top_pictures(vit, stack[:6], "blocks.2.mlp", top=2)
    best = found.of(11)[0]
    seen = layer_activations(vit, stack[best.index], "blocks.2.mlp").values[11]
    assert best.value == pytest.approx(float(seen.max()), rel=1e-4)
    assert best.cell == tuple(int(k) for k in np.unravel_index(int(seen.argmax()), (8, 8)))


def test_a_folder_a_list_and_a_stream_are_the_same(cnn, stack, folder):
    paths = sorted(folder.iterdir())
    named = top_pictures(cnn, folder, "stage1", top=3)
    assert named.of(0)[0].name == str(paths[named.of(0)[0].index])
    for given in (
        str(folder),
        paths,
        stack,
        torch.from_numpy(stack),
        iter(list(stack)),
        (hl.read_image(p) for p in paths),
    ):
        other = top_pictures(cnn, given, "stage1", top=3)
        torch.testing.assert_close(other.values, named.values)
        assert torch.equal(other.indices, named.indices)


def test_ties_keep_the_order_and_one_forward_pass_is_made(few_rows):
    network = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.ones_(network.weight)
    model = load_model(nn.Sequential(network), input_size=4, mean=(0.0,), std=(1.0,))
    levels = [0, 255, 51, 255, 255, 0, 255, 51]
    stack = [np.full((4, 4), level, np.uint8) for level in levels]
    with model.counting() as passes:
        found = top_pictures(model, stack, "0", top=3)
    assert [item.index for item in found.of(0)] == [1, 3, 4]
    assert found.of(0)[0].cell == (0, 0)
    looks_for_the_grid = 2
    assert passes.forward <= len(stack) + looks_for_the_grid
    assert [item.index for item in top_pictures(model, stack, "0", top=99).of(0)] == [
        *(1, 3, 4, 6, 2, 7, 0, 5)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_table_is_that_of_the_whole_stream(seed):
    draw = np.random.default_rng(seed)
    whole = torch.from_numpy(draw.integers(-3, 4, (60, 7))).float()
    ranking = Ranking(4)
    start = 0
    while start < 60:
        rows = slice(start, start + int(draw.integers(1, 9)))
        count = len(whole[rows])
        cells = torch.arange(start, start + count)[:, None, None].expand(count, 7, 1)
        names = [Picture(str(start + k), None) for k in range(count)]
        ranking.add(whole[rows], torch.arange(start, start + count), cells, names)
        start = rows.stop
    values, indices, cells = ranking.table()
    best, order = torch.sort(whole, dim=0, descending=True, stable=True)
    assert torch.equal(values, best[:4].T)
    assert torch.equal(indices, order[:4].T)
    assert torch.equal(cells[..., 0], indices)
    assert {int(picture.name) for picture in ranking.kept_pictures().values()} == set(
        indices.flatten().tolist()
    )


def test_names_of_pictures_that_fell_out_are_forgotten():
    ranking = Ranking(2)
    for k in range(3000):
        value = torch.full((1, 1), float(k))
        ranking.add(
            value, torch.tensor([k]), torch.zeros(1, 1, 2, dtype=torch.long), [Picture("x", None)]
        )
    assert len(ranking._pictures) < 1100
    assert set(ranking.kept_pictures()) == {2998, 2999}


@pytest.mark.filterwarnings("ignore")
def test_pictures_of_many_sizes_for_a_network_that_takes_any(few_rows):
    torch.manual_seed(0)
    model = load_model(nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.ReLU()), mean=0.0, std=1.0)
    draw = np.random.default_rng(0)
    sizes = [(9, 12), (9, 12), (12, 9), (20, 7), (9, 12)]
    photos = [draw.integers(0, 255, (*size, 3), np.uint8) for size in sizes]
    found = top_pictures(model, photos, "1", top=5)
    for item in found.of(1):
        alone = layer_activations(model, photos[item.index], "1").values[1]
        assert item.value == pytest.approx(float(alone.max()), rel=1e-4)
        assert float(alone[item.cell]) == pytest.approx(item.value, rel=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_pictures_so_small_that_the_grid_is_gone_are_told():
    model = load_model(nn.Sequential(nn.Conv2d(3, 32, 4, stride=4)), mean=0.0, std=1.0)
    with pytest.raises(InvalidArgument, match="single cell on others: fit them to one size"):
        top_pictures(model, [np.zeros((16, 16, 3), np.uint8), np.zeros((4, 4, 3), np.uint8)], "0")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("small", [0, 2, 5])
def test_a_picture_that_the_network_cannot_take_is_skipped_and_told(small):
    model = as_model(nn.Sequential(nn.Conv2d(3, 4, 7), nn.ReLU(), nn.Conv2d(4, 5, 3)))
    draw = np.random.default_rng(0)
    photos = [draw.integers(0, 255, (20, 20, 3), np.uint8) for _ in range(6)]
    photos[small] = photos[small][:4, :4]
    done = []
    found = top_pictures(model, photos, "2", top=9, progress=lambda *state: done.append(state))
    [skipped] = found.skipped
    assert (found.seen, skipped.name, done[-1]) == (5, f"#{small}", (6, 6))
    assert "cannot take it (4 x 4)" in skipped.reason
    rest = [photo for k, photo in enumerate(photos) if k != small]
    torch.testing.assert_close(found.values, top_pictures(model, rest, "2", top=9).values)
    cells = collect_cells(model, photos, "2")
    assert cells.skipped == found.skipped
    assert small not in cells.indices


class Moody(nn.Module):
    """Breaks on batches with a black picture, or for want of memory."""

    def __init__(self, words):
        super().__init__()
        self.words, self.seen = words, nn.Identity()

    def forward(self, x):
        if (x.amax((1, 2, 3)) == 0).any():
            raise RuntimeError(self.words)
        return self.seen(x)


def test_only_the_picture_that_breaks_a_batch_is_lost_and_want_of_memory_is_raised():
    stack = np.full((5, 8, 8, 3), 100, np.uint8)
    stack[3] = 0
    model = load_model(Moody("this one I do not like"), input_size=8, mean=0.0, std=1.0)
    found = top_pictures(model, stack, "seen", top=9)
    assert [item.name for item in found.skipped] == ["#3"]
    assert "this one I do not like" in found.skipped[0].reason
    assert found.seen == 4
    model = load_model(Moody("CUDA out of memory"), input_size=8, mean=0.0, std=1.0)
    with pytest.raises(MemoryError):
        top_pictures(model, stack, "seen")


class Fragile(nn.Module):
    """NaN on black pictures."""

    def __init__(self):
        super().__init__()
        self.seen = nn.Identity()

    def forward(self, x):
        return self.seen(x / x.amax((1, 2, 3), keepdim=True))


def test_what_is_broken_is_skipped_and_told(folder, tmp_path):
    (tmp_path / "a.png").write_bytes((folder / "00.png").read_bytes())
    (tmp_path / "b.png").write_bytes(b"<html>not found</html>")
    Pillow.new("RGB", (96, 96)).save(tmp_path / "c.png")
    (tmp_path / "d.png").write_bytes((folder / "01.png").read_bytes())
    (tmp_path / "notes.txt").write_text("no picture")
    model = load_model(Fragile(), input_size=96, mean=0.0, std=1.0)
    done = []
    found = top_pictures(model, tmp_path, "seen", progress=lambda *state: done.append(state))
    assert found.seen == 2
    assert {item.index for item in found.of(0)} == {0, 3}
    reasons = {item.name.rpartition("/")[2]: item.reason for item in found.skipped}
    assert "HTML" in reasons["b.png"]
    assert "NaN or infinite" in reasons["c.png"]
    assert done[-1] == (4, 4)
    with pytest.raises(InvalidArgument, match=r"none of 1 pictures could be used: .*NaN"):
        top_pictures(model, [tmp_path / "c.png"], "seen")


def test_ctrl_c_keeps_what_was_done(cnn, stack, few_rows):
    def stream(stop):
        for k, pixels in enumerate(stack):
            if k == stop:
                raise KeyboardInterrupt
            yield pixels

    found = top_pictures(cnn, stream(10), "stage1", top=2)
    assert (found.seen, found.complete) == (8, False)
    torch.testing.assert_close(found.values, top_pictures(cnn, stack[:8], "stage1", top=2).values)
    with pytest.raises(KeyboardInterrupt):
        top_pictures(cnn, stream(2), "stage1")


def planted(count=6, size=64):
    """Dark noise with one bright cross in each picture, and where its corner is."""
    draw = np.random.default_rng(3)
    cross = np.zeros((7, 7))
    cross[3], cross[:, 3] = 1, 1
    photos, places = [], []
    for _ in range(count):
        pixels = draw.random((size, size)) * 0.15
        top, left = (int(k) for k in draw.integers(0, size - 7, 2))
        pixels[top : top + 7, left : left + 7] += 0.7 * cross
        photos.append((pixels * 255).astype(np.uint8))
        places.append((top, left))
    return cross, photos, places


def test_crops_are_what_the_unit_saw():
    cross, photos, places = planted()
    matched = nn.Conv2d(1, 1, 7, bias=False)
    matched.weight.data[0, 0] = torch.from_numpy(cross - cross.mean()).float()
    model = load_model(nn.Sequential(matched), input_size=64, mean=(0.0,), std=(1.0,))
    found = top_pictures(model, photos, "0", top=4)
    crops = found.crops(0)
    assert len(crops) == 4
    for item, crop in zip(found.of(0), crops, strict=True):
        top, left = places[item.index]
        assert crop.box == (top, left, top + 7, left + 7)
        assert crop.kind == "architecture"
        np.testing.assert_array_equal(
            crop.image.pixels, photos[item.index][top : top + 7, left : left + 7]
        )


def test_crops_are_cut_from_the_original_and_not_from_the_input():
    cross, photos, places = planted(3)
    matched = nn.Conv2d(1, 1, 7, bias=False)
    matched.weight.data[0, 0] = torch.from_numpy(cross - cross.mean()).float()
    model = load_model(nn.Sequential(matched), input_size=64, mean=(0.0,), std=(1.0,))
    large = [np.kron(pixels, np.ones((3, 3), np.uint8)) for pixels in photos]
    found = top_pictures(model, large, "0", top=3)
    for item, crop in zip(found.of(0), found.crops(0), strict=True):
        top, left = places[item.index]
        assert crop.box == (3 * top, 3 * left, 3 * top + 21, 3 * left + 21)


def test_a_field_of_most_of_the_picture_is_cut_by_what_is_measured(cnn, folder, stack):
    found = top_pictures(cnn, folder, "stage3", top=2)
    auto, wide = found.crops(50), found.crops(50, field="architecture")
    assert {crop.kind for crop in wide} == {"architecture"}
    assert wide[0].image.size[0] * wide[0].image.size[1] > 0.6 * 96 * 96
    assert {crop.kind for crop in auto} == {"measured"}
    assert (
        auto[0].image.size[0] * auto[0].image.size[1]
        < wide[0].image.size[0] * wide[0].image.size[1]
    )
    top, left, bottom, right = auto[0].box
    np.testing.assert_array_equal(
        auto[0].image.pixels, stack[found.of(50)[0].index][top:bottom, left:right]
    )


def test_the_sheet_has_a_row_for_each_channel(cnn, folder, tmp_path):
    found = top_pictures(cnn, folder, "stage1", top=3)
    few = found.sheet(tmp_path / "few.png", 1, cell=40)
    many = found.sheet(tmp_path / "many.png", np.array([0, 3, 5]), crops=False, cell=40)
    with Pillow.open(few) as one, Pillow.open(many) as three:
        assert three.height > 2 * one.height - 80
    assert found.strongest(1) == [int(found.values[:, 0].argmax())]


def test_a_stream_cannot_be_cut(cnn, stack):
    found = top_pictures(cnn, iter(list(stack[:3])), "stage1", top=1)
    with pytest.raises(InvalidArgument, match="came by in a stream and cannot be read again"):
        found.crops(0)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("nowhere", MissingImage, "no folder 'nowhere'"),
        ([], InvalidArgument, "no picture"),
        (np.zeros((8, 8, 3), np.uint8), InvalidType, "no stack"),
        (7, InvalidType, "not one int"),
    ],
    ids=["missing", "none", "one", "number"],
)
def test_what_is_no_collection_is_refused(cnn, given, error, words):
    with pytest.raises(error, match=words):
        top_pictures(cnn, given, "stage1")


def test_an_empty_folder_and_a_file_are_told(cnn, folder, tmp_path):
    with pytest.raises(InvalidArgument, match="has no pictures"):
        top_pictures(cnn, tmp_path, "stage1")
    with pytest.raises(InvalidType, match="is one picture"):
        top_pictures(cnn, folder / "00.png", "stage1")


def test_bad_numbers_and_names_are_told(cnn, stack):
    with pytest.raises(UnknownName, match="did you mean 'stage1'"):
        top_pictures(cnn, stack, "stage_1")
    with pytest.raises(UnknownName, match="ranking"):
        top_pictures(cnn, stack, "stage1", by="median")
    with pytest.raises(InvalidArgument, match="at least one picture"):
        top_pictures(cnn, stack, "stage1", top=0)
    with pytest.raises(InvalidArgument, match="no channel 32"):
        top_pictures(cnn, stack[:2], "stage1").of(32)
    with pytest.raises(InvalidArgument, match="no channel -1"):
        top_pictures(cnn, stack[:2], "stage1").of(-1)
    with pytest.raises(UnknownName, match="field 'wide'"):
        top_pictures(cnn, stack[:2], "stage1").crops(0, field="wide")
