"""Pieces of Markdown that the generated tables are made of."""

import re
from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def linked(paper: str) -> str:
    """An arXiv number, a DOI or an address as a link to its page."""
    paper = re.sub(r"arXiv:([\d.]+\d)", r"[arXiv:\1](https://arxiv.org/abs/\1)", paper)
    paper = re.sub(r"^https://([\w.]+)(\S*)$", r"[\1](https://\1\2)", paper)
    return re.sub(r"doi:(\S+)", r"[doi:\1](https://doi.org/\1)", paper)
