"""The activation atlas: planted clusters come apart, tiles are means, cells are drawn by seed."""

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.features.activations import layer_activations
from heatlens.features.atlas import activation_atlas, atlas_layout, collect_cells
from heatlens.features.atlas.atlas import composed
from heatlens.features.atlas.layout import whitened
from heatlens.features.atlas.plane import laid_out, principal_components
from heatlens.image import Image
from heatlens.models.load import load_model
from heatlens.testing.scenes import scenes


@pytest.fixture(scope="module")
def cnn():
    return hl.load_model("bundled:scene-cnn")


@pytest.fixture(scope="module")
def stack():
    return scenes(12, split="test").images


def clusters(count=4, each=40, width=24, seed=0):
    """Vectors around a few directions, and which each belongs to."""
    draw = torch.Generator().manual_seed(seed)
    centres = torch.linalg.qr(torch.randn(width, width, generator=draw))[0][:count]
    kind = torch.arange(count).repeat_interleave(each)
    lengths = 1 + 4 * torch.rand(count * each, 1, generator=draw)
    noise = 0.15 * torch.randn(count * each, width, generator=draw) / width**0.5
    return lengths * (centres[kind] + noise), kind, centres


@pytest.mark.parametrize("plane", ["t-sne", "pca"])
def test_planted_clusters_come_apart(plane):
    vectors, kind, centres = clusters(count=3, each=25)
    layout = atlas_layout(vectors, grid=7, plane=plane, whiten=False)
    assert layout.plane == plane
    for tile in range(len(layout.places)):
        inside = kind[layout.members == tile]
        assert len(set(inside.tolist())) == 1
        cosine = torch.cosine_similarity(layout.directions[tile], centres[inside[0]], dim=0)
        assert cosine > 0.98


def test_tiles_are_counts_and_means():
    vectors, _, _ = clusters()
    vectors[:20] = 0
    layout = atlas_layout(vectors, grid=(3, 5), plane="pca", whiten=False)
    assert layout.grid == (3, 5)
    assert layout.silent == 20
    assert int(layout.counts.sum()) == len(vectors) - 20
    assert torch.equal(layout.members == -1, vectors.norm(dim=1) == 0)
    for tile, (row, column) in enumerate(layout.places.tolist()):
        inside = layout.members == tile
        assert int(inside.sum()) == layout.counts[tile]
        torch.testing.assert_close(layout.means[tile], vectors[inside].mean(0))
        where = layout.points[inside] * torch.tensor([3, 5])
        assert (where >= torch.tensor([row, column])).all()
        assert (where <= torch.tensor([row + 1, column + 1])).all()
    torch.testing.assert_close(layout.directions, layout.means)
    few = atlas_layout(
        vectors, grid=(3, 5), plane="pca", whiten=False, least=int(layout.counts.max())
    )
    assert len(few.places) < len(layout.places)


def test_the_same_seed_gives_the_same_map():
    vectors, _, _ = clusters()
    state = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (atlas_layout(vectors, seed=3) for _ in range(2))
    torch.testing.assert_close(first.points, second.points)
    assert torch.equal(first.members, second.members)
    assert torch.equal(state[0], torch.random.get_rng_state())
    assert np.array_equal(state[1], np.random.get_state()[1])  # noqa: NPY002


def test_principal_components_are_those_of_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition")
    vectors, _, _ = clusters()
    ours = principal_components(vectors, 3).numpy()
    theirs = decomposition.PCA(3, svd_solver="full").fit_transform(vectors.double().numpy())
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), rtol=1e-4, atol=1e-5)
    assert (ours[np.abs(ours).argmax(0), range(3)] > 0).all()


def test_whitening_takes_out_what_all_have_in_common():
    vectors, kind, centres = clusters()
    common = 6 * centres.mean(0) / centres.mean(0).norm()
    together = vectors + common
    means = torch.stack([together[kind == k].mean(0) for k in range(4)])

    def likeness(directions):
        unit = directions / directions.norm(dim=1, keepdim=True)
        return float((unit @ unit.T - torch.eye(4)).sum() / 12)

    assert likeness(means) > 0.7
    assert likeness(whitened(means, together)) < 0.1
    # The closed form: with second moments M of the vectors, M times the result is the direction.
    moments = together.double().T @ together.double() / len(together)
    eased = moments + 0.01 * moments.diagonal().mean() * torch.eye(24, dtype=torch.float64)
    torch.testing.assert_close(
        (eased @ whitened(means, together).double().T).T.float(), means, rtol=1e-3, atol=1e-3
    )


def test_few_vectors_fall_back_and_say_so():
    vectors, _, _ = clusters(each=5)
    assert laid_out(vectors, "auto", 0)[1] == "pca"
    assert laid_out(vectors, "t-sne", 0)[1] == "t-sne"
    assert laid_out(vectors[:3], "t-sne", 0)[1] == "pca"
    same = atlas_layout(torch.ones(5, 3), grid=4)
    assert (len(same.places), int(same.counts[0])) == (1, 5)


@pytest.mark.parametrize(
    ("vectors", "parameters", "error", "words"),
    [
        (torch.ones(1, 3), {}, InvalidArgument, "at least 2"),
        (torch.zeros(9, 3), {}, InvalidArgument, "0 of 9 activations have a direction"),
        (torch.full((4, 3), torch.nan), {}, InvalidArgument, "NaN"),
        (torch.ones(4), {}, InvalidArgument, r"\(n, channels\)"),
        (torch.ones(4, 3), {"grid": 0}, InvalidArgument, "at least one row"),
        (torch.ones(4, 3), {"grid": (2.5, 2)}, InvalidType, "whole number"),
        (torch.ones(4, 3), {"least": 9}, InvalidArgument, "no tile has 9 activations"),
        (torch.ones(4, 3), {"least": 0}, InvalidArgument, "at least one activation"),
        (torch.ones(4, 3), {"plane": "tsne"}, UnknownName, "did you mean 't-sne'"),
    ],
    ids=["one", "zero", "nan", "flat", "grid", "half", "least", "none", "plane"],
)
def test_bad_input_is_told(vectors, parameters, error, words):
    with pytest.raises(error, match=words):
        atlas_layout(vectors, **parameters)


def test_cells_are_those_of_the_layer_and_hang_on_the_seed_alone(cnn, stack, monkeypatch):
    found = collect_cells(cnn, stack, "stage3", per_picture=3, seed=5)
    assert tuple(found.vectors.shape) == (36, 96)
    for k in (0, 17, 35):
        seen = layer_activations(cnn, stack[found.indices[k]], "stage3").values
        row, column = found.cells[k].tolist()
        torch.testing.assert_close(found.vectors[k], seen[:, row, column], rtol=1e-4, atol=1e-4)
    for k in range(12):
        assert len({tuple(cell) for cell in found.cells[3 * k : 3 * k + 3].tolist()}) == 3
    monkeypatch.setattr("heatlens.features.activations.streaming._ROWS", 5)
    again = collect_cells(cnn, iter(list(stack)), "stage3", per_picture=3, seed=5)
    assert torch.equal(again.cells, found.cells)
    other = collect_cells(cnn, stack, "stage3", per_picture=3, seed=6)
    assert not torch.equal(other.cells, found.cells)


def test_collecting_skips_what_is_broken_and_can_be_stopped(cnn, stack, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    done = []
    found = collect_cells(
        cnn, [stack[0], bad, stack[1]], "head", progress=lambda *state: done.append(state)
    )
    assert found.indices.tolist() == [0, 2]
    assert found.cells.shape == (2, 0)
    assert [item.name for item in found.skipped] == [str(bad)]
    assert done[-1] == (3, 3)
    with pytest.raises(InvalidArgument, match="none of 1 pictures could be used"):
        collect_cells(cnn, [bad], "stage3")
    with pytest.raises(InvalidArgument, match="at least one cell"):
        collect_cells(cnn, stack, "stage3", per_picture=0)


def test_a_picture_on_which_the_layer_is_nan_is_skipped():
    class Fragile(nn.Module):
        def __init__(self):
            super().__init__()
            self.seen = nn.Identity()

        def forward(self, x):
            return self.seen(x / x.amax((1, 2, 3), keepdim=True))

    model = load_model(Fragile(), input_size=8, mean=0.0, std=1.0)
    photos = [np.full((8, 8, 3), level, np.uint8) for level in (9, 0, 200)]
    found = collect_cells(model, photos, "seen")
    assert found.indices.tolist() == [0, 2]
    assert "NaN" in found.skipped[0].reason


def test_the_tiles_stand_at_their_places():
    layout = atlas_layout(clusters()[0], grid=(3, 4), plane="pca")
    levels = np.linspace(0.1, 0.9, len(layout.places))
    tiles = [
        Image(np.full((2, 5, 3), level, np.float32), value_range=(0.0, 1.0)) for level in levels
    ]
    page = composed(layout, tiles).pixels
    assert page.shape == (6, 20, 3)
    expected = np.ones((3, 4))
    expected[tuple(layout.places.T.numpy())] = levels
    np.testing.assert_allclose(page[::2, ::5, 0], expected, rtol=1e-6)
    with pytest.raises(InvalidArgument, match="one each is needed"):
        composed(layout, tiles[1:])


def test_an_atlas_is_a_picture_of_visualised_directions(cnn, stack):
    told = []
    atlas = activation_atlas(
        cnn,
        stack,
        "stage2",
        grid=2,
        per_picture=2,
        tile=24,
        steps=2,
        progress=lambda what, done, total: told.append(what),
    )
    assert atlas.complete
    assert atlas.image.size == (48, 48)
    assert len(atlas.tiles) == len(atlas.layout.places)
    assert atlas.tiles[0].metadata["visualisation"]["objective"].startswith("stage2:tile")
    row, column = atlas.layout.places[0].tolist()
    np.testing.assert_allclose(
        atlas.image.pixels[24 * row : 24 * row + 24, 24 * column : 24 * column + 24],
        atlas.tiles[0].pixels,
        atol=1e-6,
    )
    assert {"collecting", "visualising"} <= set(told)


def test_a_network_of_one_size_only_has_an_atlas(stack):
    class Rigid(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 4, stride=4)

        def forward(self, x):
            assert x.shape[2:] == (32, 48), "another size"
            return self.conv(x)

    model = load_model(Rigid().eval(), input_size=(32, 48), mean=0.0, std=1.0)
    atlas = activation_atlas(model, stack, "conv", grid=2, tile=30, steps=1)
    assert {tile.size for tile in atlas.tiles} == {(20, 30)}


@pytest.mark.parametrize("memory", ["", "1M"], ids=["together", "one-by-one"])
def test_ctrl_c_keeps_the_tiles_that_were_reached(cnn, stack, monkeypatch, memory):
    if memory:
        monkeypatch.setenv("HEATLENS_MEMORY", memory)
    steps = []

    def stop(what, done, total):
        steps.append(what)
        if steps.count("visualising") == 3:
            raise KeyboardInterrupt

    atlas = activation_atlas(
        cnn, stack, "stage2", grid=2, tile=16, steps=2 if memory else 9, progress=stop
    )
    count = len(atlas.layout.places)
    assert not atlas.complete
    assert atlas.collected.complete
    assert atlas.image.size == (32, 32)
    assert 1 <= len(atlas.tiles) <= count
    assert (len(atlas.tiles) < count) == bool(memory)
    row, column = atlas.layout.places[-1].tolist()
    last = atlas.image.pixels[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
    assert bool((last == 0.5).all()) == bool(memory)


@pytest.mark.parametrize("name", ["full", "count", "frames", "joint", "start", "step"])
def test_what_makes_no_sense_for_tiles_is_refused(cnn, stack, name):
    with pytest.raises(InvalidArgument, match=f"take no '{name}': .* parametrisation"):
        activation_atlas(cnn, stack, "stage2", grid=2, **{name: 2})
