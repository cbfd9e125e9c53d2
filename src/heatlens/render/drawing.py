"""What was asked of a figure: one object that every kind of heatmap is drawn by."""

from __future__ import annotations

from dataclasses import dataclass

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.render import words
from heatlens.render.cells import Look
from heatlens.render.colour import Scale, Sign, scale_for
from heatlens.render.hotspots import Hotspot
from heatlens.render.hotspots import hotspots as find_hotspots

__all__ = ["Drawing", "boxed"]

_MOST_BOXES, _LEAST_SHARE = 5, 0.01
_LEFT_OUT = {"hotspots": False, "index": None, "smooth": 0.0}


@dataclass(frozen=True)
class Drawing:
    """The parameters of `heatlens.render.figure.plot`, checked together."""

    look: Look
    sign: Sign | None = None
    colour_map: str | None = None
    scale: Scale | None = None
    percentile: float | None = None
    smooth: float = 0.0
    hotspots: bool = False
    index: int | None = None
    title: str | None = None
    colour_bar: bool = True

    def __post_init__(self) -> None:
        """Check that nothing is said twice."""
        if self.scale is not None and (self.colour_map is not None or self.percentile is not None):
            raise InvalidArgument("the scale says it all: leave `colour_map` and `percentile` out")

    def scale_of(self, heatmap: Heatmap, sign: Sign = "positive") -> Scale:
        """What the colours of `heatmap` mean; `sign` is what is shown if nobody said."""
        if self.scale is not None:
            return self.scale
        return scale_for(
            heatmap,
            sign=self.sign or sign,
            percentile=self.percentile,
            colour_map=self.colour_map,
        )

    def headings(self, made: Provenance, place: str = "") -> tuple[str, str]:
        """What stands above: the title given, or method, target and where it comes from."""
        if self.title is not None:
            return self.title, ""
        return words.title(made), words.subtitle(made, place)

    def refuse(self, what: str, *names: str, levels: bool = True) -> None:
        """Raise for each parameter that was given and would be passed over in silence.

        Args:
            what: is drawn, in words.
            names: "hotspots", "index" or "smooth".
            levels: whether `levels` means nothing either.
        """
        given = [name for name in names if getattr(self, name) != _LEFT_OUT[name]]
        if levels and self.look.levels is not None:
            given.append("levels")
        if given:
            raise InvalidArgument(f"`{given[0]}` means nothing for {what}; leave it out")

    def check_style(self, what: str, *styles: str) -> None:
        """Raise an `InvalidArgument` if the style is none of those that `what` is drawn in."""
        if self.look.style not in styles:
            raise InvalidArgument(
                f"style {self.look.style!r} is not for {what}, which is drawn as "
                f"{' or '.join(map(repr, styles))}"
            )


def boxed(heatmap: Heatmap) -> list[Hotspot]:
    """The hottest region, and up to four more that are not mere specks."""
    spots = find_hotspots(heatmap, most=_MOST_BOXES)
    return spots[:1] + [spot for spot in spots[1:] if spot.share >= _LEAST_SHARE]
