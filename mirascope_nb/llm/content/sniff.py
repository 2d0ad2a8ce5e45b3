"""What kind of file some bytes are, told from how they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirascope_nb.llm.content.audio import AudioMimeType
    from mirascope_nb.llm.content.image import ImageMimeType

__all__ = ["SIGNATURE_SIZE", "audio_type", "image_type", "is_pdf"]

SIGNATURE_SIZE = 12
"""Bytes at the start of a file that the longest signature needs."""

_PNG = b"\x89PNG\r\n\x1a\n"
_HEIC = (b"ftypheic", b"ftypheix")
_HEIF = (b"ftypmif1", b"ftypmsf1", b"ftyphevc", b"ftyphevx")
_MP3 = (
    b"ID3",  # a tag comes first
    b"\xff\xfb",  # MPEG-1 layer III
    b"\xff\xf3",  # MPEG-2 layer III
    b"\xff\xf2",  # the same, with a checksum
)
_ADTS = (b"\xff\xf1", b"\xff\xf9")


def image_type(data: bytes) -> ImageMimeType:
    """The mime type of an image.

    Raises:
        ValueError: If there are too few bytes to tell, or models do not accept this kind.
    """
    _require_signature(data, "Image")
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(_PNG):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    # ISO base media files begin with a box: four bytes of size, "ftyp", then the brand.
    if data[4:12] in _HEIC:
        return "image/heic"
    if data[4:12] in _HEIF:
        return "image/heif"
    raise ValueError("Unsupported image type")


def audio_type(data: bytes) -> AudioMimeType:
    """The mime type of a sound.

    Raises:
        ValueError: If there are too few bytes to tell, or models do not accept this kind.
    """
    _require_signature(data, "Audio")
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "audio/wav"
    if data.startswith(_MP3):
        return "audio/mp3"
    if data.startswith(b"FORM") and data[8:12] == b"AIFF":
        return "audio/aiff"
    if data.startswith(b"OggS"):
        return "audio/ogg"
    if data.startswith(b"fLaC"):
        return "audio/flac"
    if data.startswith(_ADTS):
        return "audio/aac"
    raise ValueError("Unsupported audio type")


def is_pdf(data: bytes) -> bool:
    """Whether these are the bytes of a PDF."""
    return data.startswith(b"%PDF")


def _require_signature(data: bytes, noun: str) -> None:
    if len(data) < SIGNATURE_SIZE:
        raise ValueError(
            f"{noun} data too small to determine type (minimum {SIGNATURE_SIZE} bytes)"
        )
