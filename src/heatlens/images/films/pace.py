"""Whether the frames of a film come evenly, in words where they do not."""

from __future__ import annotations

__all__ = ["Pace"]

_SLACK = 0.3
"""Share of an interval by which time stamps may be off."""
_ROUNDED = 0.011
"""Seconds that files round time stamps to, at most: GIF counts in hundredths."""
_MOSTLY = 0.9
_ENOUGH = 10


class Pace:
    """Follows the time stamps of a film.

    Args:
        rate: frames per second, as the film says.

    Example:
        >>> pace = Pace(10)
        >>> for seconds in (0, 0.1, 0.2, 0.5):
        ...     pace.see(seconds)
        >>> pace.note("clip.mp4")
        'clip.mp4 has frames of 100 to 300 milliseconds; frames_per_second is their mean'
    """

    def __init__(self, rate: float) -> None:
        """Start before the first frame."""
        self._usual = 1 / rate
        self._last: float | None = None
        self._shortest, self._longest = float("inf"), 0.0
        self._even = self._uneven = self._missing = 0
        self._where = 0.0
        self._odd = False

    def see(self, seconds: float) -> None:
        """Take the time of the next frame."""
        last, self._last = self._last, seconds
        if last is None:
            return
        interval = seconds - last
        self._shortest = min(self._shortest, interval)
        self._longest = max(self._longest, interval)
        steps = round(interval / self._usual)
        if abs(interval - steps * self._usual) > max(_SLACK * self._usual, 0.0015):
            self._odd = True
        if steps == 1:
            self._even += 1
            return
        self._uneven += 1
        if steps > 1:
            if not self._missing:
                self._where = last
            self._missing += steps - 1

    def note(self, label: str) -> str | None:
        """What is to be said of the film, once its last frame was seen; None if it is even."""
        every = self._even + self._uneven
        if self._missing and not self._odd and every >= _ENOUGH and self._even >= _MOSTLY * every:
            return (
                f"{label}: {self._missing} frames seem to be missing, the first after "
                f"{self._where:.2f} s; the film is damaged there, or was recorded so"
            )
        if self._longest > max(1.5 * self._shortest, self._shortest + _ROUNDED):
            return (
                f"{label} has frames of {1000 * self._shortest:.0f} to "
                f"{1000 * self._longest:.0f} milliseconds; frames_per_second is their mean"
            )
        return None
