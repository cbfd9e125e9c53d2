"""Search of large collections by exact Earth Mover's Distance.

| file or folder | what it gives |
|---|---|
| `index` | `ImageIndex`: make, fill, search |
| `hits`, `neighbours` | what a search finds; labels, graphs, duplicates from neighbours |
| `signatures` | how signatures are stored and compared |
| `store/` | the table: rows on disk, transactions, checksums |
| `adding/` | from files, pictures and heatmaps to rows |
| `bounds/` | lower bounds of W1, one a file |
| `engine/` | the working set and the exact search in it, in compiled code |
| `view`, `verifying` | the working set of a version; every byte checked |
| `sheet*` | results as pictures and as a page |
| `export/` | the bound embedding in other engines, exactly |

Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.search.hits import Hits
    from heatlens.search.index import ImageIndex
    from heatlens.search.signatures import Signatures

__all__ = ["Hits", "ImageIndex", "Signatures"]

_HOME = {"Hits": "hits", "ImageIndex": "index", "Signatures": "signatures"}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
