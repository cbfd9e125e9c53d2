"""What a file is, by its first bytes."""

from __future__ import annotations

__all__ = ["SUFFIXES", "describe", "kind_of"]

SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".ppm"),
        *(".pgm", ".dcm", ".nii", ".gz"),
    )
)
"""Endings that count as pictures when a folder is given."""

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

_VIDEO = (
    "a video; give an array of its frames, (frames, rows, columns, 3): with axes='TYXC' it is "
    "explained as a film"
)
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
    (b"\x1ae\xdf\xa3", _VIDEO),
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
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"heif"):
            return "it looks like HEIC; convert it to JPEG or PNG"
        return f"it looks like {_VIDEO}"
    if head[4:8] == b"jP  " or head.startswith(b"\xff\x4f\xff\x51"):
        return "it looks like JPEG 2000; convert it to PNG or TIFF"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return f"it looks like {_VIDEO}"
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
