"""A response of one kind, resumed as another: the conversation is but messages."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.sandbox import Sandbox

METHODS = ["call", "call_async", "stream", "stream_async"]
KINDS = {
    "call": llm.Response,
    "call_async": llm.AsyncResponse,
    "stream": llm.StreamResponse,
    "stream_async": llm.AsyncStreamResponse,
}


@llm.tool
def roll(sides: int) -> int:
    """Roll a die."""
    return sides


async def asked(model: Any, method: str, *args: Any, **asked: Any) -> Any:
    reply = getattr(model, method)(*args, **asked)
    return await finished(await reply if method.endswith("_async") else reply)


async def finished(reply: Any) -> Any:
    done: Any = reply.finish() if hasattr(reply, "finish") else None
    if done is not None:
        await done
    return reply


# A stream goes on as a stream, a whole reply as one.
PAIRS = [*product(METHODS[:2], repeat=2), *product(METHODS[2:], repeat=2)]


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_a_response_of_any_kind_is_resumed_as_any_other(first: str, second: str) -> None:
    with Sandbox(pace=0) as sandbox, sandbox.as_default():
        model = llm.Model("sandbox/echo")
        begun = await asked(model, first, "One.", tools=[roll])
        resume = second.replace("call", "resume").replace("stream", "resume_stream")
        gone_on = await asked(model, resume, response=begun, content="Two.")
        assert type(gone_on) is KINDS[second]
        assert texts(gone_on.messages) == ["One.", "One.", "Two.", "Two."]
        assert gone_on.toolkit.tools == [roll]


def texts(messages: Sequence[Any]) -> list[str]:
    return ["".join(part.text for part in message.content) for message in messages]


async def test_a_resumed_stream_resumes_again() -> None:
    with Sandbox(pace=0) as sandbox, sandbox.as_default():
        first = llm.Model("sandbox/echo").stream("One.")
        second = first.resume("Two.")
        third = second.resume("Three.")
        assert "".join(third.text_stream("")) == "Three."
        assert texts(third.messages[-2:]) == ["Three.", "Three."]
        assert first.consumed
        assert second.consumed
