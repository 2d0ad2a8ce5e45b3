"""Servers that imitate a service and differ from it are understood, or told what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from tests.faults.deviations import anthropic, google, openai_chat, openai_responses
from tests.faults.wires import WIRES

if TYPE_CHECKING:
    from tests.faults.deviations.rows import Deviation
    from tests.faults.server import Connection, FaultServer


WAYS = [each for wire in (openai_chat, openai_responses, anthropic, google) for each in wire.rows()]


def named(deviation: Deviation) -> str:
    kind = "stream" if deviation.streams else "whole"
    return f"{deviation.wire}-{kind}-{deviation.name}"


@llm.tool
def add(a: int, b: int) -> int:
    return a + b


@llm.tool
def mul(a: int, b: int) -> int:
    return a * b


TOOLS: list[Any] = [add, mul]


def told(part: Any) -> str:
    return part.text if isinstance(part, llm.Text) else f"{part.name}({part.args})"


@pytest.mark.parametrize("deviation", WAYS, ids=named)
async def test_what_a_server_says_otherwise_is_understood_or_told(
    faults: FaultServer, deviation: Deviation
) -> None:
    async def script(connection: Connection) -> None:
        kind = b"text/event-stream" if deviation.streams else b"application/json"
        await connection.whole(kind, deviation.body)

    wire = WIRES[deviation.wire]
    faults.register(wire)
    model, prompt = llm.Model(wire.model), faults.case(script)
    reply: Any = None
    error: Exception | None = None
    try:
        if deviation.streams:
            reply = await model.stream_async(prompt, tools=TOOLS)
            await reply.finish()
        else:
            reply = await model.call_async(prompt, tools=TOOLS)
    except llm.Error as caught:
        error = caught
    assert type(error) is (deviation.error or type(None)), error
    content: list[Any] = reply.content if reply else []
    assert [told(part) for part in content] == deviation.content
    if deviation.usage is not None:
        assert (reply.usage.input_tokens, reply.usage.output_tokens) == deviation.usage
    if error is None:
        ids = [call.id for call in reply.tool_calls]
        assert wire.name == "google" or len(set(ids)) == len(ids)
        outputs = await reply.execute_tools()
        assert [output.error is None for output in outputs] == [
            bool(c.name) for c in reply.tool_calls
        ]
