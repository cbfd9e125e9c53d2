"""How a large picture is explained: what is done with each window, and with their maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heatlens.attribution.large_windows import Windows
from heatlens.attribution.method import Method
from heatlens.provenance import plain

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """What is to be done with each window, and with their maps.

    Attributes:
        method: the method.
        parameters: given for it.
        windows: where they lie.
        blended: whether maps are blended by tents, or summed.
        reduction: how channels become one value.
        skip: spread of values up to which a window is empty; None skips none.
        batch: windows at once.
    """

    method: Method
    parameters: Mapping[str, Any]
    windows: Windows
    blended: bool
    reduction: str
    skip: float | None
    batch: int

    @property
    def signed(self) -> bool:
        """Whether values can be evidence against."""
        return self.reduction == "sum" and self.method.is_signed(self.parameters)

    def plain(self) -> dict[str, Any]:
        """All of it in JSON's types, for provenance."""
        return plain(
            {
                **self.method.parameters,
                **self.parameters,
                "channels": self.reduction,
                "tile": list(self.windows.size),
                "tiles": len(self.windows),
                "combine": "blend" if self.blended else "sum",
                "skip": self.skip,
            }
        )
