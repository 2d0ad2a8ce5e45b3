"""What a map gives, once it is there: copied, pickled, and tried again."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import mirascope_nb as nb
from mirascope_nb.parallel import Results
from mirascope_nb.sandbox import Sandbox


async def half(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def pickled(results: Results[Any]) -> Results[Any]:
    return pickle.loads(pickle.dumps(results))  # noqa: S301, our own bytes


@pytest.mark.parametrize("copied", [pickled, copy.copy, copy.deepcopy])
async def test_results_can_be_copied_and_pickled(
    copied: Callable[[Results[Any]], Results[Any]],
) -> None:
    results = await nb.map(half, iter(range(4)))
    again = copied(results)
    assert repr(again) == repr(results)
    assert [value for _, value in again.succeeded] == [0, 1]
    assert [str(each.exception) for each in again.errors] == ["1 is odd", "3 is odd"]
    assert again.inputs == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="a copy of results cannot be retried"):
        await again.retry_failed()
    await results.retry_failed()


async def test_replies_are_pickled_with_their_results(capital: Any, llm_sandbox: Sandbox) -> None:
    again = pickled(await nb.map(capital.stream, ["France"]))
    assert "Paris" in again[0].text()


async def test_whoever_stops_waiting_for_a_retry_stops_the_retry() -> None:
    gate = asyncio.Event()
    begun = asyncio.Event()

    async def work(number: int) -> int:
        if not gate.is_set():
            raise ValueError(number)
        begun.set()
        await asyncio.Event().wait()
        return number

    results = await nb.map(work, range(3))
    gate.set()
    waiting = asyncio.create_task(results.retry_failed())
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(asyncio.all_tasks()) == 1
    assert results.cancelled == [0, 1, 2]
    begun.clear()


async def test_cancelled_rows_are_retried_when_that_is_asked_for() -> None:
    first = asyncio.Event()

    async def work(number: int) -> int:
        if number and not first.is_set():
            raise asyncio.CancelledError
        return number

    results = await nb.map(work, range(3))
    assert (results.errors, results.cancelled) == ([], [1, 2])
    first.set()
    await results.retry_failed()
    assert results.cancelled == [1, 2]
    assert list(await results.retry_failed(cancelled=True)) == [0, 1, 2]
