"""What a file is, by its first bytes."""

from __future__ import annotations

__all__ = ["FILM_SUFFIXES", "SUFFIXES", "describe", "is_film", "kind_of"]

SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".ppm"),
        *(".pgm", ".dcm", ".nii", ".gz"),
    )
)
"""Endings that count as pictures when a folder is given."""

FILM_SUFFIXES = frozenset(
    (
        ".mp4",
        ".m4v",
        ".mov",
        ".webm",
        ".mkv",
        ".avi",
        ".ts",
        ".y4m",
        ".mpg",
        ".mpeg",
        ".flv",
        ".ogv",
    )
)
"""Endings that count as films when a folder is given; content decides what a file is."""

_PICTURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_DICOM_SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")
_NIFTI_SUFFIXES = (".nii", ".nii.gz")

_VIDEO = "a film; open it with heatlens.images.films.open_film"
_FILMS = (
    (0, b"\x1aE\xdf\xa3"),  # Matroska, WebM
    (0, b"YUV4MPEG2"),
    (0, b"FLV\x01"),
    (0, b"\0\0\x01\xba"),  # MPEG program stream
    (0, b"\0\0\x01\xb3"),  # MPEG video
    (0, b"\x30\x26\xb2\x75"),  # ASF, WMV
    (4, b"moov"),  # QuickTime before "ftyp"
    (4, b"mdat"),
    (4, b"wide"),
)
_STILLS_IN_MP4 = (
    *(b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
    *(b"mif1", b"mif2", b"msf1", b"heif", b"crx "),
)
_SOUND_IN_MP4 = (b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ", b"aax ")
_PICTURES_IN_OGG = (b"\x80theora", b"fishead", b"BBCD", b"OVP80", b"\x01video")
_OTHERS = (
    (b"%pdf", "a PDF document; export the page as PNG"),
    (b"<svg", "an SVG drawing; export it as PNG"),
    (b"<!doctype html", "an HTML page (a failed download?)"),
    (b"<html", "an HTML page (a failed download?)"),
    (b"version https://git-lfs", "a Git LFS pointer; run `git lfs pull`"),
    (b"%!ps", "a PostScript document; export it as PNG"),
    (b"pk\x03\x04", "a ZIP archive; give the files inside"),
    (b"\x1f\x8b", "gzip data; decompress it first"),
    (b"\x93numpy", "a NumPy file; give numpy.load(path)"),
    (b"\x89hdf", "an HDF5 file; give the array inside"),
    (b"8bps", "a Photoshop document; export it as PNG or TIFF"),
)


def kind_of(head: bytes, suffix: str) -> str:
    """The kind of a file: "JPEG", ..., "dicom", "nifti", "empty" or "unknown".

    Content decides; the suffix only helps files that have no mark of their own.

    Example:
        >>> kind_of(b"GIF89a...", ".jpg")
        'GIF'
    """
    if not head:
        return "empty"
    if head[128:132] == b"DICM":
        return "dicom"
    if head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0":
        return "nifti"
    for magic, kind in _PICTURES:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis"):
        return "AVIF"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    if suffix in _NIFTI_SUFFIXES:
        return "nifti"
    if suffix in _DICOM_SUFFIXES and not _is_text(head):
        return "dicom"
    return "unknown"


def is_film(head: bytes, suffix: str = "") -> bool:
    """Whether the first bytes are those of a container of films.

    Animated GIF and WebP are pictures to `kind_of`, and no containers.

    Example:
        >>> is_film(b"YUV4MPEG2 W4 H2"), is_film(b"GIF89a...")
        (True, False)
    """
    if head[4:8] == b"ftyp":
        return head[8:12] not in _STILLS_IN_MP4 + _SOUND_IN_MP4
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    if head[:4] == b"OggS":
        return any(mark in head for mark in _PICTURES_IN_OGG)
    if _is_transport_stream(head, suffix):
        return kind_of(head, suffix) == "unknown"
    return any(head[place : place + len(magic)] == magic for place, magic in _FILMS)


def _is_transport_stream(head: bytes, suffix: str) -> bool:
    """MPEG-TS: packets of 188 bytes that begin with 0x47, in .m2ts after 4 bytes of time."""
    for first, packet in ((0, 188), (4, 192)):
        marks = head[first::packet]
        if len(marks) >= 2 and marks.count(b"\x47") == len(marks):
            return True
    short = len(head) <= 188 and suffix == ".ts"
    return short and head[:1] == b"\x47" and not _is_text(head)


def describe(head: bytes) -> str:
    """What the first bytes look like, as the end of a sentence.

    Example:
        >>> describe(b"<!DOCTYPE html><html>")
        'it looks like an HTML page (a failed download?)'
        >>> describe(bytes([1, 2, 254, 4]))
        'it begins with the bytes 01 02 fe 04'
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    folded = start.lower()
    for magic, what in _OTHERS:
        if folded.startswith(magic):
            return f"it looks like {what}"
    if folded.startswith(b"<?xml"):
        drawing = b"<svg" in folded
        return "it looks like " + ("an SVG drawing; export it as PNG" if drawing else "XML")
    if head[4:12] == b"ftypcrx ":
        return "it looks like a camera's raw picture (CR3); develop it to TIFF or PNG"
    if (head[4:8] == b"ftyp" and head[8:12] in _SOUND_IN_MP4) or (
        head[:4] == b"OggS" and not is_film(head)
    ):
        return "it looks like sound without pictures"
    if head[4:8] == b"ftyp" and head[8:12] in _STILLS_IN_MP4:
        return "it looks like HEIC; convert it to JPEG or PNG"
    if is_film(head):
        return f"it looks like {_VIDEO}"
    if head[4:8] == b"jP  " or head.startswith(b"\xff\x4f\xff\x51"):
        return "it looks like JPEG 2000; convert it to PNG or TIFF"
    if _is_text(head):
        words = " ".join(head.decode("utf-8", "replace").split())
        return f"it looks like text, {words[:40]!r}"
    return f"it begins with the bytes {head[:8].hex(' ')}"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # more than a letter cut in two at the end
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
