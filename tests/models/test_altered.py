"""A layer whose output is replaced, and passes that stop where nothing more is wanted."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from heatlens.errors import InvalidArgument, UnknownName, UnsupportedMethod
from heatlens.models.altered import altered
from heatlens.models.load import as_model, load_model
from heatlens.models.targets import OutputFunction


class Net(nn.Module):
    """A convolution followed by an in-place operation, a layer that is used twice, and a head."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 5)
        self.heads = 0

    def forward(self, x):
        x = F.relu(self.first(x), inplace=True)
        x = self.twice(torch.relu(self.twice(x)))
        self.heads += 1
        return self.head(x.mean((2, 3)))


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


@pytest.fixture
def batch():
    return torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def test_the_change_counts_and_the_network_is_left_alone(net, batch):
    before = net(batch)
    changed = altered(net, "first", lambda output: output.clamp(max=0.1))
    expected = F.relu(net.first(batch).clamp(max=0.1))
    expected = net.head(net.twice(torch.relu(net.twice(expected))).mean((2, 3)))
    torch.testing.assert_close(changed.predict(batch), expected.detach())
    torch.testing.assert_close(net(batch), before)
    assert not net.first._forward_hooks


def test_a_layer_that_runs_twice_is_changed_both_times(net, batch):
    changed = altered(net, "twice", torch.zeros_like)
    torch.testing.assert_close(changed.predict(batch), net.head.bias.detach().expand(3, -1))


def test_what_is_read_of_an_altered_layer_is_what_took_its_place(net, batch):
    changed = altered(net, "first", torch.ones_like)
    assert bool((changed.activations(batch, ["first"])["first"] == 1).all())


@pytest.mark.parametrize("change", [lambda x: x[:, :1], lambda x: None], ids=["shape", "none"])
def test_a_change_that_keeps_no_shape_is_refused(net, batch, change):
    with pytest.raises(InvalidArgument, match="must keep"):
        altered(net, "first", change).predict(batch)


def test_a_layer_that_does_not_run_is_told(net, batch):
    net.idle = nn.Conv2d(3, 3, 1)
    with pytest.raises(InvalidArgument, match="did not run"):
        altered(net, "idle", torch.zeros_like).predict(batch)


def test_a_layers_output_is_that_before_an_operation_in_place(batch):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten())
    model = as_model(network)
    target = OutputFunction(lambda output: output.flatten(1).square().sum(1), layer="0")
    expected = network[0](batch).detach()
    slopes = []
    for _ in range(2):  # to the end, then stopped early
        torch.testing.assert_close(model.predict(batch, "0"), expected)
        slopes.append(model.input_gradient(batch, target))
    assert torch.equal(*slopes)


def test_slopes_of_slopes_across_a_framework_are_refused():
    foreign = load_model(lambda batch: batch**3, framework="torch", layout="NCHW", input_size=1)
    x = torch.full((1, 1, 1, 1), 2.0, requires_grad=True)
    (slope,) = torch.autograd.grad(foreign.traced(x, [""])[""].sum(), x, create_graph=True)
    with pytest.raises(UnsupportedMethod, match="slopes of slopes"):
        (x * slope).sum().backward()


def test_unknown_layers_and_other_frameworks_are_refused(net):
    with pytest.raises(UnknownName, match="did you mean 'first'"):
        altered(net, "firsst", torch.relu)
    foreign = load_model(lambda batch: batch.flatten(1), framework="torch", layout="NCHW")
    with pytest.raises(UnsupportedMethod, match="not a PyTorch model"):
        altered(foreign, "first", torch.relu)


def test_a_pass_ends_at_the_last_wanted_layer(net, batch):
    model = as_model(net)
    full = net.first(batch).detach()
    ran = []
    network = model.network
    network.head.register_forward_hook(lambda *_: ran.append(1))
    torch.testing.assert_close(model.activations(batch, ["first"])["first"], full)
    assert ran == [1]  # the first pass goes to the end, to see how often each layer runs
    torch.testing.assert_close(model.activations(batch, ["first"])["first"], full)
    torch.testing.assert_close(model.predict(batch, "first"), full)
    assert ran == [1]


def test_a_layer_that_runs_twice_is_heard_to_the_end(net, batch):
    model = as_model(net)
    expected = net.twice(torch.relu(net.twice(F.relu(net.first(batch))))).detach()
    for _ in range(3):
        torch.testing.assert_close(model.activations(batch, ["twice"])["twice"], expected)


def test_traced_outputs_carry_the_graph_past_in_place_operations(net, batch):
    model = as_model(net)
    leaf = batch.clone().requires_grad_()
    for _ in range(2):  # to the end, then stopped early
        seen = model.traced(leaf, ["first"])["first"]
        torch.testing.assert_close(seen.detach(), net.first(batch).detach())
        assert bool((seen < 0).any())
    both = model.traced(leaf, ["", "first"])
    (slope,) = torch.autograd.grad((both[""].sum(1) * both["first"].mean((1, 2, 3))).sum(), leaf)
    mine = batch.clone().requires_grad_()
    product = net(mine).sum(1) * net.first(mine).mean((1, 2, 3))
    torch.testing.assert_close(slope, torch.autograd.grad(product.sum(), mine)[0])
    assert all(weight.grad is None for weight in net.parameters())
