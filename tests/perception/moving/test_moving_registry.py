"""What holds for every model of saliency for films, by its being registered."""

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.image import Image
from heatlens.perception.moving.clip import clip_saliency
from heatlens.perception.moving.method import method_for
from heatlens.perception.moving.model import MOVING
from heatlens.perception.moving.stream import watch

pytest.importorskip("cv2")
NAMES = list(MOVING)


def _film(size: tuple[int, int], frames: int = 5, seed: int = 0) -> np.ndarray:
    """A block that moves over a blocky ground."""
    rng = np.random.default_rng(seed)
    ground = np.kron(
        rng.integers(60, 160, (size[0] // 6 + 2, size[1] // 6 + 2, 3)), np.ones((6, 6, 1))
    )
    film = np.stack([ground[: size[0], : size[1]]] * frames).astype(np.uint8)
    for k, picture in enumerate(film):
        picture[size[0] // 3 : size[0] // 2 + 1, 3 * k : 3 * k + 9] = 250
    return film


def _heats(film: np.ndarray, method: str, **parameters: object) -> np.ndarray:
    return np.stack([moment.heat for moment in watch(film, method, **parameters)])


@pytest.mark.parametrize("name", NAMES)
def test_every_frame_has_a_map(name: str) -> None:
    film = _film((49, 67))
    seen = list(watch(film, name))
    assert [moment.index for moment in seen] == list(range(5))
    for moment, frame in zip(seen, film, strict=True):
        assert moment.heat.shape == (49, 67)
        assert moment.heat.dtype == np.float32
        assert np.isfinite(moment.heat).all()
        assert moment.heat.min() >= 0
        assert np.array_equal(moment.frame, frame)


@pytest.mark.parametrize("name", NAMES)
def test_same_film_same_heat(name: str) -> None:
    film = _film((48, 64))
    assert np.array_equal(_heats(film, name), _heats(film, name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (9, 200)], ids=["1x1", "2x3", "9x200"])
def test_any_size(name: str, size: tuple[int, int]) -> None:
    film = np.random.default_rng(1).integers(0, 256, (4, *size, 3), np.uint8)
    heats = _heats(film, name)
    assert heats.shape == (4, *size)
    assert np.isfinite(heats).all()


@pytest.mark.parametrize("name", NAMES)
def test_one_constant_colour_is_zero(name: str) -> None:
    assert not _heats(np.full((4, 40, 60, 3), 77, np.uint8), name).any()


@pytest.mark.parametrize("name", NAMES)
def test_grey_films_are_taken(name: str) -> None:
    grey = _film((40, 60))[..., 0]
    heat = clip_saliency(Image(grey, "TYX"), name, {})
    assert heat.axes == "TYX"
    assert heat.values.shape == grey.shape
    assert np.allclose(heat.values, _heats(np.repeat(grey[..., None], 3, axis=3), name))


@pytest.mark.parametrize("name", NAMES)
def test_a_single_frame_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="single frame, in which nothing can move"):
        list(watch(np.zeros((1, 8, 8, 3), np.uint8), name))


@pytest.mark.parametrize("name", NAMES)
def test_delay_is_as_declared(name: str) -> None:
    method = method_for(name, {})
    watcher = method.start()
    film = _film((48, 64), 12)
    from heatlens.perception.moving.observe import Observer

    observer, first = Observer(), None
    for k in range(1, 12):
        if watcher.see(film[k], observer.motion(film[k], film[k - 1])) is not None:
            first = k - 1
            break
    assert first == method.delay
    assert len(watcher.rest()) == method.delay


@pytest.mark.parametrize("name", NAMES)
def test_says_where_it_comes_from(name: str) -> None:
    model = MOVING[name]
    assert model.summary.endswith(".")
    assert model.paper
    assert model.unit


@pytest.mark.parametrize("name", NAMES)
def test_unknown_parameters_are_named(name: str) -> None:
    with pytest.raises(InvalidArgument, match="has no parameter 'sigmoid'"):
        watch(_film((16, 16)), name, sigmoid=2)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("motion-contrast", {"centre": 0.0}, "centre is 0"),
        ("motion-contrast", {"scales": 9}, "scales is 9"),
        ("flow-magnitude", {"sigma": -1.0}, "sigma is -1"),
        ("frame-difference", {"sigma": 100.0}, "sigma is 100"),
        ("temporal-spectral-residual", {"window": 4}, "odd number"),
        ("temporal-spectral-residual", {"longest": 4}, "longest is 4"),
        ("temporal-spectral-residual", {"sigma": -1.0}, "sigma is -1"),
        ("temporal-phase-spectrum", {"lag": 0}, "lag is 0"),
        ("fusion", {"smoothing": 1.0}, "smoothing is 1"),
        ("fusion", {"motion": "frame-difference"}, "flow-magnitude, motion-contrast"),
        ("spectral-residual", {"smoothing": -0.5}, "smoothing is -0.5"),
        ("spectral-residual", {"variant": "x"}, "x"),
        ("spectral-residual", {"longst": 64}, "did you mean 'longest'"),  # misspelt on purpose
    ],
    ids=lambda value: value if isinstance(value, str) else "with",
)
def test_wrong_values_are_refused_before_the_film_is_read(
    name: str, parameters: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        watch("no such film.mp4", name, **parameters)


def test_near_names_are_offered() -> None:
    with pytest.raises(UnknownName, match="did you mean 'motion-contrast'"):
        watch(_film((16, 16)), "motion contrasts")
    with pytest.raises(UnknownName, match="spectral-residual"):
        watch(_film((16, 16)), "fusion", still="spectral-residul")


def test_parameters_of_a_network_are_checked_before_the_film_is_read() -> None:
    torch = pytest.importorskip("torch")
    import heatlens as hl

    network = hl.load_model(torch.nn.Conv2d(3, 1, 1), input_size=(32, 32), mean=0.0, std=1.0)
    with pytest.raises(InvalidArgument, match="has no parameter 'foo'"):
        watch("no such film.mp4", network, foo=1)
    with pytest.raises(InvalidArgument, match="output is 'densities'"):
        watch("no such film.mp4", network, output="densities")
