"""The parts that messages are made of.

Parts and sources are plain data: keyword-only, compared field by field, and printed in full. The
`repr` of a part that holds a file therefore holds the file; in a notebook such a part shows itself
as the picture it is, or as one short line.
"""

from typing import Any, TypeAlias

from mirascope_nb.llm.content.audio import Audio, AudioMimeType, Base64AudioSource
from mirascope_nb.llm.content.document import (
    Base64DocumentSource,
    Document,
    DocumentBase64MediaType,
    DocumentTextMediaType,
    TextDocumentSource,
    URLDocumentSource,
)
from mirascope_nb.llm.content.image import (
    Base64ImageSource,
    Image,
    ImageMimeType,
    URLImageSource,
)
from mirascope_nb.llm.content.parts import Text, Thought, ToolCall, ToolOutput

UserContentPart: TypeAlias = Text | Image | Audio | Document | ToolOutput[Any]
"""A part that a user message may hold."""

AssistantContentPart: TypeAlias = Text | ToolCall | Thought
"""A part that an assistant message may hold."""

__all__ = [
    "AssistantContentPart",
    "Audio",
    "AudioMimeType",
    "Base64AudioSource",
    "Base64DocumentSource",
    "Base64ImageSource",
    "Document",
    "DocumentBase64MediaType",
    "DocumentTextMediaType",
    "Image",
    "ImageMimeType",
    "Text",
    "TextDocumentSource",
    "Thought",
    "ToolCall",
    "ToolOutput",
    "URLDocumentSource",
    "URLImageSource",
    "UserContentPart",
]
