"""Chat completions: what is sent."""

import base64
import logging
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from mirascope_nb import llm

MODEL = "openai/gpt-4o:completions"
HELLO = [llm.messages.user("Hello.")]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(8)).decode()


class Book(BaseModel):
    title: str
    pages: int = 0


@llm.tool
def shelve(title: str, tags: list[str] | None = None) -> str:
    """Put a book on the shelf."""
    return f"{title} {tags}"


@llm.tool
def count(words: dict[str, int]) -> int:
    """Count words."""
    return sum(words.values())


@pytest.fixture
def sent(server: Any) -> Callable[..., dict[str, Any]]:
    """What is sent for a request."""

    def ask(messages: Any = "Hello.", model: str = MODEL, **asked: Any) -> dict[str, Any]:
        kwargs = {name: asked.pop(name) for name in ("tools", "format") if name in asked}
        server.whole({"choices": [{"message": {"content": "Hello!"}, "finish_reason": "stop"}]})
        provider = asked.pop("provider", "openai")
        server.register(provider, f"{model.partition('/')[0]}/")
        llm.Model(model, **asked).call(messages, **kwargs)
        return server.bodies[-1]

    return ask


def test_messages_of_all_kinds(sent: Any) -> None:
    audio = llm.Audio.from_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    messages = [
        llm.messages.system("Be kind."),
        llm.messages.user("One.", name="ann"),
        llm.messages.assistant(["Two.", "Three."], model_id=None, provider_id=None, name="bot"),
        llm.messages.user(["See:", llm.Image.from_bytes(base64.b64decode(PNG)), audio]),
        llm.messages.user(llm.Document.from_bytes(b"a,b", mime_type="text/plain")),
    ]
    assert sent(messages, model="openai/gpt-audio")["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "One.", "name": "ann"},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "Two."}, {"type": "text", "text": "Three."}],
            "name": "bot",
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See:"},
                {
                    "type": "image_url",
                    "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "auto"},
                },
                {
                    "type": "input_audio",
                    "input_audio": {"data": audio.source.data, "format": "wav"},
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "file",
                    "file": {
                        "file_data": "data:text/plain;base64,YSxi",
                        "filename": "document.txt",
                    },
                }
            ],
        },
    ]


def test_tool_outputs_split_a_user_message(sent: Any) -> None:
    outputs: list[Any] = [llm.ToolOutput(id=f"call_{n}", name="f", result=n) for n in range(2)]
    messages = [
        llm.messages.user("Go."),
        llm.messages.assistant(
            [llm.ToolCall(id="call_0", name="f", args="{}")], model_id=None, provider_id=None
        ),
        llm.messages.user(["Before.", outputs[0], outputs[1], "After."]),
    ]
    assert sent(messages)["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_0",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                }
            ],
        },
        {"role": "user", "content": "Before."},
        {"role": "tool", "tool_call_id": "call_0", "content": "0"},
        {"role": "tool", "tool_call_id": "call_1", "content": "1"},
        {"role": "user", "content": "After."},
    ]


@pytest.mark.parametrize(
    ("part", "feature"),
    [
        (llm.Document.from_url("https://example.com/a.pdf"), "url document source"),
        (llm.Audio.from_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt "), "audio input"),
    ],
)
def test_what_cannot_be_expressed_is_refused(
    sent: Any, server: Any, part: Any, feature: str
) -> None:
    with pytest.raises(llm.FeatureNotSupportedError) as caught:
        sent([llm.messages.user(part)])
    assert caught.value.feature == feature
    assert server.bodies == []


def test_an_audio_format_that_is_not_taken_is_refused(sent: Any) -> None:
    ogg = llm.Audio.from_bytes(b"OggS" + bytes(12))
    with pytest.raises(llm.FeatureNotSupportedError, match="audio/ogg"):
        sent([llm.messages.user(ogg)], model="openai/gpt-audio")


def test_web_search_is_refused_with_the_way_to_it(sent: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError, match=":responses"):
        sent(tools=[llm.WebSearchTool()])


def test_params_of_a_model_that_does_not_reason(
    sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    params: Any = {
        "temperature": 0.5,
        "max_tokens": 10,
        "top_p": 0.9,
        "top_k": 50,
        "seed": 1,
        "stop_sequences": ["."],
        "thinking": {"level": "low"},
    }
    body = sent(**params)
    assert {name: body[name] for name in body if name not in {"model", "messages"}} == {
        "temperature": 0.5,
        "max_tokens": 10,
        "top_p": 0.9,
        "seed": 1,
        "stop": ["."],
    }
    assert caplog.messages == ["Skipping unsupported parameter: top_k=50 (provider: openai)"]


def test_params_of_a_model_that_reasons(sent: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    body = sent(
        model="openai/gpt-5:completions",
        temperature=0.5,
        max_tokens=10,
        top_p=0.9,
        stop_sequences=["."],
    )
    assert {name: body[name] for name in body if name not in {"model", "messages"}} == {
        "max_completion_tokens": 10
    }
    assert [message.split("=")[0] for message in caplog.messages] == [
        "Skipping unsupported parameter: temperature",
        "Skipping unsupported parameter: top_p",
        "Skipping unsupported parameter: stop_sequences",
    ]


@pytest.mark.parametrize(
    ("model", "member"),
    [
        ("openai/o3:completions", "max_completion_tokens"),
        ("openai/gpt-4.1-mini:completions", "max_tokens"),
        ("openai/chatgpt-4o-latest:completions", "max_tokens"),
        ("openai/ft:gpt-4o-mini:org::id:completions", "max_tokens"),
        ("openrouter/openai/gpt-5", "max_completion_tokens"),
        ("openrouter/openai/gpt-4o", "max_tokens"),
        ("openrouter/deepseek/deepseek-r1", "max_tokens"),
    ],
)
def test_which_models_reason(sent: Any, model: str, member: str) -> None:
    body = sent(model=model, max_tokens=10, provider=model.partition("/")[0])
    assert body[member] == 10


def test_a_tool_is_strict_where_its_schema_allows_that(sent: Any) -> None:
    shelves, counts = sent(tools=[shelve, count])["tools"]
    assert shelves["function"]["strict"] is True
    assert shelves["function"]["parameters"]["required"] == ["title", "tags"]
    assert counts["function"]["strict"] is False
    assert counts["function"]["parameters"]["properties"]["words"]["additionalProperties"] == {
        "type": "integer"
    }


@pytest.mark.parametrize("model", [MODEL, "openai/gpt-4o:responses"])
def test_a_strict_tool_that_takes_any_names_is_refused(sent: Any, server: Any, model: str) -> None:
    strictly = llm.tool(strict=True)(count.fn)
    with pytest.raises(llm.FeatureNotSupportedError, match="strict=True of tool 'count'"):
        sent(model=model, tools=[strictly])
    assert not server.bodies


def test_schemas_are_not_changed_in_place(sent: Any) -> None:
    form: Any = llm.format(Book, mode="strict")
    before = str(form.schema), shelve.parameters.model_dump_json()
    body = sent(tools=[shelve], format=form)
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["title", "pages"]
    assert (str(form.schema), shelve.parameters.model_dump_json()) == before


def test_a_format_of_any_members_is_not_held_to_its_schema(sent: Any) -> None:
    form: Any = llm.format(dict[str, int], mode="strict")
    schema = sent(format=form)["response_format"]["json_schema"]
    assert schema["strict"] is False
    assert schema["schema"]["properties"]["output"]["additionalProperties"] == {"type": "integer"}
    assert schema["name"] == "dict"


def test_the_format_tool_among_other_tools(sent: Any) -> None:
    body = sent(tools=[shelve], format=llm.format(Book, mode="tool"))
    assert body["tool_choice"] == "required"
    assert "parallel_tool_calls" not in body
    assert [tool["function"]["name"] for tool in body["tools"]] == [
        "shelve",
        "__mirascope_formatted_output_tool__",
    ]


@pytest.mark.parametrize(
    ("model", "mode"),
    [
        ("openai/gpt-4o:completions", "strict"),
        ("openai/gpt-5:completions", "strict"),
        ("openai/gpt-4:completions", "tool"),
        ("openai/gpt-4-turbo:completions", "tool"),
        ("openai/gpt-3.5-turbo:completions", "tool"),
        ("ollama/gemma3", "tool"),
    ],
)
def test_the_mode_of_a_format_that_names_none(sent: Any, model: str, mode: str) -> None:
    body = sent(model=model, format=Book, provider=model.partition("/")[0])
    assert ("response_format" in body) == (mode == "strict")
    assert ("tools" in body) == (mode == "tool")


def test_json_mode_where_the_model_has_none(sent: Any) -> None:
    body = sent(model="openai/gpt-4:completions", format=llm.format(Book, mode="json"))
    assert "response_format" not in body
    assert body["messages"][0]["role"] == "system"


def turn(text: str, **members: Any) -> Any:
    said: dict[str, Any] = {
        "model_id": MODEL,
        "provider_id": "openai",
        "provider_model_name": "gpt-4o:completions",
        "raw_message": {"role": "assistant", "content": text, "annotations": []},
    }
    return llm.messages.assistant([llm.Thought(thought="Hm."), "Re-encoded."], **said | members)


def test_a_turn_of_its_own_is_sent_back_verbatim(sent: Any) -> None:
    messages = [*HELLO, turn("Raw."), *HELLO]
    assert sent(messages)["messages"][1]["content"] == "Raw."


@pytest.mark.parametrize(
    "members",
    [
        {"provider_model_name": "gpt-4o:responses"},
        {"provider_model_name": "gpt-4o-mini:completions"},
        {"provider_id": "openrouter"},
        {"raw_message": None},
        {
            "raw_message": {
                "tool_calls": [{"function": {"name": "__mirascope_formatted_output_tool__"}}]
            }
        },
    ],
    ids=str,
)
def test_a_turn_of_another_is_encoded_anew_without_thoughts(sent: Any, members: Any) -> None:
    messages = [*HELLO, turn("Raw.", **members), *HELLO]
    assert sent(messages)["messages"][1] == {"role": "assistant", "content": "Re-encoded."}


def test_thoughts_are_sent_as_text_if_wanted(sent: Any) -> None:
    messages = [*HELLO, turn("Raw."), *HELLO]
    body = sent(messages, thinking={"level": "low", "encode_thoughts_as_text": True})
    assert body["messages"][1]["content"] == [
        {"type": "text", "text": "**Thinking:** Hm."},
        {"type": "text", "text": "Re-encoded."},
    ]


def test_a_compatible_service_never_gets_raw_turns(sent: Any) -> None:
    own = turn("Raw.", model_id="ollama/x", provider_id="ollama", provider_model_name="x")
    body = sent([*HELLO, own, *HELLO], model="ollama/x", provider="ollama")
    assert body["messages"][1]["content"] == "Re-encoded."


def test_the_name_of_the_api_is_part_of_openais_model_name(server: Any) -> None:
    server.whole({"choices": [{"message": {"content": "Hello!"}}]})
    server.register("openai")
    response = llm.Model(MODEL).call("Hello.")
    assert response.provider_model_name == "gpt-4o:completions"
    assert response.provider_id == "openai"
    assert server.urls == ["https://api.openai.com/v1/chat/completions"]


@llm.tool
def described(
    size: Annotated[int, Field(description="In metres.", ge=0, examples=[3])],
) -> int:
    """Measure."""
    return size


def test_constraints_and_descriptions_are_sent(sent: Any) -> None:
    tool = sent(tools=[described])["tools"][0]["function"]
    assert tool["parameters"]["properties"]["size"] == {
        "description": "In metres.",
        "examples": [3],
        "minimum": 0,
        "title": "Size",
        "type": "integer",
    }


class Shelf(BaseModel):
    """A shelf."""

    first: Book = Field(description="The leftmost.")
    others: list[Book]


class Tree(BaseModel):
    name: str
    branches: "list[Tree]"


def test_a_reference_stands_alone_in_a_strict_schema(sent: Any) -> None:
    schema = sent(format=Shelf)["response_format"]["json_schema"]["schema"]
    book = schema["$defs"]["Book"]
    assert schema["properties"]["first"] == book | {"description": "The leftmost."}
    assert schema["properties"]["others"]["items"] == {"$ref": "#/$defs/Book"}


def test_a_recursive_schema_is_an_object_at_its_root(sent: Any) -> None:
    schema = sent(format=Tree)["response_format"]["json_schema"]["schema"]
    assert schema["type"] == "object"
    assert schema["required"] == ["name", "branches"]
    assert "$ref" not in schema
    assert schema["properties"]["branches"]["items"] == {"$ref": "#/$defs/Tree"}
