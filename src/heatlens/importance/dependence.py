"""Partial dependence: what a model says on average, and of each row, as a feature is moved.

    PD(v) = mean over i of f(x_i with the feature at v),  ICE_i(v) = f(x_i with the feature at v)

Friedman: Greedy Function Approximation, Annals of Statistics 2001, section 8.2; Goldstein et al.:
Peeking Inside the Black Box, JCGS 2015 (individual curves; centred: each less its own first value).
Equal to scikit-learn's `partial_dependence(method="brute")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.frozen import frozen
from heatlens.importance.aim import Output, aim_of, reads_of
from heatlens.importance.grids import grid_of, supported
from heatlens.importance.intervals import check_rows, mean_estimate
from heatlens.importance.subject import Floats, Progress, told_correlation
from heatlens.importance.subjects import is_pictures, subject_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Kind", "PartialDependence", "partial_dependence"]

Kind = Literal["average", "individual", "both"]
_KINDS = ("average", "individual", "both")


@dataclass(frozen=True, eq=False)
class PartialDependence:
    """A curve, or a surface over two features.

    Attributes:
        names: of the one or two features.
        units: of their numbers.
        grids: the values along each, rising; where `relative`, what is added to a row's own.
        average: the mean over the rows, (g,) or (g, h).
        low: lower end of the interval over the rows, at each point by itself, shaped alike.
        high: upper end.
        individual: each row's own, (n, g) or (n, g, h); None where only the mean was asked for.
        observed: the features' numbers in the data, (n, axes).
        supported: which points lie where there are data, shaped like `average`.
        aim: what is shown, "probability of digit 3".
        confidence: of the interval.
        relative: whether the grid is added to each row's own number.
        centred: whether every row's first value was taken off.
        notes: what a reader has to know.
        what: one row in words, "row" or "picture".
        evaluations: how many rows the model was asked about in all.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    grids: tuple[Floats, ...]
    average: Floats
    low: Floats
    high: Floats
    individual: Floats | None
    observed: Floats
    supported: npt.NDArray[np.bool_]
    aim: str
    confidence: float
    relative: bool = False
    centred: bool = False
    notes: tuple[str, ...] = ()
    what: str = "row"
    evaluations: int = 0

    def __post_init__(self) -> None:
        """Arrays become read-only."""
        for name in ("average", "low", "high", "individual", "observed", "supported"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, frozen(given))
        object.__setattr__(self, "grids", tuple(frozen(grid) for grid in self.grids))

    @property
    def deciles(self) -> Floats:
        """The nine deciles of each feature in the data, (axes, 9)."""
        return np.quantile(self.observed, np.arange(1, 10) / 10, axis=0).T

    def __repr__(self) -> str:
        """What was moved, and how far the mean moved with it."""
        ranges = " and ".join(
            f"{name} from {grid[0]:.4g} to {grid[-1]:.4g}"
            for name, grid in zip(self.names, self.grids, strict=True)
        )
        return (
            f"PartialDependence({self.aim} by {ranges}{' (added)' if self.relative else ''}: "
            f"{self.average.min():.4g} to {self.average.max():.4g}; {len(self.observed)} "
            f"{self.what}s)"
        )

    def plot(self, *, title: str | None = None, most: int = 60) -> Figure:
        """The curve over the rows' own, at most `most` of them, or the surface."""
        from heatlens.importance.curves import dependence_figure

        return dependence_figure(self, title=title, most=most)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the rows' own curves, as JSON has it."""
        return {
            "names": list(self.names),
            "units": list(self.units),
            "aim": self.aim,
            "grids": [grid.tolist() for grid in self.grids],
            "average": self.average.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "supported": self.supported.tolist(),
            "confidence": self.confidence,
            "relative": self.relative,
            "centred": self.centred,
            "evaluations": self.evaluations,
            "notes": list(self.notes),
        }


def partial_dependence(
    model: Any,
    data: Any,
    features: Any,
    *,
    target: Any = None,
    output: Output | None = None,
    kind: Kind = "average",
    grid: Any = 50,
    percentiles: tuple[float, float] = (0.05, 0.95),
    relative: bool = False,
    centred: bool = False,
    confidence: float = 0.95,
    names: Sequence[str] | None = None,
    fit: str | None = None,
    progress: Progress | None = None,
) -> PartialDependence:
    """How what a model says moves with one feature, or with two.

    It takes rows x grid evaluations, of two features rows x grid x grid.

    Args:
        model: a scikit-learn estimator or a callable on arrays; or a network, for pictures.
        data: a `FeatureTable`, a frame or an array (n, f); or pictures.
        features: one name, or two; of pictures, interventions that have a number, or their names
            ("brightness", "contrast", "colour", "texture", "stage3:12").
        target: which class; see `aim_of`.
        output: "probability" or "score".
        kind: "average", "individual" (the mean comes along), or "both", which keep each row's own
            curve: rows times grid numbers.
        grid: how many values, or the values; for two features one for both, or a pair.
        percentiles: between which a grid of so many values lies.
        relative: the grid is added to each row's own number: `grid=np.linspace(-0.3, 0.3, 13)`.
        centred: take each row's value at the grid's first point off, so that curves start at 0.
        confidence: of the interval of the mean over the rows, at each point by itself.
        names: of an array's columns.
        fit: how pictures are resized.
        progress: called with the points done and all points.

    Raises:
        InvalidArgument: a feature without a number, three features, a grid that is none, too few
            rows for the interval.
        UnknownName: a feature or class that there is not.

    Example:
        >>> rows = np.stack([np.arange(10.0), np.arange(10.0) ** 2], axis=1)
        >>> curve = partial_dependence(lambda x: x[:, 0] + x[:, 1], rows, "feature 0", grid=[0, 2])
        >>> curve.average.tolist()
        [28.5, 30.5]
    """
    if kind not in _KINDS:
        raise UnknownName("kind", str(kind), _KINDS)
    pictures = is_pictures(data)
    subject = subject_of(
        model,
        data,
        reads=reads_of(output, pictures),
        features=features,
        names=names,
        fit=fit,
    )
    axes = len(subject.names)
    if axes > 2:
        raise InvalidArgument(f"{axes} features make no picture; one or two are meant")
    check_rows(subject.count, confidence, subject.what)
    aim = aim_of(subject, target)
    observed = np.stack([subject.numbered(k) for k in range(axes)], axis=1)
    wanted = _each(grid, axes)
    grids = tuple(
        _values(observed[:, k], wanted[k], percentiles, subject.names[k], relative)
        for k in range(axes)
    )
    shape = tuple(len(one) for one in grids)
    points, rows = list(product(*grids)), subject.all_rows()
    kept = None if kind == "average" else np.empty((subject.count, len(points)))
    first, intervals = np.zeros(subject.count), []
    for k, point in enumerate(points):
        said = subject.outputs_at(rows, range(axes), point, relative=relative, read=aim)
        if centred and k == 0:
            first = said
        intervals.append(mean_estimate(said - first, confidence))
        if kept is not None:
            kept[:, k] = said - first
        if progress is not None:
            progress(k + 1, len(points))
    return PartialDependence(
        subject.names,
        subject.units,
        grids,
        np.array([one.value for one in intervals]).reshape(shape),
        np.array([one.low for one in intervals]).reshape(shape),
        np.array([one.high for one in intervals]).reshape(shape),
        None if kept is None else kept.reshape(subject.count, *shape),
        observed,
        supported(grids, observed, relative=relative),
        aim.name,
        confidence,
        relative,
        centred,
        told_correlation(subject),
        subject.what,
        subject.evaluated,
    )


def _each(grid: Any, axes: int) -> tuple[Any, ...]:
    """A grid for each axis: one for both, or a pair of grids."""
    if axes == 1 or isinstance(grid, int | np.integer):
        return (grid,) * axes
    if isinstance(grid, list | tuple) and len(grid) == 2:
        return tuple(grid)
    return (grid, grid)


def _values(
    observed: Floats, grid: Any, percentiles: tuple[float, float], name: str, relative: bool
) -> Floats:
    if relative and isinstance(grid, int | np.integer):
        raise InvalidArgument(
            "relative=True adds the grid to each row's own number; give what is added, such as "
            "grid=numpy.linspace(-0.3, 0.3, 13)"
        )
    return grid_of(observed, grid, percentiles, name)
