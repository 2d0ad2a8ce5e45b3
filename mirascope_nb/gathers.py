"""Many calls from one cell: `gather`, `map` and `as_completed`, with a bar on the kernel's loop."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections import Counter
from collections.abc import Awaitable, Generator, Iterable, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Literal, TypedDict, TypeVar, Unpack, cast, overload

from mirascope_nb import _defaults, llm, spending
from mirascope_nb.kernel.frontend import detect
from mirascope_nb.kernel.running import interruption, running
from mirascope_nb.kernel.tasks import detach as begin
from mirascope_nb.parallel import (
    AsCompleted,
    Batch,
    DetachedMap,
    Estimate,
    Mapping,
    Progress,
    ProgressActions,
    Results,
    Tally,
    TextProgress,
    job_of,
    read_inputs,
    retry_policy,
    target_of,
    waiting_for,
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
    """Await many things at once under a progress bar, and return their results in order.

    Like `asyncio.gather`, with a limit. If one fails, or the cell is stopped, the others are
    cancelled and awaited, so that nothing runs on unseen. That includes tasks and futures, although
    the limit cannot hold them back since they run already.

    Args:
        *awaitables: Coroutines, which are begun when there is room, or tasks, which run already.
        limit: How many coroutines run at once; `None` for all.
        description: What the progress bar is called.
        return_exceptions: Return exceptions in the place of results instead of raising the first.

    Raises:
        BaseException: What the first failing awaitable raised.
        KeyboardInterrupt: If the cell is stopped, or `Cancel` is pressed.
        TypeError: If something cannot be awaited.
        ValueError: If the limit is not positive.
    """
    if not awaitables:
        return []
    given: list[Awaitable[T]] = []
    try:
        _check(awaitables, "nb.gather")
        with running(), llm.limits.gathering() as share, _one_panel():
            given = _once(awaitables)
            batch: Batch[T] = Batch(
                [job_of(each) for each in given],
                limit=limit,
                description=description,
                keep_going=return_exceptions,
                watch=lambda tally: _note_waiting(share, batch, tally),
            )
            outcomes = await batch.run(open_progress(batch.actions))
    finally:
        await _put_away([*awaitables, *given])
    if batch.cancelled:
        raise interruption("cancelled")
    return [
        cast("T", outcome.value) if outcome.error is None else outcome.error for outcome in outcomes
    ]


class MapOptions(TypedDict, total=False):
    """What `map` takes by name, whatever it returns."""

    limit: int | None
    description: str
    model: llm.Model | str | None
    ctx: llm.Context[Any] | None
    retry: bool | llm.RetryConfig
    journal: str | os.PathLike[str] | None
    refresh: bool
    max_cost: float | Decimal | None


@overload
async def map(
    call: Any,
    inputs: Any,
    *,
    dry_run: Literal[False] = False,
    detach: Literal[False] = False,
    **options: Unpack[MapOptions],
) -> Results[Any]: ...
@overload
async def map(
    call: Any,
    inputs: Any,
    *,
    dry_run: Literal[True],
    detach: bool = False,
    **options: Unpack[MapOptions],
) -> Estimate: ...
@overload
async def map(
    call: Any,
    inputs: Any,
    *,
    dry_run: Literal[False] = False,
    detach: Literal[True],
    **options: Unpack[MapOptions],
) -> DetachedMap: ...
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
    detach: bool = False,
) -> Results[Any] | Estimate | DetachedMap:
    """Call a function for every row under a progress bar, and return the results in order.

    A row that fails does not stop the others; its exception takes the place of its result. Rows
    that meet 429, a 5xx, an overloaded provider or a broken connection are tried again, unless
    `retry=False`. A function is then called again from its beginning. The pace follows what the
    provider accepts; see `llm.limits`.

    Args:
        call: A call, a prompt, `call.stream`, or a function. Calls written with `def` run
            asynchronously too, so their results are asynchronous responses.
        inputs: A list, a synchronous or asynchronous iterator, a dict of inputs, or a column or
            frame of pandas, polars and the like. Inputs without a length are read as they are
            needed. A mapping, or a row of a frame, is passed by keyword where its names fit.
        limit: How many rows run at once; `None` for all. It can be changed on the bar.
        description: What the progress bar is called.
        model: The model for a prompt, or for a call instead of its own.
        ctx: The context, if the call takes one.
        retry: Whether and how rows are tried again. A call with retries of its own keeps them.
        journal: Path of a file to which each finished row is appended. Run again with the same
            file, and only rows that are missing or failed are sent and paid for.
        refresh: Send every row again, including those in the journal.
        max_cost: US dollars. Rows that could take the total above it are cancelled unsent.
        dry_run: Send nothing, and return an estimate. It reads an iterator to its end.
        detach: Return at once with a handle, and go on in the background. Under nbconvert and the
            like it returns when all is done, since the kernel ends with the notebook.

    Returns:
        The results, a sequence as long as the inputs, with `.errors`, `.usage`, `.cost` and
        `.to_frame()`. After `Cancel` they hold what was done.

    Raises:
        JournalInUseError: If another map writes to the journal.
        KeyboardInterrupt: If the cell is stopped; its `results` hold what was done.
        OSError: If the journal cannot be written; its `results` hold what was done.
        TypeError: If the call or the inputs are of an unknown kind, or a frame lacks a column.
        UnknownPriceError: If `max_cost` is given and no price is known.
        ValueError: If the limit is not positive, `max_cost` is below 0, a prompt has no model, or a
            context is missing.
    """
    if limit is not None and limit < 1:
        raise ValueError("limit must be at least 1")
    if max_cost is not None and not max_cost >= 0:
        raise ValueError(f"max_cost must be an amount of US dollars, not {max_cost}")
    target = target_of(call, model=model, ctx=ctx, policy=retry_policy(retry))
    mapping = Mapping(
        target,
        read_inputs(inputs, target.signature),
        limit=limit,
        description=description,
        journal=None if journal is None else os.fspath(journal),
        refresh=refresh,
        max_cost=None if max_cost is None else Decimal(str(max_cost)),
    )
    if dry_run:
        return await mapping.estimate()
    progress = open_progress(mapping.actions)
    if not detach:
        return await _run(mapping, progress)
    progress.update(mapping.state)  # in this cell, not in the one that runs next
    handle = DetachedMap(begin(_run(mapping, progress), name=description), mapping)
    if detect() == "headless":
        await handle.settle()
    return handle


async def _run(mapping: Mapping, progress: Progress) -> Results[Any]:
    try:
        with running(), _one_panel():
            return await mapping.run(progress)
    except BaseException as error:
        # What was paid for is not lost with the cell: `sys.last_value.results`.
        vars(error)["results"] = mapping.results
        raise


def as_completed(
    aws: Iterable[Awaitable[T]] | Awaitable[T],
    /,
    *more: Awaitable[T],
    timeout: float | None = None,
    limit: int | None = DEFAULT_LIMIT,
    description: str = "Progress",
) -> AsCompleted[T]:
    """Iterate over awaitables in the order in which they finish, under a progress bar.

    Like `asyncio.as_completed`, with a limit: `async for done in ...` gives something to await for
    each result, and so does a plain `for`. Leaving the loop early cancels the rest.

    Args:
        aws: The awaitables, in a list or one by one as for `gather`.
        *more: Further awaitables.
        timeout: Seconds after which `TimeoutError` is raised and the rest is cancelled.
        limit: How many coroutines run at once; `None` for all.
        description: What the progress bar is called.

    Raises:
        TypeError: If something cannot be awaited.
        ValueError: If the limit is not positive.
    """
    given = [aws, *more] if inspect.isawaitable(aws) else [*aws, *more]
    _check(given, "nb.as_completed")
    return AsCompleted(
        _once(given),
        limit=limit,
        description=description,
        open_progress=open_progress,
        surround=_one_panel,
        timeout=timeout,
    )


@contextmanager
def _one_panel() -> Generator[None]:
    """Let all tool calls begun inside the block that have to be asked about queue in one panel."""
    if _defaults.make_approver is None or llm.tools.approver_from_context() is not None:
        yield
        return
    with llm.use_approver(_defaults.make_approver()):
        yield


def _note_waiting(share: llm.limits.Share, batch: Batch[Any], tally: Tally) -> None:
    tally.waiting_for = waiting_for(share, batch.asking)


def open_progress(actions: ProgressActions) -> Progress:
    """Somewhere to show progress, as this front end can."""
    spending.watch()
    place = detect()
    if place in {"widget", "headless"}:
        from mirascope_nb.widgets.progress import ProgressView, StaticProgress

        return ProgressView(actions) if place == "widget" else StaticProgress()
    return TextProgress()


def _check(awaitables: Sequence[object], name: str) -> None:
    for each in awaitables:
        if not inspect.isawaitable(each):
            kind = type(each).__name__
            hint = ""
            if isinstance(each, llm.AsyncResponse | llm.AsyncStreamResponse):
                hint = ", which was awaited already: leave out its `await`"
            elif isinstance(each, llm.Response | llm.StreamResponse):
                hint = ", which a blocking call has waited for: write it with `async def`"
            elif isinstance(each, Iterable) and not isinstance(each, str | bytes):
                hint = f": {name}(*things) takes them one by one"
            raise TypeError(f"{name} awaits coroutines, tasks and the like, not {kind}{hint}")


async def _put_away(awaitables: Iterable[object]) -> None:
    """End what was given and has not ended: tasks by cancelling them, coroutines unbegun."""
    given = list(awaitables)
    futures = [cast("asyncio.Future[Any]", e) for e in given if isinstance(e, asyncio.Future)]
    begun = {future for future in futures if not future.done()}
    for future in begun:
        future.cancel()
    if begun:
        await asyncio.wait(begun)
    for each in given:
        if inspect.iscoroutine(each):
            each.close()


def _once(awaitables: Sequence[Awaitable[T]]) -> list[Awaitable[T]]:
    """The awaitables, with a task in place of one that is given twice."""
    counts = Counter(id(each) for each in awaitables)
    shared: dict[int, Awaitable[T]] = {}
    once: list[Awaitable[T]] = []
    for each in awaitables:
        if counts[id(each)] == 1 or isinstance(each, asyncio.Future):
            once.append(cast("Awaitable[T]", each))
            continue
        if id(each) not in shared:
            shared[id(each)] = asyncio.ensure_future(each)
        once.append(shared[id(each)])
    return once
