"""Which models of saliency find the odd item of pop-out displays, and how long they take."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.cases import Said
from benchmarks.result import Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race
from heatlens.image import Image
from heatlens.perception.displays import KINDS, Display, hit, popout
from heatlens.perception.enlarge import enlarged
from heatlens.perception.metrics import auc_judd, nss
from heatlens.perception.model import SALIENCY
from heatlens.statistics import Interval, wilson_interval

CLAIMED = (
    "spectral-residual", "phase-spectrum-quaternion", "itti-koch", "gbvs", "boolean-map",
)  # fmt: skip
POPOUT = ("colour", "orientation", "size")
OTHERS = ("isoluminant", "conjunction")
PRIOR = "prior"
"""The family that does not look at the picture; a control."""

VARIANTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("spectral-residual", {"channels": "grey"}),
    ("spectral-residual", {"variant": "opencv"}),
)
"""Beside the models as they are by default."""

CHANCE = "a peak anywhere"
"""The row of what a map that knows nothing would get."""

Map = Callable[[Image], npt.NDArray[Any]]


@dataclass
class Row:
    """What one model did."""

    name: str
    family: str
    run: Map
    hits: dict[str, list[bool]] = field(default_factory=dict)
    auc: list[float] = field(default_factory=list)
    nss: list[float] = field(default_factory=list)

    def see(self, display: Display) -> None:
        found = enlarged(np.asarray(self.run(display.image), np.float32), display.image.size)
        self.hits.setdefault(display.kind, []).append(hit(found, display))
        if display.kind in POPOUT:
            self.auc.append(auc_judd(found, display.fixations))
            self.nss.append(nss(found, display.fixations))

    def share(self, kind: str) -> float:
        return float(np.mean(self.hits[kind]))

    def interval(self, *kinds: str) -> Interval:
        """Wilson's interval of the share of hits over displays of some kinds."""
        found = [one for kind in kinds for one in self.hits[kind]]
        return wilson_interval(sum(found), len(found))

    def cell(self, kind: str, chance: float) -> str:
        """Share with its interval, in per cent, and whether that is no more than chance."""
        interval = self.interval(kind)
        said = "" if interval.low > chance else ", not above chance"
        return f"{100 * self.share(kind):.0f} % ({interval.percent()}){said}"


def run(settings: Settings, said: Said) -> Result:
    """Show all displays to all models; time them on one photograph."""
    count = settings.of(quick=4, default=100, full=400)
    rows = [*_ours(), *_variants(), *_peers()]
    chances: dict[str, list[float]] = {}
    for kind in (*POPOUT, *OTHERS):
        for number in range(count):
            said(f"{kind} display {number + 1} of {count}")
            display = popout(kind, seed=settings.seed * 1_000_000 + number)
            chances.setdefault(kind, []).append(display.chance)
            for row in rows:
                row.see(display)
    photo = _photograph()
    contenders = [
        Contender(row.name, partial(row.run, photo), peer=row.family == "OpenCV contrib")
        for row in rows
    ]
    rounds = settings.at_most(settings.of(quick=1, default=5, full=9))
    times = race(contenders, settings, rounds=rounds, said=said)
    chance = {kind: float(np.mean(found)) for kind, found in chances.items()}
    return Result(
        name="saliency-models",
        title="Models of saliency on pop-out displays",
        setting={"displays": f"{count} of each kind, {len(popout().positions)} items, 320 x 240",
                 "timed on": f"a photograph of {photo.size[1]} x {photo.size[0]}",
                 "a hit": "the map's peak on the odd item grown by half an item"},
        entries=entries(times.values()),
        targets=[*_claims(rows), *_above_chance(rows, chance)],
        extras=[
            Extra(
                "Hits of the peak, each kind with its own 95 % interval (Wilson) and its own "
                "chance, and mean AUC and NSS of the odd item over colour, orientation and size "
                "displays",
                ["model", "family", *POPOUT, *OTHERS, "AUC", "NSS", "ms a photograph"],
                [
                    [row.name, row.family,
                     *(row.cell(kind, chance[kind]) for kind in (*POPOUT, *OTHERS)),
                     round(float(np.mean(row.auc)), 3), round(float(np.mean(row.nss)), 2),
                     round(1000 * times[row.name].median, 1) if times[row.name].seconds else None]
                    for row in rows
                ] + [
                    [CHANCE, "chance",
                     *(f"{100 * chance[kind]:.1f} %" for kind in (*POPOUT, *OTHERS)),
                     0.5, 0.0, None]
                ],
            )
        ],
        notes=[
            f"{CHANCE[0].upper()}{CHANCE[1:]} is a hit as often as the odd item, grown by half an "
            "item, covers of the display. A cell whose interval begins no higher says so.",
            "Nothing is claimed on isoluminant displays, whose odd item cannot be seen in grey, or "
            "on conjunction displays, where people search item by item; they are the controls. "
            "A prior does not look at the picture: it is a control as well.",
            *(f"{kind}: {KINDS[kind].summary}" for kind in (*POPOUT, *OTHERS)),
        ],
        rounds=rounds,
    )  # fmt: skip


def _ours() -> Iterator[Row]:
    for name, model in SALIENCY.items():
        yield Row(name, model.family, model)


def _variants() -> Iterator[Row]:
    for name, parameters in VARIANTS:
        model = SALIENCY[name]
        said = ", ".join(f'{key}="{value}"' for key, value in parameters.items())
        yield Row(f"{name}, {said}", model.family, partial(model, **parameters))


def _peers() -> Iterator[Row]:
    """OpenCV contrib's two, where it is installed."""
    if importlib.util.find_spec("cv2") is None:
        return
    import cv2

    if not hasattr(cv2, "saliency"):
        return
    for name in ("SpectralResidual", "FineGrained"):
        model = getattr(cv2.saliency, f"StaticSaliency{name}_create")()
        yield Row(f"OpenCV {name}", "OpenCV contrib", partial(_by_opencv, model))


def _by_opencv(model: Any, image: Image) -> npt.NDArray[Any]:
    done, found = model.computeSaliency(np.ascontiguousarray(image.rgb()[..., ::-1]))
    if not done:
        raise RuntimeError("OpenCV gave no map")
    return found


def _claims(rows: list[Row]) -> list[Target]:
    by_name = {row.name: row for row in rows}
    return [
        Target(
            f"{name}: finds the odd item of {kind} displays",
            90,
            round(100 * by_name[name].share(kind), 1) if name in by_name else None,
            False,
            "%",
            "" if name in by_name else "there is no such model",
        )
        for name in CLAIMED
        for kind in ("colour", "orientation")
    ]


def _above_chance(rows: list[Row], chance: dict[str, float]) -> Iterator[Target]:
    """Of the other models: on each kind by itself, and on the three together."""
    others = [
        row for row in rows
        if row.name not in CLAIMED and row.name in SALIENCY and row.family != PRIOR
    ]  # fmt: skip
    together = float(np.mean([chance[kind] for kind in POPOUT]))
    cases = [(f"{kind} displays", (kind,), chance[kind]) for kind in POPOUT]
    for text, kinds, odds in [*cases, ("displays of the three kinds together", POPOUT, together)]:
        below = [row.name for row in others if not row.interval(*kinds).low > odds]
        yield Target(
            f"other models whose interval lies above chance on {text}",
            len(others),
            len(others) - len(below),
            False,
            why=f"not {', '.join(below)}" if below else "",
        )


def _photograph() -> Image:
    """600 x 400, in colour."""
    from skimage import data

    return Image(data.coffee(), "YXC", name="coffee")
