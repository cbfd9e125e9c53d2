"""Which part of a file with several pictures is meant."""

from __future__ import annotations

from dataclasses import dataclass

from heatlens.errors import InvalidArgument

__all__ = ["Selection", "pick"]

AXES = {"z": "z", "axial": "z", "y": "y", "coronal": "y", "x": "x", "sagittal": "x"}


@dataclass(frozen=True)
class Selection:
    """The arguments of `read_image` that choose a part of a file.

    Attributes:
        frame: frame, page or time step.
        slice: index in a volume, along `axis`.
        axis: "z", "y", "x" or "axial", "coronal", "sagittal".
        window: (centre, width), the number of a window of the file, "full" or None.
    """

    frame: int | None = None
    slice: int | None = None
    axis: str = "z"
    window: tuple[float, float] | int | str | None = None

    def __post_init__(self) -> None:
        """Check the axis and the window; both come out in their short form."""
        if self.axis not in AXES:
            raise InvalidArgument(f"`axis` is {self.axis!r}; it can be {', '.join(AXES)}")
        object.__setattr__(self, "axis", AXES[self.axis])
        window = self.window
        if window is None or window == "full" or isinstance(window, int):
            return
        if isinstance(window, str) or len(window) != 2 or not float(window[1]) > 0:
            raise InvalidArgument(
                f"`window` is {window!r}; it can be (centre, width) with a positive width, the "
                "number of one of the file's windows, or 'full'"
            )
        object.__setattr__(self, "window", (float(window[0]), float(window[1])))

    def refuse(self, what: str, *names: str) -> None:
        """Raise for each of `names` (all without any) that was given but means nothing here."""
        for name in names or ("frame", "slice", "window"):
            if getattr(self, name) is not None:
                raise InvalidArgument(f"`{name}` means nothing for {what}")


def pick(index: int | None, count: int, what: str, label: str) -> int:
    """`index` among `count`, negative ones from the end; the first without it.

    Example:
        >>> pick(-1, 5, "frame", "scan.dcm")
        4
    """
    if index is None:
        return 0
    if not -count <= index < count:
        only = f"has one {what}" if count == 1 else f"has {what}s 0 to {count - 1}"
        raise InvalidArgument(f"{label} {only}; {what} {index} was asked for")
    return index % count
