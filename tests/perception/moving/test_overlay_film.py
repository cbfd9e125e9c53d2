"""Overlay films: the still overlay's formula, one scale, bounded memory, nothing half done."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.films import FilmWriter, open_film
from heatlens.perception.moving.overlay_film import overlay_film
from heatlens.provenance import Provenance
from heatlens.render.colour import Scale
from heatlens.render.over_frame import over_frame
from heatlens.render.overlay import overlay

pytest.importorskip("cv2")


def _film(count: int, size: tuple[int, int] = (40, 60)) -> Iterator[np.ndarray]:
    ground = np.random.default_rng(0).integers(80, 120, (*size, 3), np.uint8)
    for k in range(count):
        picture = ground.copy()
        place = 2 * k % (size[1] - 10)
        picture[10:20, place : place + 10] = 220
        yield picture


@pytest.mark.parametrize("colour_map", ["viridis", "inferno", "gray"])
@pytest.mark.parametrize("alpha", [0.0, 0.4, 0.75, 1.0])
def test_equals_the_overlay_of_pictures(colour_map: str, alpha: float) -> None:
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (31, 43, 3), np.uint8)
    heat = rng.random((31, 43)).astype(np.float32) * 3
    scale = Scale(0.0, 2.5, colour_map)
    still = overlay(
        Heatmap(heat, Provenance("by hand"), signed=False), Image(frame), scale=scale, alpha=alpha
    )
    apart = np.abs(over_frame(frame, heat, scale, alpha).astype(int) - still)
    assert apart.max() <= 1


def test_no_heat_leaves_the_frame_as_it_was() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    nothing = np.zeros((5, 6), np.float32)
    for top in (0.0, 1.0):
        assert np.array_equal(over_frame(frame, nothing, Scale(0.0, top), 0.9), frame)


def test_writes_every_frame(tmp_path: Path) -> None:
    target, steps = tmp_path / "heat.mkv", []
    film = np.stack(list(_film(7)))
    made = overlay_film(film, target, progress=lambda done, total: steps.append((done, total)))
    assert (made.frames, made.top) == (7, 1.0)
    assert steps == [(k + 1, 7) for k in range(7)]
    with open_film(target) as written:
        assert written.size == (40, 60)
        assert sum(1 for _ in written) == 7


def test_panels_stand_side_by_side(tmp_path: Path) -> None:
    target = tmp_path / "heat.mkv"  # without loss
    film = np.stack(list(_film(4)))
    overlay_film(film, target, "frame-difference", with_frame=True, with_flow=True)
    with open_film(target) as written:
        frames = [frame.pixels for frame in written]
    assert frames[0].shape == (40, 3 * 60 + 2 * 8, 3)
    for shown, frame in zip(frames, film, strict=True):
        assert np.abs(shown[:, :60].astype(int) - frame).max() <= 1
        assert (shown[:, 60:68] >= 254).all()


def test_a_scale_without_bound_rises_and_never_falls(tmp_path: Path) -> None:
    still, moved = np.stack(list(_film(2)))[0], np.stack(list(_film(2)))[1]
    film = np.stack([still, still, moved, moved, still])
    target = tmp_path / "heat.mkv"
    made = overlay_film(film, target, "frame-difference", alpha=1.0)
    assert made.top > 0
    with open_film(target) as written:
        frames = [frame.pixels.astype(int) for frame in written]
    assert np.abs(frames[0] - still).max() <= 1  # nothing moved yet
    assert np.abs(frames[2] - moved).max() > 50
    again = overlay_film(film, target, "frame-difference", top=made.top)
    assert again.top == made.top


def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    overlay_film(_film(3, (64, 96)), tmp_path / "warm.avi")
    peaks = []
    for count in (40, 140):
        tracemalloc.start()
        overlay_film(_film(count, (64, 96)), tmp_path / "heat.avi", "frame-difference")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2 * 64 * 96 * 3


def test_stopped_in_the_middle_keeps_what_was_written(tmp_path: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        overlay_film(_film(20), tmp_path / "heat.avi", progress=stop)
    assert not (tmp_path / "heat.avi").exists()
    with open_film(tmp_path / "heat.partial.avi") as kept:
        assert sum(1 for _ in kept) == 5


def test_the_film_itself_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    with FilmWriter(path, (40, 60), 10) as film:
        for picture in _film(3):
            film.write(picture)
    before = path.read_bytes()
    with pytest.raises(InvalidArgument, match="is the film that is read"):
        overlay_film(path, tmp_path / "." / "film.avi")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("alpha is 2", {"alpha": 2.0}),
        ("top is -1", {"top": -1.0}),
        ("top is nan", {"top": float("nan")}),
        ("has no parameter 'sigam'; did you mean 'sigma'", {"sigam": 1.0}),
        ("sigma is -1", {"sigma": -1.0}),
    ],
    ids=["alpha", "top", "top-nan", "unknown", "value"],
)
def test_wrong_arguments_write_nothing(tmp_path: Path, words: str, given: dict[str, float]) -> None:
    with pytest.raises(InvalidArgument, match=words):
        overlay_film(_film(3), tmp_path / "heat.avi", "frame-difference", **given)
    with pytest.raises(UnknownName, match="did you mean 'viridis'"):
        overlay_film(_film(3), tmp_path / "heat.avi", colour_map="virids")
    assert not list(tmp_path.iterdir())
