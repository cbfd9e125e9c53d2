"""A tree as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.render.flow_page import share_of
from heatlens.render.typography import number
from heatlens.surrogates.grown_tree import LEAF, GrownTree

if TYPE_CHECKING:
    from heatlens.surrogates.surrogate import Surrogate

__all__ = ["answer", "question", "rules"]


def rules(stand_in: Surrogate, tree: GrownTree) -> str:
    """One line for each node, indented by its depth; "yes" is the branch above the threshold."""
    lines = []
    branch = {0: ""}
    for node, depth in tree.walk():
        indent = "    " * depth
        if tree.feature[node] == LEAF:
            lines.append(f"{indent}{branch[node]}{answer(stand_in, tree, node)}")
            continue
        lines.append(f"{indent}{branch[node]}{question(stand_in, tree, node)}?")
        branch[int(tree.right[node])] = "yes: "
        branch[int(tree.left[node])] = "no: "
    return "\n".join(lines).replace("\u00a0", " ")


def question(stand_in: Surrogate, tree: GrownTree, node: int) -> str:
    """What a node asks, without the question mark; yes goes right."""
    column = int(tree.feature[node])
    name = stand_in.names[column]
    if stand_in.yes_no[column]:
        return name
    return f"{name} > {number(float(tree.threshold[node]))}"


def answer(stand_in: Surrogate, tree: GrownTree, node: int) -> str:
    """What a leaf says, of how many pictures, and how surely."""
    share = share_of(tree.rows[node] / tree.rows[0])
    value = tree.value[node]
    if stand_in.kind == "number":
        return f"{number(float(value[0]))} ({share} of the pictures)"
    best = int(value.argmax())
    return (
        f"{stand_in.labels[best]} ({share} of the pictures; the network agrees on "
        f"{share_of(value[best])})"
    )
