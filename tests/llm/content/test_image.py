import base64
from pathlib import Path
from typing import Any

import pytest

from mirascope_nb.llm.content import Base64ImageSource, Image, URLImageSource
from mirascope_nb.llm.content.image import MAX_IMAGE_SIZE


def test_the_limit_is_20_mebibytes() -> None:
    assert MAX_IMAGE_SIZE == 20 * 1024 * 1024


def test_an_address_is_passed_on_as_it_is() -> None:
    image = Image.from_url("https://example.com/no-such.png")
    assert image.source == URLImageSource(
        type="url_image_source", url="https://example.com/no-such.png"
    )


def test_bytes_are_carried_in_base64(png: bytes) -> None:
    assert Image.from_bytes(png) == Image(
        source=Base64ImageSource(
            type="base64_image_source",
            data=base64.b64encode(png).decode(),
            mime_type="image/png",
        )
    )


def test_a_file_is_told_from_its_bytes_and_not_its_name(tmp_path: Path, png: bytes) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(png)
    assert Image.from_file(path) == Image.from_file(str(path)) == Image.from_bytes(png)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Image.from_file(tmp_path / "none.png")


def test_size_is_checked_before_the_kind() -> None:
    with pytest.raises(
        ValueError,
        match=r"^Image size \(100 bytes\) exceeds maximum allowed size \(99 bytes\)$",
    ):
        Image.from_bytes(bytes(100), max_size=99)


def test_a_file_as_large_as_allowed_is_read(tmp_path: Path, png: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png)
    assert Image.from_file(path, max_size=len(png)) == Image.from_bytes(png)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a terabyte of holes, which nobody could read
    with pytest.raises(ValueError, match=r"^Image file size \(\d+ bytes\) exceeds maximum allowed"):
        Image.from_file(path)


def test_a_picture_shows_itself_in_a_notebook(png: bytes, shown: Any) -> None:
    bundle: dict[str, Any] = shown(Image.from_bytes(png))
    assert base64.b64decode(bundle["image/png"]) == png
    assert bundle["text/plain"] == "<Image image/png, 16 bytes>"


def test_a_kind_that_browsers_cannot_draw_is_named(shown: Any) -> None:
    image = Image.from_bytes(bytes(4) + b"ftypheic")
    assert shown(image) == {"text/plain": "<Image image/heic, 12 bytes>"}


def test_an_address_is_shown_and_not_followed(shown: Any) -> None:
    image = Image.from_url("https://example.com/a.png")
    assert shown(image) == {"text/plain": repr(image)}
