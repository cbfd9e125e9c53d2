import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.critic import critic_loss, estimate, gradient_penalty, train_critic


@pytest.fixture
def cloud():
    return torch.randn(400, 2, generator=torch.Generator().manual_seed(0))


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def test_penalty_of_known_slopes():
    """D(x) = |x|^2 / 2 has the gradient x: between 0 and e the norm is the place on the line."""
    real, fake = torch.zeros(1000, 3), torch.eye(3)[:1].expand(1000, 3)
    found = gradient_penalty(lambda x: x.square().sum(1) / 2, real, fake, generator=chance())
    places = torch.rand(1000, generator=chance())
    torch.testing.assert_close(found, (places - 1).square().mean())


def test_penalty_has_gradients_for_the_weights():
    layer = torch.nn.Linear(2, 1)
    gradient_penalty(layer, torch.zeros(5, 2), torch.ones(5, 2), generator=chance()).backward()
    norm = layer.weight.detach().norm()
    torch.testing.assert_close(layer.weight.grad, 2 * (norm - 1) * layer.weight.detach() / norm)


def test_loss_is_the_sum_of_its_parts(cloud):
    def critic(x):
        return 3 * x[:, 0]

    found = critic_loss(critic, cloud + 1, cloud, weight=10, generator=chance())
    assert found.item() == pytest.approx(-3 + 10 * 4, abs=1e-4)
    assert estimate(critic, cloud + 1, cloud) == pytest.approx(3, abs=1e-5)


@pytest.mark.parametrize("shift", [(3.0, 4.0), (30.0, -40.0)])
def test_estimates_the_distance_of_a_moved_cloud(cloud, shift):
    """The held-out halves are different samples: their own distance is not the shift's length."""
    shift = torch.tensor(shift)
    found = train_critic(cloud, cloud + shift, steps=100)
    assert found.distance == pytest.approx(shift.norm().item(), rel=0.06)
    assert found.distance_seen == pytest.approx(shift.norm().item(), rel=0.06)
    assert 0.9 < found.slope < 1.2
    points = found.network(cloud).mean() - found.network(cloud + shift).mean()
    assert points.item() == pytest.approx((found.distance + found.distance_seen) / 2, rel=1e-3)


def test_no_distance_between_samples_of_one_cloud(cloud):
    found = train_critic(cloud[:200], cloud[200:], steps=60)
    assert abs(found.distance) < 0.3


def test_same_seed_same_result_and_no_global_state(cloud):
    before = torch.random.get_rng_state()
    one, two, other = (train_critic(cloud, cloud + 1, steps=5, seed=seed) for seed in (3, 3, 4))
    assert one.distance == two.distance != other.distance
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"real": torch.zeros(3, 2)}, InvalidArgument, "at least 4"),
        ({"real": torch.zeros(8)}, InvalidArgument, "at least 4"),
        ({"real": torch.zeros(8, 3)}, InvalidArgument, "3 coordinates"),
        ({"fake": torch.full((8, 2), float("nan"))}, InvalidArgument, r"fake\[0, 0\] is nan"),
        ({"fake": [[1.0]]}, InvalidType, "list"),
        ({"steps": 0}, InvalidArgument, "steps 0"),
        ({"rate": float("nan")}, InvalidArgument, "rate nan"),
    ],
)
def test_what_cannot_be(arguments, error, said):
    with pytest.raises(error, match=said):
        train_critic(**{"real": torch.ones(8, 2), "fake": torch.zeros(8, 2), **arguments})


def test_pairs_and_critics_that_cannot_be():
    with pytest.raises(InvalidArgument, match="equally many"):
        gradient_penalty(torch.nn.Linear(2, 1), torch.zeros(3, 2), torch.zeros(4, 2))
    with pytest.raises(InvalidArgument, match="depends on it"):
        gradient_penalty(lambda x: torch.zeros(3), torch.zeros(3, 2), torch.zeros(3, 2))
