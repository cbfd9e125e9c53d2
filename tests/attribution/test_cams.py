"""Each class activation map against its paper's formula, cell by cell in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.attribution.cam.eigencam import first_component
from heatlens.attribution.cam.scorecam import masks, worth_trying
from heatlens.attribution.method import METHODS
from heatlens.errors import InvalidArgument, NoSpatialLayer, UnknownName
from heatlens.models.contract import Contract
from heatlens.models.pytorch.model import TorchModel
from heatlens.testing.conformance import difference
from tests.attribution.networks import NETWORKS, ResidualNet, pictures, seeded

CAMS = [name for name, method in METHODS.items() if method.family == "cam"]
GRADIENT_CAMS = [name for name in CAMS if "layer-gradient" in METHODS[name].needs]
LAYER = "conv3"  # before its norm: activations and gradients of both signs
CLASS = 2


@pytest.fixture(scope="module")
def network():
    return seeded(ResidualNet()).double()


@pytest.fixture(scope="module")
def batch():
    return pictures(2).double()


def activation_and_slope(network, batch, layer=LAYER, relu=False):
    """A and dF/dA by plain autograd; `relu` reads them after a ReLU as conv4's is."""
    kept = []

    def keep(module, inputs, output):
        output = output.relu() if relu else output
        kept.append(output)
        return output

    handle = network.get_submodule(layer).register_forward_hook(keep)
    score = network(batch)[:, CLASS].sum()
    handle.remove()
    (slope,) = torch.autograd.grad(score, kept[0])
    return kept[0].detach(), slope


def cells(A):
    return [(i, j) for i in range(A.shape[1]) for j in range(A.shape[2])]


def literal_gradcam(A, g):
    Z = A[0].numel()
    w = [sum(g[k, i, j] for i, j in cells(A)) / Z for k in range(len(A))]
    return sum(w[k] * A[k] for k in range(len(A)))


def literal_gradcam_plus_plus(A, g):
    total = torch.zeros_like(A[0])
    for k in range(len(A)):
        weight, mass = 0.0, sum(A[k, a, b] for a, b in cells(A))
        for i, j in cells(A):
            slope = g[k, i, j]
            denominator = 2 * slope**2 + mass * slope**3
            alpha = slope**2 / denominator if slope != 0 and denominator != 0 else 0.0
            weight = weight + alpha * max(slope, 0)
        total += weight * A[k]
    return total


def literal_hirescam(A, g):
    return sum(g[k] * A[k] for k in range(len(A)))


def literal_layercam(A, g):
    return sum(g[k].clamp(min=0) * A[k] for k in range(len(A)))


def literal_xgradcam(A, g):
    w = []
    for k in range(len(A)):
        mass = sum(A[k, i, j] for i, j in cells(A))
        w.append(sum(A[k, i, j] / mass * g[k, i, j] for i, j in cells(A)) if mass != 0 else 0.0)
    return sum(w[k] * A[k] for k in range(len(A)))


LITERAL = {
    "gradcam": literal_gradcam,
    "gradcam++": literal_gradcam_plus_plus,
    "hirescam": literal_hirescam,
    "gradient-x-activation": literal_hirescam,
    "layercam": literal_layercam,
    "xgradcam": literal_xgradcam,
}


@pytest.mark.parametrize("method", LITERAL)
def test_formula_of_the_paper(network, batch, method):
    A, g = activation_and_slope(network, batch)
    expected = torch.stack([LITERAL[method](*row) for row in zip(A, g, strict=True)])
    found = attribute(network, batch, method, CLASS, layer=LAYER)
    assert difference(found, expected.unsqueeze(1)) < 1e-6


def test_every_gradient_cam_has_a_literal_formula():
    assert set(LITERAL) == set(GRADIENT_CAMS)


@pytest.mark.parametrize("method", CAMS)
def test_signed_unless_relu_is_asked_for(network, batch, method):
    settings = {"layer": LAYER, **METHODS[method].quick}
    if method == "eigencam":
        settings["centred"] = True
    targets = [0, 1, 2, 3]
    plain = [attribute(network, batch, method, target, **settings) for target in targets]
    assert min(values.min() for values in plain) < 0 < max(values.max() for values in plain)
    for target, values in zip(targets, plain, strict=True):
        positive = attribute(network, batch, method, target, relu=True, **settings)
        assert torch.equal(positive, values.clamp(min=0))


@pytest.mark.parametrize("method", CAMS)
def test_says_where_it_was_read(network, batch, method):
    full = attribute(
        network, batch, method, CLASS, full=True, layer="conv3", **METHODS[method].quick
    )
    assert (full.info["layer"], full.info["grid"]) == ("conv3", (8, 8))
    assert full.info["stride"] == (4.0, 4.0)
    assert full.values.shape == (2, 1, 8, 8)


@pytest.mark.parametrize("method", GRADIENT_CAMS)
@pytest.mark.parametrize("target", [0, "predicted", "top-2", "1 - 0"])
def test_one_forward_pass(network, batch, method, target):
    info = attribute(network, batch, method, target, full=True, layer=LAYER).info
    assert (info["forward_passes"], info["backward_passes"]) == (1, 1)


@pytest.mark.parametrize("method", GRADIENT_CAMS)
def test_gradient_stops_at_the_layer(network, batch, method):
    """Nothing below the layer is differentiated: an operation without a gradient may be there."""

    class NoGradient(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, slope):
            raise AssertionError("the gradient went below the layer")

    class Stopped(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network

        def forward(self, x):
            return self.inner(NoGradient.apply(x))

    attribute(Stopped(), batch, method, CLASS, layer=f"inner.{LAYER}")


# --- each method's own properties --------------------------------------------------------------


def linear_head(seed=0):
    """A CNN whose score is one linear map of the layer's cells: HiResCAM is exact there."""
    body = nn.Sequential(nn.Conv2d(3, 6, 3, 2, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, 2))
    return seeded(nn.Sequential(body, nn.Flatten(), nn.Linear(8 * 49, 3))), "0.2"


def test_hirescam_sums_to_the_score_less_its_bias():
    network, layer = linear_head()
    batch = pictures()
    found = attribute(network, batch, "hirescam", CLASS, layer=layer)
    score = network(batch)[:, CLASS] - network[-1].bias[CLASS]
    torch.testing.assert_close(found.sum((1, 2, 3)), score, rtol=1e-5, atol=1e-5)


def test_gradcam_and_hirescam_agree_behind_global_average_pooling():
    """And both are CAM: the class's weights times the activation, up to the number of cells."""
    network = seeded(
        nn.Sequential(
            nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)
        )
    )
    batch = pictures()
    A = network[:2](batch)
    cam = torch.einsum("k,nkhw->nhw", network[-1].weight[CLASS], A).unsqueeze(1) / A[0, 0].numel()
    for method in ("gradcam", "hirescam", "xgradcam"):
        assert difference(attribute(network, batch, method, CLASS, layer="1"), cam.detach()) < 1e-5


def test_xgradcam_conserves_the_first_order_part(network, batch):
    A, g = activation_and_slope(network, batch)
    found = attribute(network, batch, "xgradcam", CLASS, layer=LAYER)
    torch.testing.assert_close(found.double().sum((1, 2, 3)), (A * g).sum((1, 2, 3)))


def test_xgradcam_of_channels_whose_activations_cancel():
    """A layer of one Sobel filter on a symmetric picture sums to zero: weight zero, no inf."""
    network = nn.Sequential(
        nn.Conv2d(1, 1, (1, 3), padding=(0, 1), bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(9, 2),
    )
    network[0].weight.data = torch.tensor([[[[-1.0, 0.0, 1.0]]]])
    batch = torch.tensor([[[[0.0, 1.0, 0.0]] * 3]])
    assert attribute(network, batch, "xgradcam", 0, layer="0").abs().max() == 0


def test_gradcam_plus_plus_survives_tiny_gradients():
    """g^2 and g^3 underflow in float32; the weight is then half the sum of positive gradients."""
    network = seeded(ResidualNet())
    network.head.weight.data *= 1e-25
    batch = pictures(1)
    A, g = activation_and_slope(network, batch, "conv3", relu=False)
    found = attribute(network, batch, "gradcam++", CLASS, layer="conv3")
    expected = torch.einsum("nk,nkhw->nhw", (g.clamp(min=0) / 2).sum((2, 3)), A).unsqueeze(1)
    assert found.abs().max() > 0
    assert difference(found * 1e25, expected * 1e25) < 1e-5


def test_gradcam_plus_plus_at_the_pole():
    """2 g^2 + sum(A) g^3 = 0 with g != 0: sum(A) = -2 at g = 1."""
    network = nn.Sequential(
        nn.Conv2d(1, 1, 1, bias=False), nn.Flatten(), nn.Linear(4, 1, bias=False)
    )
    network[0].weight.data.fill_(1.0)
    network[2].weight.data.fill_(1.0)
    batch = torch.full((1, 1, 2, 2), -0.5)
    assert attribute(network, batch, "gradcam++", 0, layer="0").abs().max() == 0


def test_channel_contributions(network, batch):
    A, g = activation_and_slope(network, batch)
    full = attribute(network, batch, "gradient-x-activation", CLASS, full=True, layer=LAYER)
    channels = full.info["channel_contributions"]
    torch.testing.assert_close(channels.double(), (A * g).sum((2, 3)), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(channels.sum(1), full.values.sum((1, 2, 3)), rtol=1e-4, atol=1e-6)


# --- EigenCAM ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["conv1", "conv4"])  # more cells than channels, and fewer
@pytest.mark.parametrize("centred", [False, True])
def test_eigencam_is_the_first_singular_vector(network, batch, layer, centred):
    A, _ = activation_and_slope(network, batch, layer)
    found = attribute(network, batch, "eigencam", CLASS, layer=layer, centred=centred)
    for row, values in zip(A, found, strict=True):
        O = row.flatten(1).T  # noqa: E741
        O = O - O.mean(0) if centred else O  # noqa: E741
        U, S, _ = torch.linalg.svd(O, full_matrices=False)
        component = S[0] * U[:, 0]
        agrees = torch.corrcoef(torch.stack([component, row.mean(0).flatten()]))[0, 1]
        expected = (component * agrees.sign()).view(values.shape)
        assert abs(agrees) > 1e-3
        assert difference(values, expected) < 1e-5


def test_eigencam_costs_one_pass_and_ignores_the_target(network, batch):
    first = attribute(network, batch, "eigencam", 0, full=True, layer=LAYER)
    assert (first.info["forward_passes"], first.info["backward_passes"]) == (1, 0)
    assert torch.equal(first.values, attribute(network, batch, "eigencam", 1, layer=LAYER))


def test_first_component_of_nothing_is_nothing():
    assert torch.equal(first_component(torch.zeros(1, 3, 5)), torch.zeros(1, 3))
    assert torch.equal(first_component(torch.zeros(1, 5, 3)), torch.zeros(1, 5))


# --- Score-CAM -----------------------------------------------------------------------------------


def literal_scorecam(network, x, A, start, weights, keep=None):
    """Algorithm 1 of the paper for one picture, one pass at a time."""
    K = len(A)
    with torch.no_grad():
        empty = network(start[None])[0, CLASS]
        increase = torch.full((K,), -math.inf, dtype=x.dtype)
        for k in range(K) if keep is None else keep:
            M = nn.functional.interpolate(A[k][None, None], x.shape[1:], mode="bilinear")[0, 0]
            if A[k].max() == A[k].min():
                continue
            M = (M - M.min()) / (M.max() - M.min())
            seen = torch.stack([start[c] + M * (x[c] - start[c]) for c in range(3)])
            increase[k] = network(seen[None])[0, CLASS] - empty
    soft = weights == "softmax"
    w = increase.softmax(0) if soft else increase.masked_fill(increase.isinf(), 0.0)
    return sum(w[k] * A[k] for k in range(K))


@pytest.mark.parametrize("weights", ["increase", "softmax"])
@pytest.mark.parametrize("baseline", ["black", "blur"])
def test_scorecam_is_the_papers_algorithm(network, batch, weights, baseline):
    from heatlens.attribution.baselines import baseline_like

    model = TorchModel(network, Contract(mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.2)))
    A, _ = activation_and_slope(network, batch)
    start = baseline_like(batch, baseline, model.contract)
    expected = torch.stack(
        [literal_scorecam(network, *row, weights) for row in zip(batch, A, start, strict=True)]
    )
    settings = {"layer": LAYER, "weights": weights, "baseline": baseline}
    found = attribute(model, batch, "scorecam", CLASS, **settings)
    assert difference(found, expected.unsqueeze(1)) < 1e-5


def test_scorecam_spends_no_pass_on_dead_channels(batch):
    network = seeded(ResidualNet())
    network.conv4.weight.data[3:] = 0.0  # 13 of 16 channels are the same everywhere
    settings = {"layer": "conv4", "full": True}
    full = attribute(network, batch, "scorecam", CLASS, **settings)
    assert full.info["forward_passes"] == 1 + 1 + 3
    assert (full.info["channel_weights"][:, 3:] == 0).all()
    assert (full.info["channel_weights"][:, :3] != 0).all()
    soft = attribute(network, batch, "scorecam", CLASS, weights="softmax", **settings)
    torch.testing.assert_close(soft.info["channel_weights"].sum(1), torch.ones(2))


@pytest.mark.parametrize("weights", ["increase", "softmax"])
def test_scorecam_of_a_dead_layer_is_no_evidence(batch, weights):
    network = seeded(ResidualNet())
    network.conv4.weight.data.zero_()
    found = attribute(network, batch, "scorecam", CLASS, layer="conv4", weights=weights)
    assert found.abs().max() == 0


def test_scorecam_tries_the_most_varied_channels(network, batch):
    A, _ = activation_and_slope(network, batch)
    spread = A.flatten(2).std(2)
    expected = torch.zeros_like(spread, dtype=torch.bool)
    for row in range(len(A)):
        expected[row, spread[row].argsort(descending=True)[:5]] = True
    full = attribute(network, batch, "scorecam", CLASS, full=True, layer=LAYER, samples=5)
    assert torch.equal(full.info["channel_weights"] != 0, expected)
    assert full.info["forward_passes"] == 1 + 1 + 5
    many = attribute(network, batch, "scorecam", CLASS, layer=LAYER, samples=1000)
    assert torch.equal(many, attribute(network, batch, "scorecam", CLASS, layer=LAYER))


def test_scorecam_keeps_the_class_that_was_predicted(network, batch):
    predicted = network(batch).argmax(1).tolist()
    found = attribute(network, batch, "scorecam", "predicted", layer=LAYER)
    assert torch.equal(found, attribute(network, batch, "scorecam", predicted, layer=LAYER))


def test_masks_reach_from_0_to_1():
    A = torch.rand(5, 4, 6, generator=torch.Generator().manual_seed(0)) - 0.5
    large = masks(A, (17, 23))
    assert large.shape == (5, 17, 23)
    torch.testing.assert_close(large.amin((1, 2)), torch.zeros(5))
    torch.testing.assert_close(large.amax((1, 2)), torch.ones(5))
    assert masks(torch.tensor([[[1.0, 2.0, 1.0, 2.0]]]), (1, 1)).item() == 0  # misses what varies


def test_constant_channels_give_no_mask():
    A = torch.zeros(1, 3, 2, 2)
    A[0, 1] = 1e4
    A[0, 1, 0, 0] += 1e-3 * 9  # rounding
    A[0, 2, 0, 0] = 1e-30
    assert worth_trying(A, None).tolist() == [[False, False, True]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": "sum"}, "'increase' or 'softmax'"),
        ({"samples": 0}, "at least 1"),
        ({"samples": 2.0}, "at least 1"),
    ],
)
def test_scorecam_refuses(network, batch, settings, message):
    with pytest.raises(InvalidArgument, match=message):
        attribute(network, batch, "scorecam", CLASS, layer=LAYER, **settings)


# --- what holds for all ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", CAMS)
def test_a_model_without_a_spatial_layer_says_what_works(method):
    network = seeded(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 8), nn.ReLU(), nn.Linear(8, 3)))
    with pytest.raises(NoSpatialLayer, match="gradient, input-x-gradient, integrated-gradients"):
        attribute(network, pictures(1, (8, 8)), method, 0)


@pytest.mark.parametrize("method", CAMS)
def test_an_unknown_layer_is_answered_with_the_nearest(network, batch, method):
    with pytest.raises(UnknownName, match="did you mean 'conv4'"):
        attribute(network, batch, method, 0, layer="conv44")


@pytest.mark.parametrize("method", CAMS)
def test_tokens_come_back_on_their_grid(method):
    network = seeded(NETWORKS["vit"]())
    full = attribute(network, pictures(2), method, 0, full=True, **METHODS[method].quick)
    assert full.info["grid"] == (4, 4)
    assert full.values.shape == (2, 1, 4, 4)


def test_costs_are_declared():
    for name in GRADIENT_CAMS:
        cost = METHODS[name].cost(METHODS[name].parameters)
        assert (cost.forward, cost.backward) == (1, 1)
    scorecam = METHODS["scorecam"]
    assert scorecam.cost({**scorecam.parameters, "samples": 16}).forward == 18
    assert scorecam.cost({**scorecam.parameters, "channels": 512}).forward == 514
    assert math.isnan(scorecam.cost(scorecam.parameters).forward)
