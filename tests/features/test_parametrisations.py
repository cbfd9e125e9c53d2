"""What holds for every parametrisation, by its being registered."""

import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.features.visualisation.parametrisations.parametrisation import (
    PARAMETRISATIONS,
    parametrised,
)

NAMES = list(PARAMETRISATIONS)
FROM_A_PICTURE = [name for name in NAMES if name != "cppn"]
SIZES = [(8, 8), (9, 7), (6, 11), (1, 1), (1, 5), (2, 3)]
CASES = [
    pytest.param(name, size, id=f"{name}-{size[0]}x{size[1]}")
    for name in NAMES
    for size in SIZES
    if name != "maco" or size != (1, 1)  # one pixel has no phase: refused
]


def pictures(count, channels, size, seed=0):
    return torch.rand(count, channels, *size, generator=torch.Generator().manual_seed(seed))


def test_all_are_there():
    assert NAMES == ["cppn", "fourier", "laplacian", "maco", "pixels"]
    for kind in PARAMETRISATIONS.values():
        assert kind.summary.endswith(".")
        assert kind.paper


@pytest.mark.parametrize(("name", "size"), CASES)
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_gives_pixels_in_the_unit_range(name, channels, size):
    pixels = parametrised(name, 2, channels, size).pixels()
    assert pixels.shape == (2, channels, *size)
    assert pixels.dtype == torch.float32
    assert bool(((pixels >= 0) & (pixels <= 1)).all())


@pytest.mark.parametrize("name", NAMES)
def test_stays_in_the_unit_range_after_large_steps(name):
    canvas = parametrised(name, 1, 3, (8, 9))
    with torch.no_grad():
        for parameter in canvas.parameters:
            parameter.mul_(1000)
    pixels = canvas.pixels()
    assert bool(((pixels >= 0) & (pixels <= 1)).all())


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_a_leaf_that_gets_a_gradient(name):
    canvas = parametrised(name, 2, 3, (9, 8))
    weights = torch.randn(2, 3, 9, 8, generator=torch.Generator().manual_seed(1))
    (canvas.pixels() * weights).sum().backward()
    for parameter in canvas.parameters:
        assert parameter.is_leaf
        assert parameter.dtype == torch.float32
        assert len(parameter) == 2
        assert bool(torch.isfinite(parameter.grad).all())
        assert bool((parameter.grad.flatten(1) != 0).any(1).all())


@pytest.mark.parametrize("name", NAMES)
def test_rows_do_not_touch_each_other(name):
    canvas = parametrised(name, 3, 3, (6, 7))
    gradients = torch.autograd.grad(canvas.pixels()[1].square().sum(), canvas.parameters)
    for gradient in gradients:
        assert not gradient[[0, 2]].any()


@pytest.mark.parametrize("name", NAMES)
def test_a_canvas_alone_is_the_canvas_in_a_batch(name):
    alone = parametrised(name, 1, 3, (8, 9), seed=5).pixels()
    many = parametrised(name, 4, 3, (8, 9), seed=5).pixels()
    torch.testing.assert_close(alone[0], many[0], rtol=0, atol=1e-6)
    assert len({row.detach().numpy().tobytes() for row in many}) == 4


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_and_nothing_global_is_touched(name):
    state = torch.get_rng_state()
    first, again, other = (
        parametrised(name, 2, 3, (8, 9), seed=seed).pixels() for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(("name", "size"), [case for case in CASES if "cppn" not in case.values])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_given_comes_back(name, channels, size):
    start = pictures(2, channels, size)
    start[0, 0, 0, 0], start[1, 0, 0, 0] = 0, 1
    before = start.clone()
    canvas = parametrised(name, 2, channels, size, start=start)
    assert (canvas.pixels() - start).abs().max() <= 1 / 512 + 1e-5
    assert torch.equal(start, before)


@pytest.mark.parametrize("name", FROM_A_PICTURE)
def test_a_photograph_comes_back_to_rounding(name):
    from skimage import data

    photograph = torch.from_numpy(data.astronaut()[::4, ::5].copy()).permute(2, 0, 1)[None] / 255
    canvas = parametrised(name, 1, 3, tuple(photograph.shape[2:]), start=photograph)
    shown = canvas.pixels().detach()
    assert torch.equal((shown * 255).round(), (photograph * 255).round())


def test_cppn_refuses_a_picture_in_words():
    with pytest.raises(InvalidArgument, match=r"no weights are known.*fourier, pixels"):
        parametrised("cppn", 1, 3, (4, 4), start=torch.rand(1, 3, 4, 4))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0, 3, (4, 4)), InvalidArgument, "count is 0"),
        ((1.5, 3, (4, 4)), InvalidType, "count is 1.5"),
        ((1, 2, (4, 4)), InvalidArgument, r"channels is 2; 3 \(colour\) or 1"),
        ((1, 3, (4, 0)), InvalidArgument, "side of size is 0"),
        ((1, 3, 4), InvalidType, r"\(height, width\)"),
    ],
    ids=["none", "fraction", "two-channels", "no-width", "one-side"],
)
def test_arguments_are_refused_in_words(name, arguments, error, words):
    with pytest.raises(error, match=words):
        parametrised(name, *arguments)


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_refused_in_words(name):
    with pytest.raises(InvalidArgument, match="did you mean 'seed'"):
        parametrised(name, 1, 3, (4, 4), sede=1)
    with pytest.raises(InvalidArgument, match="seed is -1"):
        parametrised(name, 1, 3, (4, 4), seed=-1)
    with pytest.raises(InvalidArgument, match="spread is nan"):
        parametrised(name, 1, 3, (4, 4), spread=float("nan"))


@pytest.mark.parametrize("name", FROM_A_PICTURE)
def test_a_wrong_start_is_refused_in_words(name):
    with pytest.raises(InvalidArgument, match=r"shape \(1, 3, 4, 5\); \(1, 3, 4, 4\)"):
        parametrised(name, 1, 3, (4, 4), start=torch.rand(1, 3, 4, 5))
    with pytest.raises(InvalidArgument, match=r"0 to 255.*/ 255"):
        parametrised(name, 1, 3, (2, 2), start=torch.tensor([0.0, 255.0] * 6).view(1, 3, 2, 2))
    with pytest.raises(InvalidArgument, match="no numbers"):
        parametrised(name, 1, 3, (2, 2), start=torch.full((1, 3, 2, 2), torch.nan))
    with pytest.raises(InvalidType, match="start is list"):
        parametrised(name, 1, 3, (2, 2), start=[[0.5]])


def test_an_unknown_name_finds_the_near_one():
    with pytest.raises(UnknownName, match="did you mean 'fourier'"):
        parametrised("fourrier", 1, 3, (4, 4))


@pytest.mark.parametrize("name", NAMES)
def test_all_lives_on_the_device_told(name):
    canvas = parametrised(name, 1, 3, (8, 9), device="meta")  # mixing it with the CPU fails
    assert {parameter.device.type for parameter in canvas.parameters} == {"meta"}
    pixels = canvas.pixels()
    assert pixels.device.type == "meta"
    pixels.sum().backward()


@pytest.mark.parametrize("name", NAMES)
def test_selected_rows_are_the_same_pictures_with_parameters_of_their_own(name):
    starts = [{}] if name == "cppn" else [{}, {"start": pictures(3, 3, (8, 9))}]
    for start in starts:
        canvas = parametrised(name, 3, 3, (8, 9), **start)
        before = canvas.pixels().detach()
        chosen = canvas.selected([2, 0, 2])
        torch.testing.assert_close(chosen.pixels(), before[[2, 0, 2]], rtol=0, atol=1e-6)
        with torch.no_grad():
            for parameter in chosen.parameters:
                assert parameter.is_leaf
                parameter.mul_(2)
        assert torch.equal(canvas.pixels(), before)
