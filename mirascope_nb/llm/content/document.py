"""Documents."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from mirascope_nb.llm.content import fetch
from mirascope_nb.llm.content.sniff import is_pdf

__all__ = [
    "Base64DocumentSource",
    "Document",
    "DocumentBase64MediaType",
    "DocumentTextMediaType",
    "TextDocumentSource",
    "URLDocumentSource",
]

DocumentTextMediaType: TypeAlias = Literal[
    "application/json",
    "text/plain",
    "application/x-javascript",
    "text/javascript",
    "application/x-python",
    "text/x-python",
    "text/html",
    "text/css",
    "text/xml",
    "text/rtf",
]
DocumentBase64MediaType: TypeAlias = Literal["application/pdf"]
DocumentMediaType: TypeAlias = DocumentTextMediaType | DocumentBase64MediaType

_TEXT_TYPES: frozenset[str] = frozenset(get_args(DocumentTextMediaType))

_TYPE_OF_EXTENSION: dict[str, DocumentMediaType] = {
    ".pdf": "application/pdf",
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


@dataclass(kw_only=True, slots=True, frozen=True)
class Base64DocumentSource:
    """A document carried in the message as a file."""

    type: Literal["base64_document_source"]
    data: str
    """The file in base64."""
    media_type: DocumentBase64MediaType


@dataclass(kw_only=True, slots=True, frozen=True)
class TextDocumentSource:
    """A document carried in the message as text."""

    type: Literal["text_document_source"]
    data: str
    """The text itself."""
    media_type: DocumentTextMediaType


@dataclass(kw_only=True, slots=True, frozen=True)
class URLDocumentSource:
    """A document that the provider fetches."""

    type: Literal["url_document_source"]
    url: str


@dataclass(kw_only=True, slots=True, frozen=True)
class Document:
    """A document for a model to read."""

    type: Literal["document"] = "document"
    source: Base64DocumentSource | TextDocumentSource | URLDocumentSource

    def __post_init__(self) -> None:
        sources = Base64DocumentSource | TextDocumentSource | URLDocumentSource
        if not isinstance(self.source, sources):
            raise fetch.wrong_source("Document", "from_url, from_file or from_bytes")

    @classmethod
    def from_url(cls, url: str, *, download: bool = False) -> Document:  # noqa: ARG003
        """A document at an address, which is passed on as it is.

        Args:
            url: The address.
            download: Has no effect: documents are not downloaded.
        """
        return cls(source=URLDocumentSource(type="url_document_source", url=url))

    @classmethod
    def from_file(cls, path: str | Path, *, mime_type: DocumentMediaType | None = None) -> Document:
        """A PDF or a text file.

        Args:
            path: The file.
            mime_type: Its type, or `None` to go by the extension.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If its type is not supported, or a text file is not UTF-8.
        """
        path = Path(path)
        if mime_type is None:
            extension = path.suffix.lower()
            mime_type = _TYPE_OF_EXTENSION.get(extension)
            if mime_type is None:
                raise ValueError(f"Unsupported document file extension: {extension}")
        return cls.from_bytes(path.read_bytes(), mime_type=mime_type)

    @classmethod
    def from_bytes(cls, data: bytes, *, mime_type: DocumentMediaType | None = None) -> Document:
        """The bytes of a PDF or a text file.

        Args:
            data: The bytes; text is UTF-8.
            mime_type: Their type. Only a PDF can be told from its bytes, so text needs one.

        Raises:
            ValueError: If the type is missing or not supported, or text is not UTF-8.
        """
        if mime_type is None:
            if not is_pdf(data):
                raise ValueError(
                    "Cannot infer document type from bytes; "
                    'pass mime_type, such as "text/plain" (only PDF is recognised)'
                )
            mime_type = "application/pdf"
        if mime_type == "application/pdf":
            return cls(
                source=Base64DocumentSource(
                    type="base64_document_source",
                    data=base64.b64encode(data).decode("ascii"),
                    media_type=mime_type,
                )
            )
        if mime_type not in _TEXT_TYPES:
            raise ValueError(f"Unsupported document media type: {mime_type}")
        return cls(
            source=TextDocumentSource(
                type="text_document_source", data=data.decode("utf-8"), media_type=mime_type
            )
        )

    def _repr_mimebundle_(
        self,
        include: object = None,  # noqa: ARG002, IPython passes both
        exclude: object = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """One short line for a file; text and addresses as they are."""
        source = self.source
        if not isinstance(source, Base64DocumentSource):
            return {"text/plain": repr(self)}
        size = fetch.decoded_size(source.data)
        return {"text/plain": f"<Document {source.media_type}, {size:,} bytes>"}
