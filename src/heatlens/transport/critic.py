"""The Wasserstein distance by its dual, learned by a network.

    W_1(P, Q) = max { E_P D(x) - E_Q D(y) :  D is 1-Lipschitz }        (Kantorovich, Rubinstein)

The network D, the critic, is trained to make the difference large while a penalty keeps the norm
of its gradient near 1 between the two sets. What it reaches on data it has not seen is an
estimate: too low where the network or the training is too small, too high where its slope is
above 1. For sets of points that fit in memory, `emd` and `sinkhorn` say it exactly and faster.
Arjovsky, Chintala, Bottou: Wasserstein GAN, ICML 2017; Gulrajani et al.: Improved Training of
Wasserstein GANs, NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument
from heatlens.transport.entropic.loss import checked_tensor

__all__ = ["WassersteinCritic", "critic_loss", "estimate", "gradient_penalty", "train_critic"]

Critic = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class WassersteinCritic:
    """A trained critic and what it says.

    Attributes:
        network: maps points (n, ...) to numbers (n, 1).
        distance: estimate of W_1 on the held-out halves.
        distance_seen: the same on the halves it was trained on; much larger than `distance` if
            the critic has learnt them by heart.
        slope: largest norm of the gradient between held-out points; the dual's bound holds for
            slopes up to 1, so `distance / slope` is the cautious figure.
        steps: updates of the weights.
        seed: of the weights, the halves and the batches.
    """

    network: nn.Module
    distance: float
    distance_seen: float
    slope: float
    steps: int
    seed: int


def gradient_penalty(
    critic: Critic, real: Tensor, fake: Tensor, *, generator: torch.Generator | None = None
) -> Tensor:
    """Mean of (|grad D| - 1)^2 at random points on the lines between pairs, a scalar.

    Args:
        critic: maps (n, ...) to n numbers; each must depend on its own point only.
        real: points (n, ...).
        fake: points of the same shape; no gradient runs to them.
        generator: chooses the places on the lines; the global one if None.

    Raises:
        InvalidArgument: shapes that differ, or a critic whose output does not depend on its input.

    Example:
        >>> x, y = torch.zeros(4, 2), torch.ones(4, 2)
        >>> gradient_penalty(lambda points: 3 * points[:, 0], x, y).item()
        4.0
    """
    slopes = _slopes(critic, _between(real, fake, generator), create_graph=True)
    return (slopes - 1).square().mean()


def critic_loss(
    critic: Critic,
    real: Tensor,
    fake: Tensor,
    *,
    weight: float = 10.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """What a critic minimises: E D(fake) - E D(real) + weight x `gradient_penalty`, a scalar.

    Args:
        critic: maps (n, ...) to n numbers.
        real: points (n, ...).
        fake: points (n, ...).
        weight: of the penalty.
        generator: see `gradient_penalty`.
    """
    penalty = gradient_penalty(critic, real, fake, generator=generator)
    return critic(fake).mean() - critic(real).mean() + weight * penalty


@torch.no_grad()
def estimate(critic: Critic, real: Tensor, fake: Tensor) -> float:
    """E D(real) - E D(fake): W_1 at most, if the critic is 1-Lipschitz.

    Example:
        >>> points = torch.tensor([[0.0], [1.0]])
        >>> estimate(lambda x: x[:, 0], points + 2, points)
        2.0
    """
    return float(critic(real).double().mean() - critic(fake).double().mean())


def train_critic(
    real: Tensor,
    fake: Tensor,
    *,
    width: int = 64,
    steps: int = 300,
    batch: int = 128,
    rate: float = 2e-3,
    weight: float = 100.0,
    seed: int = 0,
) -> WassersteinCritic:
    """Train a small critic on one half of each set, and estimate W_1 on the other.

    Points are brought to a common scale first, and the distance back to theirs.

    Args:
        real: points (n, d), n at least 4.
        fake: points (m, d), m at least 4.
        width: of the three hidden layers.
        steps: updates of the weights.
        batch: points of each set a step.
        rate: of Adam; falls to 0 along a cosine.
        weight: of the gradient penalty, in units of the common scale. The slope ends at about
            1 + W / (2 weight): with the 10 of the paper the estimate is some 10 % too high.
        seed: of all that is random; no global state is read or changed.

    Raises:
        InvalidArgument: points or settings that cannot be.
        InvalidType: no floating-point tensors.

    Example:
        >>> cloud = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
        >>> found = train_critic(cloud, cloud + torch.tensor([3.0, 4.0]), steps=100)
        >>> abs(found.distance - 5) < 0.4
        True
    """
    _check(real, fake, width, steps, batch, rate, weight)
    chance = torch.Generator().manual_seed(seed)
    dtype, device = torch.float32, real.device
    both = torch.cat([real.detach(), fake.detach()]).double()
    centre = both.mean(0)
    scale = float((both - centre).norm(dim=1).mean()) or 1.0
    halves = [_halves(((points.detach().double() - centre) / scale).to(dtype), chance)
              for points in (real, fake)]  # fmt: skip
    (real_seen, real_held), (fake_seen, fake_held) = halves
    network = _network(real.shape[1], width, chance).to(device)
    optimiser = torch.optim.Adam(network.parameters(), rate, betas=(0.5, 0.9))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    with torch.enable_grad():
        for _ in range(steps):
            drawn = (_drawn(points, batch, chance) for points in (real_seen, fake_seen))
            loss = critic_loss(network, *drawn, weight=weight, generator=chance)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    network.requires_grad_(False)
    count = min(len(real_held), len(fake_held))
    places = _between(real_held[:count], fake_held[:count], chance)
    slope = float(_slopes(network, places, create_graph=False).max())
    distance = scale * estimate(network, real_held, fake_held)
    seen = scale * estimate(network, real_seen, fake_seen)
    return WassersteinCritic(_Scaled(network, centre, scale), distance, seen, slope, steps, seed)


class _Scaled(nn.Module):
    """The trained network on points, and with values, in their own scale."""

    centre: Tensor

    def __init__(self, network: nn.Module, centre: Tensor, scale: float) -> None:
        super().__init__()
        self.network, self.scale = network, scale
        self.register_buffer("centre", centre)

    def forward(self, points: Tensor) -> Tensor:
        centred = ((points - self.centre) / self.scale).float()
        values: Tensor = self.scale * self.network(centred)
        return values


def _network(dimensions: int, width: int, chance: torch.Generator) -> nn.Module:
    sizes = [dimensions, width, width, width, 1]
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        # skip_init: the usual one draws from the global generator.
        linear: Any = nn.utils.skip_init(nn.Linear, before, after)
        bound = (3 / before) ** 0.5
        nn.init.uniform_(linear.weight, -bound, bound, generator=chance)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.SiLU()]
    return nn.Sequential(*layers[:-1])


def _halves(points: Tensor, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(points), generator=chance).to(points.device)
    middle = len(points) // 2
    return points[order[:middle]], points[order[middle:]]


def _drawn(points: Tensor, count: int, chance: torch.Generator) -> Tensor:
    return points[torch.randint(len(points), (count,), generator=chance).to(points.device)]


def _between(real: Tensor, fake: Tensor, generator: torch.Generator | None) -> Tensor:
    if real.shape != fake.shape:
        raise InvalidArgument(
            f"real has shape {tuple(real.shape)} and fake {tuple(fake.shape)}; the penalty pairs "
            "their points: draw equally many"
        )
    device = None if generator is None else generator.device
    share = torch.rand(len(real), generator=generator, dtype=real.dtype, device=device)
    share = share.to(real.device).reshape(-1, *[1] * (real.ndim - 1))
    return torch.lerp(real.detach(), fake.detach(), share)


def _slopes(critic: Critic, points: Tensor, *, create_graph: bool) -> Tensor:
    """Norms (n,) of the critic's gradient at each point."""
    points = points.detach().requires_grad_()
    with torch.enable_grad():
        values = critic(points)
        if not values.requires_grad or values.numel() != len(points):
            raise InvalidArgument(
                f"the critic gave {tuple(values.shape)} for {len(points)} points; expected a "
                "number for each that depends on it"
            )
        (slope,) = torch.autograd.grad(values.sum(), points, create_graph=create_graph)
    return slope.flatten(1).norm(dim=1)


def _check(
    real: Tensor, fake: Tensor, width: int, steps: int, batch: int, rate: float, weight: float
) -> None:
    for points, name in ((real, "real"), (fake, "fake")):
        checked_tensor(points, name)
        if points.ndim != 2 or len(points) < 4:
            raise InvalidArgument(
                f"{name} has shape {tuple(points.shape)}; expected points (n, d), at least 4: half "
                "of them are held out"
            )
    if real.shape[1] != fake.shape[1]:
        raise InvalidArgument(f"real has {real.shape[1]} coordinates a point, fake {fake.shape[1]}")
    if min(width, steps, batch) < 1 or not (rate > 0 and weight > 0):
        raise InvalidArgument(
            f"width {width}, steps {steps}, batch {batch}, rate {rate} and weight {weight} must all "
            "be above 0"
        )
