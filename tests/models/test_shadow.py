"""The shadow that does the work, and the user's network that must not notice."""

from __future__ import annotations

import copy
import gc
import pickle
import threading

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from heatlens import attribute
from heatlens.errors import InvalidArgument, NeedsGradient, NoSpatialLayer
from heatlens.models.pytorch import workshop
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.shadow import fingerprint, shadow_of
from heatlens.models.pytorch.workshop import findings_on
from heatlens.models.targets import ClassIndex

METHODS = ("gradient", "integrated-gradients", "gradcam", "scorecam")


class Net(nn.Module):
    """A bit of everything that reacts to its mode."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 4, 4)
        self.norm = nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.5)
        self.block = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(inplace=True))
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        x = self.norm(self.stem(x))
        x = x + self.block(self.drop(x))
        return self.head(x.mean((2, 3)))


def _net(kind: type[nn.Module] = Net) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind()


@pytest.fixture
def net() -> nn.Module:
    return _net()


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.randn(2, 3, 32, 48, generator=torch.Generator().manual_seed(1))


def _plain(network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """What the network itself says in evaluation mode."""
    modes = {part: part.training for part in network.modules()}
    with torch.no_grad():
        result = network.eval()(batch)
    for part, mode in modes.items():
        part.training = mode
    return result


def _marks(network: nn.Module) -> dict[str, object]:
    """All that an explanation could leave behind."""
    return {
        "modes": [part.training for part in network.modules()],
        "hooks": [
            [len(hooks) for name, hooks in vars(part).items() if name.endswith("hooks")]
            for part in network.modules()
        ],
        "trainable": [parameter.requires_grad for parameter in network.parameters()],
        "grads": [
            None if parameter.grad is None else parameter.grad.clone().tolist()
            for parameter in network.parameters()
        ],
        "objects": [id(parameter) for parameter in network.parameters()],
        "values": [tensor.tolist() for tensor in network.state_dict().values()],
        "versions": [parameter._version for parameter in network.parameters()],
        "random": torch.get_rng_state().tolist(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "grad mode": torch.is_grad_enabled(),
    }


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("training", [True, False])
def test_network_is_left_as_it_was(net, batch, method, training):
    net.train(training)
    net.norm.eval()  # as when a part is frozen
    net.stem.weight.requires_grad_(False)
    net.head.weight.grad = torch.ones_like(net.head.weight)
    net.block.register_forward_hook(lambda *_: None)
    before = _marks(net)
    attribute(net, batch, method, 1)
    assert _marks(net) == before


@pytest.mark.parametrize("method", METHODS)
def test_network_is_left_as_it_was_after_an_error(net, batch, method):
    net.train()
    before = _marks(net)

    def broken(output):
        raise ZeroDivisionError("in the target")

    with pytest.raises(ZeroDivisionError):
        attribute(net, batch, method, broken)
    assert _marks(net) == before


def test_training_mode_makes_no_difference(net, batch):
    calm = attribute(net.eval(), batch, "gradcam", 1)
    assert torch.equal(attribute(net.train(), batch, "gradcam", 1), calm)


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_callers_gradient_mode_makes_no_difference(net, batch, around):
    free = attribute(net, batch, "gradient", 1)
    with around():
        torch.testing.assert_close(attribute(net, batch, "gradient", 1), free)


def test_weights_are_shared_not_copied(net):
    shadow = shadow_of(net)
    for ours, theirs in zip(shadow.parameters(), net.parameters(), strict=True):
        assert ours.data_ptr() == theirs.data_ptr()
        assert not ours.requires_grad
    for ours, theirs in zip(shadow.buffers(), net.buffers(), strict=True):
        assert ours is not theirs  # a forward pass may write into it
        assert torch.equal(ours, theirs)


def test_weight_changed_in_place_is_seen_at_once(net, batch):
    model = TorchModel(net)
    first, shadow = model.predict(batch), model.network
    with torch.no_grad():
        net.head.bias += 1
    torch.testing.assert_close(model.predict(batch), first + 1)
    assert model.network is shadow


def test_training_step_is_seen(net, batch):
    model = TorchModel(net)
    model.predict(batch)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.5)
    net.train()(batch).square().sum().backward()
    optimiser.step()
    torch.testing.assert_close(model.predict(batch), _plain(net, batch))


@pytest.mark.parametrize("part", ["layer", "weight", "data", "buffer", "loaded"])
def test_what_is_replaced_is_noticed(net, batch, part):
    model = TorchModel(net)
    before = model.predict(batch)
    with torch.no_grad():
        if part == "layer":
            net.head = nn.Linear(6, 4)
        elif part == "weight":
            net.head.weight = nn.Parameter(net.head.weight * 2)
        elif part == "data":
            net.head.weight.data = net.head.weight.data * 2
        elif part == "buffer":
            net.norm.running_mean = net.norm.running_mean + 1
        else:
            net.load_state_dict({key: value + 1 for key, value in net.state_dict().items()})
    assert not torch.equal(model.predict(batch), before)
    torch.testing.assert_close(model.predict(batch), _plain(net, batch))


def test_fingerprint_holds_while_nothing_is_replaced(net):
    mark = fingerprint(net)
    with torch.no_grad():
        net.head.bias.zero_()
    assert fingerprint(net.train()) == mark
    net.head = nn.Linear(6, 4)
    assert fingerprint(net) != mark


def test_cached_layer_does_not_outlive_the_network(net, batch):
    model = TorchModel(net)
    assert model.spatial_layer(batch).name == "block"
    net.block = nn.Identity()
    assert model.spatial_layer(batch).name == "norm"


def test_hooks_of_the_owner_take_part(net, batch):
    net.head.register_forward_hook(lambda module, inputs, output: output * 2)
    torch.testing.assert_close(TorchModel(net).predict(batch), _plain(net, batch))


def test_method_bound_to_the_instance_runs_on_the_shadow(net, batch):
    """Libraries replace `forward` on an instance; the replacement must see the shadow's parts."""

    def forward(self, x):
        assert not self.training
        return self.head(self.norm(self.stem(x)).mean((2, 3))) * 3

    net.train().forward = forward.__get__(net)
    model = TorchModel(net)
    torch.testing.assert_close(model.predict(batch), _plain(net, batch))
    activation, gradient = model.layer_gradient(batch, "norm", ClassIndex(1))
    assert activation.shape == gradient.shape == (2, 6, 8, 12)
    assert all(part.training for part in net.modules())


def test_references_beside_the_tree_lead_to_the_shadow(batch):
    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.head = nn.Conv2d(3, 6, 4, 4), nn.Linear(6, 4)
            self.steps = [self.stem, self.head]
            self.table = {"scale": self.head.weight}

        def forward(self, x):
            assert not any(step.training for step in self.steps)
            assert self.table["scale"] is self.head.weight
            return self.steps[1](self.steps[0](x).mean((2, 3)))

    listed = _net(Listed).train()
    model = TorchModel(listed)
    with torch.no_grad():
        expected = listed.head(listed.stem(batch).mean((2, 3)))
    torch.testing.assert_close(model.predict(batch), expected)
    assert model.layer_gradient(batch, "stem", ClassIndex(0))[1].abs().sum() > 0


def test_state_that_a_forward_pass_keeps_stays_out_of_the_network(batch):
    class Counting(Net):
        def __init__(self):
            super().__init__()
            self.calls, self.seen = 0, []

        def forward(self, x):
            self.calls += 1
            self.seen.append(tuple(x.shape))
            return super().forward(x)

    counting = _net(Counting)
    TorchModel(counting).predict(batch)
    assert (counting.calls, counting.seen) == (0, [])


def test_what_cannot_be_copied_is_shared(net, batch):
    net.lock, net.stream = threading.Lock(), (x for x in range(3))
    torch.testing.assert_close(TorchModel(net).predict(batch), _plain(net, batch))


def test_tied_weights_stay_tied(batch):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 6, 4, 4)
            self.down, self.up = nn.Linear(6, 6, bias=False), nn.Linear(6, 6, bias=False)
            self.up.weight = self.down.weight
            self.again = self.down

        def forward(self, x):
            return self.again(self.up(self.down(self.stem(x).mean((2, 3)))))

    tied = _net(Tied)
    shadow = shadow_of(tied)
    assert shadow.up.weight is shadow.down.weight
    assert shadow.again is shadow.down
    torch.testing.assert_close(TorchModel(tied).predict(batch), _plain(tied, batch))


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm", "orthogonal", "old weight_norm"])
def test_parametrised_weights(net, batch, kind):
    if kind == "old weight_norm":
        with pytest.warns(FutureWarning):
            nn.utils.weight_norm(net.stem)
    else:
        getattr(parametrizations, kind)(net.head if kind == "orthogonal" else net.stem)
    net.train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    model = TorchModel(net)
    torch.testing.assert_close(model.predict(batch), _plain(net, batch))
    expected = _input_gradient(net, batch)
    torch.testing.assert_close(model.input_gradient(batch, ClassIndex(1)), expected)
    for key, value in net.state_dict().items():
        torch.testing.assert_close(value, before[key])
    if kind == "spectral_norm":
        with torch.no_grad():
            net.stem.parametrizations.weight.original *= 3
            net.stem.bias += 1
        torch.testing.assert_close(model.predict(batch), _plain(net, batch))
    if kind != "old weight_norm":
        assert any(parametrize.is_parametrized(part) for part in net.modules())


def _input_gradient(network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    training = network.training
    leaf = batch.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network.eval()(leaf)[:, 1].sum(), leaf)
    network.train(training)
    return gradient


def test_data_parallel_explains_all_rows(net, batch):
    inside = attribute(net, batch, "gradcam", 1)
    assert torch.equal(attribute(nn.DataParallel(net), batch, "gradcam", 1), inside)


@pytest.mark.parametrize(
    "how", [torch.jit.script, lambda net: torch.jit.trace(net, torch.zeros(1, 3, 32, 48))]
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_script_module(net, batch, how):
    """Its layers are not to be seen, its scores and gradients are."""
    scripted = how(net.eval())
    scripted.train()
    model = TorchModel(scripted)
    expected = _plain(net, batch)
    torch.testing.assert_close(model.predict(batch), expected)
    torch.testing.assert_close(
        model.input_gradient(batch, ClassIndex(1)), _input_gradient(net, batch)
    )
    assert scripted.training
    assert all(parameter.requires_grad for parameter in scripted.parameters())
    assert all(parameter.grad is None for parameter in scripted.parameters())
    with torch.no_grad():
        next(scripted.parameters()).mul_(2)
    assert not torch.equal(model.predict(batch), expected)
    with pytest.raises(NoSpatialLayer):
        attribute(model, batch, "gradcam", 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_script_module_inside(net, batch):
    expected = _plain(net, batch)
    net.block = torch.jit.script(net.block)
    model = TorchModel(net.train())
    torch.testing.assert_close(model.predict(batch), expected)
    assert model.spatial_layer(batch).name == "norm"
    with pytest.raises(InvalidArgument, match="compiled by TorchScript"):
        model.spatial_layer(batch, "block")
    assert model.with_random_head(batch, ClassIndex(0), 0) is not None


def test_lazy_network_says_that_it_must_run_once(batch):
    lazy = nn.Sequential(nn.LazyConv2d(4, 4), nn.Flatten(), nn.LazyLinear(2))
    with pytest.raises(InvalidArgument, match="run the network once first"):
        TorchModel(lazy).predict(batch)


def test_network_without_weights(batch):
    class Mean(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    model = TorchModel(Mean())
    torch.testing.assert_close(model.predict(batch), batch.mean((2, 3)))
    assert model.input_gradient(batch, ClassIndex(0))[:, 1:].abs().sum() == 0


def test_detached_network_is_an_error(batch):
    class Cut(Net):
        def forward(self, x):
            return super().forward(x).detach()

    with pytest.raises(NeedsGradient, match="detached"):
        TorchModel(_net(Cut)).input_gradient(batch, ClassIndex(0))


@pytest.mark.parametrize("method", METHODS)
def test_threads_get_the_results_of_one(net, batch, method):
    model = TorchModel(net.train())
    other = torch.randn(3, 3, 40, 56, generator=torch.Generator().manual_seed(2))
    alone = [attribute(model, batch, method, 1), attribute(model, other, method, 2)]
    before = _marks(net)
    gate = threading.Barrier(4)
    results: dict[int, torch.Tensor] = {}

    def work(place: int) -> None:
        gate.wait()
        for _ in range(3):
            pictures, target = (batch, 1) if place % 2 == 0 else (other, 2)
            results[place] = attribute(model, pictures, method, target)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 1, 2, 3]
    for place, result in results.items():
        torch.testing.assert_close(result, alone[place % 2])
    assert _marks(net) == before


def test_network_in_use_by_another_thread_is_not_disturbed(net, batch):
    """The owner trains on while it is explained."""
    net.train()
    stop = threading.Event()
    seen: list[bool] = []

    def owner() -> None:
        while not stop.is_set():
            seen.append(net.training and net.norm.training and torch.is_grad_enabled())
            assert net.stem(batch).requires_grad

    thread = threading.Thread(target=owner)
    thread.start()
    try:
        for _ in range(3):
            attribute(net, batch, "gradcam", 1)
    finally:
        stop.set()
        thread.join()
    assert seen
    assert all(seen)


class Stateful(nn.Module):
    """Counts its passes in a buffer and scales by a plain attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))
        self.scale = 1.0
        self.head = nn.Linear(4, 2)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.calls.add_(1)
        return self.head(batch) * self.scale


def test_a_buffer_that_the_network_writes_stays_as_it_was():
    net = Stateful()
    model = TorchModel(net)
    model.predict(torch.rand(3, 4))
    model.input_gradient(torch.rand(3, 4), ClassIndex(0))
    assert net.calls.item() == 0


def test_plain_attributes_and_hooks_changed_later_are_seen():
    net = Stateful()
    model = TorchModel(net)
    batch = torch.rand(3, 4)
    before = model.predict(batch)
    net.scale = 5.0
    torch.testing.assert_close(model.predict(batch), 5 * before)
    handle = net.register_forward_hook(lambda module, inputs, output: output * 0)
    assert not model.predict(batch).any()
    handle.remove()
    torch.testing.assert_close(model.predict(batch), 5 * before)


def test_running_statistics_updated_in_place_are_seen():
    net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2)).train()
    model = TorchModel(net)
    batch = torch.rand(8, 4)
    before = model.predict(batch)
    net(3 + batch)
    after = model.predict(batch)
    assert not torch.equal(before, after)
    torch.testing.assert_close(after, net.eval()(batch).detach())


def test_a_model_can_be_pickled_and_copied():
    model = TorchModel(nn.Linear(4, 2))
    batch = torch.rand(3, 4)
    expected = model.predict(batch)
    torch.testing.assert_close(pickle.loads(pickle.dumps(model)).predict(batch), expected)
    torch.testing.assert_close(copy.deepcopy(model).predict(batch), expected)


def test_what_was_found_on_a_bare_network_is_kept_while_it_lives():
    net = nn.Linear(4, 2)
    assert findings_on(net) is findings_on(net)
    count = len(workshop._known)
    del net
    gc.collect()
    assert len(workshop._known) < count
