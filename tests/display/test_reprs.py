"""Rich representations: of responses and of usage."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from mirascope_nb import llm
from mirascope_nb.display import MIME_TYPE
from mirascope_nb.display.reprs import (
    cost_text,
    mark_shown,
    response_markdown,
    response_mimebundle,
    tokens_of,
    usage_markdown,
)


def make_response(
    *content: Any,
    usage: llm.Usage | None = None,
    finish: llm.FinishReason | None = None,
    tools: Any = None,
) -> llm.Response:
    return llm.Response(
        raw=None,
        provider_id="sandbox",
        model_id="sandbox/assistant",
        provider_model_name="assistant",
        params={"temperature": 0.5},
        tools=tools,
        input_messages=[llm.messages.user("hi")],
        assistant_message=llm.messages.assistant(
            list(content), model_id="sandbox/assistant", provider_id="sandbox"
        ),
        finish_reason=finish,
        usage=usage,
    )


def test_a_response_is_shown_as_a_card_would_be() -> None:
    response = make_response(
        llm.Thought(thought="hm"),
        llm.Text(text="Hi <b>"),
        llm.ToolCall(id="1", name="t", args="{}"),
        usage=llm.Usage(input_tokens=3, output_tokens=4),
        finish=llm.FinishReason.MAX_TOKENS,
    )
    data, _ = response_mimebundle(response)
    assert data["text/markdown"].startswith("Hi &lt;b>\n\n`t()` · not run\n\n")
    record = data[MIME_TYPE]
    assert record["asked"] == "sandbox/assistant"
    assert record["params"] == {"temperature": 0.5}
    assert record["usage"] == {"input": 3, "output": 4, "cached": 0, "reasoning": 0}
    assert record["finish"] == "max_tokens"
    assert [block["type"] for block in record["blocks"]] == ["thought", "text", "tool"]
    as_markdown = response._repr_markdown_()  # pyright: ignore[reportPrivateUsage]
    assert as_markdown == response_markdown(response) == data["text/markdown"]
    assert response_markdown(response) == data["text/markdown"]


def test_an_unread_stream_says_that_it_is_still_running() -> None:
    async def chunks() -> AsyncIterator[Any]:
        yield llm.TextStartChunk()

    response = llm.AsyncStreamResponse(
        provider_id="x",
        model_id="x/y",
        provider_model_name="y",
        params={},
        input_messages=[],
        chunk_iterator=chunks(),
    )
    assert response_mimebundle(response).data[MIME_TYPE]["state"] == "streaming"


def test_tokens_and_costs_of_several_replies_add_up_or_are_unknown() -> None:
    class Priced:
        def __init__(self, cost: str | None, tokens: int | None) -> None:
            self.cost = None if cost is None else Decimal(cost)
            self.usage = None if tokens is None else llm.Usage(input_tokens=tokens)

    one: Any = Priced("0.10", 2)
    two: Any = Priced("0.2", 3)
    unknown: Any = Priced(None, None)
    assert cost_text([one, two]) == "0.3"
    assert cost_text([one, unknown]) is None
    assert cost_text([]) is None
    total = tokens_of([one, unknown, two])
    assert total is not None
    assert total.input == 5
    assert tokens_of([unknown]) is None


def test_usage_is_a_small_table() -> None:
    usage = llm.Usage(input_tokens=1200, output_tokens=3, cache_read_tokens=1000)
    assert usage_markdown(usage).split("\n") == [
        *("| tokens | |", "|:--|--:|", "| input | 1,200 |", "| cache read | 1,000 |"),
        *("| output | 3 |", "| **total** | 1,203 |"),
    ]


def test_a_response_whose_tools_were_executed_says_what_came_of_them() -> None:
    """Told apart by position: a provider may give all calls of a turn the same id."""

    @llm.tool
    def weather(city: str) -> str:
        """The weather."""
        if city == "Atlantis":
            raise ValueError("no such city")
        return f"72 in {city}"

    calls = [
        llm.ToolCall(id="same", name="weather", args=f'{{"city": "{city}"}}')
        for city in ("Atlantis", "Oslo")
    ]
    response = make_response(*calls, tools=[weather])
    states = [block["state"] for block in record(response)["blocks"]]
    assert states == ["proposed", "proposed"]
    response.execute_tools()
    first, second = record(response)["blocks"]
    assert (first["state"], second["state"]) == ("error", "ok")
    assert "no such city" in first["error"]
    assert second["result"] == "72 in Oslo"
    assert "not run" not in response_markdown(response)


def record(response: llm.Response) -> Any:
    return response_mimebundle(response).data[MIME_TYPE]


def test_a_response_that_a_card_has_shown_is_not_shown_again_by_its_cell() -> None:
    shell = InteractiveShell.instance()
    try:
        formatter: Any = shell.display_formatter
        response, other = make_response(llm.Text(text="a")), make_response(llm.Text(text="b"))
        mark_shown(response)
        assert formatter.format(response) == ({}, {})
        assert formatter.format(other)[0]
        shell.execution_count += 1
        assert formatter.format(response)[0]
    finally:
        InteractiveShell.clear_instance()
