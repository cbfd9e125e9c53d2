"""Intervals: how far a figure may be off.

| file | what it gives |
|---|---|
| `interval` | `Interval`: a lower and an upper end; `check_confidence` |
| `wilson` | `wilson_interval`: of a share, which also holds near 0 and 1 |
| `student` | `mean_interval`: of a mean; `t_interval`: of an estimate with its standard error |
| `bootstrap` | `bootstrap_interval`: of any statistic of rows; `drawn_sums`, `percentile_interval`: its parts |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.statistics.bootstrap import bootstrap_interval, drawn_sums, percentile_interval
    from heatlens.statistics.interval import Interval, check_confidence
    from heatlens.statistics.student import mean_interval, t_interval
    from heatlens.statistics.wilson import wilson_interval

__all__ = [
    "Interval",
    "bootstrap_interval",
    "check_confidence",
    "drawn_sums",
    "mean_interval",
    "percentile_interval",
    "t_interval",
    "wilson_interval",
]

_HOME = {
    "Interval": "interval",
    "bootstrap_interval": "bootstrap",
    "check_confidence": "interval",
    "drawn_sums": "bootstrap",
    "mean_interval": "student",
    "percentile_interval": "bootstrap",
    "t_interval": "student",
    "wilson_interval": "wilson",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
