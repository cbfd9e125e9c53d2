"""Figures as PNG and SVG files that say how they were made, and reading that back."""

from __future__ import annotations

import html
import io
import json
import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from heatlens.errors import InvalidArgument, MissingImage, UnreadableImage
from heatlens.provenance import Provenance
from heatlens.render.typography import text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["encode", "format_of", "read_provenance", "read_provenances", "save_figure"]

KEY = "heatlens"
"""The PNG's text entry and the SVG's element that hold the provenance as JSON."""

_NAMESPACE = "urn:heatlens:provenance"
_ELEMENT = re.compile(rf'<{KEY}:provenance xmlns:{KEY}="{_NAMESPACE}">([^<]*)</{KEY}:provenance>')


def save_figure(
    figure: Figure, path: str | PathLike[str], *provenances: Provenance, dpi: int = 200
) -> Path:
    """Write a figure as `.png` or `.svg` with the provenance of the maps that it shows.

    The same figure gives the same bytes: no date, no random ids.

    Args:
        figure: what `plot` or `compare` made.
        path: where to; the folder has to exist.
        provenances: one for each map.
        dpi: dots per inch of a PNG, and of the pictures in an SVG.

    Returns:
        The path.
    """
    target = Path(path)
    data = encode(figure, format_of(target), provenances, dpi=dpi)
    target.write_bytes(data)
    return target


def format_of(path: str | PathLike[str]) -> str:
    """ "png" or "svg", by the file's name; else an `InvalidArgument`."""
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in ("png", "svg"):
        raise InvalidArgument(
            f"a figure is written as .png or .svg, not as {Path(path).name!r}; a heatmap's values "
            "are kept by .npz and .tif"
        )
    return suffix


def encode(
    figure: Figure, format: str, provenances: tuple[Provenance, ...] = (), *, dpi: int = 200
) -> bytes:
    """The bytes of a file in `format` ("png" or "svg")."""
    import matplotlib

    # Plain ASCII: it survives every reader, and names with broken characters too.
    made = [json.dumps(json.loads(one.to_json())) for one in provenances]
    entry = made[0] if len(made) == 1 else f"[{', '.join(made)}]"
    version = next((one.version for one in provenances if one.version), "")
    software = f"heatlens {version}".strip()
    description = _ascii("; ".join(_sentence(one) for one in provenances))
    buffer = io.BytesIO()
    options: dict[str, Any] = {
        "dpi": dpi,
        "facecolor": "white",
        "edgecolor": "none",
        "bbox_inches": figure.bbox_inches,
        "transparent": False,
    }
    if format == "png":
        metadata = {"Software": software, "Description": description, KEY: entry if made else None}
        kept = {key: value for key, value in metadata.items() if value}
        figure.savefig(buffer, format="png", metadata=kept, **options)
        return buffer.getvalue()
    with matplotlib.rc_context({"svg.hashsalt": KEY, "svg.fonttype": "path"}):
        metadata = {"Creator": software, "Description": description or None, "Date": None}
        figure.savefig(buffer, format="svg", metadata=metadata, **options)
    element = (
        f'<{KEY}:provenance xmlns:{KEY}="{_NAMESPACE}">{html.escape(entry)}</{KEY}:provenance>'
    )
    written = buffer.getvalue().decode("utf-8")
    if made:
        written = written.replace("</metadata>", f"{element}</metadata>", 1)
    return written.encode("utf-8")


def read_provenance(path: str | PathLike[str]) -> Provenance:
    """How the heatmap in a PNG or SVG was made; of several, the first.

    Raises:
        MissingImage: there is no such file.
        UnreadableImage: it is no PNG or SVG, or carries no provenance.
    """
    return read_provenances(path)[0]


def read_provenances(path: str | PathLike[str]) -> tuple[Provenance, ...]:
    """How each of the heatmaps in a PNG or SVG was made; at least one."""
    source = Path(path)
    if not source.is_file():
        raise MissingImage(f"there is no file {str(source)!r}")
    entry = _svg_entry(source) if source.suffix.lower() == ".svg" else _png_entry(source)
    if entry is None:
        raise UnreadableImage(f"{source.name} carries no provenance of heatlens")
    try:
        made = json.loads(entry)
        made = made if isinstance(made, list) else [made]
        found = tuple(Provenance.from_json(json.dumps(one)) for one in made)
    except (ValueError, TypeError, AttributeError) as broken:
        raise UnreadableImage(f"the provenance in {source.name} is damaged: {broken}") from broken
    if not found:
        raise UnreadableImage(f"the provenance in {source.name} is empty")
    return found


def _png_entry(source: Path) -> str | None:
    try:
        with Pillow.open(source, formats=["PNG"]) as picture:
            entry = picture.info.get(KEY)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as broken:
        raise UnreadableImage(f"{source.name} is not a whole PNG: {broken}") from broken
    return str(entry) if entry is not None else None


def _svg_entry(source: Path) -> str | None:
    found = _ELEMENT.search(source.read_text(encoding="utf-8", errors="replace"))
    return html.unescape(found.group(1)) if found else None


def _sentence(made: Provenance) -> str:
    parts = [made.method, made.target and f"for {made.target}", made.model and f"by {made.model}"]
    return text(" ".join(part for part in parts if part))


def _ascii(string: str) -> str:
    return string.encode("ascii", "replace").decode("ascii")
