import sys
import threading

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from heatlens.render.colour import Scale, colourise
from heatlens.render.figure import compare, panels, plot, png
from heatlens.render.files import encode
from heatlens.render.overlay import overlay


def words(figure):
    inside = [text.get_text() for axes in figure.axes for text in axes.texts]
    return " | ".join([text.get_text() for text in figure.texts] + inside)


def test_overlay_is_the_overlay(blob, photo, pictures):
    (shown,) = pictures(plot(blob, photo, alpha=0.5, threshold=0.1))
    np.testing.assert_array_equal(shown, overlay(blob, photo, alpha=0.5, threshold=0.1))


def test_without_a_picture_the_colours_stand_alone(blob, pictures):
    (shown,) = pictures(plot(blob))
    np.testing.assert_array_equal(shown, colourise(blob.values, "viridis", 0, blob.values.max()))


def test_panels_are_heatmap_input_overlay(blob, photo, pictures):
    figure = panels(blob, photo)
    colours, picture, over = pictures(figure)
    np.testing.assert_array_equal(colours, colourise(blob.values, "viridis", 0, blob.values.max()))
    np.testing.assert_array_equal(picture, photo.pixels)
    np.testing.assert_array_equal(over, overlay(blob, photo))
    assert all(name in words(figure) for name in ("heatmap", "input", "overlay"))


@pytest.mark.parametrize("unit", [1e-30, 1e-6, 0.01, 1.0, 123.4, 1e9])
def test_the_bar_has_the_real_values(blob, bars, unit):
    figure = plot(blob.with_(values=blob.values * np.float32(unit)))
    (bar,) = bars(figure)
    ticks = bar.get_yticks()
    low, high = 0, float(blob.values.max() * np.float32(unit))
    assert bar.get_ylim() == pytest.approx((low, high))
    assert ticks[0] == low
    assert ticks[-1] == pytest.approx(high)
    assert len(ticks) >= 3
    for tick, label in zip(ticks, bar.get_yticklabels(), strict=True):
        assert as_number(label.get_text()) == pytest.approx(tick, rel=0.006)


def test_the_bar_shows_the_colours_of_its_values(blob, bars):
    (bar,) = bars(plot(blob, colour_map="magma"))
    shown = np.asarray(bar.images[0].get_array())[:, 0]
    expected = colourise((np.arange(len(shown)) + 0.5) / len(shown), "magma")
    np.testing.assert_array_equal(shown, expected)
    assert bar.images[0].origin == "lower"


def test_the_bar_of_an_overlay_fades_as_the_overlay(blob, photo, bars):
    (bar,) = bars(plot(blob, photo, threshold=0.5))
    shown = np.asarray(bar.images[0].get_array())[:, 0]
    half = len(shown) // 2
    assert (shown[:half] == 255).all()
    assert (shown[half + 1] != 255).any()


def test_signed_bar_is_symmetric(heat, bars):
    (bar,) = bars(plot(heat([[-1, 0.5], [0, 0]]), sign="signed"))
    assert bar.get_ylim() == (-1, 1)
    assert 0 in bar.get_yticks()


def test_percentile_says_that_values_lie_beyond(blob, bars):
    figure = plot(blob, percentile=90)
    assert bars(figure)[0].get_yticklabels()[-1].get_text().startswith("≥")
    assert "percentile 90" in words(figure)


@pytest.mark.parametrize("style", ["overlay", "heatmap", "panels", "contours"])
@pytest.mark.parametrize(("values", "sign"), [(0, "positive"), (0, "signed"), (-1, "positive")])
def test_no_evidence_is_said_and_not_stretched(heat, photo, style, values, sign, bars, pictures):
    figure = plot(heat(np.full((40, 60), values)), photo, style=style, sign=sign)
    assert "no evidence" in words(figure)
    assert bars(figure) == []
    if style in ("heatmap", "panels"):
        assert np.ptp(pictures(figure)[0]) == 0, "a heatmap of nothing is grey"


def test_what_the_sign_hides_is_said(heat):
    values = heat([[3, -2], [0, 0]])
    assert "down to −2" in words(plot(values))
    assert "up to 3" in words(plot(values, sign="negative"))
    assert "values reach" not in words(plot(values, sign="signed"))


def test_title_notes_and_trust_are_written(heat):
    figure = plot(
        heat(
            np.eye(9),
            target="white stork $5",
            score=12.34,
            model="bundled:scene-cnn",
            notes=("The crop hides 25 %.",),
            trust={"completeness_gap": 0.0123, "nested": {"drop": 2}, "skipped": None},
        )
    )
    expected = ["gradcam: white stork $5", "score 12.3", "bundled:scene-cnn", "The crop hides 25 %"]
    assert all(part in words(figure) for part in expected)
    assert "completeness gap 0.0123" in words(figure).replace("\u00a0", " ")
    plain = plot(heat(np.eye(9)), title="mine")
    assert [text.get_text() for text in plain.texts] == ["mine"]


def test_hotspots_are_boxed_and_numbered(blob, photo):
    figure = plot(blob, photo, hotspots=True)
    (spot,) = blob.hotspots()
    boxes = [patch.get_bbox().bounds for patch in figure.axes[0].patches]
    y0, x0, y1, x1 = spot.box
    assert (x0 - 0.5, y0 - 0.5, x1 - x0, y1 - y0) in boxes
    assert f"(1) {100 * spot.share:.0f} %" in words(figure)
    assert "No hot region" in words(plot(blob.with_(values=blob.values * 0), hotspots=True))


def test_specks_are_not_boxed(heat):
    values = np.zeros((30, 30))
    values[5:10, 5:10], values[20, ::4], values[25:28, 25:28] = 5, 1, 3
    figure = plot(heat(values), hotspots=True)
    assert "(1) 78 %, (2) 17 %." in words(figure)


def test_compare_has_one_scale_and_one_bar(heat, photo, bars, pictures):
    rng = np.random.default_rng(0)
    maps = [heat(rng.random((40, 60)) * top, target=str(top)) for top in (1, 5)]
    figure = compare(maps, photo)
    scale = Scale(0, float(maps[1].values.max()))
    picture, *shown = pictures(figure)
    np.testing.assert_array_equal(picture, photo.pixels)
    for one, pixels in zip(maps, shown, strict=True):
        np.testing.assert_array_equal(pixels, overlay(one, photo, scale=scale))
    (bar,) = bars(figure)
    assert bar.get_ylim() == pytest.approx((0, scale.high))


def test_compare_with_own_scales_has_own_bars_and_says_so(heat, bars, pictures):
    maps = [heat(np.eye(8) * top, method=f"m{top}") for top in (1, 5)]
    figure = compare(maps, common_scale=False)
    assert [bar.get_ylim()[1] for bar in bars(figure)] == [1, 5]
    np.testing.assert_array_equal(*pictures(figure))
    assert "own scale" in words(figure)
    assert "different units" in words(compare(maps))
    assert "different units" not in words(compare([maps[0], maps[0]]))


def test_compare_marks_the_empty_ones(heat, bars):
    figure = compare([heat(np.eye(8)), heat(np.zeros((8, 8)))])
    assert words(figure).count("no evidence") == 1
    assert len(bars(figure)) == 1
    assert bars(compare([heat(np.zeros((8, 8)))] * 2)) == []


def test_compare_headings_tell_the_maps_apart(heat):
    by_class = compare([heat(np.eye(8), target=name, score=1.5) for name in ("cat", "dog")])
    assert "cat (1.5)" in words(by_class)
    by_method = compare([heat(np.eye(8), method=name) for name in ("a", "b")])
    assert words(by_method).startswith("a | b")
    assert "x | y" in words(compare([heat(np.eye(8))] * 2, titles=["x", "y"]))


@pytest.mark.parametrize(
    ("size", "own"),
    [
        ((1, 1), True),
        ((1, 30), False),
        ((8, 8), True),
        ((8, 8), False),
        ((3, 200), True),
        ((200, 3), True),
        ((200, 9), False),
        ((20, 60), False),
    ],
)
def test_nothing_is_clipped_or_overlaps_in_any_shape(heat, size, own, bars):
    values = np.random.default_rng(0).random(size) * 1e-7
    image = Image(np.zeros((*size, 3), np.uint8), "YXC")
    long = "a long label with words, and averylongwordwithoutanyspaceswhatsoeverinsideofit " * 2
    maps = [heat(values, target=long, notes=(long,)), heat(values * 2, target="cat")]
    for figure in (
        compare(maps, image, common_scale=not own, title=long),
        panels(maps[0], image, hotspots=True),
        plot(maps[0], image, style="contours"),
    ):
        figure.set_dpi(80)
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        page = figure.bbox
        texts = [*figure.texts]
        for bar in bars(figure):
            texts += [*bar.get_xticklabels(), *bar.get_yticklabels(), bar.xaxis.label]
            texts += [bar.yaxis.label]
        extents = [t.get_window_extent(renderer) for t in texts if t.get_text()]
        for box in extents:
            assert box.x0 >= -1
            assert box.y0 >= -1
            assert box.x1 <= page.x1 + 1
            assert box.y1 <= page.y1 + 1
        for axes in figure.axes:
            for text in figure.texts:
                overlap = matplotlib.transforms.Bbox.intersection(
                    axes.get_window_extent(renderer), text.get_window_extent(renderer)
                )
                assert overlap is None or overlap.height < 3 or overlap.width < 1


def test_equal_aspect(blob, photo):
    box = plot(blob, photo).axes[0].get_window_extent()
    assert box.width / box.height == pytest.approx(60 / 40)


def test_large_pictures_are_averaged_for_display_only(heat, pictures, bars):
    values = np.zeros((1000, 1700))
    values[100, 200] = 9
    image = Image(np.full((1000, 1700), 77, np.uint8), "YX")
    figure = plot(heat(values), image, hotspots=True)
    (shown,) = pictures(figure)
    assert max(shown.shape) == 850
    assert bars(figure)[0].get_ylim()[1] == 9
    assert figure.axes[0].get_xlim() == (-0.5, 1699.5)
    assert figure.axes[0].patches[0].get_bbox().bounds == (199.5, 99.5, 1, 1)


def test_volume_shows_its_hottest_slice_on_the_scale_of_all(heat, bars, pictures):
    values = np.zeros((3, 8, 8))
    values[1, 2, 2], values[2] = 9, 1
    volume = heat(values, axes="ZYX")
    figure = plot(volume)
    assert "slice 3 of 3" in words(figure)
    assert bars(figure)[0].get_ylim()[1] == 9
    assert "slice 2 of 3" in words(plot(volume, index=-2))
    images = Image(np.arange(192, dtype=np.uint8).reshape(3, 8, 8), "ZYX")
    np.testing.assert_array_equal(
        pictures(panels(volume, images, index=1))[1][..., 0], images.pixels[1]
    )
    with pytest.raises(InvalidArgument, match="3 slices"):
        plot(volume, index=3)


def test_smoothing_is_said_and_keeps_the_positive_mass(heat):
    from heatlens.render.display import smoothed

    rng = np.random.default_rng(0)
    noise = heat(rng.normal(size=(32, 32)))
    soft = smoothed(noise, 2.0)
    assert soft.values.sum() == pytest.approx(np.maximum(noise.values, 0).sum(), rel=1e-4)
    assert "Gaussian of 2 pixels" in words(plot(noise, smooth=2.0))
    with pytest.raises(InvalidArgument, match="smooth"):
        plot(noise, smooth=-1)


def test_no_global_state(blob, photo):
    before = dict(matplotlib.rcParams)
    loaded = "matplotlib.pyplot" in sys.modules
    backend = matplotlib.get_backend(auto_select=False)
    png(blob, photo, hotspots=True)
    encode(compare([blob, blob], photo), "svg")
    assert dict(matplotlib.rcParams) == before
    assert ("matplotlib.pyplot" in sys.modules) == loaded
    assert matplotlib.get_backend(auto_select=False) == backend


def test_the_users_settings_do_not_leak_in(blob, photo):
    wild = {
        "axes.grid": True,
        "image.origin": "lower",
        "image.cmap": "jet",
        "font.size": 30,
        "font.family": "serif",
        "figure.autolayout": True,
        "savefig.bbox": "tight",
        "savefig.transparent": True,
        "savefig.dpi": 30,
        "xtick.minor.visible": True,
        "ytick.minor.visible": True,
    }
    plain = png(blob, photo, hotspots=True)
    with matplotlib.rc_context(wild):
        assert png(blob, photo, hotspots=True) == plain


def test_threads_draw_the_same(blob, photo):
    expected = png(blob, photo)
    results = [b""] * 3

    def draw(k):
        results[k] = png(blob, photo)

    threads = [threading.Thread(target=draw, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 3


def test_convenience_on_the_heatmap(blob, photo):
    assert isinstance(blob.plot(photo), Figure)
    assert blob._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "broken",
    [
        lambda heat, photo: plot(heat, style="panels"),
        lambda heat, photo: plot(heat, photo, alpha=2),
        lambda heat, photo: plot(heat, photo, scale=Scale(0, 1), colour_map="jet"),
        lambda heat, photo: plot(heat, photo, index=0),
        lambda heat, photo: plot(heat, photo.with_(pixels=photo.pixels[:9])),
        lambda heat, photo: compare([]),
        lambda heat, photo: compare([heat], titles=["a", "b"]),
        lambda heat, photo: compare([heat], photo, style="panels"),
        lambda heat, photo: compare([heat], photo, columns=0),
    ],
)
def test_bad_arguments(blob, photo, broken):
    with pytest.raises(InvalidArgument):
        broken(blob, photo)


def test_wrong_kinds(blob, photo):
    with pytest.raises(InvalidType, match="read_image"):
        plot(blob, photo.pixels)
    with pytest.raises(UnknownName, match="contours"):
        plot(blob, photo, style="contour")


def as_number(label):
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    plain = label.translate(digits)
    if "×10" in plain:
        mantissa, exponent = plain.split("×10")
        return float(f"{mantissa}e{exponent}")
    if label.startswith("10") and label != "10" and any(c in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹" for c in label):
        return float(f"1e{plain[2:]}")
    return float(plain)
