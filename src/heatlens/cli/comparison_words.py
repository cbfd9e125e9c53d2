"""What `heatlens compare` says in words: what a number means, and errors in terms of options."""

from __future__ import annotations

import re

from heatlens.cli.comparison import Question
from heatlens.distributions import Comparison
from heatlens.distributions.constructor import KINDS

__all__ = ["carries", "in_options", "meaning", "of_penalty"]

_MEANINGS = {
    "mass": "How far light or evidence has to be carried",
    "signature": "How much the colours change, wherever they are",
    "signature-position": "How much colours at places change and how far they move",
    "histogram": "How much the grey levels change, wherever they are",
    "colour-histogram": "How much the colours change, counted in boxes",
    "orientation": "How far the directions of the edges turn",
    "patches": "How much the small patterns change, wherever they are",
}

_OPTIONS = (
    (r"invert=(True|False)", r"in Python invert=\1"),
    (r"pass range=", "in Python pass range="),
    (r"at a time: read_image", "at a time; in Python: read_image"),
    (r"'partial' to move the smaller one, or 'unbalanced' with a penalty",
     "--mass partial to move the smaller one, or --mass unbalanced with --penalty"),
    (r"part='(\w+)' or '(\w+)'", r"--part \1 or \2"),
    (r"\b(on|mass|part)='([\w-]+)'", r"--\1 \2"),
    (r"\bside= for 'mass', k= for", "--grid for mass, --k for"),
    (r"\b(bins|k|seed) is (?=-?\d)", r"--\1 is "),
    (r"\bside is (?=-?\d)", "--grid is "),
)  # fmt: skip


def meaning(kind: str, question: Question) -> str:
    """One sentence on what a distance says, as its exponent and its policy of mass make it.

    Example:
        >>> meaning("histogram", Question())
        'How much the grey levels change, wherever they are: the mean.'
        >>> meaning("mass", Question(p=2, mass="partial"))[43:]
        ': mass x distance^2, summed over the smaller total, and the root taken.'
    """
    what = _MEANINGS.get(kind) or KINDS[kind].summary.rstrip(".")
    p = question.p
    if question.mass == "normalise":
        mean = {1.0: "the mean", 2.0: "the root mean square"}.get(
            p, f"the power mean of order {p:g}"
        )
        return f"{what}: {mean}."
    power = "" if p == 1 else f"^{p:g}"
    total = f"mass x distance{power}, summed"
    if question.mass == "partial":
        total += " over the smaller total"
    elif question.mass == "unbalanced":
        total += ", with the price of what is made or destroyed"
    return f"{what}: {total}{', and the root taken' if p != 1 else ''}."


def of_penalty(found: Comparison, question: Question) -> tuple[str, ...]:
    """What the penalty means in the unit of this distance, and whether anything is carried."""
    if question.penalty is None:
        return ()
    p, unit = question.p, found.first.unit
    farthest = (2 * question.penalty) ** (1 / p)
    notes: tuple[str, ...] = (
        f"the penalty is {question.penalty:g} {f'({unit})' if p != 1 else unit}"
        f"{f'^{p:g}' if p != 1 else ''} for a unit of mass made or destroyed: nothing is carried "
        f"further than {farthest:.4g}",
    )
    if not carries(found):
        notes += ("at this penalty nothing is carried: all mass is destroyed and made anew",)
    return notes


def carries(found: Comparison) -> bool:
    """Whether any plan carries anything."""
    plans = [one.transport for one in found.parts.values() or (found,)]
    return any(transport is None or transport.plan.sum() > 0 for transport in plans)


def in_options(message: str) -> str:
    """An error of the library with the shell's options in place of the parameters of Python.

    Example:
        >>> in_options("pass part='positive' or 'negative' to compare one part")
        'pass --part positive or negative to compare one part'
    """
    for parameter, option in _OPTIONS:
        message = re.sub(parameter, option, message)
    return message
