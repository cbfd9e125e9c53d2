"""`evaluate`: many metrics on many pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from heatlens.distributions.given import checked_seed
from heatlens.errors import InvalidArgument
from heatlens.perception.metrics.baseline import checked_baselines
from heatlens.perception.metrics.convention import checked_convention
from heatlens.perception.metrics.density import checked_sigma
from heatlens.perception.metrics.evaluation import Evaluation, evaluation_of
from heatlens.perception.metrics.given import Floats, Map, Points
from heatlens.perception.metrics.metric import METRICS, Metric
from heatlens.perception.metrics.negatives import elsewhere
from heatlens.perception.metrics.picture import Asked, Figure, Picture
from heatlens.perception.metrics.pictures import looked_at, named, places_of, sizes_of
from heatlens.perception.metrics.redrawn import check_redraws
from heatlens.statistics import check_confidence

__all__ = ["evaluate"]


def evaluate(
    maps: Sequence[Map],
    fixations: Sequence[Points],
    metrics: Sequence[str] | None = None,
    *,
    densities: Sequence[Map] | None = None,
    baseline: str | Map | Sequence[Map] = "centre",
    sigma: float | None = None,
    convention: str = "tuebingen",
    interval: str = "t",
    confidence: float = 0.95,
    redraws: int = 1000,
    density_redraws: int = 0,
    names: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Evaluation:
    """Compute metrics for each picture with its own interval, and their means with theirs.

    A mean's interval says how it would vary with other pictures of the kind: the pictures are its
    unit. A picture's interval says how its number would vary with other fixations: they are drawn
    again with replacement (see `redrawn`). For shuffled AUC the negatives of a picture are the
    fixations on all others ("mit": on 10 others, drawn by `seed`), carried over in proportion
    where sizes differ.

    A picture that nobody looked at is left out, and the result's `notes` name it. Stopped by hand
    (Ctrl-C), the pictures that are done are returned, and the notes say how many are missing.

    Args:
        maps: one per picture, (H, W). Any sequence: each map is asked for once, one at a time, and
            let go, unless shuffled AUC needs the sizes of the others first: then maps that a
            sequence computes are held until the end; give `sizes` to spare the memory.
        fixations: one per picture, (n, 2) positions (row, column), or a mask of bool.
        metrics: names in `METRICS`; by default all (shuffled AUC only with 2 pictures or more).
        densities: one per picture, for the metrics that compare with one; by default the points are
            blurred, see `fixation_density`.
        baseline: of information gain: a name, one density for all, or one per picture, as a list
            or an array (n, H, W).
        sigma: blur of the points, in pixels; not together with `densities`.
        convention: "tuebingen" or "mit".
        interval: of the means: "t" (Student's), or "bootstrap" (percentile).
        confidence: of all intervals.
        redraws: of fixations, for the pictures' intervals of metrics of points; 0 leaves them NaN.
        density_redraws: of fixations, for metrics of densities. Each costs a blur and the metric, a
            tenth of a second for a picture of 1024 x 768, so none are drawn unless asked for: the
            intervals are NaN then, and with `densities`, whose fixations are not known.
        names: of the pictures; by default "0", "1", ...
        sizes: height and width of each map, where `maps` computes them.
        seed: of metrics that draw, and of the bootstrap.
        progress: hears (pictures done, of all).

    Raises:
        UnknownName: no such metric, convention, baseline.
        InvalidArgument: numbers of maps and fixations differ, none at all, nobody looked at any, or
            what a metric says; the message begins with the picture's name.
        InvalidType: a map or fixations that are no numbers; the message begins likewise.

    Example:
        >>> spot = np.array([[0.0, 0.0], [0.0, 1.0]])
        >>> print(evaluate([spot, spot], [[[1, 1]], [[1, 0]]], ["nss"]))
        2 pictures, convention 'tuebingen'
        nss     0.577  (-14.095 to 15.249)  higher is better
    """
    convention = checked_convention(convention)
    if interval not in ("t", "bootstrap"):
        raise InvalidArgument(f"interval is {interval!r}; it can be 't' or 'bootstrap'")
    if densities is not None and sigma is not None:
        raise InvalidArgument("sigma blurs points; with densities= nothing is blurred")
    check_confidence(confidence)
    check_redraws(redraws, confidence, "redraws")
    check_redraws(density_redraws, confidence, "density_redraws")
    asked = Asked(
        convention,
        checked_sigma(sigma),
        confidence,
        redraws,
        density_redraws,
        checked_seed(seed),
    )
    count = len(maps)
    titles = tuple(names) if names is not None else tuple(str(i) for i in range(count))
    _same_number(maps=maps, fixations=fixations, names=titles, densities=densities, sizes=sizes)
    baselines = checked_baselines(baseline, count)
    points = looked_at(fixations, titles)
    chosen = _chosen(metrics, len(points))

    shuffled = [metric for metric in chosen if "others" in metric.needs]
    if shuffled and sizes is None and isinstance(maps, list | tuple | np.ndarray):
        sizes = sizes_of(maps, titles)
    late = bool(shuffled) and sizes is None
    places = places_of(points, sizes, titles) if shuffled and sizes is not None else {}
    at_once = [metric for metric in chosen if not late or "others" not in metric.needs]
    rows: dict[int, dict[str, Figure]] = {}
    held: dict[int, tuple[Map, tuple[int, int]]] = {}
    try:
        for i, at in points.items():
            heat = maps[i]
            density = None if densities is None else densities[i]
            with named(titles[i]):
                picture = Picture(i, heat, at, density, baselines[i], asked)
                if sizes is not None and picture.size != tuple(sizes[i]):
                    raise InvalidArgument(f"the map has size {picture.size}, sizes= {sizes[i]}")
            if late:
                held[i] = heat, picture.size
            rows[i] = _row(picture, at_once, places, titles[i])
            if progress is not None:
                progress(len(rows), len(points))
    except KeyboardInterrupt:
        if len(rows) < (2 if late else 1):
            raise
    if late:
        places = places_of(points, {i: held[i][1] for i in rows}, titles)
        for i, row in rows.items():
            picture = Picture(i, held[i][0], points[i], None, baselines[i], asked)
            row |= _row(picture, shuffled, places, titles[i])
    return evaluation_of(rows, chosen, titles, asked, interval, _notes(count, points, rows, titles))


def _same_number(*, maps: Sequence[Map], **others: Sequence[Any] | None) -> None:
    count = len(maps)
    if count == 0:
        raise InvalidArgument("no pictures to evaluate")
    for name, given in others.items():
        if given is not None and len(given) != count:
            raise InvalidArgument(f"{count} maps and {len(given)} {name}; there is one per picture")


def _chosen(metrics: Sequence[str] | None, count: int) -> list[Metric]:
    if metrics is not None:
        if isinstance(metrics, str) or not metrics:
            raise InvalidArgument(f"metrics is {metrics!r}; expected a list of names")
        chosen = [METRICS[name] for name in metrics]
    else:
        chosen = [
            metric for metric in METRICS.values() if count > 1 or "others" not in metric.needs
        ]
    if count == 1 and any("others" in metric.needs for metric in chosen):
        raise InvalidArgument(
            "shuffled AUC takes the fixations on other pictures; there is only one. Call "
            "auc_shuffled(..., others=)"
        )
    return chosen


def _row(
    picture: Picture, metrics: Sequence[Metric], places: Mapping[int, Floats], title: str
) -> dict[str, Figure]:
    asked, found = picture.asked, {}
    for metric in metrics:
        others = None
        if "others" in metric.needs:
            others = elsewhere(places, picture.index, picture.size, asked.convention, asked.seed)
        with named(title, metric.name):
            found[metric.name] = picture.figure(metric, others)
    return found


def _notes(
    count: int, points: Mapping[int, Points], rows: Mapping[int, Any], titles: tuple[str, ...]
) -> tuple[str, ...]:
    notes = []
    if len(points) < count:
        unseen = [titles[i] for i in range(count) if i not in points]
        more = f" and {len(unseen) - 8} more" if len(unseen) > 8 else ""
        notes.append(f"left out, as nobody looked: {', '.join(unseen[:8])}{more}")
    if len(rows) < len(points):
        notes.append(f"stopped after {len(rows)} of {len(points)} pictures; the others are missing")
    return tuple(notes)
