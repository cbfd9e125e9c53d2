"""The axes of heatmaps that are no pictures, and what every consumer does with them."""

import copy
import pickle

import numpy as np
import pytest

from heatlens.distributions.as_distribution import as_distribution
from heatlens.distributions.distances import distances
from heatlens.distributions.wasserstein import wasserstein
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.geometry import resized
from heatlens.provenance import Provenance
from heatlens.render.colour import scale_for
from heatlens.render.contours import contours
from heatlens.render.figure import compare, plot, png
from heatlens.render.flow import place_flow
from heatlens.render.hotspots import hotspots
from heatlens.render.overlay import overlay
from heatlens.search.adding.contents import content_hash
from heatlens.search.adding.thumbnails import thumbnail
from heatlens.transfer.film import interpolation_film
from heatlens.transfer.film_files import save_film
from heatlens.transfer.mean import barycenter

SHAPES = {
    "YX": (5, 6),
    "ZYX": (3, 5, 6),
    "TYX": (3, 5, 6),
    "FT": (5, 6),
    "T": (6,),
    "Z": (6,),
    "F": (6,),
    "L": (6,),
}
PICTURE = Image(np.full((5, 6), 99, np.uint8), "YX")
FLAT, ALL = {"YX"}, set(SHAPES)


def heat(axes, seed=0, **more):
    values = np.random.default_rng(seed).random(SHAPES[axes]).astype(np.float32)
    return Heatmap(values, Provenance("by hand"), axes, signed=False, **more)


def flow(one):
    return place_flow(one, one, np.eye(30) / 30, (5, 6))


def film_file(one, tmp_path):
    return save_film([one, one], tmp_path / "film.gif")


# What takes a heatmap, and the axes that it takes; every other one is refused by name.
CONSUMERS = {
    "as_distribution": (lambda one, _: as_distribution(one), FLAT),
    "as_distribution in cells": (
        lambda one, _: as_distribution(one, unit="pixels"),
        {"YX", "FT"},
    ),
    "histogram": (lambda one, _: as_distribution(one, "histogram", range=(0, 1)), ALL),
    "wasserstein": (lambda one, _: wasserstein(one, one), FLAT),
    "wasserstein in cells": (lambda one, _: wasserstein(one, one, unit="pixels"), {"YX", "FT"}),
    "signed wasserstein": (
        lambda one, _: wasserstein(*[one.with_(values=one.values - 0.5, signed=True)] * 2),
        FLAT,
    ),
    "distances": (lambda one, _: distances(one, one, ["euclidean"]), {"YX", "FT"}),
    "barycenter": (lambda one, _: barycenter([one, one]), FLAT),
    "interpolation_film": (lambda one, _: interpolation_film(one, one, frames=2), FLAT),
    "save_film": (film_file, FLAT),
    "place_flow": (lambda one, _: flow(one), FLAT),
    "overlay": (lambda one, _: overlay(one, PICTURE), FLAT),
    "contours": (lambda one, _: contours(one), FLAT),
    "compare": (lambda one, _: compare([one, one]), FLAT),
    "resized": (lambda one, _: resized(one, (7, 8)), {"YX", "ZYX", "TYX", "FT"}),
    "hotspots": (lambda one, _: hotspots(one), ALL),
    "plot": (lambda one, _: plot(one), ALL),
    "png": (lambda one, _: png(one), ALL),
    "scale_for": (lambda one, _: scale_for(one), ALL),
    "content_hash": (lambda one, _: content_hash(one), ALL),
    "thumbnail": (lambda one, _: thumbnail(one, 32), ALL),
    "normalized": (lambda one, _: one.normalized(), ALL),
    "positive": (lambda one, _: one.positive(), ALL),
    "save npz": (lambda one, folder: one.save(folder / "map.npz"), ALL),
    "save tif": (lambda one, folder: one.save(folder / "map.tif"), ALL),
    "save svg": (lambda one, folder: one.save(folder / "map.svg"), ALL),
}


@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.parametrize("name", CONSUMERS)
def test_every_consumer_works_or_names_the_axes(tmp_path, name, axes):
    consume, takes = CONSUMERS[name]
    if axes in takes:
        consume(heat(axes), tmp_path)
        return
    with pytest.raises(InvalidArgument, match=f"'{axes}'"):
        consume(heat(axes), tmp_path)


def test_cells_of_a_sound_are_not_pixels_of_a_picture():
    with pytest.raises(InvalidArgument, match="frequency-by-time cells"):
        wasserstein(heat("FT"), heat("YX"), unit="pixels")
    with pytest.raises(InvalidArgument, match="not of the same kind"):
        distances(heat("FT"), heat("YX"), ["euclidean"])


def test_distance_of_sounds_in_cells():
    one, other = np.zeros((2, 4, 5))
    one[0, 0], other[3, 4] = 1, 1
    here, there = (heat("FT").with_(values=values) for values in (one, other))
    assert here.distance(there, unit="pixels") == pytest.approx(5)


@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.parametrize("again", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_coordinates_stay_with_the_map(axes, again):
    shape = SHAPES[axes]
    given = {
        axis: [str(k) for k in range(n)] if axis == "L" else np.arange(n) / 3
        for axis, n in zip(axes, shape)
    }
    one = again(heat(axes, coordinates=given))
    assert set(one.coordinates) == set(axes)
    assert one.normalized().coordinates == one.coordinates
    assert all(len(one.coordinates[axis]) == n for axis, n in zip(axes, shape))
    with pytest.raises(TypeError):
        one.coordinates[axes[0]] = ()


@pytest.mark.parametrize("broken", [{"T": [1, 2]}, {"Z": [1]}, {"L": list("abcdef")}])
def test_coordinates_that_do_not_fit(broken):
    with pytest.raises(InvalidArgument, match="coordinates name"):
        heat("FT", coordinates=broken)


def test_over_adds_up_what_it_leaves_out():
    film = heat("TYX", coordinates={"T": [0, 0.5, 1]}, error=np.ones(SHAPES["TYX"]))
    frames = film.over("T")
    np.testing.assert_allclose(frames.values, film.values.sum((1, 2)), rtol=1e-6)
    assert (frames.axes, frames.coordinates["T"], frames.error[0]) == ("T", (0, 0.5, 1), 30)
    assert "T" not in film.over("YX").coordinates
    assert film.over("TYX") is film
    with pytest.raises(InvalidArgument, match="'TYX' has none over 'F'; it can be over YX, TYX, T"):
        film.over("F")


def test_a_volume_over_its_slices(tmp_path):
    volume = heat("ZYX", coordinates={"Z": [0, 2.5, 5]})
    slices = volume.over("Z")
    np.testing.assert_allclose(slices.values, volume.values.sum((1, 2)), rtol=1e-6)
    assert (slices.axes, slices.coordinates["Z"]) == ("Z", (0, 2.5, 5))
    for name in ("map.npz", "map.tif"):
        slices.save(tmp_path / name)
        again = Heatmap.load(tmp_path / name)
        assert (again.axes, dict(again.coordinates)) == ("Z", {"Z": (0, 2.5, 5)})
        np.testing.assert_array_equal(again.values, slices.values)


def test_resizing_a_sound_brings_its_seconds_along():
    seconds, hertz = np.arange(6) * 0.5 + 0.25, np.array([0.0, 100, 300, 700, 1500])
    ramp = heat("FT").with_(
        values=np.tile(np.arange(6), (5, 1)), coordinates={"T": seconds, "F": hertz}
    )
    fine = resized(ramp, (5, 12))
    np.testing.assert_allclose(fine.coordinates["T"], np.arange(12) * 0.25 + 0.125)
    assert fine.coordinates["F"] == tuple(hertz)
    coarse = resized(ramp, (5, 3))
    np.testing.assert_allclose(coarse.coordinates["T"], [0.5, 1.5, 2.5])
    film = heat("TYX", coordinates={"T": [0, 1, 2]})
    assert resized(film, (2, 2)).coordinates["T"] == (0, 1, 2)
    single = heat("FT").with_(values=np.ones((1, 2)), coordinates={"F": [50.0]})
    assert "F" not in resized(single, (4, 2)).coordinates
