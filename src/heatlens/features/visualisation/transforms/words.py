"""Transforms from words, as one writes them in a shell."""

from __future__ import annotations

import ast
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType, UnknownName, did_you_mean
from heatlens.features.visualisation.transforms.composed import SETS, robust
from heatlens.features.visualisation.transforms.transform import TRANSFORMS, Transform

__all__ = ["parsed"]


def parsed(words: str, size: tuple[int, int] | None = None) -> tuple[Transform, ...]:
    """Transforms, or sets of them, by name, with their strengths in brackets.

    Args:
        words: for example `"pad(12), jitter(8), rotate(degrees=10)"`, `"robust, noise"`, `"none"`.
        size: height and width of the canvas, to which "robust" is fitted; None: 224 pixels.

    Raises:
        UnknownName: no transform and no set of that name.
        InvalidArgument: words that are no such list, or a strength that cannot be used.

    Example:
        >>> parsed("jitter(8), scale(low=0.8), noise")
        (Jitter(amount=8), Scale(low=0.8, high=1.1), Noise(deviation=0.02))
        >>> parsed("jiter(8)")
        Traceback (most recent call last):
        heatlens.errors.UnknownName: unknown transform 'jiter'; did you mean 'jitter'?
    """
    if not isinstance(words, str):
        raise InvalidType(f"transforms are {words!r}; a text like 'jitter(8), rotate(10)' is meant")
    try:
        tree = ast.parse(f"[{words.strip()}]", mode="eval").body
    except (SyntaxError, ValueError):
        tree = None
    if not isinstance(tree, ast.List) or not tree.elts:
        raise InvalidArgument(
            f"transforms {words!r} cannot be read; write them like 'jitter(8), rotate(10)', "
            f"or {', '.join(sorted(SETS))}"
        )
    sets = SETS if size is None else {**SETS, "robust": robust(size)}
    found: list[Transform] = []
    for item in tree.elts:
        if isinstance(item, ast.Name) and item.id in sets:
            found += sets[item.id]
        else:
            found.append(_transform(item, words))
    return tuple(found)


def _transform(item: ast.expr, words: str) -> Transform:
    call = item if isinstance(item, ast.Call) else ast.Call(item, [], [])
    if not isinstance(call.func, ast.Name):
        text = ast.unparse(item)
        raise InvalidArgument(f"{text!r} in {words!r} is no transform, like jitter(8)")
    name = call.func.id
    if name in SETS and isinstance(item, ast.Call):
        raise InvalidArgument(
            f"{name!r} is a set and takes no strengths; write it without brackets"
        )
    if name not in TRANSFORMS:
        raise UnknownName("transform", name, [*TRANSFORMS, *SETS])
    kind = TRANSFORMS[name]
    takes = kind.strengths
    given = [_number(value, name) for value in call.args]
    if len(given) > len(takes):
        raise InvalidArgument(f"{name} takes {', '.join(takes)}; {len(given)} values are too many")
    strengths = dict(zip(takes, given, strict=False))
    for keyword in call.keywords:
        if keyword.arg not in takes or keyword.arg in strengths:
            near = did_you_mean(str(keyword.arg), takes)
            hint = f"; did you mean {near[0]!r}?" if near and near[0] not in strengths else ""
            said = "given twice" if keyword.arg in strengths else "not known"
            raise InvalidArgument(
                f"{name}: {keyword.arg!r} is {said}{hint} It takes: {', '.join(takes)}"
            )
        strengths[keyword.arg] = _number(keyword.value, name)
    return kind.make(**strengths)


def _number(node: ast.expr, name: str) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidArgument(f"{name}({ast.unparse(node)}): a number is needed")
    return value
