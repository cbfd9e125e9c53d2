"""Networks whose attributions are known in closed form.

A stride-P convolution with a template t gives each patch of the picture a score,

    s_i = sum over patch i of t * x

and a game over the patches turns the scores into one output. What each patch is worth is then
known by enumerating coalitions (a patch that is out is zero), or by formula. Attribution methods
estimate different such worths, and only some of them the Shapley value:

    estimand             of the polynomial game                 estimated by
    Shapley              a_i s_i + sum_{T with i} v_T / |T|             IG from zero, KernelSHAP
    Banzhaf              a_i s_i + sum_{T with i} v_T / 2^(|T| - 1)     masks drawn at random
    leave-one-out        a_i s_i + sum_{T with i} v_T                   occlusion, input x gradient

Shapley: A Value for n-Person Games, 1953. IG on products: Sundararajan, Taly, Yan, 2017.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument

__all__ = ["PatchGame", "PolynomialGame", "ReluGate"]


class PatchGame(nn.Module, ABC):
    """Scores of patches, and a game on them; base of the games below.

    Args:
        template: (C, P, P), what a patch is compared with.

    Attributes:
        patch: P, the side of a patch.
    """

    def __init__(self, template: Tensor) -> None:
        """Set the convolution's only kernel to `template`."""
        super().__init__()
        if template.ndim != 3 or template.shape[1] != template.shape[2]:
            raise InvalidArgument(f"a template of shape {tuple(template.shape)}; it is (C, P, P)")
        channels, self.patch = template.shape[0], template.shape[1]
        self.match = nn.Conv2d(channels, 1, self.patch, stride=self.patch, bias=False)
        self.match.weight = nn.Parameter(template.unsqueeze(0).clone())

    def scores(self, x: Tensor) -> Tensor:
        """Score of each patch in reading order: (N, C, H, W) -> (N, patches)."""
        return self.match(x).flatten(1)

    @abstractmethod
    def value(self, scores: Tensor) -> Tensor:
        """The game: (N, patches) -> (N,)."""

    def forward(self, x: Tensor) -> Tensor:
        """The game's value as the only output, (N, 1)."""
        return self.value(self.scores(x)).unsqueeze(1)

    def per_patch(self, values: Tensor) -> Tensor:
        """Attribution of pixels (N, C, H, W) summed over each patch, (N, patches)."""
        return self.patch**2 * nn.functional.avg_pool2d(values.sum(1), self.patch).flatten(1)

    def shapley(self, x: Tensor) -> Tensor:
        """Shapley value of each patch, (N, patches), by enumerating all 2^patches coalitions."""

        def weight(size: int, players: int) -> float:
            return 1 / (players * math.comb(players - 1, size))

        return self._marginals(x, weight)

    def banzhaf(self, x: Tensor) -> Tensor:
        """Banzhaf value of each patch, (N, patches), by enumerating all coalitions."""
        return self._marginals(x, lambda size, players: 0.5 ** (players - 1))

    def leave_one_out(self, x: Tensor) -> Tensor:
        """How much the value drops without each patch, (N, patches)."""
        return self._marginals(x, lambda size, players: float(size == players - 1))

    def _marginals(self, x: Tensor, weight: Callable[[int, int], float]) -> Tensor:
        """Sum over coalitions S without i of weight(|S|, players) (v(S with i) - v(S))."""
        scores = self.scores(x).detach().double()
        players = scores.shape[1]
        if players > 12:
            raise InvalidArgument(f"{players} patches have 2^{players} coalitions; at most 12 here")
        worth = torch.zeros_like(scores)
        for player in range(players):
            others = [other for other in range(players) if other != player]
            for size in range(players):
                share = weight(size, players)
                for coalition in combinations(others, size) if share else ():
                    present = torch.zeros(players, dtype=scores.dtype, device=scores.device)
                    present[list(coalition)] = 1
                    without = self.value(scores * present)
                    present[player] = 1
                    worth[:, player] += share * (self.value(scores * present) - without)
        return worth


class PolynomialGame(PatchGame):
    """Patches that count alone and together: f = sum_i a_i s_i + sum_T c_T prod_{i in T} s_i.

    Args:
        template: (C, P, P).
        alone: a, one number per patch.
        together: c, a number for each tuple of two or more patches.

    Example:
        >>> game = PolynomialGame(torch.ones(1, 1, 1), alone=[1.0, 0.0], together={(0, 1): 2.0})
        >>> x = torch.tensor([[[[3.0, 4.0]]]])
        >>> game(x).item(), game.shapley(x).tolist(), game.leave_one_out(x).tolist()
        (27.0, [[15.0, 12.0]], [[27.0, 24.0]])
    """

    def __init__(
        self,
        template: Tensor,
        alone: Sequence[float],
        together: Mapping[tuple[int, ...], float],
    ) -> None:
        """See the class."""
        super().__init__(template)
        for members in together:
            if len(set(members)) != len(members) or len(members) < 2:
                raise InvalidArgument(f"{members} is no set of two or more patches")
            if not all(0 <= member < len(alone) for member in members):
                raise InvalidArgument(f"{members} names a patch that is not in 0..{len(alone) - 1}")
        self.register_buffer("alone", torch.tensor(alone, dtype=template.dtype))
        self.together = dict(together)

    def value(self, scores: Tensor) -> Tensor:
        """The polynomial."""
        alone = scores @ self.get_buffer("alone").to(scores)
        terms = [c * scores[:, members].prod(1) for members, c in self.together.items()]
        return alone + sum(terms, torch.zeros_like(alone))

    def shapley(self, x: Tensor) -> Tensor:
        """a_i s_i + sum_{T with i} v_T / |T|."""
        return self._closed_form(x, lambda size: 1 / size)

    def banzhaf(self, x: Tensor) -> Tensor:
        """a_i s_i + sum_{T with i} v_T / 2^(|T| - 1)."""
        return self._closed_form(x, lambda size: 0.5 ** (size - 1))

    def leave_one_out(self, x: Tensor) -> Tensor:
        """a_i s_i + sum_{T with i} v_T."""
        return self._closed_form(x, lambda size: 1.0)

    def _closed_form(self, x: Tensor, share: Callable[[int], float]) -> Tensor:
        scores = self.scores(x).detach().double()
        worth = scores * self.get_buffer("alone").double()
        for members, c in self.together.items():
            term = c * scores[:, members].prod(1, keepdim=True)
            worth[:, members] += share(len(members)) * term
        return worth


class ReluGate(PatchGame):
    """A logical gate of all patches, hand-set in ReLUs; patches score 0 or 1.

    With s the sum of the scores and n patches: "and" = relu(s - n + 1),
    "or" = relu(s) - relu(s - 1), "xor" = relu(s) - 2 relu(s - 1) (two patches only),
    "count" = s, "majority" = relu(s - n/2) - relu(s - n/2 - 1) (more than half, n even).

    Args:
        kind: which gate.
        patches: n, how many patches the picture has.
        patch: P; the template is the mean over one channel, so a white patch scores 1.

    Example:
        >>> gate = ReluGate("xor", patches=2, patch=1)
        >>> [gate(torch.tensor([[[pair]]])).item() for pair in ([0.0, 1.0], [1.0, 1.0])]
        [1.0, 0.0]
    """

    def __init__(self, kind: str, patches: int = 2, patch: int = 2) -> None:
        """See the class."""
        super().__init__(torch.full((1, patch, patch), 1 / patch**2))
        n = float(patches)
        gates: dict[str, dict[float, float]] = {  # threshold -> weight of relu(s - threshold)
            "and": {n - 1: 1},
            "or": {0: 1, 1: -1},
            "xor": {0: 1, 1: -2},
            "count": {0: 1},
            "majority": {n / 2: 1, n / 2 + 1: -1},
        }
        if kind not in gates:
            raise InvalidArgument(f"gate {kind!r} is unknown; there are {', '.join(gates)}")
        if (kind == "xor" and patches != 2) or (kind == "majority" and patches % 2):
            raise InvalidArgument(f"there is no {kind!r} gate of {patches} patches here")
        self.terms = gates[kind]

    def value(self, scores: Tensor) -> Tensor:
        """The sum of weighted ReLUs."""
        total = scores.sum(1)
        steps = [weight * (total - level).relu() for level, weight in self.terms.items()]
        return sum(steps, torch.zeros_like(total))
