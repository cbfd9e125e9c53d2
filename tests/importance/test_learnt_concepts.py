"""Concepts: a direction that is known is found, and what means nothing is said not to be."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, UnknownName
from heatlens.importance import (
    Concept,
    learn_concept,
    permutation_importance,
    picture_features,
)
from heatlens.importance.features_named import interventions_for
from heatlens.importance.interventions import ConceptDirection
from heatlens.importance.pictures.linear_boundary import boundary, pattern_of
from heatlens.testing.scenes import Shortcut, scenes


@pytest.fixture(scope="module")
def marked():
    batch = scenes(120, shortcut=Shortcut(agrees=0.1))
    return batch.images[:60], batch.without_shortcut[60:]


def colours(seed, count=40, red=False):
    """Flat pictures with noise, red or of any colour that is none."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0.2, 0.8, (count, 1, 1, 1))
    pixels = np.clip(level + rng.normal(0, 0.05, (count, 16, 16, 3)), 0, 1)
    if red:
        pixels[..., 0] = np.clip(pixels[..., 0] + 0.25, 0, 1)
    return np.rint(pixels * 255).astype(np.uint8)


def passing_through():
    """A network whose first layer shows red minus green, green minus blue, and the mean."""
    conv = nn.Conv2d(3, 3, 1, bias=False)
    rows = [[1.0, -1.0, 0.0], [0.0, 1.0, -1.0], [1 / 3, 1 / 3, 1 / 3]]
    conv.weight.data = torch.tensor(rows)[:, :, None, None]
    net = nn.Sequential(conv, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    return hl.load_model(net, input_size=16, mean=0.0, std=1.0)


def test_a_known_direction_is_found():
    model = passing_through()
    concept = learn_concept(model, colours(0, red=True), colours(1), "0", name="red")
    assert concept.found
    assert concept.accuracy == 1
    assert np.linalg.norm(concept.direction) == pytest.approx(1)
    assert concept.direction[0] > 0.9
    assert concept.counts == (40, 40)


def test_scores_are_distances_from_the_boundary():
    model = passing_through()
    concept = learn_concept(model, colours(0, red=True), colours(1), "0", name="red")
    pixels = colours(5, 3)
    batch = torch.from_numpy(pixels / 255.0).permute(0, 3, 1, 2).float()
    z = model.activations(batch, ["0"])["0"].mean(dim=(2, 3)).double().numpy()
    wanted = z @ concept.direction + concept.bias
    assert concept.scores(model, batch) == pytest.approx(wanted)
    table = picture_features(pixels, [], model=model, concepts=[concept])
    assert table.column("concept: red") == pytest.approx(wanted, abs=1e-5)
    assert table.groups == ("concepts",)


def test_the_boundary_is_scikit_learns_in_the_columns_own_units():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(60, 4)) * [1, 10, 0.1, 1] + [5, 0, 0, 0]
    y = z[:, 0] + z[:, 1] / 10 > 5
    weights, bias = boundary(z, y, 1.0)
    scaled = (z - z.mean(axis=0)) / z.std(axis=0)
    fitted = LogisticRegression(C=1.0, class_weight="balanced", tol=1e-6, max_iter=2000)
    wanted = fitted.fit(scaled, y).decision_function(scaled)
    assert z @ weights + bias == pytest.approx(wanted, abs=1e-6)


def test_the_same_pictures_on_both_sides_are_no_concept():
    concept = learn_concept(passing_through(), colours(0), colours(1), "0", name="nothing")
    assert not concept.found
    assert "NOT FOUND" in repr(concept)
    assert 0.3 < np.mean(concept.chance) < 0.7


def test_the_watermark_is_a_concept_of_the_cheater_alone(marked):
    cheater = learn_concept("bundled:scene-cheater", *marked, "stage3", name="watermark")
    honest = learn_concept("bundled:scene-cnn", *marked, "stage3", name="watermark")
    assert cheater.found
    assert cheater.accuracy > 0.85
    assert not honest.found


def test_same_seed_same_concept_and_no_global_state(marked):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (
        learn_concept("bundled:scene-cheater", *marked, "stage2", random_splits=2, seed=3)
        for _ in range(2)
    )
    assert (first.direction == second.direction).all()
    assert first.chance == second.chance
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_what_no_concept_can_be_learnt_from():
    model = passing_through()
    with pytest.raises(InvalidArgument, match="4 examples; a concept needs at least 10"):
        learn_concept(model, colours(0, 4), colours(1), "0")
    with pytest.raises(InvalidArgument, match="4 counterexamples"):
        learn_concept(model, colours(0), colours(1, 4), "0")
    with pytest.raises(UnknownName, match="layer"):
        learn_concept(model, colours(0), colours(1), "7")
    with pytest.raises(UnknownName, match="pooling"):
        learn_concept(model, colours(0), colours(1), "0", pooling="median")
    flat = np.zeros((12, 16, 16, 3), np.uint8)
    with pytest.raises(InvalidArgument, match="says the same of all 24"):
        learn_concept(model, flat, flat, "0")
    with pytest.raises(InvalidArgument, match="folds is 1"):
        learn_concept(model, colours(0), colours(1), "0", folds=1)


def test_a_given_direction_is_made_a_unit():
    concept = Concept("red", "0", np.array([0.0, 3.0, 4.0]), bias=10.0)
    assert concept.direction.tolist() == [0, 0.6, 0.8]
    assert concept.bias == 2
    assert not concept.found
    with pytest.raises(InvalidArgument, match="not zero"):
        Concept("nothing", "0", np.zeros(3))
    with pytest.raises(InvalidArgument, match=r"3 channels, .* 2"):
        Concept("short", "0", np.ones(2)).scores(passing_through(), torch.zeros(1, 3, 16, 16))


def test_the_pattern_is_what_the_concept_writes():
    """z = s a + noise d: the filter turns away from the noise, the pattern is a (Haufe 2014)."""
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2 == 0
    written, disturbed = np.array([2.0, 0.0, 1.0]), np.array([1.0, 1.0, 0.0])
    z = np.outer(y, written) + np.outer(rng.normal(size=400), disturbed)
    z += 0.3 * rng.normal(size=z.shape)
    weights, _ = boundary(z, y, 1.0)
    found = pattern_of(z, y, weights)
    assert found @ weights == pytest.approx(1)
    slow = np.cov(z.T) @ weights / (weights @ np.cov(z.T) @ weights)
    np.testing.assert_allclose(found, slow, rtol=1e-9)  # the sides are as many here

    def cosine(one):
        return one @ written / np.linalg.norm(one) / np.linalg.norm(written)

    assert cosine(found) > 0.98 > 0.9 > cosine(weights)


def test_interventions_move_along_the_pattern():
    model = passing_through()
    given = Concept("red", "0", np.array([3.0, 4.0, 0.0]), pattern=np.array([2.0, 0.0, 1.0]))
    assert given.pattern @ given.direction == pytest.approx(1)
    (one,) = interventions_for(given, model)
    before = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    after = one.set_to(before, torch.tensor([0.5, -1.0]))
    torch.testing.assert_close(one.measure(after), torch.tensor([0.5, -1.0]))
    step = (after - before).movedim(1, -1).flatten(0, 2)
    assert (step[:, 1] == 0).all()
    torch.testing.assert_close(step[:, 0], 2 * step[:, 2])
    with pytest.raises(InvalidArgument, match="learn it with pooling='mean'"):
        interventions_for(Concept("red", "0", np.ones(3), pooling="max"), model)
    with pytest.raises(InvalidArgument, match="above 0"):
        Concept("red", "0", np.array([1.0, 0.0]), pattern=np.array([0.0, 1.0]))
    with pytest.raises(InvalidArgument, match="across its direction"):
        ConceptDirection("red", "0", [1.0, 0.0], [0.0, 1.0])
    with pytest.raises(InvalidArgument, match="3 numbers, its direction 2"):
        ConceptDirection("red", "0", [1.0, 0.0], [0.0, 1.0, 0.0])


def test_a_learnt_concept_is_replaced_as_the_thing_itself():
    """Red and green share a brightness; the network reads red alone, the filter red less green."""
    weight = torch.tensor([[0.0, 0.0, 0.0], [20.0, 0.0, 0.0]])
    head = nn.Linear(3, 2, bias=False)
    head.weight.data = weight
    conv = nn.Conv2d(3, 3, 1, bias=False)
    conv.weight.data = torch.eye(3)[:, :, None, None]
    net = nn.Sequential(conv, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
    model = hl.load_model(net, input_size=16, mean=0.0, std=1.0)
    sides = colours(0, 60, red=True), colours(1, 60)
    concept = learn_concept(model, *sides, "0", name="red", random_splits=1)
    means = [side.mean((0, 1, 2)) / 255 for side in sides]
    gap = (means[0] - means[1]) @ concept.direction
    true = 20 * (means[0] - means[1])[0]
    by_pattern, by_filter = (gap * 20 * one[0] for one in (concept.pattern, concept.direction))
    assert by_pattern == pytest.approx(true, rel=0.15)
    assert by_filter < 0.75 * true


def test_the_cheaters_watermark_costs_what_it_carries():
    learnt = scenes(120, split="train", shortcut=Shortcut(agrees=1.0))
    looked_at = scenes(24, split="test", shortcut=Shortcut(agrees=0.1))
    concept = learn_concept(
        "bundled:scene-cheater", learnt.images[:60], learnt.without_shortcut[60:], "stage2",
        name="watermark", random_splits=1,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    chance = [
        ConceptDirection(f"random {k}", "stage2", rng.normal(size=len(concept.direction)))
        for k in range(3)
    ]
    found = permutation_importance(
        "bundled:scene-cheater", looked_at.images, score="probability", repeats=2,
        features=[concept, *chance],
    )  # fmt: skip
    assert found["watermark"][0] > 0.3
    assert found["watermark"][0] > 10 * max(found.values[1:])


def test_what_was_skipped_is_told_and_progress_comes_to_its_end(tmp_path):
    from PIL import Image as Pillow

    for k, picture in enumerate(colours(0, 12, red=True)):
        Pillow.fromarray(picture).save(tmp_path / f"{k:02}.png")
    (tmp_path / "99.png").write_bytes(b"no picture")
    seen = []
    concept = learn_concept(
        passing_through(), tmp_path, colours(1, 12), "0", random_splits=1,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen[-1] == (25, 25)
    assert [name for name, _ in concept.skipped] == [str(tmp_path / "99.png")]
    assert "1 picture skipped" in repr(concept)
    seen.clear()
    table = picture_features(
        tmp_path, ["brightness"], progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (13, 13)
    assert len(table) == 12
