"""Each transform against its closed form, and what holds for all."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.transforms.blur import Blur, blurred
from heatlens.features.visualisation.transforms.composed import composed
from heatlens.features.visualisation.transforms.crop import Crop
from heatlens.features.visualisation.transforms.jitter import Jitter
from heatlens.features.visualisation.transforms.noise import Noise
from heatlens.features.visualisation.transforms.pad import Pad
from heatlens.features.visualisation.transforms.rotate import Rotate, rotation
from heatlens.features.visualisation.transforms.scale import Scale
from heatlens.features.visualisation.transforms.transform import TRANSFORMS, Geometric, shift
from heatlens.features.visualisation.transforms.warp import warped

NAMES = list(TRANSFORMS)
GEOMETRIC = [name for name in NAMES if issubclass(TRANSFORMS[name].make, Geometric)]
RANDOM = [name for name in NAMES if name not in ("blur", "pad")]


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(*shape):
    return torch.rand(shape, generator=chance(1))


def smooth(height, width, rows=1):
    """Waves of at least 16 pixels, to whose peaks bilinear interpolation is true."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    waves = [torch.sin(2 * torch.pi * (x * a + y * b)) for a, b in ((0.03, 0.05), (0.06, 0.01))]
    return (0.5 + 0.2 * torch.stack([*waves, waves[0] * waves[1]])).expand(rows, -1, -1, -1)


def inner(pixels, border):
    return pixels[..., border:-border, border:-border]


def test_all_are_there():
    assert NAMES == ["blur", "crop", "jitter", "noise", "pad", "rotate", "scale"]
    for kind in TRANSFORMS.values():
        assert kind.summary.endswith(".")
        assert kind.paper
        assert kind.strengths


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("outside", ["grey", "reflect", 0.0])
@pytest.mark.parametrize("shape", [(2, 3, 8, 9), (1, 1, 7, 5), (3, 1, 1, 1), (1, 3, 1, 6)], ids=str)
def test_any_size_stays_and_gets_a_gradient(name, outside, shape):
    pixels = noise(*shape).requires_grad_()
    moved = composed([TRANSFORMS[name].make()], outside)(pixels, chance())
    assert moved.shape == shape
    assert moved.dtype == torch.float32
    assert bool(torch.isfinite(moved).all())
    moved.square().sum().backward()
    assert bool(torch.isfinite(pixels.grad).all())
    if min(shape[2:]) == 8:  # of smaller ones, a jitter by 8 leaves nothing
        assert bool((pixels.grad.flatten(1) != 0).any(1).all())


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_and_nothing_global_is_touched(name):
    state = torch.get_rng_state()
    move = composed([TRANSFORMS[name].make()])
    pixels = noise(2, 3, 24, 24)
    before = pixels.clone()
    assert torch.equal(move(pixels, chance(3)), move(pixels, chance(3)))
    if name in RANDOM:
        assert not torch.equal(move(pixels, chance(3)), move(pixels, chance(4)))
    assert torch.equal(pixels, before)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", NAMES)
def test_pictures_may_be_on_another_device_than_the_chance(name):
    pixels = torch.empty(2, 3, 16, 16, device="meta")  # mixing it with the CPU fails
    assert composed([TRANSFORMS[name].make()])(pixels, chance()).device.type == "meta"


@pytest.mark.parametrize("name", RANDOM)
def test_each_row_has_its_own_draw(name):
    pixels = noise(1, 3, 24, 24).expand(6, -1, -1, -1)
    moved = composed([TRANSFORMS[name].make()])(pixels, chance())
    assert len({row.numpy().tobytes() for row in moved}) == 6


@pytest.mark.parametrize("name", NAMES)
def test_a_row_with_a_generator_of_its_own_is_the_same_alone(name):
    move = composed([TRANSFORMS[name].make()])
    pixels = noise(3, 3, 16, 17)
    together = move(pixels, [chance(seed) for seed in (5, 6, 7)])
    alone = move(pixels[1:2], [chance(6)])
    torch.testing.assert_close(together[1:2], alone, atol=1e-6, rtol=0)
    with pytest.raises(InvalidArgument, match="2 generators for 3 rows"):
        composed([Jitter(2), Noise()])(pixels, [chance(), chance()])


def test_jitter_is_a_shift_by_whole_pixels_each_equally_likely():
    pixels = noise(1, 3, 12, 13)
    matrices = Jitter(2).matrix(chance(), 5000, (12, 13))
    x, y = matrices[:, :2, 2].long().T
    counts = torch.bincount((y + 2) * 5 + x + 2, minlength=25)
    assert counts.min() > 140  # 200 each, with a standard deviation of 14
    assert counts.max() < 260
    moved = composed([Jitter(2)])(pixels.expand(40, -1, -1, -1), chance())
    for row, matrix in zip(moved, Jitter(2).matrix(chance(), 40, (12, 13))):
        dx, dy = (int(step) for step in matrix[:2, 2])
        rolled = torch.roll(pixels[0], (dy, dx), (1, 2))
        assert torch.equal(inner(row, 2), inner(rolled, 2))
        if dx > 0:
            assert bool((row[..., :dx] == 0.5).all())
        if dy < 0:
            assert bool((row[:, dy:] == 0.5).all())


@pytest.mark.parametrize(("dx", "dy"), [(2, -1), (-3, 0), (0, 4), (40, 0), (0, -11)])
def test_a_whole_shift_mirrors_like_numpy(dx, dy):
    pixels = noise(1, 3, 11, 9)
    moved = warped(
        pixels, shift(torch.tensor([dx]).double(), torch.tensor([dy]).double()), "reflect"
    )
    reach = 44
    framed = np.pad(pixels[0].numpy(), [(0, 0), (reach, reach), (reach, reach)], mode="symmetric")
    top, left = reach - dy, reach - dx
    np.testing.assert_array_equal(moved[0], framed[:, top : top + 11, left : left + 9])


@pytest.mark.parametrize("outside", ["grey", "reflect", 0.25])
def test_whole_shifts_and_resampled_ones_agree(outside):
    pixels = noise(1, 3, 11, 9)
    steps = shift(torch.tensor([3.0]).double(), torch.tensor([-2.0]).double())
    exact = warped(pixels, steps, outside)
    nearly = steps.clone()
    nearly[:, 0, 0] += 1e-9
    torch.testing.assert_close(warped(pixels, nearly, outside), exact, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "transform",
    [Jitter(0), Scale(1, 1), Rotate(0), Pad(0), Crop(1, 1), Blur(0), Noise(0)],
    ids=lambda transform: type(transform).__name__,
)
def test_no_strength_is_the_identity_exactly(transform):
    pixels = noise(2, 3, 9, 8)
    assert torch.equal(composed([transform])(pixels, chance()), pixels)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_rot90(turns):
    pixels = noise(1, 3, 9, 9)
    matrix = rotation(torch.tensor([90.0 * turns], dtype=torch.float64), (9, 9))
    torch.testing.assert_close(
        warped(pixels, matrix), torch.rot90(pixels, turns, (2, 3)), atol=1e-5, rtol=0
    )


def test_rotate_draws_angles_evenly_either_way():
    matrices = Rotate(30).matrix(chance(), 4000, (9, 12))
    degrees = torch.rad2deg(torch.atan2(matrices[:, 0, 1], matrices[:, 0, 0]))
    assert degrees.abs().max() <= 30
    assert degrees.mean().abs() < 1.5
    assert degrees.std().item() == pytest.approx(60 / 12**0.5, rel=0.05)
    centre = torch.tensor([5.5, 4.0, 1.0]).double()
    torch.testing.assert_close(matrices @ centre, centre.expand(4000, 3))


def test_scale_by_two_is_bilinear_enlargement():
    pixels = noise(1, 3, 8, 10)
    twice = torch.nn.functional.interpolate(pixels, scale_factor=2, mode="bilinear")
    expected = twice[..., 4:-4, 5:-5]  # the middle half of it
    moved = composed([Scale(2, 2)])(pixels, chance())
    torch.testing.assert_close(inner(moved, 1), inner(expected, 1), atol=1e-5, rtol=0)


@pytest.mark.parametrize("factor", [0.5, 0.25])
def test_a_strong_reduction_does_not_alias(factor):
    board = torch.zeros(1, 1, 64, 64)
    board[..., ::2, ::2] = 1  # every fourth pixel: its mean is 0.25
    moved = composed([Scale(factor, factor)])(board, chance())
    seen = int(64 * factor) // 2 - 6
    middle = moved[..., 32 - seen : 32 + seen, 32 - seen : 32 + seen]
    assert (middle - 0.25).abs().max() < 0.1
    assert middle.mean().item() == pytest.approx(0.25, abs=0.005)


def test_pad_shows_the_whole_picture_inside_a_grey_border():
    white = torch.ones(1, 3, 40, 40)
    moved = composed([Pad(10)])(white, chance())
    side = 40 * 40 / 60  # of the reduced picture
    assert moved.sum().item() / 3 == pytest.approx(side**2 + 0.5 * (1600 - side**2), rel=0.02)
    assert bool((moved[..., :6, :] == 0.5).all())
    assert inner(moved, 8).min() == 1


def test_crop_is_a_part_of_the_picture_enlarged():
    size = (20, 30)
    matrices = Crop(0.3, 0.6).matrix(chance(), 3000, size)
    corners = torch.tensor([[-0.5, -0.5, 1], [29.5, 19.5, 1]]).double().T
    first, last = (torch.linalg.inv(matrices) @ corners)[:, :2].unbind(-1)
    share = (last - first) / torch.tensor([30.0, 20.0])
    torch.testing.assert_close(share[:, 0], share[:, 1])
    assert share.min() >= 0.3 - 1e-9
    assert share.max() <= 0.6 + 1e-9
    assert first.min() >= -0.5 - 1e-9
    assert bool((last <= torch.tensor([29.5, 19.5]) + 1e-9).all())
    middles = (first + last) / 2
    torch.testing.assert_close(
        middles.mean(0), torch.tensor([14.5, 9.5]).double(), atol=0.5, rtol=0
    )


def test_half_a_crop_is_the_half_enlarged():
    pixels = noise(1, 3, 8, 8)
    matrix = Crop(0.5, 0.5).matrix(chance(), 1, (8, 8))
    matrix[:, :2, 2] = 0.5  # the upper left quarter
    twice = torch.nn.functional.interpolate(pixels[..., :4, :4], scale_factor=2, mode="bilinear")
    torch.testing.assert_close(inner(warped(pixels, matrix), 1), inner(twice, 1), atol=1e-5, rtol=0)


@pytest.mark.parametrize("sigma", [0.4, 1.0, 2.5])
def test_blur_is_a_gaussian(sigma):
    impulse = torch.zeros(1, 3, 31, 33)
    impulse[..., 15, 16] = 1
    moved = composed([Blur(sigma)])(impulse, chance())
    y, x = np.mgrid[-15:16, -16:17]
    expected = np.exp(-(y**2 + x**2) / (2 * sigma**2))
    np.testing.assert_allclose(moved[0, 1], expected / expected.sum(), atol=2e-5)
    even = torch.full((1, 3, 5, 4), 0.3)
    torch.testing.assert_close(composed([Blur(sigma)])(even, chance()), even)


def test_blur_is_scipys_and_each_row_can_have_its_own():
    pixels = noise(3, 3, 14, 11)
    moved = blurred(pixels, torch.tensor([0.0, 0.8, 3.0]))
    assert torch.equal(moved[0], pixels[0])
    for row, sigma in ((1, 0.8), (2, 3.0)):
        expected = ndimage.gaussian_filter(
            pixels[row].double().numpy(), sigma, axes=(1, 2), mode="nearest", truncate=12 / sigma
        )
        np.testing.assert_allclose(moved[row], expected, atol=1e-5)


@pytest.mark.parametrize("deviation", [0.02, 0.3])
def test_noise_has_its_deviation(deviation):
    grey = torch.full((4, 3, 64, 64), 0.5)
    added = composed([Noise(deviation)])(grey, chance()) - grey
    assert added.std().item() == pytest.approx(deviation, rel=0.02)
    assert added.mean().item() == pytest.approx(0, abs=deviation * 0.02)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Jitter(-1), "jitter's amount is -1; it must be a finite number in 0..1024"),
        (lambda: Rotate(270), "rotate's degrees is 270; .* in 0..180"),
        (lambda: Scale(1.2, 0.8), "low 1.2 is above its high 0.8"),
        (lambda: Scale(0, 1), "scale's low is 0"),
        (lambda: Crop(0.5, 1.5), "crop's high is 1.5"),
        (lambda: Crop(0.9, 0.5), "low 0.9 is above"),
        (lambda: Pad(float("inf")), "pad's amount is inf"),
        (lambda: Blur("1"), "blur's sigma is '1'"),
        (lambda: Noise(float("nan")), "noise's deviation is nan"),
    ],
    ids=["jitter", "rotate", "order", "scale", "crop", "crops", "pad", "blur", "noise"],
)
def test_strengths_are_refused_in_words(make, words):
    with pytest.raises(InvalidArgument, match=words):
        make()
