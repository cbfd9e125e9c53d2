"""The spectra: closed forms of variance, colour, the law of photographs, fixed amplitudes."""

import numpy as np
import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.features.visualisation.parametrisations.colour import (
    CORRELATION,
    correlated,
    decorrelated,
    latent_of,
    pixels_of,
)
from heatlens.features.visualisation.parametrisations.fourier import fourier, weights
from heatlens.features.visualisation.parametrisations.maco import maco
from heatlens.features.visualisation.parametrisations.natural import (
    EXPONENT,
    fitted_exponent,
    mean_magnitude,
    natural_magnitude,
)
from heatlens.features.visualisation.parametrisations.spectrum import frequencies, mean_square
from heatlens.image import Image

SIZES = [(8, 8), (9, 7), (6, 11), (7, 6), (1, 5), (5, 1), (224, 224)]
NAMED = {"ids": lambda size: f"{size[0]}x{size[1]}"}


def expected_variance(size):
    """Mean over pixels of the sum of squares of every parameter's effect on a pixel, by hand."""
    count = size[0] * (size[1] // 2 + 1) * 2
    effects = torch.zeros(count, size[0], size[1] // 2 + 1, 2, dtype=torch.float64)
    effects.view(count, count).fill_diagonal_(1)
    spectra = torch.view_as_complex(effects) * weights(size)
    return torch.fft.irfft2(spectra, s=size, norm="ortho").square().sum(0)


@pytest.mark.parametrize("size", SIZES[:-1], **NAMED)
def test_fourier_starts_with_variance_one_at_every_pixel(size):
    variance = expected_variance(size)
    torch.testing.assert_close(variance, torch.ones_like(variance))


@pytest.mark.parametrize("size", [(224, 224), (95, 140)], **NAMED)
def test_fourier_starts_with_variance_one_over_seeds(size):
    values = torch.cat(
        [fourier(5, 3, size, seed=seed, spread=1.0).latent().detach() for seed in range(4)]
    )
    # Each of 60 planes has a variance of its own, of standard deviation about 0.4.
    assert values.square().mean().item() == pytest.approx(1, abs=0.2)


def test_spread_is_the_standard_deviation():
    wide, narrow = (fourier(1, 3, (16, 16), spread=s).latent() for s in (1.0, 0.25))
    torch.testing.assert_close(wide * 0.25, narrow)


def test_weights_fall_with_the_frequency_and_are_flat_below_the_first():
    weight, frequency = weights((32, 48)), frequencies((32, 48))
    falling = weight * frequency
    above = frequency >= 1 / 48
    torch.testing.assert_close(falling[above], falling[above][:1].expand(int(above.sum())))
    assert weight[0, 0] == weight[0, 1]


@pytest.mark.parametrize("size", SIZES, **NAMED)
def test_parseval(size):
    picture = torch.rand(2, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    magnitude = torch.fft.rfft2(picture, norm="ortho").abs()
    torch.testing.assert_close(mean_square(magnitude, size[1]), picture.square().mean((-2, -1)))


def test_frequencies_are_numpys():
    expected = np.hypot(np.fft.fftfreq(9)[:, None], np.fft.rfftfreq(8)[None])
    np.testing.assert_allclose(frequencies((9, 8)), expected)


def test_colours_there_and_back():
    values = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(decorrelated(correlated(values)), values, atol=1e-5, rtol=0)
    grey = values[:, :1]
    assert torch.equal(correlated(grey), grey)
    assert torch.equal(decorrelated(grey), grey)


def test_the_published_covariance_becomes_the_identity():
    root = np.array(CORRELATION)
    longest = np.linalg.norm(root, axis=0).max()
    chance = np.random.default_rng(0)
    covariance = root @ root.T
    inverse = decorrelated(torch.eye(3)[:, :, None, None].double())[..., 0, 0].T.numpy()
    identity = inverse @ covariance @ inverse.T / longest**2
    np.testing.assert_allclose(identity, np.eye(3), atol=1e-12)
    colours = chance.multivariate_normal(np.zeros(3), covariance, 50_000)
    whitened = decorrelated(torch.from_numpy(colours.T.copy())[None, :, None])[0, :, 0].numpy()
    np.testing.assert_allclose(np.cov(whitened) / longest**2, np.eye(3), atol=0.03)


@pytest.mark.parametrize("decorrelate", [True, False])
def test_pixels_and_latent_are_inverse_between_half_steps(decorrelate):
    pixels = torch.linspace(1 / 512, 1 - 1 / 512, 300).view(1, 3, 10, 10)
    back = pixels_of(latent_of(pixels, decorrelate), decorrelate)
    torch.testing.assert_close(back, pixels, atol=2e-6, rtol=0)


def test_photographs_follow_the_law():
    from skimage import data

    shown = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    found = fitted_exponent(mean_magnitude([Image(one) for one in shown], (224, 224)), 224)
    assert found == pytest.approx(EXPONENT, abs=0.2)
    each = [fitted_exponent(mean_magnitude([Image(one)], (224, 224))[:1], 224) for one in shown]
    assert all(1.15 < exponent < 1.45 for exponent in each)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("size", [(32, 48), (33, 21)], **NAMED)
def test_the_law_is_fitted_exactly(exponent, size):
    magnitude = natural_magnitude(size, exponent)
    assert fitted_exponent(magnitude, size[1]) == pytest.approx(exponent, abs=1e-5)
    assert magnitude[0, 0] == 0


def test_mean_magnitude_is_the_mean_of_numpys():
    chance = torch.Generator().manual_seed(0)
    pictures = [torch.rand(1, 6, 9, generator=chance) for _ in range(3)]
    expected = np.mean([np.abs(np.fft.rfft2(p[0].numpy(), norm="ortho")) for p in pictures], axis=0)
    np.testing.assert_allclose(mean_magnitude(pictures, (6, 9))[0], expected, atol=1e-6)


def test_mean_magnitude_takes_one_picture_at_a_time_and_crops():
    bright = torch.zeros(3, 10, 30)
    bright[:, :, 10:20] = 0.5  # the middle square is all that a square canvas sees
    magnitude = mean_magnitude((picture for picture in [bright, bright]), (5, 5))
    assert magnitude.flatten(1)[:, 1:].abs().max() < 1e-6
    assert magnitude[:, 0, 0].max() > 0.1


def test_mean_magnitude_refuses_in_words():
    with pytest.raises(InvalidArgument, match="no pictures"):
        mean_magnitude([], (4, 4))
    with pytest.raises(InvalidArgument, match="picture 2 has 1 channels"):
        mean_magnitude([torch.rand(3, 4, 4), torch.rand(1, 4, 4)], (4, 4))
    with pytest.raises(InvalidType, match="a picture is str"):
        mean_magnitude(["cat.jpg"], (4, 4))
    with pytest.raises(InvalidArgument, match="shape"):
        mean_magnitude([torch.rand(4, 4)], (4, 4))
    with pytest.raises(InvalidArgument, match="slope"):
        fitted_exponent(torch.ones(1, 1), 1)


@pytest.mark.parametrize("size", [(8, 8), (9, 7), (6, 11), (7, 6)], **NAMED)
@pytest.mark.parametrize("source", ["law", "measured", "start"])
def test_maco_keeps_its_amplitudes_while_its_phases_move(size, source):
    chance = torch.Generator().manual_seed(0)
    start = torch.rand(1, 3, *size, generator=chance)
    given = {
        "law": {},
        "measured": {"magnitude": torch.rand(3, size[0], size[1] // 2 + 1, generator=chance)},
        "start": {"start": start},
    }[source]
    canvas = maco(1, 3, size, **given)
    fixed = canvas.magnitude.clone()
    before = canvas.pixels().detach()
    weights = torch.randn(1, 3, *size, generator=chance)
    adam = torch.optim.Adam(canvas.parameters, lr=canvas.rate)
    for _ in range(20):
        adam.zero_grad()
        (canvas.pixels() * weights).sum().neg().backward()
        adam.step()
    after = canvas.pixels().detach()
    assert ((after - before) * weights).sum() > 0
    spectrum = torch.fft.rfft2(canvas.latent().detach(), norm="ortho").abs()
    torch.testing.assert_close(spectrum, fixed, atol=2e-5, rtol=1e-4)


def test_maco_has_the_given_amplitudes_up_to_one_factor():
    magnitude = mean_magnitude([torch.rand(3, 16, 16)], (16, 16))
    canvas = maco(1, 3, (16, 16), magnitude=magnitude, spread=0.7)
    ratio = (canvas.magnitude[0] / magnitude).flatten(1)[:, 1:]
    torch.testing.assert_close(ratio, ratio.mean().expand_as(ratio), rtol=1e-4, atol=0)
    assert canvas.latent().std(correction=0).item() == pytest.approx(0.7, rel=1e-5)
    assert canvas.latent().mean().item() == pytest.approx(0, abs=1e-6)
    grey = maco(1, 1, (16, 16), magnitude=magnitude[0])
    assert grey.magnitude.shape == (1, 1, 16, 9)


def test_maco_has_the_contrast_of_photographs():
    deviation = maco(4, 3, (96, 96)).pixels().std(dim=(1, 2, 3)).mean().item()
    assert deviation == pytest.approx(0.22, abs=0.01)


def test_maco_takes_the_phases_of_a_start_under_given_amplitudes():
    start = torch.rand(1, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    canvas = maco(1, 3, (8, 9), start=start, magnitude=natural_magnitude((8, 9)))
    found = torch.fft.rfft2(canvas.latent().detach())
    expected = torch.fft.rfft2(latent_of(start, True))
    turn = (found * expected.conj()).flatten(2)[..., 1:].angle()
    assert turn.abs().max() < 1e-3


def test_maco_needs_a_frequency():
    with pytest.raises(InvalidArgument, match="some frequency other than 0"):
        maco(1, 3, (1, 1))
    with pytest.raises(InvalidArgument, match="one even colour"):
        maco(1, 3, (8, 8), start=torch.full((1, 3, 8, 8), 0.3))
    even = maco(1, 3, (8, 8), start=torch.full((1, 3, 8, 8), 0.3), magnitude=torch.ones(8, 5))
    assert even.pixels().std() > 0


@pytest.mark.parametrize(
    ("magnitude", "error", "words"),
    [
        (torch.ones(3, 8, 8), InvalidArgument, r"\(3, 8, 5\) or \(8, 5\)"),
        (torch.full((8, 5), -1.0), InvalidArgument, "nowhere below 0"),
        (torch.full((8, 5), torch.nan), InvalidArgument, "finite"),
        ([1.0], InvalidType, "magnitude is list"),
    ],
    ids=["shape", "negative", "nan", "list"],
)
def test_maco_refuses_amplitudes_in_words(magnitude, error, words):
    with pytest.raises(error, match=words):
        maco(1, 3, (8, 9), magnitude=magnitude)
