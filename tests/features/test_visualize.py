"""`visualize` where the best picture is known, on real networks, and where it cannot work."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, InvalidType, NeedsGradient
from heatlens.features import (
    Alignment,
    Caricature,
    Channel,
    Direction,
    Diversity,
    Layer,
    Logit,
    between,
    invert,
)
from heatlens.models.load import load_model
from heatlens.models.targets import OutputFunction

SIZE = (12, 15)


class Matched(nn.Module):
    """Filters whose answer is the cosine of a picture, seen from grey, and a template."""

    def __init__(self, templates):
        super().__init__()
        self.register_buffer("templates", templates.flatten(1))

    def forward(self, x):
        flat = (x - 0.5).flatten(1)
        length = flat.norm(dim=1, keepdim=True) + 1e-6
        return flat @ self.templates.T / (length * self.templates.norm(dim=1))


def template(seed, channels=3):
    """Smooth random pictures, seen from grey."""
    noise = torch.randn(1, channels, *SIZE, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.avg_pool2d(noise, 5, 1, 2)


@pytest.fixture(scope="module")
def scene_cnn():
    return hl.load_model("bundled:scene-cnn")


def pixels(image):
    return torch.from_numpy(image.pixels.copy()).movedim(-1, 0)


def cosine(a, b):
    return float(torch.cosine_similarity(a.flatten(), b.flatten(), dim=0))


@pytest.mark.parametrize(
    ("parametrisation", "steps"), [("pixels", 200), ("fourier", 200), ("laplacian", 200)]
)
def test_matched_filters_are_found(parametrisation, steps):
    """The optimum of each is its template; two climb at once and do not disturb each other."""
    templates = torch.cat([template(0), template(1)])
    found = hl.visualize(
        load_model(Matched(templates), input_size=SIZE),
        [0, 1],
        parametrisation=parametrisation,
        transforms="none",
        steps=steps,
    )
    for image, wanted in zip(found, templates, strict=True):
        assert cosine(pixels(image) - 0.5, wanted) >= 0.98
        assert image.metadata["visualisation"]["value"] >= 0.98


def test_a_linear_network_with_a_penalty_has_a_closed_form():
    """max <w, x> - l2 mean (x - 1/2)^2 lies at x = 1/2 + w N / (2 l2)."""
    w = template(2)
    count = w.numel()
    net = nn.Sequential(nn.Flatten(), nn.Linear(count, 1, bias=False))
    net[1].weight.data = w.flatten(1)
    weight = count * float(w.abs().max()) / (2 * 0.3)  # the farthest pixel ends 0.3 from grey
    image = hl.visualize(
        load_model(net, input_size=SIZE),
        0,
        parametrisation="pixels",
        transforms="none",
        l2=weight,
        steps=400,
    )
    expected = 0.5 + w[0] * count / (2 * weight)
    assert float((pixels(image) - expected).abs().max()) < 0.02


def test_grey_networks_have_grey_pictures():
    net = load_model(Matched(template(3, channels=1)), input_size=SIZE, mean=0.0, std=1.0)
    net.contract = net.contract.with_(mean=(0.0,), std=(1.0,))
    image = hl.visualize(net, 0, transforms="none", steps=150)
    assert image.axes == "YX"
    assert cosine(torch.from_numpy(image.pixels.copy()) - 0.5, template(3, channels=1)) >= 0.98


def test_the_class_of_a_picture_of_a_class_is_that_class(scene_cnn):
    image = hl.visualize(scene_cnn, "digit 8", steps=96)
    first = hl.predict(scene_cnn, image, 1)[0]
    assert first.label == "digit 8"
    assert first.probability >= 0.99
    about = image.metadata["visualisation"]
    assert about["probability"] == pytest.approx(first.probability, abs=1e-4)
    assert about["value"] == pytest.approx(first.score, abs=1e-2)
    assert about["steps"] == about["passes"] == 96
    # Another network, trained from another start with another architecture, agrees.
    assert hl.predict(hl.load_model("bundled:scene-vit"), image, 1)[0].label == "digit 8"


def test_units_of_a_transformer():
    vit = hl.load_model("bundled:scene-vit")
    start = hl.visualize(vit, "blocks.2:7", steps=1, seed=3)
    image = hl.visualize(vit, "blocks.2:7", steps=24, seed=3)
    values = [one.metadata["visualisation"]["value"] for one in (start, image)]
    assert values[1] > values[0] + 1


def test_another_framework(scene_cnn):
    """A callable with torch's gradient goes the way of every other framework."""
    network = scene_cnn.module

    def scores(batch):
        return network(batch)

    foreign = load_model(
        scores, framework="torch", layout="NCHW", input_size=96, mean=(0.45,) * 3, std=(0.25,) * 3
    )
    ours = hl.visualize(scene_cnn, 4, steps=5, transforms="none")
    theirs = hl.visualize(foreign, 4, steps=5, transforms="none")
    np.testing.assert_allclose(ours.pixels, theirs.pixels, atol=1e-3)


def test_alone_as_among_others_and_the_seed_decides(scene_cnn):
    settings = {"steps": 6, "size": 48}
    alone = hl.visualize(scene_cnn, "stage2:5", **settings)
    among = hl.visualize(scene_cnn, ["stage1:0", "stage2:5"], **settings)[1]
    np.testing.assert_allclose(alone.pixels, among.pixels, atol=5e-3)
    again = hl.visualize(scene_cnn, "stage2:5", **settings)
    assert np.array_equal(alone.pixels, again.pixels)
    other = hl.visualize(scene_cnn, "stage2:5", seed=1, **settings)
    assert np.abs(alone.pixels - other.pixels).max() > 0.1


def test_nothing_is_left_in_the_network_or_the_process(scene_cnn):
    state = torch.random.get_rng_state()
    weights = {name: value.clone() for name, value in scene_cnn.module.state_dict().items()}
    with torch.inference_mode():
        hl.visualize(scene_cnn, "stage3:1", steps=2)
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(weight.grad is None for weight in scene_cnn.module.parameters())
    for name, value in scene_cnn.module.state_dict().items():
        assert torch.equal(value, weights[name])
    assert not any(part._forward_hooks for part in scene_cnn.module.modules())


def test_the_way_there(scene_cnn):
    heard = []
    found = hl.visualize(
        scene_cnn,
        "stage3:9",
        steps=10,
        frames=3,
        full=True,
        progress=lambda step, steps, value: heard.append((step, steps, value)),
    )
    assert [frame.name for frame in found.film()] == [
        "stage3:9, step 0",
        "stage3:9, step 5",
        "stage3:9, step 10",
    ]
    assert np.array_equal(found.film()[-1].pixels, found.images[0].pixels)
    assert [step for step, _, _ in heard] == list(range(1, 11))
    np.testing.assert_allclose([value for _, _, value in heard], found.history[0], rtol=1e-5)
    assert found.history[0][-3:].mean() > found.history[0][:3].mean()


def test_diversity_makes_pictures_of_one_unit_differ(scene_cnn):
    def alike(objective):
        images = hl.visualize(scene_cnn, objective, count=2, steps=24, size=48)
        seen = scene_cnn.activations(
            scene_cnn.contract.normalise(torch.stack([pixels(image) for image in images])),
            ["stage1"],
        )
        return float(Diversity("stage1").bound(_anatomy(scene_cnn)).values(seen).mean())

    channel = Channel("stage3", 9)
    assert alike(channel + 20 * Diversity("stage1")) > alike(channel) + 0.01


def _anatomy(model):
    from heatlens.features.visualisation.objectives.anatomy import Anatomy

    return Anatomy(model, 3, (48, 48))


def test_aligned_frames_differ_less_from_their_neighbours(scene_cnn):
    def change(images):
        return np.mean([np.abs(a.pixels - b.pixels).mean() for a, b in itertools.pairwise(images)])

    settings = {"count": 3, "steps": 30, "size": 48}
    free = between(scene_cnn, "stage3:2", "stage3:60", **settings)
    aligned = between(scene_cnn, "stage3:2", "stage3:60", align="stage1", weight=20, **settings)
    assert change(aligned) < 0.8 * change(free)


def test_inversion_gives_the_layer_what_the_picture_gave_it(scene_cnn):
    from heatlens.testing.scenes import scene

    picture = scene(5, split="test").image
    image = invert(scene_cnn, picture, "stem", steps=120, size=48)
    assert image.metadata["visualisation"]["value"] > -0.1
    wanted = _anatomy(scene_cnn).pixels([picture])[0]
    assert cosine(pixels(image) - pixels(image).mean(), wanted - wanted.mean()) > 0.75


def test_dreaming_starts_from_the_picture(scene_cnn):
    from heatlens.testing.scenes import scene

    picture = scene(5, split="test").image
    image = hl.visualize(scene_cnn, "stage2", start=picture, steps=1, rate=1e-6)
    assert np.abs(image.pixels - picture / 255).max() < 0.01


class Breaking(nn.Module):
    """Linear until the mean pixel passes a threshold; NaN from there on."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return torch.where(mean > self.limit, torch.nan, mean)[:, None]


def test_what_is_not_finite_keeps_the_last_good_picture():
    model = load_model(Breaking(0.7), input_size=8)
    found = hl.visualize(model, 0, parametrisation="pixels", transforms="none", full=True)
    about = found.images[0].metadata["visualisation"]
    assert about["stopped"] == "not finite"
    assert 0.6 < found.images[0].pixels.mean() <= 0.7
    assert np.isfinite(found.history[0]).all()
    assert len(found.history[0]) == about["steps"] + 1 < 512
    with pytest.raises(InvalidArgument, match="on the first canvas"):
        hl.visualize(
            load_model(Breaking(0.5), input_size=8), 0, start=np.full((8, 8), 200, "uint8")
        )


def test_a_silent_unit_is_told(scene_cnn):
    image = hl.visualize(scene_cnn, Channel("stem", 0) * 0, steps=3)
    assert "silent" in image.metadata["visualisation"]["notes"][0]


class BreakingAlone(nn.Module):
    """As `Breaking` for the first output; the second is well."""

    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return torch.stack([torch.where(mean > 0.7, torch.nan, mean), -mean], 1)


def test_a_broken_picture_leaves_its_neighbours_alone():
    model = load_model(BreakingAlone(), input_size=8)
    settings = {"parametrisation": "pixels", "transforms": "none", "steps": 60, "frames": 5}
    target = OutputFunction(lambda output: output[:, 1])
    alone = hl.visualize(model, target, full=True, **settings)
    first = OutputFunction(lambda output: output[:, 0])
    both = hl.visualize(model, [first, target], full=True, **settings)
    assert [image.metadata["visualisation"]["stopped"] for image in both.images] == [
        "not finite",
        "steps",
    ]
    np.testing.assert_allclose(both.images[1].pixels, alone.images[0].pixels, atol=1e-5)
    assert all(frame.pixels.mean() <= 0.7 for frame in both.frames[0])
    assert np.array_equal(both.frames[0][-1].pixels, both.images[0].pixels)
    assert len(both.history[0]) == both.images[0].metadata["visualisation"]["steps"] + 1


def test_each_picture_converges_for_itself():
    templates = torch.cat([template(0), template(1)])
    settings = {"transforms": "none", "tolerance": 0.003, "steps": 320}
    model = load_model(Matched(templates), input_size=SIZE)
    together = hl.visualize(model, [0, 1], **settings)
    alone = [hl.visualize(model, k, **settings) for k in (0, 1)]
    for one, other in zip(together, alone, strict=True):
        told, expected = (image.metadata["visualisation"] for image in (one, other))
        assert told["steps"] == expected["steps"]
        assert told["stopped"] == "converged"


def test_little_memory_changes_the_batches_and_not_the_pictures(scene_cnn, monkeypatch):
    heard = []
    settings = {"steps": 4, "size": 48, "count": 3}
    expected = hl.visualize(scene_cnn, "stage1:0", **settings)
    monkeypatch.setenv("HEATLENS_MEMORY", "1M")
    found = hl.visualize(
        scene_cnn,
        "stage1:0",
        progress=lambda step, steps, _: heard.append((step, steps)),
        **settings,
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.pixels, other.pixels, atol=5e-3)
    last, total = heard[-1]
    assert last == total > 4
    assert [step for step, _ in heard] == list(range(1, total + 1))


def test_objectives_are_bound_in_inference_mode(scene_cnn):
    picture = np.random.default_rng(0).integers(0, 256, (96, 96, 3)).astype(np.uint8)
    with torch.inference_mode():
        unit = Direction("stage2", torch.rand(64), 1.0) + Caricature("stage2", picture)
        image = hl.visualize(scene_cnn, unit, steps=1)
    assert np.isfinite(image.pixels).all()


def test_a_size_that_the_network_does_not_take_is_told():
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))
    with pytest.raises(InvalidArgument, match="does not take pictures of 9 x 9"):
        hl.visualize(load_model(net, input_size=8), Layer("0"), size=9)


def test_ascent_ends_when_nothing_is_gained():
    model = load_model(Matched(template(0)), input_size=SIZE)
    image = hl.visualize(model, 0, transforms="none", tolerance=0.01)
    about = image.metadata["visualisation"]
    assert about["stopped"] == "converged"
    assert about["steps"] < 256


def test_an_interrupted_ascent_keeps_what_it_has(scene_cnn):
    def stop(step, steps, value):
        if step == 3:
            raise KeyboardInterrupt

    found = hl.visualize(scene_cnn, "stage1:0", progress=stop, full=True)
    assert found.images[0].metadata["visualisation"]["stopped"] == "interrupted"
    assert len(found.history[0]) == 3
    with pytest.raises(KeyboardInterrupt):
        hl.visualize(scene_cnn, "stage1:0", progress=stop)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"objective": []}, InvalidArgument, "at least one"),
        ({"steps": 0}, InvalidArgument, "steps is 0"),
        ({"steps": 2.5}, InvalidType, "whole number"),
        ({"count": 0}, InvalidArgument, "count is 0"),
        ({"frames": 1}, InvalidArgument, "at least 2"),
        ({"size": "large"}, InvalidType, "size"),
        ({"size": 0}, InvalidArgument, "at least 1"),
        ({"parametrisation": "furier"}, InvalidArgument, "did you mean 'fourier'"),
        ({"settings": {"sed": 1}}, InvalidArgument, "no setting 'sed'"),
        ({"transforms": "jiter(8)"}, InvalidArgument, "did you mean 'jitter'"),
        ({"total_variation": -1.0}, InvalidArgument, "0 or more"),
        ({"total_variation": "a"}, InvalidType, "must be a number"),
        ({"rate": 0.0}, InvalidArgument, "rate"),
        ({"transforms": "pad(1e9)"}, InvalidArgument, "pad's amount"),
        (
            {"start": np.zeros((96, 96, 3), np.uint8), "count": 2, "transforms": "none"},
            InvalidArgument,
            "the same",
        ),
        ({"objective": "stage4:0"}, InvalidArgument, "did you mean 'stage"),
    ],
)
def test_bad_arguments(scene_cnn, settings, error, message):
    asked = {"objective": "stage1:0", "steps": 1, **settings}
    with pytest.raises(error, match=message):
        hl.visualize(scene_cnn, asked.pop("objective"), **asked)


def test_objectives_without_a_gradient_are_refused(scene_cnn):
    rounded = Logit(OutputFunction(lambda output: output[:, 0].detach()))
    with pytest.raises(NeedsGradient, match="gradients can follow"):
        hl.visualize(scene_cnn, rounded, steps=1)
    callable_only = load_model(
        lambda batch: np.zeros((len(batch), 2), np.float32), layout="NCHW", input_size=8
    )
    with pytest.raises(NeedsGradient, match="gives no gradients"):
        hl.visualize(callable_only, 0)


def test_alignment_as_a_joint_objective_is_written_down(scene_cnn):
    images = hl.visualize(
        scene_cnn, ["stage1:0", "stage1:1"], joint=0.1 * Alignment("stage1"), steps=2
    )
    assert images[0].metadata["visualisation"]["joint"] == "0.1 * stage1:alignment"
