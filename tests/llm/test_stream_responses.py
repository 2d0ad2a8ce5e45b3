"""Streaming replies, of which everything holds for blocking and awaiting readers alike."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from mirascope_nb import llm
from mirascope_nb.llm.responses import FinishReasonChunk, RawStreamEventChunk

FORMAT_TOOL = "__mirascope_formatted_output_tool__"


class Book(BaseModel):
    title: str
    tags: list[str] = []


def text(*deltas: str) -> list[Any]:
    return [
        llm.TextStartChunk(),
        *(llm.TextChunk(delta=delta) for delta in deltas),
        llm.TextEndChunk(),
    ]


def thought(*deltas: str) -> list[Any]:
    return [
        llm.ThoughtStartChunk(),
        *(llm.ThoughtChunk(delta=delta) for delta in deltas),
        llm.ThoughtEndChunk(),
    ]


def tool(id: str, name: str, *deltas: str) -> list[Any]:
    return [
        llm.ToolCallStartChunk(id=id, name=name),
        *(llm.ToolCallChunk(id=id, delta=delta) for delta in deltas),
        llm.ToolCallEndChunk(id=id),
    ]


ALL = [*thought("Let me\n", "see."), *text("It ", "is"), *tool("1", "f", '{"a"', ":1}"), *text("!")]


class Source:
    """An iterator of chunks, for both worlds, that knows how far it was read."""

    def __init__(self, chunks: Sequence[Any]) -> None:
        self.chunks = list(chunks)
        self.read = 0
        self.is_closed = False
        self.gate: asyncio.Event | None = None

    def next(self) -> Any:
        if self.read == len(self.chunks):
            return None
        chunk = self.chunks[self.read]
        self.read += 1
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def blocking(self) -> Iterator[Any]:
        try:
            while (chunk := self.next()) is not None:
                yield chunk
        finally:
            self.is_closed = True

    async def awaiting(self) -> AsyncIterator[Any]:
        try:
            while (chunk := self.next()) is not None:
                await asyncio.sleep(0)
                if self.gate is not None:
                    await self.gate.wait()
                yield chunk
        finally:
            self.is_closed = True


class World:
    """Blocking or awaiting replies, used in the same way."""

    def __init__(self, *, is_async: bool) -> None:
        self.is_async = is_async

    def __repr__(self) -> str:
        return "async" if self.is_async else "sync"

    def stream(self, chunks: Sequence[Any] | Source, **asked: Any) -> Any:
        source = chunks if isinstance(chunks, Source) else Source(chunks)
        cls: Any = llm.AsyncStreamResponse if self.is_async else llm.StreamResponse
        return cls(
            provider_id="scripted",
            model_id="scripted/model",
            provider_model_name="model",
            params={},
            input_messages=[llm.messages.user("Hello.")],
            chunk_iterator=source.awaiting() if self.is_async else source.blocking(),
            **asked,
        )

    async def all(self, iterable: Any) -> list[Any]:
        return [each async for each in iterable] if self.is_async else list(iterable)

    async def some(self, iterable: Any, count: int) -> list[Any]:
        """The first few, and no more."""
        taken: list[Any] = []
        if self.is_async:
            async for each in iterable:
                taken.append(each)
                if len(taken) == count:
                    break
        else:
            for each in iterable:
                taken.append(each)
                if len(taken) == count:
                    break
        return taken

    async def each(
        self, iterable: Any, look: Callable[[Any], Awaitable[Any]], seen: list[Any]
    ) -> None:
        """Look at each while the iteration stands there, and note what was seen."""
        if self.is_async:
            async for each in iterable:
                seen.append(await look(each))  # noqa: PERF401, it is read beside
        else:
            for each in iterable:
                seen.append(await look(each))  # noqa: PERF401

    async def done(self, work: Any) -> Any:
        return await work if self.is_async else work

    async def close(self, stream: Any) -> None:
        await self.done(stream.aclose() if self.is_async else stream.close())


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def world(request: pytest.FixtureRequest) -> World:
    return World(is_async=request.param)


async def test_content_chunks_are_given_and_all_else_is_kept(world: World) -> None:
    event = RawStreamEventChunk(raw_stream_event={"n": 1})
    raw = llm.RawMessageChunk(raw_message={"role": "assistant"})
    usage = llm.UsageDeltaChunk(input_tokens=3, output_tokens=2)
    finish = FinishReasonChunk(finish_reason=llm.FinishReason.MAX_TOKENS)
    stream = world.stream([event, *ALL, raw, usage, finish])
    assert stream.usage is None
    assert await world.all(stream.chunk_stream()) == ALL == stream.chunks
    assert stream.raw_stream_events == [{"n": 1}]
    assert stream.messages[-1].raw_message == {"role": "assistant"}
    assert stream.usage == llm.Usage(input_tokens=3, output_tokens=2)
    assert stream.finish_reason is llm.FinishReason.MAX_TOKENS
    assert stream.consumed


async def test_lists_keep_their_identity_while_they_grow(world: World) -> None:
    stream = world.stream(ALL)
    names = ["chunks", "content", "texts", "thoughts", "tool_calls", "raw_stream_events"]
    before = [getattr(stream, name) for name in names]
    await world.done(stream.finish())
    after = [getattr(stream, name) for name in names]
    assert all(one is other for one, other in zip(before, after, strict=True))
    assert stream.messages[-1].content is stream.content
    assert stream.messages[0] == llm.messages.user("Hello.")


async def test_content_never_runs_ahead_of_the_reader(world: World) -> None:
    stream = world.stream(ALL)

    async def look(_: Any) -> int:
        return len(stream.chunks)

    lengths: list[int] = []
    await world.each(stream.chunk_stream(), look, lengths)
    assert lengths == list(range(1, len(ALL) + 1))


async def test_an_iteration_may_be_broken_off_and_started_again(world: World) -> None:
    source = Source(ALL)
    stream = world.stream(source)
    assert await world.some(stream.chunk_stream(), 2) == ALL[:2]
    assert source.read == 2
    assert not stream.consumed
    assert await world.some(stream.chunk_stream(), 4) == ALL[:4]
    assert source.read == 4
    assert await world.all(stream.chunk_stream()) == ALL
    assert await world.all(stream.chunk_stream()) == ALL
    assert source.read == len(ALL)


async def test_a_reply_that_was_read_replays(world: World) -> None:
    source = Source(ALL)
    stream = world.stream(source)
    await world.done(stream.finish())
    await world.done(stream.finish())
    source.chunks = []
    assert await world.all(stream.text_stream()) == ["It ", "is", "\n", "!", "\n"]
    assert "".join(await world.all(stream.pretty_stream())) == stream.pretty()


async def test_text_as_it_comes_with_a_separator_after_each(world: World) -> None:
    stream = world.stream(ALL)
    assert await world.all(stream.text_stream(sep="|")) == ["It ", "is", "|", "!", "|"]
    assert stream.text() == "It is\n!"


async def test_pretty_pieces_are_the_pretty_whole(world: World) -> None:
    stream = world.stream(ALL)
    pretty = "".join(await world.all(stream.pretty_stream()))
    assert pretty == stream.pretty()
    assert pretty == ('**Thinking:**\n  Let me\n  see.\n\nIt is\n\n**ToolCall (f):** {"a":1}\n\n!')


async def test_streams_gives_one_for_each_part(world: World) -> None:
    stream = world.stream(ALL)
    kinds = [(part.type, part.content_type) for part in await world.all(stream.streams())]
    assert kinds == [
        ("thought_stream", "thought"),
        ("text_stream", "text"),
        ("tool_call_stream", "tool_call"),
        ("text_stream", "text"),
    ]
    assert stream.consumed


async def test_parts_that_are_read(world: World) -> None:
    stream = world.stream(ALL)
    deltas: list[list[str]] = []
    await world.each(stream.streams(), world.all, deltas)
    assert deltas == [["Let me\n", "see."], ["It ", "is"], ['{"a"', ":1}"], ["!"]]


async def test_parts_that_are_collected_whole_or_half_read(world: World) -> None:
    stream = world.stream(ALL)
    collected: list[Any] = []

    async def look(part: Any) -> Any:
        if part.type == "text_stream":
            await world.some(part, 1)
        return await world.done(part.collect())

    await world.each(stream.streams(), look, collected)
    assert collected == stream.content


async def test_what_is_known_of_a_part_so_far(world: World) -> None:
    stream = world.stream(ALL)
    parts = await world.some(stream.streams(), 1)
    assert parts[0].partial_thought == ""
    await world.some(parts[0], 1)
    assert parts[0].partial_thought == "Let me\n"
    assert len(stream.chunks) == 2
    rest = await world.all(stream.streams())
    assert rest[1].partial_text == "It is"
    assert (rest[2].tool_id, rest[2].tool_name) == ("1", "f")
    assert rest[2].partial_args == '{"a":1}'


async def test_calls_that_interleave_are_parts_of_their_own(world: World) -> None:
    one, two = tool("1", "f", "[1", "]"), tool("2", "g", "[2", "]")
    stream = world.stream([chunk for pair in zip(one, two, strict=True) for chunk in pair])
    collected = [await world.done(part.collect()) for part in await world.all(stream.streams())]
    assert collected == stream.tool_calls
    assert [call.args for call in collected] == ["[1]", "[2]"]


async def test_a_call_without_arguments_has_an_empty_object(world: World) -> None:
    stream = world.stream(tool("1", "f"))
    parts = await world.all(stream.streams())
    assert (await world.done(parts[0].collect())).args == stream.tool_calls[0].args == "{}"


async def test_a_part_that_never_ends_is_an_error(world: World) -> None:
    stream = world.stream([llm.TextStartChunk(), llm.TextChunk(delta="a")])
    part = (await world.some(stream.streams(), 1))[0]
    with pytest.raises(llm.ConnectionError, match="inside a text"):
        await world.done(part.collect())
    assert part.partial_text == "a"


async def test_a_call_that_never_ends_is_an_error_and_not_lost(world: World) -> None:
    # The arguments may be cut off anywhere, so the tool may not be run with them.
    stream = world.stream([*text("Let me see."), *tool("1", "f", '{"a"')[:-1]])
    for _ in range(2):
        with pytest.raises(llm.ConnectionError, match="inside the call of tool 'f'"):
            await world.done(stream.finish())
    assert not stream.consumed
    assert stream.text() == "Let me see."
    assert stream.tool_calls == []


async def test_a_format_that_the_provider_has_not_resolved_is_read_as_json(world: World) -> None:
    stream = world.stream(text('{"title": "A"}'), format=Book)
    await world.done(stream.finish())
    assert stream.format == llm.format(Book, mode="json")
    assert stream.parse() == Book(title="A")


BOOK: Any = llm.format(Book, mode="json")
PIECES = ['{"ti', 'tle":"A', ' B","ta', 'gs":["x"', ',"y"]}']


async def test_an_object_as_far_as_it_is_known(world: World) -> None:
    stream = world.stream(text(*PIECES), format=BOOK)
    values = [(value.title, value.tags) for value in await world.all(stream.structured_stream())]
    assert values == [
        (None, None),
        ("A", None),
        ("A B", None),
        ("A B", ["x"]),
        ("A B", ["x", "y"]),
    ]
    assert stream.parse() == Book(title="A B", tags=["x", "y"])


async def test_an_object_is_replayed_as_it_came(world: World) -> None:
    stream = world.stream(text(*PIECES), format=BOOK)
    first = await world.all(stream.structured_stream())
    assert await world.all(stream.structured_stream()) == first
    assert len(first) == 5


async def test_an_object_by_the_format_tool(world: World) -> None:
    form = llm.format(Book, mode="tool")
    stream = world.stream(tool("1", FORMAT_TOOL, *PIECES), format=form)
    assert len(await world.all(stream.structured_stream())) == 5
    assert stream.tool_calls == []
    assert stream.parse().title == "A B"


async def test_a_partial_object_at_any_time(world: World) -> None:
    stream = world.stream(text(*PIECES), format=BOOK)
    assert stream.parse(partial=True) is None
    await world.some(stream.chunk_stream(), 4)
    assert stream.parse(partial=True).title == "A B"
    assert stream.parse(partial=True).title == "A B"


async def test_an_object_needs_a_format(world: World) -> None:
    with pytest.raises(ValueError, match=r"structured_stream\(\) requires format parameter"):
        await world.all(world.stream(text("a")).structured_stream())

    @llm.output_parser(formatting_instructions="Shout.")
    def shout(response: Any) -> str:
        return response.text().upper()

    stream = world.stream(text("a"), format=llm.format(shout, mode="parser"))
    with pytest.raises(NotImplementedError, match="OutputParser"):
        await world.all(stream.structured_stream())
    assert await world.done(stream.finish()) is None
    assert stream.parse() == "A"


async def test_an_error_keeps_what_came_before_and_is_raised_again(world: World) -> None:
    error = llm.ServerError("Enough.", "scripted")
    stream = world.stream([*text("It ", "is")[:3], error])
    with pytest.raises(llm.ServerError):
        await world.all(stream.text_stream())
    assert stream.text() == "It is"
    assert stream.messages[-1].content == [llm.Text(text="It is")]
    assert not stream.consumed
    for again in (stream.chunk_stream, stream.pretty_stream, stream.streams):
        with pytest.raises(llm.ServerError) as caught:
            await world.all(again())
        assert caught.value is error
    with pytest.raises(llm.ServerError):
        await world.done(stream.finish())


async def test_what_was_read_replays_before_the_error(world: World) -> None:
    stream = world.stream([*text("It ")[:2], llm.ServerError("Enough.", "scripted")])
    with pytest.raises(llm.ServerError):
        await world.done(stream.finish())
    assert await world.some(stream.chunk_stream(), 2) == text("It ")[:2]


async def test_chunks_out_of_order_are_an_error_for_good(world: World) -> None:
    stream = world.stream([*text("a"), llm.TextChunk(delta="stray"), *text("b")])
    for _ in range(2):
        with pytest.raises(RuntimeError, match="while not processing text"):
            await world.done(stream.finish())
    assert stream.text() == "a"
    assert not stream.consumed


async def test_closing_frees_the_source_and_keeps_what_came(world: World) -> None:
    source = Source(ALL)
    stream = world.stream(source)
    await world.some(stream.chunk_stream(), 5)
    await world.close(stream)
    await world.close(stream)
    assert source.is_closed
    assert stream.stopped
    assert stream.thoughts[0].thought == "Let me\nsee."
    with pytest.raises(llm.ConnectionError, match="stopped"):
        await world.done(stream.finish())


async def test_closing_after_the_end_changes_nothing(world: World) -> None:
    stream = world.stream(ALL)
    await world.done(stream.finish())
    await world.close(stream)
    assert stream.consumed
    assert not stream.stopped
    assert await world.all(stream.chunk_stream()) == ALL


async def test_a_with_block_closes(world: World) -> None:
    source = Source(ALL)
    if world.is_async:
        async with world.stream(source) as stream:
            await world.some(stream.chunk_stream(), 1)
    else:
        with world.stream(source) as stream:
            await world.some(stream.chunk_stream(), 1)
    assert source.is_closed


async def test_tools_run_once_the_reply_is_whole(world: World) -> None:
    def f(a: int) -> int:
        """Add one."""
        return a + 1

    stream = world.stream(ALL, tools=[llm.tool(f)])
    outputs = await world.done(stream.execute_tools())
    assert stream.consumed
    assert [output.output for output in outputs] == [2]
    assert await world.done(world.stream(text("a")).execute_tools()) == []


async def test_two_tasks_read_one_stream() -> None:
    source = Source(ALL)
    stream = World(is_async=True).stream(source)

    async def read() -> list[Any]:
        return [chunk async for chunk in stream.chunk_stream()]

    readings = await asyncio.gather(*(read() for _ in range(5)))
    assert readings == [ALL] * 5
    assert source.read == len(ALL)


async def test_tasks_that_read_in_different_ways_do_not_disturb_one_another() -> None:
    stream: Any = World(is_async=True).stream(ALL)

    async def pretty() -> str:
        return "".join([piece async for piece in stream.pretty_stream()])

    async def parts() -> list[Any]:
        return [await part.collect() async for part in stream.streams()]

    written, collected = await asyncio.gather(pretty(), parts())
    assert written == stream.pretty()
    assert collected == stream.content


async def test_a_task_that_is_cancelled_stops_the_stream() -> None:
    source = Source(ALL)
    source.gate = asyncio.Event()
    stream = World(is_async=True).stream(source)
    task = asyncio.create_task(stream.finish())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.stopped
    with pytest.raises(llm.ConnectionError, match="stopped"):
        await stream.finish()


async def test_a_response_that_is_dropped_frees_a_blocking_source() -> None:
    source = Source(ALL)
    stream = World(is_async=False).stream(source)
    next(iter(stream.chunk_stream()))
    del stream
    gc.collect()
    assert source.is_closed


async def test_a_custom_providers_exception_passes_as_it_is(world: World) -> None:
    error = OSError("the disk is full")
    stream = world.stream([*text("a"), error])
    with pytest.raises(OSError, match="disk") as caught:
        await world.done(stream.finish())
    assert caught.value is error


words = st.text("ab \n", max_size=4)
blocks = st.one_of(
    st.lists(words, max_size=3).map(lambda deltas: text(*deltas)),
    st.lists(words, max_size=3).map(lambda deltas: thought(*deltas)),
    st.tuples(st.sampled_from("xyz"), st.lists(words, max_size=3)).map(
        lambda call: tool(call[0], "f", *call[1])
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(blocks, max_size=4).map(lambda parts: [chunk for part in parts for chunk in part]))
def test_both_worlds_read_alike(chunks: list[Any]) -> None:
    readers: list[Callable[[Any], Any]] = [
        lambda stream: stream.chunk_stream(),
        lambda stream: stream.text_stream(),
        lambda stream: stream.pretty_stream(),
    ]

    async def read(world: World) -> list[Any]:
        stream = world.stream(chunks)
        read = [await world.all(reader(stream)) for reader in readers]
        assert "".join(read[2]) == stream.pretty()
        assert read[0] == chunks
        parts = [await world.done(part.collect()) for part in await world.all(stream.streams())]
        assert parts == stream.content
        return [*read, stream.content, stream.messages]

    async def both() -> None:
        assert await read(World(is_async=False)) == await read(World(is_async=True))

    asyncio.run(both())
