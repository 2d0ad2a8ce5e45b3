"""Many calls from one cell: `gather`, `map` and `as_completed`, with a bar on the kernel's loop."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Generator, Iterable, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any, Literal, TypeVar, cast, overload

from mirascope_nb import _defaults, llm, spending
from mirascope_nb.kernel.frontend import detect
from mirascope_nb.kernel.running import interruption, running
from mirascope_nb.parallel import (
    AsCompleted,
    Batch,
    Estimate,
    Mapping,
    Progress,
    ProgressActions,
    Results,
    Tally,
    TextProgress,
    read_inputs,
    retry_policy,
    target_of,
)

__all__ = ["DEFAULT_LIMIT", "MAP_LIMIT", "as_completed", "gather", "map"]

T = TypeVar("T")

DEFAULT_LIMIT = 20
MAP_LIMIT = 50


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
        with running(), llm.limits.gathering() as share, _one_panel():
            batch: Batch[T] = Batch(
                [partial(_same, each) for each in _once(awaitables)],
                limit=limit,
                description=description,
                keep_going=return_exceptions,
                watch=partial(_note_waiting, share),
            )
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


@overload
async def map(
    call: Any,
    inputs: Any,
    *,
    limit: int | None = MAP_LIMIT,
    description: str = "Map",
    model: llm.Model | str | None = None,
    ctx: llm.Context[Any] | None = None,
    retry: bool | llm.RetryConfig = True,
    journal: str | os.PathLike[str] | None = None,
    refresh: bool = False,
    max_cost: float | Decimal | None = None,
    dry_run: Literal[False] = False,
) -> Results[Any]: ...
@overload
async def map(
    call: Any,
    inputs: Any,
    *,
    limit: int | None = MAP_LIMIT,
    description: str = "Map",
    model: llm.Model | str | None = None,
    ctx: llm.Context[Any] | None = None,
    retry: bool | llm.RetryConfig = True,
    journal: str | os.PathLike[str] | None = None,
    refresh: bool = False,
    max_cost: float | Decimal | None = None,
    dry_run: Literal[True],
) -> Estimate: ...
async def map(
    call: Any,
    inputs: Any,
    *,
    limit: int | None = MAP_LIMIT,
    description: str = "Map",
    model: llm.Model | str | None = None,
    ctx: llm.Context[Any] | None = None,
    retry: bool | llm.RetryConfig = True,
    journal: str | os.PathLike[str] | None = None,
    refresh: bool = False,
    max_cost: float | Decimal | None = None,
    dry_run: bool = False,
) -> Results[Any] | Estimate:
    """Ask about every row, and return all outcomes in order. A failed row is a value, not an end.

    Rows that meet 429, a 5xx, an overloaded provider or a broken connection are tried again, unless
    `retry=False`; so is a function as a whole, of which parts may then run twice. How fast they go
    follows what the provider takes; see `llm.limits`.

    Args:
        call: A call, a prompt, `call.stream`, or a function. Calls written with `def` are awaited
            as well, so their results are the asynchronous kind.
        inputs: A list, an iterator, a column or a frame of pandas, polars and the like, read to its
            end. A row that is a mapping, or a frame's row, is passed by keyword where it fits.
        limit: How many rows run at once; `None` for all. It can be changed on the bar.
        description: What the progress bar is called.
        model: The model that a prompt asks; for a call, instead of its own.
        ctx: The context, if the call takes one.
        retry: Whether and how rows are tried again. A call that retries by itself does it its way.
        journal: Path of a file to which each finished row is appended. Run again with the same
            file, only what is missing or has failed is asked and paid for.
        refresh: Ask again also what the journal has.
        max_cost: US dollars. No row is begun that could pass them; the rest is cancelled.
        dry_run: Send nothing, and return an estimate.

    Returns:
        The results, a sequence as long as the inputs, with `.errors`, `.usage`, `.cost` and
        `.to_frame()`. After `Cancel` they hold what was done.

    Raises:
        JournalInUseError: If another map writes to the journal.
        KeyboardInterrupt: If the cell is stopped; its `results` hold what was done.
        TypeError: If the call or the inputs are of no known kind, or a frame lacks a column.
        UnknownPriceError: If `max_cost` cannot be kept, since no price is known.
        ValueError: If the limit is not positive, a prompt has no model, or a context is missing.
    """
    if limit is not None and limit < 1:
        raise ValueError("limit must be at least 1")
    target = target_of(call, model=model, ctx=ctx, policy=retry_policy(retry))
    mapping = Mapping(
        target,
        await read_inputs(inputs, target.signature),
        limit=limit,
        description=description,
        journal=None if journal is None else os.fspath(journal),
        refresh=refresh,
        max_cost=None if max_cost is None else Decimal(str(max_cost)),
    )
    if dry_run:
        return await mapping.estimate()
    try:
        with running(), _one_panel():
            return await mapping.run(open_progress(mapping.actions))
    except BaseException as error:
        # What was paid for is not lost with the cell: `sys.last_value.results`.
        vars(error)["results"] = mapping.results
        raise


def as_completed(
    aws: Iterable[Awaitable[T]] | Awaitable[T],
    /,
    *more: Awaitable[T],
    limit: int | None = DEFAULT_LIMIT,
    description: str = "Progress",
) -> AsCompleted[T]:
    """Iterate over awaitables as they end, showing how far they are.

    As `asyncio.as_completed`, with a limit and a progress bar: `async for done in ...` gives
    something to await for each result, and so does a plain `for`. Whoever leaves the loop early
    cancels the rest.

    Args:
        aws: The awaitables, in a list or one by one as for `gather`.
        *more: Further awaitables.
        limit: How many coroutines run at once; `None` for all.
        description: What the progress bar is called.

    Raises:
        ValueError: If the limit is not positive.
    """
    given = [aws, *more] if inspect.isawaitable(aws) else list(aws)
    return AsCompleted(
        _once(given),
        limit=limit,
        description=description,
        open_progress=open_progress,
    )


@contextmanager
def _one_panel() -> Generator[None]:
    """Let all tool calls begun inside the block that have to be asked about queue in one panel."""
    if _defaults.make_approver is None or llm.tools.approval.current_approver.get() is not None:
        yield
        return
    with llm.use_approver(_defaults.make_approver()):
        yield


def _note_waiting(share: llm.limits.Share, tally: Tally) -> None:
    tally.waiting_for = llm.limits.waiting_for(share)


def open_progress(actions: ProgressActions) -> Progress:
    """Somewhere to show progress, as this front end can."""
    spending.watch()
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
