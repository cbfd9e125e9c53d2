import pickle

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.parameters import check_at_least, checked_parameters, parameters_of, summary_of


def blur(image, width, *, sigma: float = 2.0, rounds: int = 1, edges: bool = True, mode="mirror",
         sides=(1, 2), start=None):  # fmt: skip
    """Blur a picture,
    again and again.

    More is said here.
    """


KNOWN = parameters_of(blur)


def test_only_what_is_given_by_keyword_alone_is_a_parameter():
    assert KNOWN == {"sigma": 2.0, "rounds": 1, "edges": True, "mode": "mirror",
                     "sides": (1, 2), "start": None}  # fmt: skip
    parameters_of(blur)["sigma"] = 9  # a fresh mapping each time
    assert parameters_of(blur)["sigma"] == 2.0


def test_the_summary_is_one_line():
    assert summary_of(blur) == "Blur a picture, again and again."
    assert summary_of(object()) != ""


def test_given_values_replace_defaults():
    assert checked_parameters("blur", {"sigma": 1}, KNOWN) == {**KNOWN, "sigma": 1}


def test_what_may_stand_for_a_name_or_for_nothing_is_taken():
    given = {"mode": np.zeros(3), "sides": np.array([3, 4]), "start": "anything"}
    assert checked_parameters("blur", given, KNOWN).items() >= given.items()


def test_numbers_below_the_least_are_refused():
    check_at_least("blur", 0, sigma=0, rounds=2.5)
    for value in (-1, float("nan")):
        with pytest.raises(InvalidArgument, match=f"blur: sigma is {value}; it must be 0 or more"):
            check_at_least("blur", 0, sigma=value)


def test_a_name_that_is_none_is_unknown_in_words():
    for name in (3, None, ["gradcam"], np.zeros(2)):
        error = UnknownName("method", name, ["gradcam", "lime"])
        assert str(error) == f"unknown method {name!r}; there are: gradcam, lime"
        assert error.suggestions == ()
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sigm": 1.0}, r"blur has no parameter 'sigm'; did you mean 'sigma'\? It takes: sigma,"),
        ({"zzz": 1.0}, r"blur has no parameter 'zzz'\. It takes: sigma"),
        ({"sigma": "1"}, "sigma is '1'; it must be a finite number"),
        ({"sigma": float("inf")}, "must be a finite number"),
        ({"sigma": True}, "must be a finite number"),
        ({"rounds": 1.5}, "must be a whole number"),
        ({"rounds": True}, "must be a whole number"),
        ({"edges": 1}, "must be True or False"),
        ({"mode": None}, "mode is None; it must be a name, as 'mirror' is"),
        ({"mode": 3}, "must be a name"),
        ({"mode": True}, "must be a name"),
        ({"sides": 3}, r"sides is 3; it must be a list, as \(1, 2\) is"),
        ({"sides": "12"}, "must be a list"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said(given, words):
    with pytest.raises(InvalidArgument, match=words):
        checked_parameters("blur", given, KNOWN)
