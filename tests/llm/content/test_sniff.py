import pytest

from mirascope_nb.llm.content.sniff import audio_type, image_type, is_pdf

IMAGES = {
    "image/jpeg": [b"\xff\xd8\xff\xe0" + bytes(8)],
    "image/png": [b"\x89PNG\r\n\x1a\n" + bytes(4)],
    "image/gif": [b"GIF87a" + bytes(6), b"GIF89a" + bytes(6)],
    "image/webp": [b"RIFF\x01\x02\x03\x04WEBP"],
    "image/heic": [b"\x00\x00\x00\x18ftypheic", b"\x00\x00\x00\x18ftypheix"],
    "image/heif": [bytes(4) + b"ftyp" + brand for brand in (b"mif1", b"msf1", b"hevc", b"hevx")],
}
AUDIO = {
    "audio/wav": [b"RIFF\x01\x02\x03\x04WAVE"],
    "audio/mp3": [b"ID3" + bytes(9), b"\xff\xfb" + bytes(10), b"\xff\xf3" + bytes(10)],
    "audio/aiff": [b"FORM\x01\x02\x03\x04AIFF"],
    "audio/aac": [b"\xff\xf1" + bytes(10), b"\xff\xf9" + bytes(10)],
    "audio/ogg": [b"OggS" + bytes(8)],
    "audio/flac": [b"fLaC" + bytes(8)],
}


@pytest.mark.parametrize(
    ("data", "mime_type"), [(data, mime) for mime, each in IMAGES.items() for data in each]
)
def test_an_image_is_told_from_its_first_bytes(data: bytes, mime_type: str) -> None:
    assert image_type(data) == mime_type
    assert image_type(data + b"more") == mime_type


@pytest.mark.parametrize(
    ("data", "mime_type"), [(data, mime) for mime, each in AUDIO.items() for data in each]
)
def test_a_sound_is_told_from_its_first_bytes(data: bytes, mime_type: str) -> None:
    assert audio_type(data) == mime_type


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", bytes(11)])
def test_too_few_bytes_tell_nothing(data: bytes) -> None:
    with pytest.raises(
        ValueError, match=r"^Image data too small to determine type \(minimum 12 bytes\)$"
    ):
        image_type(data)
    with pytest.raises(
        ValueError, match=r"^Audio data too small to determine type \(minimum 12 bytes\)$"
    ):
        audio_type(data)


@pytest.mark.parametrize(
    "data", [bytes(12), b"RIFF\x00\x00\x00\x00AVI ", b"%PDF-1.7 and so on", b"FORM    AIFC"]
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^Unsupported image type$"):
        image_type(data)
    with pytest.raises(ValueError, match=r"^Unsupported audio type$"):
        audio_type(data)


def test_one_container_holds_pictures_or_sound() -> None:
    with pytest.raises(ValueError, match="Unsupported audio type"):
        audio_type(b"RIFF\x00\x00\x00\x00WEBP")
    with pytest.raises(ValueError, match="Unsupported image type"):
        image_type(b"RIFF\x00\x00\x00\x00WAVE")


def test_a_pdf_is_told_from_its_first_bytes() -> None:
    assert is_pdf(b"%PDF-1.4")
    assert not is_pdf(b" %PDF-1.4")
