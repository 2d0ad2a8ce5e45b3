"""What can be asked for by each wire protocol, over real HTTP: one table, and a test of each cell.

A cell is a feature on a wire, tried by blocking and on an event loop, whole and streamed. Where a
wire cannot express a feature, the cell says which error tells so before anything is sent, or that
the feature is left out of the request. The table is shown in `docs/providers.md`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from pydantic import BaseModel

from mirascope_nb import llm

MANUAL = Path(__file__).parents[2] / "docs" / "providers.md"

Check: TypeAlias = Callable[[Any], None]

BOOK = "Recommend a fantasy book."
TWO_CITIES = "What is the weather in Tokyo and Paris?"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
PDF = b"%PDF-1.7\n" + bytes(16)
WAV = b"RIFF\x24\x00\x00\x00WAVE" + bytes(16)
THINKING: Any = {"level": "medium", "include_thoughts": True}


class Book(BaseModel):
    """A book to read."""

    title: str
    author: str


RECOMMENDED = Book(title="The Name of the Wind", author="Patrick Rothfuss")


@llm.tool
def fetch_weather(city: str) -> str:
    """Fetch the current weather for a city."""
    return f"fog over {city}"


@llm.tool(strict=True)
def get_weather(city: str) -> str:
    """Fetch the current weather for a city."""
    return f"fog over {city}"


def text(talk: Any) -> None:
    reply = talk.ask("What is 4200 + 42?")
    assert reply.text() == "4200 + 42 = **4242**"
    assert reply.finish_reason is None


def system(talk: Any) -> None:
    told = llm.messages.system("Reply with one word, no explanation.")
    reply = talk.ask([told, llm.messages.user("What is the capital of France?")])
    assert reply.text() == "Paris"


def several_turns(talk: Any) -> None:
    reply = talk.ask("My name is Ada.")
    assert "Ada" in talk.resume(reply, "What is my name?").text()


def seen(kind: str, attachment: Callable[[], Any]) -> Check:
    def check(talk: Any) -> None:
        reply = talk.ask([attachment(), "What is this?"], model=talk.wire.listener)
        assert f"{kind} came with your message" in reply.text()

    return check


def text_document() -> llm.Document:
    source = llm.TextDocumentSource(
        type="text_document_source", data="frogs", media_type="text/plain"
    )
    return llm.Document(source=source)


def answered_by(tool: Any, cities: list[str], question: str) -> Check:
    def check(talk: Any) -> None:
        reply = talk.ask(question, tools=[tool])
        assert [json.loads(call.args) for call in reply.tool_calls] == [
            {"city": city} for city in cities
        ]
        assert len({call.id for call in reply.tool_calls}) == len(cities) or (
            talk.wire.name == "google"  # which pairs calls and answers by name and order
        )
        answer = talk.resume(reply, talk.run_tools(reply)).text()
        assert all(f"og over {city}" in answer for city in cities)

    return check


def strict_tools(talk: Any) -> None:
    reply = talk.ask("What is the weather in Tokyo?", tools=[get_weather])
    assert "'strict': True" in talk.sent
    assert [json.loads(call.args) for call in reply.tool_calls] == [{"city": "Tokyo"}]


def structured(mode: Any) -> Check:
    def check(talk: Any) -> None:
        reply = talk.ask(BOOK, format=llm.format(Book, mode=mode))
        assert reply.parse() == RECOMMENDED

    return check


def structured_with_tools(talk: Any) -> None:
    reply = talk.ask(TWO_CITIES, tools=[fetch_weather], format=Book)
    assert len(reply.tool_calls) == 2
    assert talk.resume(reply, talk.run_tools(reply)).parse()


def partial_objects(talk: Any) -> None:
    if not talk.way.is_streamed:
        return
    known = talk.partials(BOOK, format=Book)
    assert any(value.title and value.author is None for value in known)
    assert (known[-1].title, known[-1].author) == (RECOMMENDED.title, RECOMMENDED.author)


def visible_thoughts(talk: Any) -> None:
    reply = talk.ask("Hello!", model=talk.wire.thinker, thinking=THINKING)
    assert reply.thoughts[0].thought.startswith("**Reading the question**")
    assert "Reading" not in reply.text()


def only_counted_thoughts(talk: Any) -> None:
    reply = talk.ask("Hello!", model=talk.wire.thinker.replace("gpt-5", "thinker"))
    assert reply.thoughts == []
    assert reply.usage.reasoning_tokens > 0


def usage(talk: Any) -> None:
    counted = talk.ask(BOOK).usage
    again = talk.ask(BOOK).usage
    assert counted.input_tokens > 0
    assert counted.output_tokens > 10
    assert counted.total_tokens == counted.input_tokens + counted.output_tokens
    assert (again.input_tokens, again.output_tokens) == (
        counted.input_tokens,
        counted.output_tokens,
    )


def max_tokens(talk: Any) -> None:
    reply = talk.ask("List all U.S. states.", max_tokens=16)
    assert reply.finish_reason == llm.FinishReason.MAX_TOKENS
    assert reply.text().startswith("1. Alabama")
    assert reply.usage.output_tokens <= 16


def refusal(talk: Any) -> None:
    talk.sandbox.reply("I cannot help with that.", refusal=True)
    reply = talk.ask("x")
    assert reply.finish_reason == llm.FinishReason.REFUSAL
    assert reply.text() == "I cannot help with that."


def sent(param: str, value: Any) -> Check:
    def check(talk: Any) -> None:
        talk.ask("Hello!", **{param: value})
        assert repr(value) in talk.sent
        assert talk.warned == ""

    return check


def left_out(param: str, value: Any) -> Check:
    def check(talk: Any) -> None:
        talk.ask("Hello!", **{param: value})
        assert repr(value) not in talk.sent
        assert f"Skipping unsupported parameter: {param}" in talk.warned

    return check


def web_search(talk: Any) -> None:
    talk.ask("Hello!", tools=[llm.WebSearchTool()])
    assert re.search(r"'type': 'web_search|'googleSearch': \{\}", talk.sent)


def failing(status: int, error: type[llm.APIError]) -> Check:
    def check(talk: Any) -> None:
        talk.sandbox.fail(status, message="Simulated.", retry_after=7)
        with pytest.raises(error, match=r"Simulated\.") as caught:
            talk.ask("Hello!")
        assert type(caught.value) is error
        assert caught.value.status_code == status
        assert caught.value.provider == talk.wire.provider
        assert caught.value.retry_after == pytest.approx(7)
        assert len(talk.sandbox.requests) == 1, "nothing is retried unless the user asks for it"

    return check


def rejected_key(talk: Any) -> None:
    path = "/v1" if talk.wire.provider == "openai" else ""
    address = f"{talk.sandbox.url}{path}"
    llm.register_provider(talk.wire.provider, base_url=address, api_key="sk-invalid-0123456789")
    with pytest.raises(llm.AuthenticationError) as caught:
        talk.ask("Hello!")
    assert "0123456789" not in f"{caught.value}{caught.value!r}"


def unknown_model(talk: Any) -> None:
    model = re.sub("/[^:]+", "/no-such-model", talk.wire.model)
    with pytest.raises(llm.NotFoundError, match="no-such-model"):
        talk.ask("Hello!", model=model)


def well_under_way(talk: Any) -> int:
    """How many pieces of a stream come before some of the text has, and before its end."""
    return 2 if talk.wire.name == "google" else 8


def error_inside_a_stream(talk: Any) -> None:
    if not talk.way.is_streamed:
        return
    for status, expected in ((529, llm.ServerError), (429, llm.RateLimitError)):
        talk.sandbox.fail(
            status, message="Simulated.", after=2 if talk.wire.name == "google" else 8
        )
        reply, error = talk.broken("List all U.S. states.")
        assert isinstance(error, expected)
        assert "Simulated." in str(error)
        assert "".join(part.text for part in reply.texts).startswith("1.")
        assert talk.sandbox.requests[-1].status == 200


def stream_that_breaks_off(talk: Any) -> None:
    if not talk.way.is_streamed:
        return
    talk.sandbox.cut(after=well_under_way(talk))
    reply, error = talk.broken("List all U.S. states.")
    assert isinstance(error, llm.ConnectionError)
    assert "".join(part.text for part in reply.texts).startswith("1.")


@dataclass(frozen=True)
class Feature:
    """A row of the table: what works, and where it does not."""

    name: str
    check: Check
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """Wires that cannot express it, and what `FeatureNotSupportedError.feature` then says."""
    ignored: dict[str, Check] = field(default_factory=dict[str, Check])
    """Wires that are asked without it, and what holds then."""


def parameter(name: str, param: str, value: Any, *without: str) -> Feature:
    return Feature(
        name,
        sent(param, value),
        ignored=dict.fromkeys(without, left_out(param, value)),
    )


CHAT, RESPONSES, ANTHROPIC, GOOGLE = "openai_chat", "openai_responses", "anthropic", "google"

FEATURES = [
    Feature("text", text),
    Feature("system message", system),
    Feature("several turns", several_turns),
    Feature("image", seen("an image", lambda: llm.Image.from_bytes(PNG))),
    Feature(
        "image by its address",
        seen("an image", lambda: llm.Image.from_url("https://example.org/frog.png")),
        refused={GOOGLE: "url image source"},
    ),
    Feature("document, PDF", seen("a document", lambda: llm.Document.from_bytes(PDF))),
    Feature("document, text", seen("a document", text_document)),
    Feature(
        "document by its address",
        seen("a document", lambda: llm.Document.from_url("https://example.org/frogs.pdf")),
        refused={CHAT: "url document source", GOOGLE: "url document source"},
    ),
    Feature(
        "audio",
        seen("an audio", lambda: llm.Audio.from_bytes(WAV)),
        refused={RESPONSES: "audio input", ANTHROPIC: "audio input"},
    ),
    Feature("tools", answered_by(fetch_weather, ["Tokyo"], "What is the weather in Tokyo?")),
    Feature("parallel tools", answered_by(fetch_weather, ["Tokyo", "Paris"], TWO_CITIES)),
    Feature("strict tools", strict_tools, refused={GOOGLE: "strict tools"}),
    Feature("structured, strict", structured("strict")),
    Feature("structured, json", structured("json")),
    Feature("structured, tool", structured("tool")),
    Feature("structured, with tools", structured_with_tools),
    Feature("partial objects while streaming", partial_objects),
    Feature("visible thoughts", visible_thoughts, ignored={CHAT: only_counted_thoughts}),
    Feature("web search", web_search, refused={CHAT: "provider tools (web_search)"}),
    parameter("temperature", "temperature", 0.25),
    parameter("top p", "top_p", 0.75),
    parameter("top k", "top_k", 40, CHAT, RESPONSES),
    parameter("seed", "seed", 1234567, RESPONSES, ANTHROPIC),
    parameter("stop sequences", "stop_sequences", ["3."], RESPONSES),
    Feature("max tokens", max_tokens),
    Feature("usage", usage),
    Feature("refusal", refusal),
    Feature("400: `BadRequestError`", failing(400, llm.BadRequestError)),
    Feature("401: `AuthenticationError`", failing(401, llm.AuthenticationError)),
    Feature("403: `PermissionError`", failing(403, llm.PermissionError)),
    Feature("404: `NotFoundError`", failing(404, llm.NotFoundError)),
    Feature("422: `BadRequestError`", failing(422, llm.BadRequestError)),
    Feature("429: `RateLimitError`", failing(429, llm.RateLimitError)),
    Feature("500: `ServerError`", failing(500, llm.ServerError)),
    Feature("529: `ServerError`", failing(529, llm.ServerError)),
    Feature("a rejected key: `AuthenticationError`", rejected_key),
    Feature("an unknown model: `NotFoundError`", unknown_model),
    Feature("an error inside a stream", error_inside_a_stream),
    Feature("a stream that breaks off: `ConnectionError`", stream_that_breaks_off),
]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_feature_works_or_is_refused_as_the_table_says(feature: Feature, talk: Any) -> None:
    wire = talk.wire.name
    if wire not in feature.refused:
        feature.ignored.get(wire, feature.check)(talk)
        return
    with pytest.raises(llm.FeatureNotSupportedError) as caught:
        feature.check(talk)
    assert caught.value.feature == feature.refused[wire]
    assert caught.value.provider_id.startswith(talk.wire.provider)
    assert talk.sandbox.requests == [], "nothing is sent"


def table(wires: tuple[Any, ...]) -> str:
    """The table in Markdown."""

    def cell(feature: Feature, wire: str) -> str:
        if wire in feature.refused:
            return "refused"
        return "left out" if wire in feature.ignored else "yes"

    head = ["", *(wire.title for wire in wires)]
    rows = [[each.name, *(cell(each, wire.name) for wire in wires)] for each in FEATURES]
    rows.append(["resumed on another wire", *("yes" for _ in wires)])
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def test_the_table_of_the_manual_is_the_one_that_is_tested(wires: Any) -> None:
    written = MANUAL.read_text(encoding="utf-8")
    found = re.search(r"<!-- features -->\n(.*?)\n?<!-- /features -->", written, re.DOTALL)
    expected = table(wires)
    assert found, (
        f"put this into docs/providers.md:\n<!-- features -->\n{expected}\n<!-- /features -->"
    )
    assert found[1] == expected, f"the table in docs/providers.md should be:\n{expected}"
