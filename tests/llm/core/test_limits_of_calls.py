"""What limits mean for real calls: tasks, streams and blocking callers wait, and let go."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from mirascope_nb import llm


def reply(status: int = 200, **headers: str) -> httpx2.Response:
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    wrong = {"error": {"message": "slow down", "type": "x", "code": "rate_limit_exceeded"}}
    return httpx2.Response(status, json=body if status < 300 else wrong, headers=headers)


def register_bounded(answer: Callable[[httpx2.Request], Any]) -> None:
    """Let `bounded/...` be answered by this function, without a network."""
    llm.register_provider(
        "openai:completions",
        "bounded/",
        api_key="k",
        base_url="http://127.0.0.1:9/v1",
        transport=httpx2.MockTransport(answer),
    )


async def test_a_limit_on_concurrency_holds_for_tasks_and_is_given_back_on_cancellation() -> None:
    most = running = 0
    gate = asyncio.Event()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal most, running
        running += 1
        most = max(most, running)
        try:
            await gate.wait()
        finally:
            running -= 1
        return reply()

    register_bounded(answer)
    llm.limits.set("http://127.0.0.1:9/v1", concurrency=2)
    try:
        model = llm.Model("bounded/m")
        calls = [asyncio.create_task(model.call_async("Hi")) for _ in range(6)]
        async with asyncio.timeout(5):
            while running < 2 or llm.limits.show()[-1].waiting < 4:  # noqa: ASYNC110, turns
                await asyncio.sleep(0)
        calls[0].cancel()
        calls[5].cancel()
        gate.set()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(each, asyncio.CancelledError) for each in done].count(True) == 2
        assert most == 2
        state = llm.limits.show()[-1]
        assert (state.running, state.waiting) == (0, 0)
    finally:
        llm.limits.reset()


def event(**delta: str) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}
    said = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return f"data: {json.dumps(said)}\n\n".encode()


async def test_streams_count_until_they_have_ended() -> None:
    most = running = 0
    gates = [asyncio.Event() for _ in range(4)]

    async def body(number: int) -> AsyncIterator[bytes]:
        nonlocal most, running
        running += 1
        most = max(most, running)
        try:
            yield event(role="assistant", content="Hi")
            await gates[number].wait()
            yield event() + b"data: [DONE]\n\n"
        finally:
            running -= 1

    numbers = itertools.count()

    def answer(_: httpx2.Request) -> httpx2.Response:
        kind = {"content-type": "text/event-stream"}
        return httpx2.Response(200, content=body(next(numbers)), headers=kind)

    register_bounded(answer)
    llm.limits.set("http://127.0.0.1:9/v1", concurrency=2)
    try:
        model = llm.Model("bounded/m")

        async def ask() -> str:
            stream = await model.stream_async("Hi")
            await stream.finish()
            return stream.text()

        tasks = [asyncio.create_task(ask()) for _ in range(4)]
        async with asyncio.timeout(5):
            while running < 2 or llm.limits.show()[-1].waiting < 2:  # noqa: ASYNC110, turns
                await asyncio.sleep(0)
            tasks[0].cancel()  # the place of a stream that is broken off is free at once
            for gate in gates:
                gate.set()
            done = await asyncio.gather(*tasks, return_exceptions=True)
        assert done[1:] == ["Hi"] * 3
        assert most == 2
        assert llm.limits.show()[-1].running == 0
    finally:
        llm.limits.reset()


def test_blocking_callers_wait_in_line_too() -> None:
    most = running = 0
    lock = threading.Lock()
    all_in = threading.Barrier(2, timeout=5)

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        all_in.wait()
        with lock:
            running -= 1
        return reply()

    register_bounded(answer)
    llm.limits.set("openai:completions", concurrency=2)
    try:
        threads = [
            threading.Thread(target=llm.Model("bounded/m").call, args=("Hi",)) for _ in range(6)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(10)
        assert most == 2
        assert llm.limits.show()[-1].running == 0
    finally:
        llm.limits.reset()


def test_a_refused_call_gets_its_error_and_does_not_wait() -> None:
    llm.register_provider(
        "openai:completions",
        "bounded/",
        api_key="k",
        base_url="http://127.0.0.1:9/v1",
        transport=httpx2.MockTransport(lambda _: reply(429, **{"retry-after": "30"})),
    )
    for _ in range(3):
        with pytest.raises(llm.RateLimitError) as caught:
            llm.Model("bounded/m").call("Hi")
        assert caught.value.retry_after == 30
    llm.limits.reset()


def test_what_cannot_be_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="rpm must be positive"):
        llm.limits.set("openai", rpm=0)
