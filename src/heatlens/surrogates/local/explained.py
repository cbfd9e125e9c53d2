"""One picture and one decision as a game over named features, ready for any stand-in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from heatlens.attribution.attribute import aimed
from heatlens.attribution.baselines import Baseline
from heatlens.attribution.perturbation.features import Features
from heatlens.attribution.perturbation.game import Game
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.models.load import as_model
from heatlens.models.prepare import Prepared, as_input, prepared
from heatlens.models.protocol import Model
from heatlens.models.targets import Target
from heatlens.provenance import Provenance, plain
from heatlens.surrogates.local.fidelity import LocalFidelity, constant, lime, r_squared, spread_of
from heatlens.surrogates.local.neighbourhood import Floats, Learn, Neighbourhood, neighbourhood
from heatlens.version import __version__

__all__ = ["Decision", "Settings", "decision", "shapley_of"]


@dataclass(frozen=True)
class Settings:
    """What both kinds of local stand-in are told; see `local_linear`."""

    features: Features
    samples: int
    baseline: Baseline
    width: float
    fit: str | None
    precision: str
    seed: int


@dataclass(frozen=True, eq=False)
class Decision:
    """A score of one picture, and what it becomes when features are replaced.

    Attributes:
        model: that decides.
        image: the picture.
        ready: the same as the model takes it.
        aim: whose score.
        game: over the features.
        near: coalitions with their scores.
        settings: how all this was made.
        kind: what a feature is called, "superpixel".
        seconds: wall time so far.
    """

    model: Model
    image: Image
    ready: Prepared
    aim: Target
    game: Game
    near: Neighbourhood
    settings: Settings
    kind: str
    seconds: float

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """(h, w), which feature each position of the model's input belongs to."""
        found: npt.NDArray[np.int64] = self.game.players.labels[0].cpu().numpy()
        return found

    def fidelity(self, learn: Learn, numbers: int) -> LocalFidelity:
        """R² of a stand-in, of the best constant and of LIME, on the same coalitions.

        Args:
            learn: makes the stand-in.
            numbers: how many it is made of.
        """
        near, seed = self.near, self.settings.seed
        z, scores, weights = near.judging
        foretold = near.unseen(learn, seed)
        own = r_squared(scores, foretold, weights)
        ends = (own, own) if np.isnan(own) else spread_of(scores, foretold, weights, seed)
        over_all = r_squared(scores, learn(*near.seen)(z), weights) if near.exhaustive else None
        return LocalFidelity(
            own,
            *ends,
            r_squared(scores, near.unseen(constant, seed), weights),
            r_squared(scores, near.unseen(lime, seed), weights),
            len(scores),
            held_out=not near.exhaustive,
            numbers=numbers,
            fitted=near.fitted,
            over_all=over_all,
        )

    def footprints(self, used: list[int]) -> npt.NDArray[np.bool_]:
        """Where features lie on the picture's own grid, (k, H, W)."""
        found = np.zeros((len(used), *self.image.size), np.bool_)
        for place, feature in enumerate(used):
            inside = (self.game.players.labels == feature).float()
            found[place] = self.ready.back(inside)[0] > 0.5
        return found

    def heatmap(self, values: Floats, method: str, parameters: dict[str, Any]) -> Heatmap:
        """Values (n,) of the features as a signed map on the picture's own grid."""
        row = torch.from_numpy(values).unsqueeze(0).to(self.game.batch.device)
        heat, valid = self.ready.back(self.game.players.spread(row)[:, 0])
        settings = {**vars(self.settings), **parameters, "baseline": self.settings.baseline}
        return Heatmap(
            heat,
            Provenance(
                method=method,
                parameters=plain(settings),
                model=self.model.name,
                target=self.aim.describe(self.model.contract.labels),
                score=float(self.game.ends[1][0]),
                image=self.image.name,
                seed=self.settings.seed,
                version=__version__,
                forward_passes=len(self.near.scores) + 3.0,
                seconds=self.seconds,
                notes=(*self.model.contract.notes, *self.model.contract.assumed, *self.ready.notes),
            ),
            valid=None if valid.all() else valid,
        )


def decision(
    model: Any,
    image: Any,
    target: Any,
    settings: Settings,
    progress: Callable[[int, int], object] | None = None,
) -> Decision:
    """Score the coalitions around a picture.

    Raises:
        InvalidArgument: no picture, or one that is brought to the model as several tiles.
    """
    started = time.perf_counter()
    adapted = as_model(model, warn=True).at(settings.precision)
    picture = as_input(image)
    if not isinstance(picture, Image) or picture.axes not in ("YX", "YXC"):
        shape = picture.axes if isinstance(picture, Image) else type(picture).__name__
        raise InvalidArgument(f"a local stand-in explains a picture (YX or YXC), not {shape}")
    ready = prepared(adapted, picture, settings.fit)
    if len(ready.batch) != 1:
        raise InvalidArgument(
            f"fit='tile' makes {len(ready.batch)} inputs of the picture; a stand-in is for one: "
            "use fit='crop', 'squash' or 'pad'"
        )
    aim = aimed(adapted, target, 1)
    if not aim.is_fixed:
        aim = aim.fixed(adapted.predict(ready.batch, aim.layer))
    game = Game(adapted, ready.batch, aim, settings.features, settings.baseline, settings.seed)
    near = neighbourhood(game, settings.samples, settings.width, settings.seed, progress)
    features = settings.features
    if isinstance(features, str):
        kind = "superpixel"
    else:
        kind = "feature" if getattr(features, "ndim", 0) else "cell"
    seconds = time.perf_counter() - started
    return Decision(adapted, picture, ready, aim, game, near, settings, kind, seconds)


def shapley_of(worth: Callable[[Floats], Floats], used: list[int], count: int) -> Floats:
    """Shapley values (count,) of a stand-in that looks at few features; 0 for all others.

    phi_i = sum_{S without i} |S|! (k - |S| - 1)! / k! (f(S with i) - f(S)), over the k used ones.

    Example:
        >>> shapley_of(lambda z: z[:, 0] * z[:, 2], [0, 2], 3).tolist()
        [0.5, 0.0, 0.5]
    """
    k = len(used)
    numbers = np.arange(2**k)
    inside = (numbers[:, None] >> np.arange(k) & 1).astype(np.float64)
    z = np.zeros((len(numbers), count))
    z[:, used] = inside
    value = worth(z)
    size = inside.sum(1).astype(int)
    share = [1.0 / max(1, k)]
    for s in range(1, k):
        share.append(share[-1] * s / (k - s))
    phi = np.zeros(count)
    for place, feature in enumerate(used):
        without = numbers[inside[:, place] == 0]
        gain = value[without | 1 << place] - value[without]
        phi[feature] = float(np.array(share)[size[without]] @ gain)
    return phi
