"""Heatmaps of sounds and texts, drawn: what stands where, in which colour, with which words."""

import itertools

import numpy as np
import pytest
from scipy import signal

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.render.colour import Scale, colourise
from heatlens.render.figure import compare, plot, png, save_picture
from heatlens.render.files import read_provenance
from heatlens.render.html import Section, page
from heatlens.render.marked_words import contrast, ink_on, marked_words
from heatlens.render.ruler import ruler_for
from heatlens.render.sentence import stretch_of
from heatlens.render.sound_picture import edges, log_magnitude, sound_picture
from heatlens.sound import Sound
from heatlens.text import Text

RATE = 8000
SECONDS, HERTZ = np.arange(40) * 0.025 + 0.0125, np.arange(33) * 125.0


def made(values, axes, **more):
    made = Provenance("gradient", target="tone", notes=("Heard at 8 kHz.",))
    return Heatmap(np.asarray(values, np.float32), made, axes, **more)


@pytest.fixture(scope="module")
def tone():
    """1 kHz from 0.5 s on, in a little noise."""
    t = np.arange(RATE) / RATE
    noise = np.random.default_rng(0).normal(size=RATE) * 1e-3
    return Sound(noise + 0.5 * np.sin(2 * np.pi * 1000 * t) * (t >= 0.5), RATE, "tone.wav")


@pytest.fixture(scope="module")
def heard():
    """Evidence on the tone: band 8 (1 kHz), moments 20 to 39."""
    values = np.zeros((33, 40))
    values[8, 20:] = 4
    values[30, 3] = -1
    return made(values, "FT", coordinates={"F": HERTZ, "T": SECONDS})


@pytest.fixture(scope="module")
def sentence():
    words = ["a", "red", "square", ",", "left"]
    return made([0.1, 2.0, 1.0, 0.0, -1.5], "L", coordinates={"L": words})


def words(figure):
    inside = [text.get_text() for axes in figure.axes for text in axes.texts]
    return " | ".join([text.get_text() for text in figure.texts] + inside)


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def named(figure, label):
    return [axes for axes in figure.axes if axes.get_label() == label]


def test_low_frequencies_are_below_and_time_runs_right(heard, pictures):
    figure = plot(heard)
    (shown,) = pictures(figure)
    hot = colourise(np.array([4.0]), "viridis", 0, 4)[0]
    rows, columns = np.nonzero((shown == hot).all(-1))
    assert set(rows) == {32 - 8}
    assert columns.min() == 20
    axes = named(figure, "picture")[0]
    assert axes.get_ylabel() == "frequency (kHz)"
    assert axes.get_xlabel() == "time (s)"
    for tick, label in zip(axes.get_yticks(), labels(axes.yaxis), strict=True):
        assert HERTZ[round(32 - tick)] == pytest.approx(1000 * float(label))
    for tick, label in zip(axes.get_xticks(), labels(axes.xaxis), strict=True):
        assert 0.025 * tick + 0.0125 == pytest.approx(float(label))


def test_falling_frequencies_are_drawn_the_same(heard, pictures):
    turned = made(heard.values[::-1], "FT", coordinates={"F": HERTZ[::-1], "T": SECONDS})
    np.testing.assert_array_equal(*pictures(plot(heard)), *pictures(plot(turned)))
    ticks = [[*named(plot(one), "picture")[0].get_yticks()] for one in (heard, turned)]
    assert ticks[0] == pytest.approx(sorted(ticks[1], reverse=True)) or ticks[0] == pytest.approx(
        ticks[1]
    )


def test_the_sound_behind_is_its_spectrogram():
    noise = np.random.default_rng(0).normal(size=RATE) * np.linspace(0.01, 0.2, RATE)
    found = log_magnitude(Sound(noise, RATE), SECONDS, HERTZ)
    # scipy's with the same window, at seven moments spread over each cell
    window = signal.windows.hann(64, sym=False)
    heard = noise.astype(np.float32)
    _, _, spectra = signal.stft(heard, RATE, window, 64, 63, boundary="zeros", padded=False)
    cells = SECONDS[:, None] - 0.0125 + 0.025 * (np.arange(7) + 0.5) / 7
    power = (np.abs(spectra[:, np.rint(cells * RATE).astype(int)]) ** 2).mean(-1)
    expected = 10 * np.log10(power / power.max())
    assert expected.min() > -60
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_tone_is_loudest_in_its_band(tone):
    found = log_magnitude(tone, SECONDS, HERTZ)
    assert (found.max(), found.min()) == (0, -60)
    assert set(found[:, 21:].argmax(0)) == {8}


def test_silence_and_what_lies_beyond_the_sound_is_black(heard):
    silent = sound_picture(heard, Sound(np.zeros(RATE), RATE))
    assert silent.size == (33, 40)
    assert not silent.pixels.any()
    t = np.arange(RATE // 2) / RATE
    short = Sound(np.sin(2 * np.pi * 1000 * t), RATE)
    half = sound_picture(heard, short).pixels
    assert half[24, 2:18].min() > 190
    assert not half[:, 22:].any()
    assert "ends at 0.5 s; 20 of 40 moments lie beyond" in words(plot(heard, short))
    slow = Sound(short.samples[::4].copy(), RATE // 4)
    assert "ends at 1000 Hz; 24 of 33 bands lie beyond" in words(plot(heard, slow))
    assert not sound_picture(heard, slow).pixels[:24].any()


def test_overlay_panels_and_contours(heard, tone, pictures, bars):
    ground = sound_picture(heard, tone).rgb()
    (over,) = pictures(plot(heard, tone))
    cold = heard.values[::-1] <= 0
    np.testing.assert_array_equal(over[cold], ground[cold])
    assert (over[~cold] != ground[~cold]).any()
    figure = plot(heard, tone, style="panels", hotspots=True)
    colours, input_, overlaid = pictures(figure)
    np.testing.assert_array_equal(input_, ground)
    np.testing.assert_array_equal(overlaid, over)
    np.testing.assert_array_equal(colours, colourise(heard.values[::-1], "viridis", 0, 4))
    assert [bar.get_ylim() for bar in bars(figure)] == [(0, 4)]
    assert "(1) 100 %" in words(figure)
    assert "Heard at 8 kHz." in words(figure)
    assert "down to −1" in words(figure)
    assert named(plot(heard, tone, style="contours"), "picture")[0].collections
    pictured = [axes.get_xlabel() for axes in named(figure, "picture")]
    assert pictured == ["", "", "time (s)"], "one axis of time for all"


def test_no_evidence_in_a_sound(heard, tone, bars):
    for style in ("overlay", "heatmap", "panels", "contours"):
        figure = plot(heard.with_(values=heard.values * 0), tone, style=style)
        assert "no evidence" in words(figure)
        assert not bars(figure)


def test_mel_bands_have_ticks_where_they_lie():
    hertz = 700 * (10 ** (np.linspace(50, 2840, 64) / 2595) - 1)
    ruler = ruler_for(made(np.ones((64, 2)), "FT", coordinates={"F": hertz}), "F")
    assert ruler.title == "frequency (kHz)"
    for position, label in zip(ruler.positions, ruler.labels, strict=True):
        assert np.interp(position, np.arange(64), hertz) == pytest.approx(1000 * float(label))
    assert len(ruler.labels) >= 4
    assert min(np.diff(ruler.positions)) > 5


def test_without_coordinates_cells_are_counted(heard, tone):
    bare = heard.with_(coordinates={})
    axes = named(plot(bare), "picture")[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("frame", "frequency band")
    assert labels(axes.xaxis)[0] == f"{axes.get_xticks()[0] + 1:g}"
    with pytest.raises(InvalidArgument, match="does not say which seconds"):
        plot(bare, tone)
    with pytest.raises(InvalidArgument, match="does not say which Hz"):
        plot(heard.with_(coordinates={"T": SECONDS, "F": [1, 2, 1] * 11}), tone)


def test_edges_lie_between_centres():
    assert edges(np.array([1.0])).tolist() == [0.5, 1.5]
    assert edges(np.array([4.0, 2.0])).tolist() == [5, 3, 1]


def test_words_stand_on_the_colour_of_their_evidence(sentence):
    (canvas,) = named(plot(sentence), "words")
    shown = [text.get_text() for text in canvas.texts]
    assert shown == ["a", "0.1", "red", "2", "square", "1", ",", "0", "left", "−1.5"]
    scale = Scale(-2, 2, "blue-red", symmetric=True)
    grounds = [
        tuple(np.rint(np.array(patch.get_facecolor()[:3]) * 255)) for patch in canvas.patches
    ]
    assert grounds == [tuple(colour) for colour in scale.colours(sentence.values)]
    (bar,) = named(plot(sentence), "colour bar")
    assert bar.get_xlim() == (-2, 2)


def test_the_words_are_not_said_twice(sentence):
    named_after = sentence.provenance.with_(image="a red square, left", model="clip")
    assert "a red square, left" not in words(plot(sentence.with_(provenance=named_after)))
    headline = sentence.provenance.with_(image="headline 3", model="clip")
    assert "clip · headline 3" in words(plot(sentence.with_(provenance=headline)))


@pytest.mark.parametrize("top", [0.0747, 0.06, 0.000123, 2.0])
def test_numbers_along_a_bar_do_not_touch(sentence, top):
    heat = sentence.with_(values=np.linspace(-top, top, 5, dtype=np.float32))
    figure = plot(heat)
    figure.canvas.draw()
    (bar,) = named(figure, "colour bar")
    spans = [label.get_window_extent() for label in bar.get_xticklabels()]
    assert len(spans) >= 3
    for one, other in itertools.pairwise(spans):
        assert one.x1 < other.x0


def test_what_a_bar_shows_is_not_cut(heard, tone, bars):
    long = heard.with_(provenance=heard.provenance.with_(method="integrated-gradients"))
    for style in ("overlay", "panels"):
        figure = plot(long, tone, style=style)
        figure.canvas.draw()
        (bar,) = bars(figure)
        assert bar.get_ylabel().replace("\n", " ") == "integrated-gradients, unnormalised"
        extent = bar.yaxis.label.get_window_extent()
        assert extent.x1 <= figure.bbox.x1


def test_small_print_stays_on_the_page(heard):
    checks = {"completeness_gap": 4.92e-5, "random_head_correlation": 0.00349, "hot_drop": 13.4}
    noted = heard.with_(provenance=heard.provenance.with_(trust={**checks, "random_drop": 0.157}))
    figure = plot(noted)
    for dpi in (100, 110, 150, 200):
        figure.set_dpi(dpi)
        figure.canvas.draw()
        assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in figure.texts)


def test_one_sign_is_laid_over_white(sentence, bars):
    figure = plot(sentence, sign="positive", alpha=0.5)
    (canvas,) = named(figure, "words")
    grounds = np.array([patch.get_facecolor()[:3] for patch in canvas.patches])
    assert (grounds[3:] == 1).all(), "no evidence for the target leaves the paper white"
    top = colourise(np.array([1.0]), "viridis")[0] / 255
    np.testing.assert_allclose(grounds[1], (1 + top) / 2, atol=1 / 255)
    assert "values reach down to −1.5" in words(figure)
    pure = plot(sentence, style="heatmap", sign="positive")
    (canvas,) = named(pure, "words")
    np.testing.assert_allclose(canvas.patches[1].get_facecolor()[:3], top, atol=1e-6)


@pytest.mark.parametrize("name", ["viridis", "blue-red", "magma", "gray", "ocean", "turbo"])
def test_every_word_can_be_read(name):
    for ground in colourise(np.linspace(0, 1, 99), name):
        ink = [int(ink_on(ground)[k : k + 2], 16) for k in (1, 3, 5)]
        assert contrast(ground, ink) >= 4.5


def test_long_texts_are_wrapped_and_say_what_they_leave_out():
    rng = np.random.default_rng(0)
    names = ["word" * int(k) for k in rng.integers(1, 40, 900)]
    heat = made(np.eye(1, 900, 700)[0], "L", coordinates={"L": names})
    figure = plot(heat, title="")
    first, last = stretch_of(heat)
    assert first <= 700 < last
    assert f"Words {first + 1} to {last} of 900" in words(figure)
    (canvas,) = named(figure, "words")
    boxes = [patch.get_bbox() for patch in canvas.patches]
    assert len(boxes) == last - first
    assert all(box.x0 >= 0 and box.x1 <= canvas.get_xlim()[1] + 1e-9 for box in boxes)
    for one, other in itertools.pairwise(boxes):
        assert other.x0 >= one.x1 or min(other.y0, other.y1) > min(one.y0, one.y1)
    figure.set_dpi(60)
    figure.canvas.draw()
    for text, box in zip(canvas.texts[::2], canvas.patches):
        assert text.get_window_extent().width <= box.get_window_extent().width + 1


def test_odd_words_errors_and_unseen_ones():
    heat = made(
        [1, 2, 0, 0.5],
        "L",
        coordinates={"L": ["$x^2$", "\n", "ohne", "<b>"]},
        error=np.full(4, 0.25),
        valid=np.array([True, True, False, True]),
    )
    marked = marked_words(heat, Scale(0, 2))
    assert [one.word for one in marked] == ["$x^2$", "␣", "ohne", "<b>"]
    assert [one.value for one in marked] == ["1 ± 0.25", "2 ± 0.25", "not seen", "0.5 ± 0.25"]
    assert "$x^2$" in words(plot(heat))
    assert [one.word for one in marked_words(made([1, 2], "L"), Scale(0, 2))] == ["1", "2"]


def test_words_on_a_page_are_escaped():
    heat = made([1.0, 2], "L", coordinates={"L": ["<script>", "dog"]})
    text = page("Words", [Section("x", words=marked_words(heat, Scale(0, 2)))])
    assert "<script>" not in text
    assert '<mark style="background:#fde725;color:#000000">dog</mark><small>2</small>' in text


def test_no_evidence_in_a_text(sentence, bars):
    figure = plot(sentence.with_(values=sentence.values * 0))
    assert "No evidence." in words(figure)
    assert not bars(figure)
    assert all(
        patch.get_facecolor()[:3] == (1, 1, 1) for patch in named(figure, "words")[0].patches
    )


def test_the_picture_of_the_words_stands_above(sentence, photo, pictures):
    for style in ("overlay", "panels"):
        (shown,) = pictures(plot(sentence, photo, style=style))
        np.testing.assert_array_equal(shown, photo.pixels)
    assert not pictures(plot(sentence, Text("a red square , left")))


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_files_keep_their_provenance(tmp_path, heard, tone, sentence, ending):
    for heat, beside in ((heard, tone), (sentence, None)):
        path = save_picture(heat, tmp_path / f"map.{ending}", beside)
        assert read_provenance(path) == heat.provenance
        assert heat._repr_png_().startswith(b"\x89PNG")
        assert png(heat, beside) == png(heat, beside)


def test_wrong_companions(heard, tone, sentence, photo, blob):
    film = Image(np.zeros((5, 4, 4), np.uint8), "TYX")
    for heat, beside, said in (
        (heard, photo, "over its heatlens.Sound; got Image"),
        (heard, tone.samples, "got ndarray"),
        (sentence, tone, "beside its Text, or the picture"),
        (sentence, film, "axes 'TYX'"),
        (sentence, "a red square", "got str"),
        (blob, tone, "the picture is a Sound"),
    ):
        with pytest.raises(InvalidType, match=said):
            plot(heat, beside)


def test_what_means_nothing_is_refused(heard, tone, sentence):
    for heat, more, said in (
        (heard, {"style": "panels"}, "pass the Sound too"),
        (heard, {"style": "strip"}, "'strip' is not for a sound's"),
        (heard, {"index": 1}, "`index` means nothing"),
        (sentence, {"style": "contours"}, "'contours' is not for words"),
        (sentence, {"style": "panels"}, "pass the picture too"),
        (sentence, {"hotspots": True}, "`hotspots` means nothing"),
        (sentence, {"smooth": 1.0}, "`smooth` means nothing"),
        (sentence, {"levels": [0.5]}, "`levels` means nothing"),
    ):
        with pytest.raises(InvalidArgument, match=said):
            plot(heat, **more)
    with pytest.raises(InvalidArgument, match="'FT', 'L'"):
        compare([heard, sentence])
