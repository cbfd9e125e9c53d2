"""From colour to colour: ribbons between two columns of swatches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.render.flow_arrows import Arcs, arcs_of
from heatlens.render.flow_order import least_crossings
from heatlens.render.flow_page import MARGIN, framed, share_of
from heatlens.render.flow_ribbons import (
    BETWEEN,
    HEADING,
    HIGH,
    LABELS,
    PICTURE,
    SWATCH,
    columns,
    draw_picture,
    draw_ribbons,
    draw_swatches,
    stacked,
)
from heatlens.render.sheet import pixels_of
from heatlens.render.typography import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["colour_flow"]

Floats = npt.NDArray[np.float64]

_LEFT_OVER = 1e-6


def colour_flow(
    first_colours: Any,
    first_weights: Any,
    second_colours: Any,
    second_weights: Any,
    plan: Any,
    *,
    distance: float | None = None,
    p: float = 1,
    unit: str = "CIELAB units",
    pictures: tuple[Any, Any] | None = None,
    names: tuple[str, str] = ("first", "second"),
    most: int = 40,
    title: str = "",
    subtitle: str = "",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw which colours of one palette become which of another.

    The columns are in the order in which the fewest ribbons cross.

    Args:
        first_colours: CIELAB (n, 3), or (n, 3 + k) with k further coordinates that are not shown.
        first_weights: mass of each colour (n,), in the unit of the plan.
        second_colours: CIELAB (m, 3).
        second_weights: mass of each (m,).
        plan: mass that goes from each colour to each, (n, m), dense or of scipy.sparse.
        distance: the distance, to stand in the title.
        p: its exponent.
        unit: its unit.
        pictures: two pictures (`Image` or uint8 pixels) to stand beside their colours.
        names: of both.
        most: swatches in a column; the lighter ones beyond it are counted with the nearest colour.
        title: stands above, bold; by default the distance.
        subtitle: stands below it.
        notes: sentences to add to the caption.

    Raises:
        InvalidArgument: colours, weights and plan that do not belong together.

    Example:
        >>> black, grey, white = [0, 0, 0], [50, 0, 0], [100, 0, 0]
        >>> figure = colour_flow([black], [1], [grey, white], [0.5, 0.5], [[0.5, 0.5]], distance=75)
        >>> figure.texts[0].get_text()
        'W1 = 75 CIELAB units'
    """
    if most < 1:
        raise InvalidArgument(f"most is {most}; at least one swatch has to be drawn")
    sides = [
        _checked(first_colours, first_weights, names[0]),
        _checked(second_colours, second_weights, names[1]),
    ]
    arcs = arcs_of(plan, (len(sides[0][1]), len(sides[1][1])))
    if not len(arcs.masses):
        raise InvalidArgument("the plan is empty: it moves no mass")
    for k, index in enumerate((arcs.rows, arcs.columns)):
        moved = np.bincount(index, arcs.masses, len(sides[k][1])).astype(np.float64)
        _check_totals(moved, sides[k][1], names[k])
    counts = tuple(len(weights) for _, weights in sides)
    further = max(lab.shape[1] for lab, _ in sides) > 3
    sides, arcs = _fewer(sides, arcs, most)
    orders = least_crossings(sides[0][0], sides[1][0], arcs)

    whole = max(float(weights.sum()) for _, weights in sides)
    beside = PICTURE + 0.1 if pictures is not None else 0.0
    wide = 2 * (beside + LABELS + SWATCH) + BETWEEN
    page, top = framed(
        wide,
        HIGH + HEADING,
        title=title or _headline(distance, p, unit, names),
        subtitle=subtitle,
        caption=[*_caption(sides, arcs, counts, whole, further), *notes],
    )
    left = MARGIN + beside
    drawn = columns(page, left, top, names)
    longest = max(len(weights) for _, weights in sides)
    spans = [stacked(sides[k][1] / whole, orders[k], longest) for k in (0, 1)]
    for k, axes in enumerate(drawn[:2]):
        draw_swatches(axes, spans[k], sides[k], whole, on_left=k == 0)
    draw_ribbons(drawn[2], spans, orders, sides, arcs)
    if pictures is not None:
        right = left + 2 * (LABELS + SWATCH) + BETWEEN + 0.1
        for x, picture in zip((MARGIN, right), pictures, strict=True):
            draw_picture(page, x, top + HEADING, pixels_of(picture))
    return page.figure


def _checked(colours: Any, weights: Any, name: str) -> tuple[Floats, Floats]:
    """Colours that have weight, and the weights."""
    lab, mass = np.asarray(colours, np.float64), np.asarray(weights, np.float64)
    if lab.ndim != 2 or lab.shape[1] < 3 or mass.shape != (len(lab),) or not len(lab):
        raise InvalidArgument(
            f"colours {lab.shape} and weights {mass.shape} of {name} do not belong together; "
            "(n, 3) and (n,) are meant"
        )
    if not (np.isfinite(lab).all() and np.isfinite(mass).all() and mass.min() >= 0):
        raise InvalidArgument(
            f"colours and weights of {name} are finite, and no weight is negative"
        )
    return lab, mass


def _check_totals(moved: Floats, weights: Floats, name: str) -> None:
    over = moved - weights > 1e-6 * weights.max(initial=0.0)
    if over.any():
        i = int(np.argmax(over))
        raise InvalidArgument(
            f"the plan moves {moved[i]:g} for colour {i} of {name}, which has only {weights[i]:g}; "
            "were the weights normalised as the plan was?"
        )


def _fewer(
    sides: list[tuple[Floats, Floats]], arcs: Arcs, most: int
) -> tuple[list[tuple[Floats, Floats]], Arcs]:
    """The heaviest `most` colours of each side, with the others counted with the nearest of them."""
    drawn, homes = [], []
    for lab, mass in sides:
        kept = np.sort(np.argsort(-mass, kind="stable")[:most])
        kept = kept[mass[kept] > 0]
        apart = np.linalg.norm(lab[:, None, :3] - lab[None, kept, :3], axis=-1)
        home = np.argmin(apart, axis=1)
        home[kept] = np.arange(len(kept))
        total = np.bincount(home, mass, len(kept)).astype(np.float64)
        mean = [np.bincount(home, mass * lab[:, axis], len(kept)) / total for axis in range(3)]
        drawn.append((np.stack(mean, axis=1), total))
        homes.append(home)
    width = len(drawn[1][1])
    pair = homes[0][arcs.rows] * width + homes[1][arcs.columns]
    pairs, label = np.unique(pair, return_inverse=True)
    masses = np.bincount(label.ravel(), arcs.masses).astype(np.float64)
    return drawn, Arcs(pairs // width, pairs % width, masses)


def _headline(distance: float | None, p: float, unit: str, names: tuple[str, str]) -> str:
    if distance is None:
        return f"colours of {names[0]} that become colours of {names[1]}"
    return f"W{p:g} = {number(distance)} {unit}"


def _caption(
    sides: list[tuple[Floats, Floats]],
    arcs: Arcs,
    counts: tuple[int, ...],
    whole: float,
    further: bool,
) -> list[str]:
    sentences = [
        "A ribbon is a share of the picture that changes from the colour on the left to the one on "
        "the right; it is as high as that share"
    ]
    if any(count > len(side[1]) for count, side in zip(counts, sides, strict=True)):
        sentences.append(
            f"Drawn are the heaviest {len(sides[0][1])} of {counts[0]} and {len(sides[1][1])} of "
            f"{counts[1]} colours; the others are counted with the nearest of them"
        )
    if further:
        sentences.append(
            "The colours have places too: the distance counts them, and they are not drawn, so a "
            "ribbon between equal colours need not be free"
        )
    moved = float(arcs.masses.sum())
    for (_, weights), place in zip(sides, ("left", "right"), strict=True):
        rest = (float(weights.sum()) - moved) / whole
        if rest > _LEFT_OVER:
            sentences.append(f"{share_of(rest)} on the {place} is not part of the plan")
    return [". ".join(sentences) + "."]
