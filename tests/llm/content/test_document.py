import base64
from pathlib import Path
from typing import Any

import pytest

from mirascope_nb.llm.content import (
    Base64DocumentSource,
    Document,
    TextDocumentSource,
    URLDocumentSource,
)

TYPE_OF_EXTENSION = {
    ".json": "application/json",
    ".txt": "text/plain",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".py": "text/x-python",
    ".html": "text/html",
    ".htm": "text/html",
    ".css": "text/css",
    ".xml": "text/xml",
    ".rtf": "text/rtf",
}
TEXT_TYPES = {*TYPE_OF_EXTENSION.values(), "application/x-javascript", "application/x-python"}


@pytest.mark.parametrize("download", [True, False])
def test_an_address_is_passed_on_as_it_is(*, download: bool) -> None:
    document = Document.from_url("https://example.com/none.pdf", download=download)
    assert document.source == URLDocumentSource(
        type="url_document_source", url="https://example.com/none.pdf"
    )


@pytest.mark.parametrize("extension", TYPE_OF_EXTENSION)
def test_a_text_file_is_carried_as_text(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"file{extension}"
    path.write_bytes("Grüße\r\n".encode())
    document = Document.from_file(path)
    assert document.source.type == "text_document_source"
    assert document.source.data == "Grüße\r\n"
    assert document.source.media_type == TYPE_OF_EXTENSION[extension]


def test_the_case_of_an_extension_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "file.PDF"
    path.write_bytes(b"%PDF-1.4")
    assert Document.from_file(str(path)) == Document.from_bytes(b"%PDF-1.4")


def test_a_pdf_is_carried_in_base64() -> None:
    assert Document.from_bytes(b"%PDF-1.4\xff") == Document(
        source=Base64DocumentSource(
            type="base64_document_source",
            data=base64.b64encode(b"%PDF-1.4\xff").decode(),
            media_type="application/pdf",
        )
    )


@pytest.mark.parametrize("mime_type", sorted(TEXT_TYPES))
def test_bytes_of_a_named_text_type_are_text(mime_type: Any) -> None:
    document = Document.from_bytes(b"text", mime_type=mime_type)
    assert document.source == TextDocumentSource(
        type="text_document_source", data="text", media_type=mime_type
    )


def test_a_named_type_wins_over_the_extension(tmp_path: Path) -> None:
    path = tmp_path / "notes.docx"
    path.write_bytes(b"text")
    document = Document.from_file(path, mime_type="text/plain")
    assert document == Document.from_bytes(b"text", mime_type="text/plain")


def test_an_unknown_extension_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^Unsupported document file extension: \.docx$"):
        Document.from_file(tmp_path / "a.docx")


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Document.from_file(tmp_path / "a.pdf")


def test_only_a_pdf_is_told_from_its_bytes() -> None:
    with pytest.raises(ValueError, match=r"^Cannot infer document type from bytes"):
        Document.from_bytes(b"text")


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Unsupported document media type: text/csv$"):
        Document.from_bytes(b"a,b", mime_type="text/csv")  # pyright: ignore[reportArgumentType]


def test_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        Document.from_bytes(b"\xff", mime_type="text/plain")


def test_a_pdf_is_one_short_line_in_a_notebook(shown: Any) -> None:
    text = Document.from_bytes(b"text", mime_type="text/plain")
    assert shown(text) == {"text/plain": repr(text)}
    pdf = Document.from_bytes(b"%PDF-1.44")
    assert shown(pdf) == {"text/plain": "<Document application/pdf, 9 bytes>"}
