"""Many calls from one cell: `nb.gather`, with a progress bar on the kernel's own loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, Literal, TypeVar, cast, overload

from mirascope_nb.kernel.frontend import detect
from mirascope_nb.kernel.running import interruption, running
from mirascope_nb.parallel import Batch, Progress, ProgressActions, TextProgress

__all__ = ["DEFAULT_LIMIT", "gather"]

T = TypeVar("T")

DEFAULT_LIMIT = 20


@overload
async def gather(
    *awaitables: Awaitable[T],
    limit: int | None = DEFAULT_LIMIT,
    description: str = "Progress",
    return_exceptions: Literal[False] = False,
) -> list[T]: ...
@overload
async def gather(
    *awaitables: Awaitable[T],
    limit: int | None = DEFAULT_LIMIT,
    description: str = "Progress",
    return_exceptions: bool,
) -> list[T | BaseException]: ...
async def gather(
    *awaitables: Awaitable[T],
    limit: int | None = DEFAULT_LIMIT,
    description: str = "Progress",
    return_exceptions: bool = False,
) -> list[T] | list[T | BaseException]:
    """Await many things at once and return their results in order, showing how far they are.

    As `asyncio.gather`, with a limit and a progress bar. When one fails, or the cell is stopped,
    the others are cancelled and awaited, so that nothing goes on behind the cell's back.

    Args:
        *awaitables: Coroutines, which are begun when there is room, or tasks, which run already.
        limit: How many coroutines run at once; `None` for all.
        description: What the progress bar is called.
        return_exceptions: Return exceptions in the place of results instead of raising the first.

    Raises:
        BaseException: What the first failing awaitable raised.
        KeyboardInterrupt: If the cell is stopped, or `Cancel` is pressed.
        ValueError: If the limit is not positive.
    """
    if not awaitables:
        return []
    try:
        batch: Batch[T] = Batch(
            [partial(_same, each) for each in _once(awaitables)],
            limit=limit,
            description=description,
            keep_going=return_exceptions,
        )
        with running():
            outcomes = await batch.run(open_progress(batch.actions))
    finally:
        for each in awaitables:  # those that were never begun
            if inspect.iscoroutine(each):
                each.close()
    if batch.cancelled:
        raise interruption("cancelled")
    return [
        cast("T", outcome.value) if outcome.error is None else outcome.error for outcome in outcomes
    ]


def open_progress(actions: ProgressActions) -> Progress:
    """Somewhere to show progress, as this front end can."""
    place = detect()
    if place in {"widget", "headless"}:
        from mirascope_nb.widgets.progress import ProgressView, StaticProgress

        return ProgressView(actions) if place == "widget" else StaticProgress()
    return TextProgress()


def _once(awaitables: Sequence[Awaitable[T]]) -> list[Awaitable[T]]:
    """The awaitables, with a task in place of one that is given twice."""
    given: dict[int, int] = {}
    for each in awaitables:
        given[id(each)] = given.get(id(each), 0) + 1
    shared = {
        id(each): asyncio.ensure_future(each)
        for each in awaitables
        if given[id(each)] > 1 and not isinstance(each, asyncio.Future)
    }
    return [cast("Awaitable[T]", shared.get(id(each), each)) for each in awaitables]


def _same(awaitable: Any) -> Any:
    return awaitable
