"""Training for the right reasons, on a small world whose shortcut is known."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from heatlens.errors import InvalidArgument, InvalidType, NeedsGradient, UnknownName
from heatlens.improvement import fine_tune, measure_reasons
from heatlens.improvement.penalties import PENALTIES, Scored, scored
from heatlens.models.load import load_model


def world(count, seed, *, marked):
    """A bar, upright or lying, and a corner that gives its class away if `marked`."""
    generator = torch.Generator().manual_seed(seed)
    inputs = 0.1 * torch.randn(count, 1, 16, 16, generator=generator)
    labels = torch.randint(2, (count,), generator=generator)
    masks = torch.zeros(count, 16, 16)
    for i in range(count):
        row, column = torch.randint(3, 9, (2,), generator=generator).tolist()
        if labels[i]:
            inputs[i, 0, row : row + 5, column + 2] += 1
        else:
            inputs[i, 0, row + 2, column : column + 5] += 1
        masks[i, row : row + 5, column : column + 5] = 1
        if marked:
            inputs[i, 0, :2, :2] += 3 if labels[i] else -3
    parts = (inputs.split(32), labels.split(32), masks.split(32))
    return list(zip(*parts, strict=True))


def network(norm=False, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 12, 5, padding=2),
            nn.BatchNorm2d(12) if norm else nn.Identity(),
            nn.ReLU(inplace=True),
            nn.Conv2d(12, 16, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.Linear(16, 2),
        )


MARKED = world(192, 0, marked=True)
PLAIN = world(96, 1, marked=False)
HEAT = {"method": "integrated-gradients", "parameters": {"steps": 8}}


@pytest.fixture(scope="module")
def cheater():
    """Learnt the corner, and nothing else."""
    return fine_tune(network(), MARKED, penalty="none", epochs=5, learning_rate=1e-2).module


@pytest.mark.parametrize("penalty", ["cam", "swap"])
def test_the_penalty_makes_it_right_for_the_right_reasons(cheater, penalty):
    shared = dict(epochs=8, learning_rate=1e-2, validation=PLAIN, seed=1, **HEAT)
    plain = fine_tune(cheater, MARKED, penalty="none", **shared)
    told = fine_tune(cheater, MARKED, penalty=penalty, **shared)
    assert plain.before.accuracy.value < 0.75
    assert plain.after.accuracy.high < told.after.accuracy.low
    assert plain.after.on_object.high < told.after.on_object.low
    assert told.before.accuracy.high < told.after.accuracy.low
    assert told.before.on_object.high < told.after.on_object.low
    assert told.measured_on == "validation"
    assert "of the data that chose the epoch; epoch" in str(told)
    assert told.best > 0
    assert "epoch" in str(told)


@pytest.mark.parametrize("penalty", ["gradient-share", "input-gradient"])
def test_gradient_penalties_move_the_heat(cheater, penalty):
    found = fine_tune(
        cheater, MARKED, penalty=penalty, strength=3, epochs=4, learning_rate=1e-2,
        validation=PLAIN, measure=lambda one: one.on_object.value, **HEAT,
    )  # fmt: skip
    assert found.after.on_object.low > found.before.on_object.high
    assert found.history[-1].penalty < found.history[0].penalty


def test_input_gradient_is_the_papers_formula_on_a_linear_network():
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(3, 1, 2, 2, generator=generator)
    labels, masks = torch.tensor([0, 1, 2]), torch.rand(3, 2, 2, generator=generator).round()
    masks[0] = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    line = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    batch = scored(line, inputs, labels, masks, slopes=True, layer=None)
    # d/dx sum_k log p_k = sum_k w_k - K sum_k p_k w_k
    weight = line[1].weight
    slopes = weight.sum(0) - 3 * batch.logits.softmax(1) @ weight
    off = (slopes.view(3, 2, 2).square() * (1 - masks)).flatten(1).sum(1)
    known = masks.flatten(1).amax(1) > 0
    expected = off[known].mean()
    assert PENALTIES["input-gradient"](batch).item() == pytest.approx(expected.item(), rel=1e-5)
    share = (off / slopes.square().sum(1))[known].mean()
    assert PENALTIES["gradient-share"](batch).item() == pytest.approx(share.item(), rel=1e-5)


def test_cam_penalty_is_the_share_off_the_object():
    cells = torch.tensor([[[[1.0, 3.0], [0.0, 4.0]]]], requires_grad=True)
    logits = torch.stack([cells.sum((1, 2, 3)), -cells.sum((1, 2, 3))], 1)
    mask = torch.zeros(1, 4, 4)
    mask[0, 3, 3] = 1  # a single pixel of the cell that holds 4 of 8
    batch = Scored(torch.zeros(1, 1, 4, 4), logits, torch.tensor([0]), mask, cells)
    assert PENALTIES["cam"](batch).item() == pytest.approx(0.5)
    # The other class has no positive map at all: silence counts as off the object.
    batch = Scored(torch.zeros(1, 1, 4, 4), logits, torch.tensor([1]), mask, cells)
    assert PENALTIES["cam"](batch).item() == 1.0


def test_swap_keeps_the_object_and_takes_the_rest_from_the_next_picture():
    inputs = torch.arange(8.0).view(2, 1, 2, 2)
    masks = torch.zeros(2, 2, 2)
    masks[0, 0, 0], masks[1, 1, 1] = 1, 1
    seen = []

    def again(given):
        seen.append(given)
        return given.flatten(1)[:, :2]

    logits = torch.zeros(2, 2)
    cost = PENALTIES["swap"](Scored(inputs, logits, torch.tensor([0, 1]), masks, None, again))
    assert seen[0][0].flatten().tolist() == [0, 5, 6, 3]
    assert seen[0][1].flatten().tolist() == [4, 1, 2, 7]
    moved = seen[0].flatten(1)[:, :2].log_softmax(1)
    expected = F.kl_div(moved, logits.log_softmax(1), reduction="batchmean", log_target=True)
    assert cost.item() == pytest.approx(expected.item(), rel=1e-5)
    alone = Scored(inputs[:1], logits[:1], torch.tensor([0]), masks[:1], None, again)
    assert PENALTIES["swap"](alone).item() == 0
    assert len(seen) == 1


def test_rows_without_a_mask_have_no_say(cheater):
    inputs, labels, masks = PLAIN[0]
    half = masks.clone()
    half[16:] = 0
    values = []
    for rows in (slice(0, 32), slice(0, 16)):
        batch = scored(
            cheater.eval(), inputs[rows], labels[rows], half[rows], slopes=True, layer=None
        )
        values.append(PENALTIES["input-gradient"](batch).item())
    assert values[0] == pytest.approx(values[1], rel=1e-4)


def test_the_network_given_is_left_alone(cheater):
    given = copy.deepcopy(cheater).train()
    given[3].eval()
    given[0].weight.grad = torch.ones_like(given[0].weight)
    weights = copy.deepcopy(given.state_dict())
    state = torch.get_rng_state()
    found = fine_tune(given, MARKED[:2], penalty="cam", epochs=1)
    assert torch.equal(torch.get_rng_state(), state)
    for name, tensor in given.state_dict().items():
        assert torch.equal(tensor, weights[name])
    modes = [part.training for part in given.modules()]
    assert modes.count(False) == 1
    assert [part.training for part in found.module.modules()] == modes
    assert given[0].weight.grad.eq(1).all()
    assert not found.module[0]._forward_hooks


def test_inplace_trains_the_network_itself(cheater):
    given = copy.deepcopy(cheater)
    before = given[0].weight.detach().clone()
    found = fine_tune(given, MARKED[:2], penalty="none", epochs=1, inplace=True)
    assert found.module is given
    assert not torch.equal(before, given[0].weight)


def test_same_seed_same_weights(cheater):
    one, other = (
        fine_tune(cheater, MARKED[:3], epochs=1, seed=5).module.state_dict() for _ in range(2)
    )
    third = fine_tune(cheater, MARKED[:3], epochs=1, seed=6).module.state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not all(torch.equal(one[name], third[name]) for name in one)


def test_a_shuffling_loader_is_seeded_too(cheater):
    rows = [torch.cat(parts) for parts in zip(*MARKED[:2], strict=True)]
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*rows), batch_size=16, shuffle=True
    )
    one, other, third = (
        fine_tune(cheater, loader, epochs=2, seed=seed).module[0].weight for seed in (1, 1, 2)
    )
    assert torch.equal(one, other)
    assert not torch.equal(one, third)


def test_batch_norm_statistics_are_frozen_unless_told():
    given = network(norm=True)
    frozen = fine_tune(given, MARKED[:2], penalty="none", epochs=1).module
    moving = fine_tune(given, MARKED[:2], penalty="none", epochs=1, batch_norm="moving").module
    assert torch.equal(frozen[1].running_mean, given[1].running_mean)
    assert not torch.equal(frozen[1].weight, given[1].weight)
    assert not torch.equal(moving[1].running_mean, given[1].running_mean)


def test_it_is_measured_as_it_will_be_used_with_dropout_and_batch_norm():
    found = fine_tune(
        network(norm=True), MARKED, penalty="none", epochs=2, batch_norm="moving",
        learning_rate=1e-2, validation=MARKED[:3],
    )  # fmt: skip
    again = measure_reasons(found.module.eval(), MARKED[:3])
    assert found.best > 0
    assert found.after.accuracy == again.accuracy
    np.testing.assert_allclose(found.after.shares, again.shares, rtol=1e-5)
    told = found.history[found.best - 1]
    assert (told.accuracy, told.on_object) == (again.accuracy.value, found.after.on_object.value)


def test_the_best_epoch_is_kept(cheater):
    values = iter([0.9, 0.5, 0.7, 0.8])
    scores = {}

    def measure(one):
        if id(one) not in scores:
            scores[id(one)] = (next(values), one)  # kept, so that no other gets its id
        return scores[id(one)][0]

    found = fine_tune(
        cheater, MARKED[:2], penalty="none", epochs=3, validation=PLAIN, measure=measure
    )
    # The first number is the network as it was.
    assert found.best == 1
    assert [epoch.kept for epoch in found.history] == [True, False, False]


def test_a_loss_that_is_no_number_keeps_the_last_good_weights(cheater):
    spoilt = [*MARKED[:1]]
    bad = nn.Sequential(copy.deepcopy(cheater), Exploding())
    found = fine_tune(bad, spoilt * 2, penalty="none", epochs=3)
    assert "stopped in epoch" in found.stopped
    assert all(bool(torch.isfinite(one).all()) for one in found.module.state_dict().values())
    assert found.best == len(found.history)


class Kinked(nn.Module):
    """Adds a root at 0, whose value is fine and whose slope is NaN, in the passes given."""

    def __init__(self, passes):
        super().__init__()
        self.line, self.passes, self.done = nn.Linear(256, 2), passes, 0

    def forward(self, x):
        weight = self.line.weight
        self.done += self.training
        kink = ((weight - weight.detach()) ** 2).sum().sqrt()
        spoilt = self.training and self.done in self.passes
        return self.line(x.flatten(1)) + (kink if spoilt else 0)


def test_gradients_that_are_no_number_are_counted_or_stop_the_training():
    shared = {"penalty": "none", "epochs": 3, "method": "gradient"}
    always = Kinked(range(1, 99))
    found = fine_tune(always, MARKED[:2], **shared)
    assert "epoch 1: the gradient is NaN or infinite in every step" in found.stopped
    assert (found.best, found.history) == (0, ())
    assert torch.equal(found.module.line.weight, always.line.weight)
    rare = fine_tune(Kinked({2}), MARKED[:2], **shared)
    assert [epoch.skipped for epoch in rare.history] == [1, 0, 0]
    assert "1 step left out" in str(rare.history[0])
    assert "1 step left out" in str(rare)
    late = fine_tune(Kinked({3, 4}), MARKED[:2], **shared)
    assert "epoch 2" in late.stopped
    assert late.best == len(late.history) == 1
    assert torch.isfinite(late.module.line.weight).all()


def test_test_data_neither_train_nor_choose(cheater):
    shared = {"penalty": "none", "epochs": 2, "learning_rate": 1e-2, "validation": MARKED[:2]}
    found = fine_tune(cheater, MARKED[:2], test=PLAIN, measure=lambda one: one.count, **shared)
    assert found.measured_on == "test"
    assert found.before.count == 96
    assert found.best == 0  # a measure that never rises, of the validation data
    assert found.after is found.before
    assert "96 pictures of the test data" in str(found)
    values = iter((0.2, 0.1))  # of the first epoch, of the network as it was
    shared |= {"epochs": 1, "measure": lambda one: next(values)}
    found = fine_tune(cheater, MARKED[:2], test=PLAIN, **shared)
    assert found.best == 1
    assert found.after.accuracy == measure_reasons(found.module, PLAIN).accuracy
    assert found.history[0].accuracy == measure_reasons(found.module, MARKED[:2]).accuracy.value
    with pytest.raises(InvalidType, match="test is a"):
        fine_tune(cheater, MARKED[:2], test=iter(PLAIN))


def test_a_last_batch_of_one_picture_has_no_swap_and_stops_nothing(cheater):
    last = tuple(part[:1] for part in MARKED[1])
    found = fine_tune(cheater, [MARKED[0], last], penalty="swap", epochs=1)
    alone = fine_tune(cheater, [MARKED[0]], penalty="swap", epochs=1)
    assert found.history[0].penalty == pytest.approx(alone.history[0].penalty)
    singles = [tuple(part[i : i + 1] for part in MARKED[0]) for i in range(12)]
    with pytest.raises(InvalidArgument, match="every batch holds a single one"):
        fine_tune(cheater, singles, penalty="swap", epochs=1)


def test_an_exception_leaves_the_best_weights_in_a_network_trained_in_place(cheater):
    class Dying:
        passes = 0

        def __iter__(self):
            self.passes += 1
            yield MARKED[0]
            if self.passes > 2:
                raise RuntimeError("a worker died")
            yield MARKED[1]

    given, reached = copy.deepcopy(cheater), []
    with pytest.raises(RuntimeError, match="worker died"):
        fine_tune(
            given, Dying(), penalty="none", epochs=3, inplace=True,
            after_epoch=lambda epoch: reached.append(copy.deepcopy(given.state_dict())),
        )  # fmt: skip
    assert len(reached) == 1
    assert all(torch.equal(given.state_dict()[name], one) for name, one in reached[0].items())
    assert not torch.equal(given[0].weight, cheater[0].weight)


class Exploding(nn.Module):
    """Gives NaN from the fourth training pass on."""

    def __init__(self):
        super().__init__()
        self.passes = 0

    def forward(self, x):
        if not self.training:
            return x
        self.passes += 1
        return x * float("nan") if self.passes > 3 else x


def test_ctrl_c_returns_what_was_reached(cheater):
    def stop(done, steps, loss):
        nonlocal count
        count += 1
        assert steps == 2
        if count == 3:
            raise KeyboardInterrupt

    count = 0
    found = fine_tune(cheater, MARKED[:2], penalty="none", epochs=5, progress=stop)
    assert found.stopped == "interrupted"
    assert len(found.history) == 1
    assert found.best == 1
    early = fine_tune(
        cheater, MARKED[:2], epochs=2, progress=lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    assert early.best == 0
    assert early.after is early.before
    assert torch.equal(early.module[0].weight, cheater[0].weight)


def test_a_loaded_model_keeps_its_contract():
    model = load_model("bundled:scene-cheater")
    rows = (torch.randn(12, 3, 96, 96, generator=torch.Generator().manual_seed(0)),
            torch.arange(12) % 10, torch.ones(12, 96, 96))  # fmt: skip
    found = fine_tune(model, [rows], penalty="cam", epochs=1)
    assert found.model.contract == model.contract
    assert found.model.module is found.module
    assert "fine-tuned" in found.model.name


def test_attention_can_be_penalised():
    class Attending(nn.Module):
        def __init__(self):
            super().__init__()
            self.into, self.out = nn.Linear(16, 16), nn.Linear(16, 2)

        def forward(self, x):
            tokens = self.into(x[:, 0]).unsqueeze(1)
            return self.out(F.scaled_dot_product_attention(tokens, tokens, tokens).mean((1, 2)))

    found = fine_tune(
        Attending(), MARKED[:1], penalty="gradient-share", epochs=1, method="gradient"
    )
    assert found.stopped == "all epochs are done"


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"penalty": "cams"}, UnknownName, "did you mean 'cam'"),
        ({"strength": -1}, InvalidArgument, "strength is -1"),
        ({"epochs": 0}, InvalidArgument, "epochs is 0"),
        ({"learning_rate": 0.0}, InvalidArgument, "learning_rate"),
        ({"batch_norm": "off"}, InvalidArgument, "'frozen' or 'moving'"),
        ({"data": iter(MARKED)}, InvalidType, "used up after one pass"),
        ({"data": []}, InvalidArgument, "too few"),
        ({"data": [MARKED[0][:2]]}, InvalidType, "inputs, labels, masks"),
        ({"penalty": "cam", "layer": "7"}, InvalidArgument, ""),
    ],
    ids=["penalty", "strength", "epochs", "rate", "norm", "iterator", "empty", "pairs", "layer"],
)
def test_wrong_arguments_are_named(cheater, change, kind, said):
    arguments = {"data": MARKED[:1], "epochs": 1, **change}
    with pytest.raises(kind, match=said):
        fine_tune(cheater, **arguments)


def test_probabilities_and_detached_scores_are_refused(cheater):
    with pytest.raises(InvalidArgument, match="probabilities"):
        fine_tune(nn.Sequential(cheater, nn.Softmax(1)), MARKED[:1], epochs=1)

    class Detached(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(256, 2)

        def forward(self, x):
            return self.line(x.flatten(1).detach())

    with pytest.raises(NeedsGradient, match="detached"):
        fine_tune(
            Detached(),
            MARKED[:1],
            penalty="gradient-share",
            epochs=1,
            method="rise",
            parameters={"budget": 8},
        )


def test_a_network_without_weights_says_so():
    still = nn.Sequential(nn.Flatten(), nn.AdaptiveAvgPool1d(2))
    with pytest.raises(InvalidArgument, match="no weight to train"):
        fine_tune(still, MARKED[:1], penalty="none", epochs=1, method="gradient")


def test_reasons_are_counted_by_hand():
    line = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    line[1].weight.data = torch.tensor([[0.0] * 4, [3.0, 1.0, 0.0, 0.0]])
    inputs = torch.ones(20, 1, 2, 2)
    labels = torch.tensor([1] * 16 + [0] * 4)
    masks = torch.zeros(20, 2, 2)
    masks[:, 0, 0] = 1
    masks[9] = 0
    found = measure_reasons(line, [(inputs, labels, masks)], method="gradient", parameters={})
    assert found.accuracy.value == pytest.approx(0.8)
    with pytest.raises(InvalidArgument, match="too few"):
        measure_reasons(line, [(inputs[:5], labels[:5], masks[:5])], method="gradient")
    assert np.isnan(found.shares[9])
    assert found.shares[0] == pytest.approx(0.75)  # slopes 3 and 1, both counted whatever the sign
    assert found.silent == 4  # class 0 has no slope at all


def test_too_few_masks_are_told():
    inputs, labels, _ = PLAIN[0]
    with pytest.raises(InvalidArgument, match="only 0 of 32 pictures have a mask"):
        measure_reasons(network(), [(inputs, labels, torch.zeros(32, 16, 16))])
