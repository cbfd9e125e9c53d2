"""Which axis of a batch is what, and the one order that methods know.

A layout is a word with one letter an axis: N rows of the batch, C channels, H height, W width,
D depth (slices), T time (frames, samples), F frequency, L place in a text. Methods see every batch
in the canonical order, N, C, then the grid in the order F T D H W L; a missing C is a single
channel.

    network                     its own layout      canonical
    PyTorch classifier          NCHW                NCHW
    Keras classifier            NHWC                NCHW
    video of transformers       NTCHW               NCTHW
    audio spectrogram           NTF                 NCFT
    waveform                    NT                  NCT
"""

from __future__ import annotations

from torch import Tensor

from heatlens.errors import InvalidArgument

__all__ = [
    "canonical",
    "check_layout",
    "from_canonical",
    "grid_axes",
    "in_order",
    "own_axes",
    "to_canonical",
]

_ORDER = "NCFTDHWL"


def check_layout(layout: str) -> str:
    """The layout itself, or an error that says what one looks like.

    Example:
        >>> check_layout("NHWC")
        'NHWC'
    """
    letters = set(layout) if isinstance(layout, str) else set()
    grid = letters - {"N", "C"}
    if "N" not in letters or not grid or letters - set(_ORDER) or len(letters) != len(layout):
        raise InvalidArgument(
            f"layout is {layout!r}; write one letter an axis: N (rows), C (channels) and the grid "
            "of F, T, D, H, W, L, such as 'NCHW', 'NHWC', 'NTCHW' (video), 'NTF' (spectrogram)"
        )
    if layout[0] != "N":
        raise InvalidArgument(
            f"layout is {layout!r}; rows come first: bring the batch's axis to the front, or wrap "
            "the network in a function that does"
        )
    if len(grid) > 3:
        raise InvalidArgument(f"layout {layout!r} has {len(grid)} axes beside N and C; at most 3")
    return layout


def grid_axes(layout: str) -> str:
    """The axes of the grid in canonical order.

    Example:
        >>> grid_axes("NTHWC"), grid_axes("NTF")
        ('THW', 'FT')
    """
    return "".join(letter for letter in _ORDER[2:] if letter in layout)


def own_axes(layout: str) -> str:
    """The axes of the grid in the network's own order.

    Example:
        >>> own_axes("NTHWC"), own_axes("NTF")
        ('THW', 'TF')
    """
    return "".join(letter for letter in layout if letter not in "NC")


def in_order(axes: str) -> tuple[int, ...]:
    """Places of a grid's axes that bring them into the canonical order.

    Example:
        >>> in_order("TF"), in_order("THW")
        ((1, 0), (0, 1, 2))
    """
    return tuple(axes.index(letter) for letter in _ORDER if letter in axes)


def canonical(layout: str) -> str:
    """The canonical order of a layout's axes.

    Example:
        >>> canonical("NTHWC"), canonical("NTF")
        ('NCTHW', 'NCFT')
    """
    return "NC" + grid_axes(layout)


def to_canonical(batch: Tensor, layout: str) -> Tensor:
    """A view of a batch in the canonical order.

    Raises:
        InvalidArgument: the batch has another number of axes than the layout.

    Example:
        >>> import torch
        >>> to_canonical(torch.zeros(2, 10, 64), "NTF").shape
        torch.Size([2, 1, 64, 10])
    """
    if batch.ndim != len(layout):
        one = "(" + ", ".join(["1", *layout.replace("N", "")]) + ")"
        table = "; a table goes in with layout='NL'" if batch.ndim == 2 else ""
        raise InvalidArgument(
            f"the batch has shape {tuple(batch.shape)}; expected ({', '.join(layout)}), so for one "
            f"input {one}{table}"
        )
    ordered = batch.permute([layout.index(letter) for letter in _ORDER if letter in layout])
    return ordered if "C" in layout else ordered.unsqueeze(1)


def from_canonical(batch: Tensor, layout: str) -> Tensor:
    """A view of a canonical batch, or map, in the network's own order.

    Example:
        >>> import torch
        >>> from_canonical(torch.zeros(2, 1, 7, 8), "NHWC").shape
        torch.Size([2, 7, 8, 1])
    """
    own = [letter for letter in _ORDER if letter in layout]
    if "C" not in layout:
        batch = batch.squeeze(1)
    return batch.permute([own.index(letter) for letter in layout])
