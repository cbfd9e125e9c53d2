"""`watch`: a film goes in, and each of its frames comes out with what draws the eye in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.films.film import Film, Frame
from heatlens.images.films.open import open_film
from heatlens.perception.enlarge import enlarged
from heatlens.perception.moving.ahead import Ahead
from heatlens.perception.moving.method import Method, method_for
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.observe import Flow, Observer

__all__ = ["Moment", "Moments", "moments", "watch"]


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame of a film, and what draws the eye in it.

    Attributes:
        index: of the frame, from 0.
        seconds: when it is shown, from the beginning of the film.
        frame: (H, W, 3) uint8 RGB.
        heat: (H, W) float32, >= 0, in the method's own unit.
        motion: what moved since the frame before, on a grid of its own; None if the film has a
            single frame.
    """

    index: int
    seconds: float
    frame: npt.NDArray[np.uint8]
    heat: npt.NDArray[np.float32]
    motion: Motion | None

    def __repr__(self) -> str:
        """Place, time and size in one line."""
        height, width = self.frame.shape[:2]
        return f"Moment({self.index}, {self.seconds:.3g} s, {height} x {width})"

    @cached_property
    def flow(self) -> npt.NDArray[np.float32]:
        """(H, W, 2): how far everything moved since the frame before, (down, right) in pixels."""
        height, width = self.frame.shape[:2]
        if self.motion is None:
            return np.zeros((height, width, 2), np.float32)
        parts = [enlarged(self.motion.flow[..., k], (height, width)) for k in (0, 1)]
        # The two sides are rounded to whole pixels of the grid each by itself.
        scale = np.array([height, width]) / np.array(self.motion.size)
        return np.stack(parts, axis=2) * scale.astype(np.float32)


def watch(
    film: Any,
    method: str | Any = "fusion",
    *,
    flow: str | Flow = "dis",
    grid: int = 320,
    **parameters: Any,
) -> Moments:
    """Watch a film frame by frame: stream in, stream out.

    In memory are the frame at hand, those that the method waits for (`MOVING[name].delay`), and
    up to three decoded ahead in a thread; nothing grows with the film. The motion of a frame is that since
    the frame before, so nothing is late but by the method's delay; the first frame is told together
    with the second, with the motion towards it. After a cut the past is forgotten. The same film
    gives the same numbers each time.

    Args:
        film: a `Film`, or anything that `heatlens.images.films.open_film` takes.
        method: a name from `heatlens.perception.MOVING`; one from `SALIENCY`, asked frame by
            frame and smoothed along the flow; or a network of saliency from `load_model`.
        flow: how optical flow is found: a name from `heatlens.motion.FLOWS`, or a function of two
            frames that gives (h, w, 2), such as `optical_flow` with parameters of one's own.
        grid: pixels along the longer side of the grid on which motion is found. Larger finds
            smaller and slower things, and takes longer in proportion to the area.
        parameters: the method's own.

    Returns:
        An iterator of `Moment`s, in order. Method and parameters are checked at once (a model for
        still pictures looks at a tiny one; a network is asked with the first frame), the film is
        read as the moments are asked for. Closing the iterator, or leaving its `with`, closes what
        it opened; a source that stalls is closed when it goes on.

    Raises:
        UnknownName: no such method or flow.
        InvalidArgument: a parameter that the method does not have; a film of a single frame, in
            which nothing can move (models for still pictures take it).
        UnreadableImage: see `open_film`; a frame of another size than the first.
        MissingDependency: without the extra `video`.

    Example:
        >>> clip = np.full((6, 60, 80, 3), 90, np.uint8)
        >>> for k, picture in enumerate(clip):
        ...     picture[20:30, 10 + 4 * k : 20 + 4 * k] = 200
        >>> [moment.heat.shape for moment in watch(clip, "frame-difference")] == [(60, 80)] * 6
        True
    """
    chosen = method_for(method, parameters)
    observer = Observer(flow=flow, grid=grid)
    opened = film if isinstance(film, Film) else open_film(film)
    return moments(opened, chosen, observer, close=opened is not film)


class Moments(Iterator[Moment]):
    """The moments of a film, in order; an iterator that can be closed, and a context manager.

    Closed, used up or given up, begun or not, it closes what it opened.
    """

    def __init__(self, frames: Ahead[Frame], steps: Generator[Moment, None, None]) -> None:
        """Wrap the frames of a film and what is done with them."""
        self._frames, self._steps = frames, steps

    def __next__(self) -> Moment:
        """The next moment."""
        return next(self._steps)

    def close(self) -> None:
        """Stop reading, and close what was opened; may be called twice."""
        self._steps.close()
        self._frames.close()

    def __enter__(self) -> Moments:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def moments(film: Film, method: Method, observer: Observer, *, close: bool = False) -> Moments:
    """`watch`, with the method and the observer made; `close` the film at the end."""
    frames = Ahead(film, release=film.close if close else None)
    return Moments(frames, _moments(film.name, frames, method, observer))


def _moments(
    name: str, frames: Ahead[Frame], method: Method, observer: Observer
) -> Generator[Moment, None, None]:
    watcher = method.start()
    pending: deque[tuple[Frame, Motion | None]] = deque()

    def told(heat: npt.NDArray[np.float32]) -> Moment:
        frame, motion = pending.popleft()
        size = frame.pixels.shape[0], frame.pixels.shape[1]
        return Moment(frame.index, frame.seconds, frame.pixels, enlarged(heat, size), motion)

    try:
        for frame, motion in observed(frames, observer):
            if motion is None and method.moves:
                raise InvalidArgument(
                    f"{name} has a single frame, in which nothing can move; {method.name} "
                    "needs two or more. For one picture give a model for still pictures"
                )
            pending.append((frame, motion))
            heat = watcher.see(frame.pixels, motion)  # type: ignore[arg-type]
            if heat is not None:
                yield told(heat)
        for heat in watcher.rest():
            yield told(heat)
    finally:
        frames.close()


def observed(frames: Iterator[Frame], observer: Observer) -> Iterator[tuple[Frame, Motion | None]]:
    """Each frame with its motion; the only frame of a film has none."""
    before: npt.NDArray[np.uint8] | None = None
    first: Frame | None = None
    for frame in frames:
        small = observer.reduced(frame.pixels)
        if before is None:
            before, first = small, frame
            continue
        scale = max(frame.pixels.shape[:2]) / max(small.shape[:2])
        if first is not None:
            yield first, observer.between(before, small, ahead=True, scale=scale)
            first = None
        yield frame, observer.between(small, before, scale=scale)
        before = small
    if first is not None:
        yield first, None
