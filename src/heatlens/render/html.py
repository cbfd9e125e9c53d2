"""One self-contained HTML page: figures, words and tables, with nothing to be fetched.

Everything that is not ours is escaped, pictures lie inside as base64, there is no script, and a
content security policy forbids whatever else a reader's browser might be talked into.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image as Pillow

from heatlens.errors import InvalidArgument
from heatlens.render.files import encode
from heatlens.render.marked_words import MarkedWord
from heatlens.render.sheet import is_figure, pixels_of
from heatlens.render.typography import text

if TYPE_CHECKING:
    from heatlens.render.sheet import Picture

__all__ = ["Section", "page", "save_page"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --muted: #5c5c5c; --line: #dddddd; --page: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --muted: #a2a2a2; --line: #3a3a3a; --page: #16181c }
}
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--ink);
  background: var(--page); font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem;
  border-top: 1px solid var(--line); padding-top: 1rem; overflow-wrap: anywhere }
p, figcaption { color: var(--muted); overflow-wrap: anywhere }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start }
figure { margin: 0; max-width: 100% } img { max-width: 100%; height: auto; border-radius: 4px }
figcaption { font-size: .85rem }
.tiles figure { width: 10rem } .tiles { gap: 1.2rem 1rem }
table { border-collapse: collapse; font-size: .9rem; margin-top: .6rem }
.words { line-height: 1; margin: .8rem 0 } .words span { display: inline-block; margin: 0 .3rem .5rem 0;
  text-align: center }
.words mark { display: block; padding: .3rem .4rem; border-radius: 3px; outline: 1px solid var(--line);
  font-size: 1.1rem }
.words small { display: block; margin-top: .2rem; color: var(--muted); font-size: .7rem;
  font-variant-numeric: tabular-nums }
th { text-align: left; font-weight: normal; color: var(--muted); padding-right: 1.5rem }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
th, td { border-bottom: 1px solid var(--line); padding-top: .15rem; vertical-align: top }
"""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a page; everything but the heading may be left out.

    Attributes:
        heading: of the section.
        text: paragraphs.
        pictures: (caption, picture) pairs: a figure, an `Image`, uint8 pixels or PNG bytes.
        table: names and values.
        tiles: the pictures are small and stand in columns of one width, with their captions.
        words: those of a text, each on the colour of its evidence with its value below, as
            `heatlens.render.marked_words` gives them.
    """

    heading: str
    text: Sequence[str] = ()
    pictures: Sequence[tuple[str, Picture | bytes]] = ()
    table: Mapping[str, object] = field(default_factory=dict)
    tiles: bool = False
    words: Sequence[MarkedWord] = ()


def page(title: str, sections: Sequence[Section], *, dpi: int = 130) -> str:
    """The page as text.

    Args:
        title: of the page.
        sections: in order.
        dpi: dots per inch of figures.

    Example:
        >>> "<h2>a &lt; b</h2>" in page("Report", [Section("a < b")])
        True
    """
    body = "\n".join(_section(section, dpi) for section in sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="heatlens">
<title>{_escaped(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{_escaped(title)}</h1>
{body}
</body>
</html>
"""


def save_page(
    path: str | PathLike[str], title: str, sections: Sequence[Section], *, dpi: int = 130
) -> Path:
    """Write `page` to a file and return its path."""
    target = Path(path)
    target.write_text(page(title, sections, dpi=dpi), encoding="utf-8")
    return target


def _section(section: Section, dpi: int) -> str:
    parts = [f"<h2>{_escaped(section.heading)}</h2>"]
    parts += [f"<p>{_escaped(paragraph)}</p>" for paragraph in section.text]
    if section.words:
        marked = " ".join(map(_marked, section.words))
        parts.append(f'<p class="words" dir="auto">{marked}</p>')
    if section.pictures:
        figures = [_figure(caption, picture, dpi) for caption, picture in section.pictures]
        kind = "pictures tiles" if section.tiles else "pictures"
        parts.append(f'<div class="{kind}">{"".join(figures)}</div>')
    if section.table:
        rows = [
            f"<tr><th>{_escaped(name)}</th><td>{_escaped(str(value))}</td></tr>"
            for name, value in section.table.items()
        ]
        parts.append(f"<table>{''.join(rows)}</table>")
    return f"<section>{''.join(parts)}</section>"


def _marked(word: MarkedWord) -> str:
    style = f"background:{word.ground};color:{word.ink}"
    return (
        f'<span><mark style="{_escaped(style)}">{_escaped(word.word)}</mark>'
        f"<small>{_escaped(word.value)}</small></span>"
    )


def _figure(caption: str, picture: Picture | bytes, dpi: int) -> str:
    data = base64.b64encode(_png(picture, dpi)).decode("ascii")
    words = _escaped(caption)
    below = f"<figcaption>{words}</figcaption>" if words else ""
    return f'<figure><img alt="{words}" src="data:image/png;base64,{data}">{below}</figure>'


def _png(picture: Picture | bytes, dpi: int) -> bytes:
    if isinstance(picture, bytes):
        if not picture.startswith(b"\x89PNG"):
            raise InvalidArgument("the bytes of a picture on a page have to be those of a PNG")
        return picture
    if is_figure(picture):
        return encode(picture, "png", dpi=dpi)
    buffer = io.BytesIO()
    Pillow.fromarray(pixels_of(picture)).save(buffer, format="PNG")
    return buffer.getvalue()


def _escaped(string: str) -> str:
    return html.escape(text(string))
