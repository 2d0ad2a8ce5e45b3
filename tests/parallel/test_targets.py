"""What a map or gather is given to call, and what it says of what cannot be called."""

from __future__ import annotations

import asyncio
import gc
import itertools
import pickle
from typing import Any

import pytest

import mirascope_nb as nb
from mirascope_nb import llm
from mirascope_nb.sandbox import Sandbox


async def test_a_blocking_stream_that_a_function_returns_is_read(
    capital: Any, llm_sandbox: Sandbox
) -> None:
    def ask(country: str) -> Any:
        return capital.stream(country)

    results = await nb.map(ask, ["France", "Peru"])
    assert [reply.consumed for reply in results] == [True, True]
    assert "Lima" in results[1].text()


async def test_a_model_is_refused_with_what_to_give_instead(llm_sandbox: Sandbox) -> None:
    model = llm.Model("sandbox/echo")
    with pytest.raises(TypeError, match="is not a call, a prompt or a function: give its call_as"):
        await nb.map(model, ["x"])
    assert "x" in (await nb.map(model.call_async, ["x"]))[0].text()


@pytest.mark.parametrize("amount", [-1, float("nan")])
async def test_an_amount_that_is_none_is_refused(capital: Any, amount: float) -> None:
    with pytest.raises(ValueError, match="max_cost must be an amount of US dollars"):
        await nb.map(capital, ["x"], max_cost=amount)


async def test_a_reply_in_the_place_of_a_call_is_refused_with_a_hint(
    capital: Any, llm_sandbox: Sandbox
) -> None:
    with pytest.raises(TypeError, match="a blocking call has waited for: write it with `async def"):
        await nb.gather(capital("France"))
    reply: Any = await llm.Model("sandbox/echo").call_async("x")
    with pytest.raises(TypeError, match="was awaited already: leave out its `await`"):
        await nb.gather(reply)
    with pytest.raises(TypeError, match="takes them one by one"):
        await nb.gather([])  # pyright: ignore[reportArgumentType]


async def test_a_task_comes_back_as_itself_when_it_completes() -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0)
        if number == 2:
            raise ValueError(number)
        return number

    names = {asyncio.create_task(work(number)): number for number in range(4)}
    seen: list[int] = []
    async for done in nb.as_completed(names):
        seen.append(names[done])  # pyright: ignore[reportArgumentType]
        if names[done] == 2:  # pyright: ignore[reportArgumentType]
            with pytest.raises(ValueError, match="2"):
                await done
        else:
            assert await done == seen[-1]
    assert sorted(seen) == [0, 1, 2, 3]


async def test_maps_and_gathers_nest_in_rows_and_threads() -> None:
    async def double(number: int) -> int:
        return 2 * number

    async def inner(number: int) -> list[int]:
        return list(await nb.map(double, [number, number + 1]))

    def in_a_thread(number: int) -> list[int]:
        return asyncio.run(inner(number))

    wanted = [[0, 2], [2, 4], [4, 6]]
    assert list(await nb.map(inner, range(3), limit=1)) == wanted
    assert list(await nb.map(in_a_thread, range(3), limit=2)) == wanted
    assert await nb.gather(nb.gather(double(1), double(2)), inner(3), limit=1) == [[2, 4], [6, 8]]


async def test_an_endless_source_can_be_cancelled_twice() -> None:
    from mirascope_nb.parallel import Mapping, read_inputs, target_of

    async def work(number: int) -> int:
        if number == 50:
            mapping.actions.cancel()  # pyright: ignore[reportOptionalCall]
            mapping.actions.cancel()  # pyright: ignore[reportOptionalCall]
        await asyncio.sleep(0)
        return number

    class Unseen:
        def update(self, state: Any) -> None: ...
        def close(self, state: Any) -> None: ...

    mapping = Mapping(
        target_of(work), read_inputs(itertools.count(), None), limit=5, description="M"
    )
    results = await mapping.run(Unseen())
    assert [value for _, value in results.succeeded] == [index for index, _ in results.succeeded]
    assert 40 <= len(results.succeeded) <= 50
    assert mapping.state.state == "cancelled"
    assert len(asyncio.all_tasks()) == 1


async def test_a_streamed_row_is_held_in_little_memory_and_loses_nothing(
    llm_sandbox: Sandbox,
) -> None:
    model = llm.Model("sandbox/echo")
    text = "word " * 60
    plain = await model.stream_async(text)
    await plain.finish()

    def blocking(content: str) -> Any:
        return model.stream(content)

    for ask in (model.stream_async, blocking):
        row = (await nb.map(ask, [text]))[0]
        assert 3 * len(pickle.dumps(row)) < 2 * len(pickle.dumps(plain))
        again = pickle.loads(pickle.dumps(row))  # noqa: S301, our own bytes
        for each in (row, again, again):
            assert [dict(event, id="") for event in each.raw_stream_events] == [
                dict(event, id="") for event in plain.raw_stream_events
            ]
        assert row.chunks == plain.chunks
        row.compact()
        assert len(row.raw_stream_events) == len(plain.raw_stream_events)


async def test_rows_hold_no_object_for_each_piece_of_text(llm_sandbox: Sandbox) -> None:
    def pieces() -> int:
        gc.collect()
        return sum(isinstance(each, llm.TextChunk) for each in gc.get_objects())

    before = pieces()
    rows = await nb.map(llm.Model("sandbox/echo").stream_async, ["word " * 60])
    assert pieces() == before
    assert len(rows[0].chunks) > 10


async def test_who_holds_or_reads_the_chunks_keeps_them_when_a_reply_is_made_smaller(
    llm_sandbox: Sandbox,
) -> None:
    stream = await llm.Model("sandbox/echo").stream_async("one two three four")
    await stream.finish()
    held = stream.chunks
    count = len(held)
    read = 0
    async for _ in stream.chunk_stream():
        read += 1
        stream.compact()
    assert read == len(held) == len(stream.chunks) == count > 4


async def test_a_stream_under_way_is_not_made_smaller(llm_sandbox: Sandbox) -> None:
    stream = await llm.Model("sandbox/echo").stream_async("one two three")
    async for _ in stream.chunk_stream():
        stream.compact()
    stream.compact()
    assert "one two three" in stream.text()
    assert stream.raw_stream_events
