"""The responses API: what is sent."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm

MODEL = "openai/gpt-4o:responses"
HELLO = [llm.messages.user("Hello.")]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(8)).decode()
FORMAT_TOOL = "__mirascope_formatted_output_tool__"


class Book(BaseModel):
    """A book."""

    title: str
    pages: int = 0


@llm.tool
def shelve(title: str) -> str:
    """Put a book on the shelf."""
    return title


@pytest.fixture
def sent(server: Any) -> Callable[..., dict[str, Any]]:
    """What is sent for a request."""

    def ask(messages: Any = "Hello.", model: str = MODEL, **asked: Any) -> dict[str, Any]:
        kwargs = {name: asked.pop(name) for name in ("tools", "format") if name in asked}
        server.whole({"status": "completed", "output": []})
        server.register("openai")
        llm.Model(model, **asked).call(messages, **kwargs)
        return server.bodies[-1]

    return ask


def message(id: str, *texts: str, **part: Any) -> dict[str, Any]:
    parts = [{"type": "output_text", "text": text, **part} for text in texts]
    return {"id": id, "type": "message", "role": "assistant", "content": parts}


def call(id: str, args: str = '{"title":"A"}', name: str = "shelve") -> dict[str, Any]:
    item = {"id": f"fc_{id}", "type": "function_call", "call_id": f"call_{id}"}
    return {**item, "name": name, "arguments": args}


def test_messages_of_all_kinds(sent: Any) -> None:
    output: Any = llm.ToolOutput(id="call_0", name="f", result={"n": 1})
    messages = [
        llm.messages.system("Be kind."),
        llm.messages.user("One."),
        llm.messages.assistant(
            ["Two.", llm.ToolCall(id="call_0", name="f", args="{}")],
            model_id=None,
            provider_id=None,
        ),
        llm.messages.user([output, "Three.", llm.Image.from_url("https://example.com/a.png")]),
        llm.messages.user([llm.Image.from_bytes(base64.b64decode(PNG))]),
        llm.messages.user(
            [
                llm.Document.from_url("https://example.com/a.pdf"),
                llm.Document.from_bytes(b"a,b", mime_type="text/plain"),
            ]
        ),
    ]
    assert sent(messages)["input"] == [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "One."},
        {"role": "assistant", "content": "Two."},
        {"type": "function_call", "call_id": "call_0", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_0", "output": '{"n": 1}'},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Three."},
                {
                    "type": "input_image",
                    "image_url": "https://example.com/a.png",
                    "detail": "auto",
                },
            ],
        },
        {
            "type": "message",
            "role": "user",
            "content": [
                {
                    "type": "input_image",
                    "image_url": f"data:image/png;base64,{PNG}",
                    "detail": "auto",
                }
            ],
        },
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_file", "file_url": "https://example.com/a.pdf"},
                {
                    "type": "input_file",
                    "file_data": "data:text/plain;base64,YSxi",
                    "filename": "document.txt",
                },
            ],
        },
    ]


def test_audio_is_refused_with_the_way_to_it(sent: Any) -> None:
    audio = llm.Audio.from_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    with pytest.raises(llm.FeatureNotSupportedError, match=":completions"):
        sent([llm.messages.user(audio)])


def test_params(sent: Any, caplog: pytest.LogCaptureFixture) -> None:
    thinking: Any = {"level": "low"}
    body = sent(
        temperature=0.5,
        max_tokens=10,
        top_p=0.9,
        top_k=50,
        seed=1,
        stop_sequences=["."],
        thinking=thinking,
    )
    assert {name: body[name] for name in body if name not in {"model", "input"}} == {
        "temperature": 0.5,
        "max_output_tokens": 10,
        "top_p": 0.9,
    }
    assert caplog.messages == [
        "Skipping unsupported parameter: top_k=50 (provider: openai)",
        "Skipping unsupported parameter: seed=1 (provider: openai)",
        "Skipping unsupported parameter: stop_sequences=['.'] (provider: openai)",
        (
            "Skipping unsupported parameter: thinking={'level': 'low'} "
            "(provider: openai with model_id: openai/gpt-4o:responses)"
        ),
    ]


@pytest.mark.parametrize(
    ("level", "effort"),
    [
        ("none", "none"),
        ("default", "medium"),
        ("minimal", "minimal"),
        ("low", "low"),
        ("medium", "medium"),
        ("high", "high"),
        ("max", "xhigh"),
    ],
)
def test_effort(sent: Any, level: str, effort: str) -> None:
    body = sent(model="openai/gpt-5:responses", thinking={"level": level})
    assert body["reasoning"] == {"effort": effort}


def test_summaries_are_asked_for_if_thoughts_are_wanted(sent: Any) -> None:
    thinking = {"level": "low", "include_thoughts": True}
    body = sent(model="openai/o3:responses", thinking=thinking)
    assert body["reasoning"] == {"effort": "low", "summary": "auto"}


def test_the_format_tool_among_other_tools(sent: Any) -> None:
    body = sent(tools=[shelve, llm.WebSearchTool()], format=llm.format(Book, mode="tool"))
    assert body["tool_choice"] == {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [
            {"type": "function", "name": "shelve"},
            {"type": "web_search"},
            {"type": "function", "name": FORMAT_TOOL},
        ],
    }
    assert [tool.get("name", tool["type"]) for tool in body["tools"]] == [
        "shelve",
        "web_search",
        FORMAT_TOOL,
    ]


@pytest.mark.parametrize(
    ("model", "member"),
    [("openai/gpt-4o:responses", "text"), ("openai/gpt-4:responses", "tools")],
)
def test_the_mode_of_a_format_that_names_none(sent: Any, model: str, member: str) -> None:
    assert member in sent(model=model, format=Book)


def test_an_unknown_tool_of_the_providers_is_refused(sent: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError, match="'telepathy'"):
        sent(tools=[llm.ProviderTool(name="telepathy")])


def turn(**members: Any) -> Any:
    said: dict[str, Any] = {
        "model_id": MODEL,
        "provider_id": "openai",
        "provider_model_name": "gpt-4o:responses",
        "raw_message": [message("msg_1", "Raw.")],
    }
    return llm.messages.assistant([llm.Thought(thought="Hm."), "Re-encoded."], **said | members)


def test_a_turn_of_its_own_is_sent_back_verbatim(sent: Any) -> None:
    assert sent([*HELLO, turn(), *HELLO])["input"][1] == message("msg_1", "Raw.")


@pytest.mark.parametrize(
    "members",
    [
        {"provider_model_name": "gpt-4o:completions"},
        {"provider_id": "openrouter"},
        {"raw_message": None},
        {"raw_message": {"role": "assistant", "content": "Raw."}},
        {"raw_message": [call("1", name=FORMAT_TOOL)]},
    ],
    ids=str,
)
def test_a_turn_of_another_is_encoded_anew_without_thoughts(sent: Any, members: Any) -> None:
    assert sent([*HELLO, turn(**members), *HELLO])["input"][1] == {
        "role": "assistant",
        "content": "Re-encoded.",
    }


def test_thoughts_are_sent_as_text_if_wanted(sent: Any) -> None:
    thinking = {"level": "low", "encode_thoughts_as_text": True}
    body = sent([*HELLO, turn(), *HELLO], model="openai/gpt-5:responses", thinking=thinking)
    assert body["input"][1:3] == [
        {"role": "assistant", "content": "**Thinking:** Hm."},
        {"role": "assistant", "content": "Re-encoded."},
    ]
