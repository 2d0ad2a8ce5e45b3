"""Mistakes in a transport of one's own: shown as what they are, at once, without the key."""

import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import pytest

from mirascope_nb import llm

KEY = "sk-canary-0123456789"


def mistaken(request: httpx2.Request) -> httpx2.Response:
    return request.nonsense  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


class Counting:
    """A handler that counts how often it was asked."""

    def __init__(self, fail: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self.fail = fail
        self.calls = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.calls += 1
        return self.fail(request)


async def asked(model: Any, method: str) -> None:
    answer = getattr(model, method)("Hello.")
    if method.endswith("_async"):
        await answer


@pytest.mark.parametrize("method", ["call", "stream", "call_async", "stream_async"])
async def test_a_mistake_in_a_handler_is_neither_renamed_nor_repeated(method: str) -> None:
    handler = Counting(mistaken)
    llm.register_provider("openai", api_key=KEY, transport=httpx2.MockTransport(handler))
    with pytest.raises(AttributeError, match="nonsense") as caught:
        await asked(llm.retry_model("openai/gpt-4o", initial_delay=0), method)
    assert handler.calls == 1
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].name == "mistaken"
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        assert KEY not in repr(frame.f_locals)


@pytest.mark.parametrize("method", ["call", "stream_async"])
async def test_a_fault_of_the_network_is_one_whoever_raises_it(method: str) -> None:
    def unreachable(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("nobody there", request=request)

    handler = Counting(unreachable)
    llm.register_provider("openai", api_key=KEY, transport=httpx2.MockTransport(handler))
    with pytest.raises(llm.RetriesExhausted) as caught:
        await asked(llm.retry_model("openai/gpt-4o", initial_delay=0, max_retries=1), method)
    assert isinstance(caught.value.__cause__, llm.ConnectionError)
    assert handler.calls == 2


@pytest.mark.parametrize("method", ["stream", "stream_async"])
async def test_a_mistake_while_a_body_is_sent(method: str) -> None:
    class Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
            raise KeyError("no such piece")

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in self:
                yield piece

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Body())

    llm.register_provider("openai:completions", api_key=KEY, transport=httpx2.MockTransport(answer))
    reply: Any = getattr(llm.Model("openai/gpt-4o"), method)("Hello.")
    reply = await reply if method.endswith("_async") else reply
    with pytest.raises(KeyError, match="no such piece"):
        await reply.finish() if method.endswith("_async") else reply.finish()
    assert reply.text() == "a"
