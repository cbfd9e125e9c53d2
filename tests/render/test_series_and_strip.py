"""Evidence along one axis as bars, and films and volumes as strips."""

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.render.bars import MOST_BARS, MOST_WHISKERS
from heatlens.render.colour import Scale
from heatlens.render.display import place_of, spread
from heatlens.render.figure import plot, png
from heatlens.render.overlay import overlay
from heatlens.sound import Sound


def made(values, axes, **more):
    return Heatmap(
        np.asarray(values, np.float32), Provenance("occlusion", target="event"), axes, **more
    )


@pytest.fixture(scope="module")
def film():
    rng = np.random.default_rng(1)
    return Image(rng.integers(0, 256, (20, 6, 8, 3), np.uint8), "TYXC", name="film.gif")


@pytest.fixture(scope="module")
def frames():
    """Evidence for frame 7 and against frame 3, counted from 0, at 25 frames a second."""
    values = np.zeros(20)
    values[7], values[3] = 3, -1
    return made(values, "T", coordinates={"T": np.arange(20) / 25})


def words(figure):
    inside = [text.get_text() for axes in figure.axes for text in axes.texts]
    return " | ".join([text.get_text() for text in figure.texts] + inside)


def bars_of(figure):
    (axes,) = [axes for axes in figure.axes if axes.get_label() == "bars"]
    return axes


def heights(axes):
    """(x centre, height, colour) of every bar drawn."""
    found = []
    for collection in axes.collections:
        for path in collection.get_paths():
            corners = path.vertices[:4]
            colour = tuple(collection.get_facecolor()[0][:3])
            found.append((corners[:, 0].mean(), corners[1, 1], colour))
    return sorted(found)


def test_bars_have_the_values_and_a_colour_for_each_sign(frames):
    axes = bars_of(plot(frames))
    against, towards = heights(axes)
    assert (against[0], against[1]) == pytest.approx((3, -1))
    assert (towards[0], towards[1]) == pytest.approx((7, 3))
    assert against[2][2] > against[2][0], "blue is against"
    assert towards[2][0] > towards[2][2], "red is for"
    low, high = axes.get_ylim()
    assert low < -1
    assert high > 3
    assert 0 in axes.get_yticks()
    assert axes.get_xlabel() == "time (s)"
    for tick, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True):
        assert tick / 25 == pytest.approx(float(label.get_text()))


def test_one_sign_alone_is_said(frames):
    figure = plot(frames, sign="positive")
    assert [height for _, height, _ in heights(bars_of(figure))] == [3]
    assert "reach down to −1" in words(figure)
    figure = plot(frames, sign="negative")
    assert [height for _, height, _ in heights(bars_of(figure))] == [-1]


def test_a_given_scale_cuts_and_says_so(frames):
    figure = plot(frames, scale=Scale(-2, 2, "blue-red", symmetric=True))
    assert [height for _, height, _ in heights(bars_of(figure))] == [-1, 2]
    assert "1 of 20 bars reach beyond the scale and are cut off." in words(figure)


@pytest.mark.parametrize("count", [MOST_WHISKERS, MOST_WHISKERS + 1])
def test_errors_are_whiskers_or_a_band(count):
    heat = made(np.ones(count), "T", error=np.full(count, 0.5))
    axes = bars_of(plot(heat))
    marks = [collection.get_paths()[0].vertices for collection in axes.collections[-1:]]
    assert marks[0][:, 1].min() == pytest.approx(0.5)
    assert marks[0][:, 1].max() == pytest.approx(1.5)
    assert axes.get_ylim()[1] > 1.5
    assert "one standard error" in words(axes.figure)


def test_hidden_and_unseen_bars_have_no_errors(frames):
    valid = np.ones(20, bool)
    valid[15:] = False
    heat = frames.with_(error=np.full(20, 0.1), valid=valid)
    lines = bars_of(plot(heat, sign="positive")).collections[-1]
    drawn = [path.vertices[0, 0] for path in lines.get_paths() if np.isfinite(path.vertices).all()]
    assert set(np.round(drawn)) == set(range(15)) - {3}
    assert bars_of(plot(heat)).patches, "what was not seen is grey"


def test_many_moments_keep_their_extremes():
    values = np.zeros(16000)
    values[9001], values[9002] = 5, -4
    figure = plot(made(values, "T"))
    found = heights(bars_of(figure))
    assert {height for _, height, _ in found} == {5, -4}
    assert len(found) <= 2 * MOST_BARS
    assert [x for x, _, _ in found] == pytest.approx([9001.5] * 2, abs=11)
    assert "Each column spans the extremes of 11 places." in words(figure)


def test_no_evidence_is_said_and_has_no_scale(film):
    figure = plot(made(np.zeros(20), "T"), film)
    assert "no evidence" in words(figure)
    assert bars_of(figure).get_yticks().tolist() == [0]
    assert not heights(bars_of(figure))


def test_frames_stand_above_with_the_hottest_marked(frames, film, pictures):
    figure = plot(frames, film)
    shown = pictures(figure)
    chosen = spread(frames, 8, 7)
    assert len(shown) == len(chosen) <= 8
    assert 7 in chosen
    for pixels, index in zip(shown, chosen, strict=True):
        np.testing.assert_array_equal(pixels, film.pixels[index])
    axes = [one for one in figure.axes if one.get_label() == "picture"]
    thick = [one.spines["left"].get_linewidth() > 1 for one in axes]
    assert [index for index, mark in zip(chosen, thick, strict=True) if mark] == [7]
    assert not pictures(plot(frames, film, style="heatmap"))
    assert pictures(plot(frames, film, style="panels"))


def test_the_waveform_stands_above(frames):
    samples = np.zeros(8000)
    samples[2960] = 0.5  # 0.37 s: frame 9
    figure = plot(frames, Sound(samples, 10000))
    (axes,) = [axes for axes in figure.axes if axes.get_label() == "waveform"]
    assert axes.get_xlim() == bars_of(figure).get_xlim()
    outline = axes.collections[0].get_paths()[0].vertices
    assert abs(outline[outline[:, 1].argmax(), 0] - 7) <= 0.5
    with pytest.raises(InvalidArgument, match="does not say which seconds"):
        plot(frames.with_(coordinates={}), Sound(samples, 10000))


def test_frequencies(frames):
    heat = made(np.abs(frames.values), "F", signed=False, coordinates={"F": np.arange(20) * 50.0})
    assert bars_of(plot(heat)).get_xlabel() == "frequency (Hz)"
    assert bars_of(plot(heat.with_(coordinates={}))).get_xlabel() == "frequency band"
    with pytest.raises(InvalidType, match="beside nothing; got Sound"):
        plot(heat, Sound(np.zeros(9), 10))


def test_slices_stand_below_their_volume(frames, pictures):
    volume = Image(np.zeros((20, 4, 6), np.uint8), "ZYX")
    heat = made(frames.values, "Z", coordinates={"Z": np.arange(20) * 2.5})
    figure = plot(heat, volume)
    assert bars_of(figure).get_xlabel() == "depth (mm)"
    assert len(pictures(figure)) == 8
    assert bars_of(plot(heat.with_(coordinates={}))).get_xlabel() == "slice"
    with pytest.raises(InvalidType, match="evidence per slice is drawn beside its volume"):
        plot(heat, volume.with_(axes="TYX"))
    with pytest.raises(InvalidType, match="beside its volume; got Sound"):
        plot(heat, Sound(np.zeros(9), 10))
    with pytest.raises(InvalidArgument, match="20 slices, the volume 3"):
        plot(heat, volume.with_(pixels=volume.pixels[:3]))


@pytest.mark.parametrize(("axes", "part"), [("TYX", "frame"), ("ZYX", "slice")])
def test_the_slice_shown_is_the_hottest_of_the_sign_shown(axes, part):
    values = np.zeros((4, 3, 3))
    values[1], values[2] = 1, -5
    heat = made(values, axes)
    for sign, number in ((None, 2), ("positive", 2), ("negative", 3), ("signed", 3)):
        assert f"{part} {number} of 4" in words(plot(heat, sign=sign))
        assert f"{part} {number} of 4" in words(plot(heat, sign=sign, smooth=0.5))
        strip = words(plot(heat, sign=sign, style="strip"))
        assert f"{part} {number}, hottest" in strip
    assert f"no evidence for the target in this {part}" in words(plot(heat, index=2))
    assert f"no evidence in this {part}" in words(plot(heat, index=0))
    assert "in this" not in words(plot(heat.with_(values=-np.abs(values))))


def test_a_strip_has_one_scale_and_the_hottest_slice(film, pictures, bars):
    y, x = np.mgrid[:6, :8]
    values = np.stack([np.exp(-((y - 3) ** 2 + (x - 4) ** 2) / 4) * (k == 9) for k in range(20)])
    values[2] += 0.1
    heat = made(values, "TYX", coordinates={"T": np.arange(20) / 25})
    figure = plot(heat, film, style="strip")
    chosen = spread(heat, 8, 9)
    shown = pictures(figure)
    assert len(shown) == len(chosen) == 8
    for pixels, index in zip(shown, chosen, strict=True):
        flat = Heatmap(heat.values[index], heat.provenance)
        image = Image(film.pixels[index])
        scale = Scale(0, float(heat.values.max()))
        np.testing.assert_array_equal(pixels, overlay(flat, image, scale=scale))
    (bar,) = bars(figure)
    assert bar.get_ylim() == pytest.approx((0, 1))
    assert "frame 10 (0.36 s), hottest" in words(figure)
    assert "8 of 20 frames" in words(figure)
    assert "no evidence" in words(figure), "of frames that have none"


def test_a_strip_of_a_short_volume_shows_every_slice(pictures):
    heat = made(np.arange(24).reshape(3, 2, 4), "ZYX")
    figure = plot(heat, style="strip", smooth=0.5)
    assert len(pictures(figure)) == 3
    assert "slice 3, hottest" in words(figure)
    assert "Gaussian of 0.5 pixels" in words(figure)
    nothing = plot(heat.with_(values=heat.values * 0), style="strip")
    assert words(nothing).count("no evidence") == 3
    assert "hottest" not in words(nothing)


def test_a_strip_takes_the_frames_that_were_seen():
    valid = np.zeros((20, 2, 2), bool)
    valid[1::5] = True
    heat = made(np.where(valid, 1, 0), "TYX", valid=valid)
    assert spread(heat, 8, 6) == [1, 6, 11, 16]


def test_single_frames_are_named_by_their_time(film):
    values = np.zeros((20, 6, 8))
    values[4] = 1
    heat = made(values, "TYX", coordinates={"T": np.arange(20) / 25})
    assert "frame 5 (0.16 s) of 20" in words(plot(heat, film))
    assert place_of(made(values, "ZYX"), 4) == "slice 5"
    assert png(heat, film, style="panels").startswith(b"\x89PNG")


def test_what_is_refused(frames, film, photo, blob):
    for heat, beside, more, kind, said in (
        (frames, photo, {}, InvalidType, "axes 'YXC'"),
        (frames, film.pixels, {}, InvalidType, "got ndarray"),
        (frames, film.with_(pixels=film.pixels[:3]), {}, InvalidArgument, "20 frames, the film 3"),
        (frames, None, {"style": "panels"}, InvalidArgument, "pass it too"),
        (frames, None, {"style": "strip"}, InvalidArgument, "'strip' is not for evidence"),
        (frames, None, {"hotspots": True}, InvalidArgument, "`hotspots` means nothing"),
        (frames, None, {"index": 3}, InvalidArgument, "`index` means nothing"),
        (blob, None, {"style": "strip"}, InvalidArgument, "axes 'YX'"),
        (
            made(np.ones((2, 3, 3)), "TYX"),
            None,
            {"style": "strip", "index": 1},
            InvalidArgument,
            "index",
        ),
    ):
        with pytest.raises(kind, match=said):
            plot(heat, beside, **more)
