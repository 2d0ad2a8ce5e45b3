"""What is left of a streaming reply that has ended, in whatever way; copies of it."""

import asyncio
import copy
import gc
import pickle
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.chunks import Batch
from mirascope_nb.llm.io import BLOCKING
from mirascope_nb.llm.source import IteratorSource, WireSource

BEGUN = [llm.TextStartChunk(), llm.TextChunk(delta="a"), llm.TextChunk(delta="b")]
CALL = [
    llm.ToolCallStartChunk(id="1", name="f"),
    llm.ToolCallChunk(id="1", delta="{}"),
    llm.ToolCallEndChunk(id="1"),
]
WHOLE = [
    llm.ThoughtStartChunk(),
    llm.ThoughtChunk(delta="hm"),
    llm.ThoughtEndChunk(),
    *BEGUN,
    llm.TextEndChunk(),
    *CALL,
    llm.UsageDeltaChunk(input_tokens=1),
]

COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    lambda reply: pickle.loads(pickle.dumps(reply)),  # noqa: S301, its own
]


def stream(chunks: Any, cls: Any = llm.StreamResponse) -> Any:
    return cls(
        provider_id="scripted",
        model_id="scripted/model",
        provider_model_name="model",
        params={},
        input_messages=[llm.messages.user("Hello.")],
        chunk_iterator=chunks,
    )


class InOneGo(WireSource):
    """All chunks in the first batch; the next read waits for ever, or says why not."""

    def __init__(self, chunks: Sequence[Any], failure: BaseException | None = None) -> None:
        self.chunks = Batch(chunks)
        self.failure = failure

    async def read(self) -> Batch | None:
        if self.chunks:
            batch, self.chunks = self.chunks, Batch()
            return batch
        if self.failure is not None:
            raise self.failure
        await asyncio.Event().wait()
        return None

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("cls", [llm.StreamResponse, llm.AsyncStreamResponse])
async def test_a_reply_that_has_ended_can_be_copied(copied: Any, cls: Any) -> None:
    reply = stream(awaited(WHOLE) if cls is llm.AsyncStreamResponse else iter(WHOLE), cls)
    if cls is llm.AsyncStreamResponse:
        await reply.finish()
    else:
        reply.finish()
    twin = copied(reply)
    for name in ("chunks", "content", "messages", "usage", "finish_reason", "consumed", "params"):
        assert getattr(twin, name) == getattr(reply, name)
    assert twin.messages[-1].content is twin.content
    if cls is llm.AsyncStreamResponse:
        assert [text async for text in twin.text_stream()] == ["a", "b", "\n"]
        await twin.aclose()
    else:
        assert list(twin.text_stream()) == ["a", "b", "\n"]
        twin.close()


@pytest.mark.parametrize("copied", COPIES)
def test_an_open_reply_cannot_be_copied(copied: Any) -> None:
    reply = stream(iter(WHOLE))
    with pytest.raises(TypeError, match="still open"):
        copied(reply)


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_a_reply_that_broke_off_stays_broken(copied: Any) -> None:
    error = llm.RateLimitError("Slowly.", "scripted")
    begun = [llm.ThoughtStartChunk(), llm.ThoughtChunk(delta="hm"), llm.ThoughtEndChunk(), *BEGUN]
    reply = stream(InOneGo(begun, error))
    with pytest.raises(llm.RateLimitError):
        reply.finish()
    twin = copied(reply)
    assert twin.content == reply.content == [llm.Thought(thought="hm"), llm.Text(text="ab")]
    with pytest.raises(llm.RateLimitError, match="Slowly"):
        twin.finish()
    assert not twin.consumed


def test_a_thought_that_was_never_finished_can_be_saved() -> None:
    reply = stream(InOneGo([llm.ThoughtStartChunk(), llm.ThoughtChunk(delta="hm")]))
    next(reply.chunk_stream())
    reply.close()
    assert reply.stopped
    twin = pickle.loads(pickle.dumps(reply))  # noqa: S301, its own
    assert twin.thoughts == [llm.Thought(thought="hm")]


@pytest.mark.parametrize("chunk", ["a text", None, {"type": "text_chunk"}, llm.Text(text="a")])
def test_what_is_no_chunk_is_a_clear_error_for_good(chunk: Any) -> None:
    reply = stream(iter([*BEGUN, chunk, *BEGUN]))
    for _ in range(2):
        with pytest.raises(TypeError, match=f"not of {type(chunk).__name__}: "):
            reply.finish()
    assert reply.text() == "ab"


async def test_a_stop_is_a_stop_whatever_has_arrived_by_then() -> None:
    # What the reader has not come to is out of order.
    reply = stream(InOneGo([*BEGUN, llm.TextStartChunk()]), llm.AsyncStreamResponse)
    async for _ in reply.chunk_stream():
        break
    await reply.aclose()
    assert reply.text() == "ab"
    with pytest.raises(RuntimeError, match="while processing another"):
        await reply.finish()

    waiting = stream(InOneGo(BEGUN), llm.AsyncStreamResponse)
    task = asyncio.create_task(waiting.finish())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiting.stopped
    assert waiting.text() == "ab"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_not_covered_up(stop: type[BaseException]) -> None:
    reply = stream(InOneGo(BEGUN, stop()))
    with pytest.raises(stop):
        reply.finish()
    assert reply.stopped
    assert reply.text() == "ab"


async def awaited(chunks: Sequence[Any], gate: asyncio.Event | None = None) -> AsyncIterator[Any]:
    for chunk in chunks:
        await asyncio.sleep(0)
        if gate is not None:
            await gate.wait()
        yield chunk


async def test_an_unfinished_reply_may_be_dropped_in_silence() -> None:
    for _ in range(3):
        reply = stream(awaited(WHOLE), llm.AsyncStreamResponse)
        async for _ in reply.text_stream():
            break
        del reply
        gc.collect()
        await asyncio.sleep(0)


async def test_closing_while_another_task_reads() -> None:
    gate = asyncio.Event()
    reply = stream(awaited(WHOLE, gate), llm.AsyncStreamResponse)
    task = asyncio.create_task(reply.finish())
    await asyncio.sleep(0.01)
    await reply.aclose()
    await reply.aclose()
    gate.set()
    with pytest.raises(llm.ConnectionError, match="stopped"):
        await task
    assert reply.stopped


async def test_a_source_that_has_nothing_to_close() -> None:
    class Chunks:
        def __iter__(self) -> Iterator[Any]:
            return self

        def __next__(self) -> Any:
            raise StopIteration

    source = IteratorSource(Chunks())
    assert await source.read() is None
    await source.aclose()
    assert not BLOCKING.is_async
