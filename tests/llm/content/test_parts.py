import dataclasses
from typing import Any

import pytest

from mirascope_nb.llm import content
from mirascope_nb.llm.content import (
    Audio,
    Base64AudioSource,
    Base64DocumentSource,
    Base64ImageSource,
    Document,
    Image,
    Text,
    TextDocumentSource,
    Thought,
    ToolCall,
    ToolOutput,
    URLDocumentSource,
    URLImageSource,
)
from mirascope_nb.llm.exceptions import ToolExecutionError, ToolNotFoundError

IMAGE = Base64ImageSource(type="base64_image_source", data="AAAA", mime_type="image/png")
AUDIO = Base64AudioSource(type="base64_audio_source", data="AAAA", mime_type="audio/wav")
PDF = Base64DocumentSource(type="base64_document_source", data="AA", media_type="application/pdf")
PLAIN = TextDocumentSource(type="text_document_source", data="x", media_type="text/plain")

PARTS: list[tuple[Any, str]] = [
    (Text(text="x"), "text"),
    (Thought(thought="x"), "thought"),
    (ToolCall(id="1", name="n", args="{}"), "tool_call"),
    (ToolOutput(id="1", name="n", result=3), "tool_output"),
    (Image(source=IMAGE), "image"),
    (Audio(source=AUDIO), "audio"),
    (Document(source=PDF), "document"),
    (IMAGE, "base64_image_source"),
    (URLImageSource(type="url_image_source", url="u"), "url_image_source"),
    (AUDIO, "base64_audio_source"),
    (PDF, "base64_document_source"),
    (PLAIN, "text_document_source"),
    (URLDocumentSource(type="url_document_source", url="u"), "url_document_source"),
]


@pytest.mark.parametrize(("part", "type_"), PARTS, ids=[type_ for _, type_ in PARTS])
def test_a_part_is_plain_data(part: Any, type_: str) -> None:
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
    assert part.type == type_
    assert part == type(part)(**fields)
    shown = ", ".join(f"{name}={value!r}" for name, value in fields.items())
    assert repr(part) == f"{type(part).__name__}({shown})"
    with pytest.raises(TypeError):
        type(part)(*fields.values())


@pytest.mark.parametrize("source", [IMAGE, AUDIO, PDF, PLAIN])
def test_a_source_cannot_be_changed(source: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        source.data = "B"


def test_a_source_has_no_default_type() -> None:
    with pytest.raises(TypeError, match="type"):
        URLImageSource(url="u")  # pyright: ignore[reportCallIssue]


def test_text_grows_in_place() -> None:
    text = Text(text="a")
    text.text += "b"
    assert text == Text(text="ab")


def test_output_is_the_result() -> None:
    assert ToolOutput[int](id="1", name="n", result=3).output == 3


def test_output_of_a_failed_call_raises_its_error() -> None:
    error = ToolExecutionError("no such city")
    output = ToolOutput[int](id="1", name="n", result=str(error), error=error)
    with pytest.raises(ToolExecutionError) as raised:
        _ = output.output
    assert raised.value is error


def test_outputs_with_equal_errors_are_equal() -> None:
    def output() -> ToolOutput[int]:
        error = ToolNotFoundError("n")
        return ToolOutput(id="1", name="n", result=str(error), error=error)

    assert output() == output()


def test_every_public_name_is_exported() -> None:
    assert sorted(content.__all__) == content.__all__
    assert all(hasattr(content, name) for name in content.__all__)
