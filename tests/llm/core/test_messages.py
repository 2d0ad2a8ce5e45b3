"""Messages and parts: plain data that pydantic writes and reads, refused where it is none."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from mirascope_nb import llm

if TYPE_CHECKING:
    from conftest import ScriptedProvider

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
WAV = b"RIFF0000WAVEfmt "

CONVERSATION: list[llm.Message] = [
    llm.messages.system("Be brief."),
    llm.messages.user(
        [
            "Look:",
            llm.Image.from_bytes(PNG),
            llm.Image.from_url("https://example.org/a.png"),
            llm.Audio.from_bytes(WAV),
            llm.Document.from_bytes(b"%PDF-1.7"),
            llm.Document.from_bytes(b"a,b", mime_type="text/plain"),
            llm.Document.from_url("https://example.org/a.pdf"),
        ],
        name="Ada",
    ),
    llm.messages.assistant(
        [
            llm.Thought(thought="hm"),
            llm.Text(text="I look."),
            llm.ToolCall(id="1", name="look", args='{"at": "it"}'),
            llm.ToolCall(id="2", name="gone", args="{}"),
            llm.ToolCall(id="3", name="look", args="{"),
        ],
        model_id="openai/m",
        provider_id="openai",
        provider_model_name="m:responses",
        raw_message={"items": [{"id": 1, "score": 0.5, "done": True, "next": None}, "x"]},
    ),
    llm.messages.user(
        [
            llm.ToolOutput(id="1", name="look", result={"seen": [1, 2.5, None, "x"]}),
            llm.ToolOutput(
                id="2",
                name="gone",
                result="Tool 'gone' not found in registered tools",
                error=llm.ToolNotFoundError("gone"),
            ),
            llm.ToolOutput(
                id="3", name="look", result="cut off", error=llm.ToolExecutionError("cut off")
            ),
        ]
    ),
]


class Record(BaseModel):
    """What an application stores."""

    at: dt.date
    messages: list[llm.Message]


def test_a_conversation_is_written_as_json_and_read_back() -> None:
    adapter = TypeAdapter(list[llm.Message])
    written = adapter.dump_json(CONVERSATION)
    assert adapter.validate_json(written) == CONVERSATION
    assert adapter.validate_python(adapter.dump_python(CONVERSATION)) == CONVERSATION
    assert adapter.validate_python(adapter.dump_python(CONVERSATION, mode="json")) == CONVERSATION


def test_a_model_holds_messages_and_has_a_schema() -> None:
    record = Record(at=dt.date(2025, 1, 2), messages=CONVERSATION)
    assert Record.model_validate_json(record.model_dump_json()) == record
    assert set(Record.model_json_schema()["$defs"]) >= {"UserMessage", "ToolCall", "Image"}
    assert Record.model_json_schema(mode="serialization")["$defs"]


def test_what_a_tool_returned_is_written_as_what_it_is() -> None:
    class Seat(BaseModel):
        row: int

    output = llm.ToolOutput(id="1", name="n", result=[Seat(row=1), dt.date(2025, 1, 2)])
    adapter = TypeAdapter(list[llm.Message])
    written = adapter.dump_json([llm.messages.user(output)])
    assert adapter.validate_json(written) == [
        llm.messages.user(llm.ToolOutput(id="1", name="n", result=[{"row": 1}, "2025-01-02"]))
    ]


def test_what_is_no_conversation_is_refused() -> None:
    adapter = TypeAdapter(list[llm.Message])
    number = {"type": "text", "text": 5}
    unknown = {**OUTPUT, "error": {"type": "other"}}
    for part in (number, unknown, {"type": "other"}):
        wrong = {"role": "user", "content": [part]}
        with pytest.raises(ValidationError):
            adapter.validate_python([wrong])


OUTPUT = {"type": "tool_output", "id": "1", "name": "n", "result": "r"}


def test_a_stored_conversation_goes_on(scripted: ScriptedProvider) -> None:
    adapter = TypeAdapter(list[llm.Message])
    scripted.script = [[llm.Text(text="x")]]
    restored = adapter.validate_json(adapter.dump_json(CONVERSATION))
    assert llm.Model("scripted/m").call(restored).messages[:-1] == CONVERSATION


WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (llm.Text, {"text": 5}, "text must be a str"),
    (llm.ToolCall, {"id": "1", "name": "n", "args": {}}, r"json\.dumps"),
    (llm.Image, {"source": "x.png"}, r"use Image\.from_url"),
    (llm.Audio, {"source": b""}, r"use Audio\.download"),
    (llm.Document, {"source": "x"}, r"use Document\.from_url"),
    (llm.SystemMessage, {"content": "x"}, r"messages\.system"),
    (llm.UserMessage, {"content": "x"}, r"messages\.user"),
    (llm.UserMessage, {"content": llm.Text(text="x")}, r"messages\.user"),
]


@pytest.mark.parametrize(("kind", "fields", "told"), WRONG)
def test_a_part_of_another_type_is_refused_where_it_is_made(
    kind: Any, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(TypeError, match=told):
        kind(**fields)


def test_a_function_that_was_not_awaited_is_named(scripted: ScriptedProvider) -> None:
    async def later() -> str:
        return "never"

    @llm.call("scripted/m")
    def ask() -> Any:
        return later()

    asked: Any = ask
    with pytest.raises(TypeError, match="without `await`"):
        asked()
    assert scripted.requests == []
