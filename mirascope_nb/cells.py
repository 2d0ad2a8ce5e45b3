"""What a cell awaits: `show` one reply, `run` a loop of replies and tools.

Both show a live card, return the finished response, and leave the card in its true state whatever
happens: an error goes on up after the card has failed, a stop keeps what had arrived. In a terminal
or a script the same functions write text.

The blocking forms are for code that cannot await, such as a magic inside a function. Both forms go
through the same two coroutines; what differs is how a response is read, how its tools are executed
and how it is resumed: see `turns`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast

from mirascope_nb import llm, spending
from mirascope_nb._loop import run_now
from mirascope_nb.kernel import interruption, running
from mirascope_nb.turns import Awaited, Blocking, Turns
from mirascope_nb.widgets.live import LiveCard

if TYPE_CHECKING:
    from mirascope_nb.widgets.protocol import CardFormat

__all__ = ["Approve", "LiveCard", "run", "run_blocking", "show", "show_blocking"]

ResponseT = TypeVar("ResponseT")
Approve: TypeAlias = "Literal['ask', 'allow', 'deny'] | llm.Approver"
"""A policy for calls that nothing else decides on, or somebody who decides on every call."""
Bind: TypeAlias = "Callable[[llm.AnyResponse], None]"
"""Told of each response when it begins, so that a stopped one is not lost."""

MAX_TURNS = 20
"""Replies in one `run`, unless it is told otherwise."""


async def show(
    source: Awaitable[ResponseT] | ResponseT,
    *,
    model: str | None = None,
    title: str | None = None,
    format: CardFormat | None = None,
    quiet: bool = False,
    display: bool = True,
    bind: Bind | None = None,
) -> ResponseT:
    """Show a reply in a live card as it arrives, and return the finished response.

    Args:
        source: A streaming response, or something to await for one, such as `call.stream("...")`.
            A response that is already complete is shown at once.
        model: The model id to show until the response names its own.
        title: A line above the reply.
        format: How to show the text: by default as Markdown, or as a table if the call has a
            `format`.
        quiet: Show nothing, unless a person has to be asked.
        display: Whether anything may be shown at all.
        bind: Called with the response as soon as there is one, so that a stop does not lose it.

    Raises:
        KeyboardInterrupt: If the cell was stopped; the response keeps what had arrived.
        ProviderError: If the call or its stream fails; the card says what to do.
    """
    card = LiveCard(
        model=model, title=title, format=format or "markdown", quiet=quiet, display=display
    )
    with running(), _stoppable(card), _begun(source):
        return cast(
            "ResponseT", await _do_show(Awaited(card), source, _choosing(card, format, bind))
        )


async def run(
    source: Awaitable[llm.AnyResponse] | llm.AnyResponse,
    *,
    approve: Approve = "ask",
    max_turns: int = MAX_TURNS,
    ctx: llm.Context[Any] | None = None,
    model: str | None = None,
    title: str | None = None,
    format: CardFormat | None = None,
    quiet: bool = False,
    display: bool = True,
    bind: Bind | None = None,
) -> Any:
    """Show a reply, run the tools it calls, and repeat until it calls none, all in one card.

    Each call needs a decision first: from a rule, from `approve`, or from a person. The model is
    told what was denied, and goes on without it. Every reply after the first one streams.

    Args:
        source: A response, streaming or not, or something to await for one, such as `call("...")`.
        approve: `"ask"` a person, `"allow"` or `"deny"` what no rule decides; or an approver.
        max_turns: The most replies. The last one is returned even if it calls tools.
        ctx: The context, if the call takes one.
        model: The model id to show until the response names its own.
        title: A line above the reply.
        format: How to show the text: by default as Markdown, or as a table if the call has a
            `format`.
        quiet: Show nothing, unless a person has to be asked.
        display: Whether anything may be shown at all.
        bind: Called with each response of the loop as soon as it begins.

    Returns:
        The last response. Its `messages` are the whole conversation.

    Raises:
        KeyboardInterrupt: If the cell was stopped.
        ProviderError: If a call or its stream fails.
        ValueError: If `max_turns` is less than 1, or `approve` is not a policy.
    """
    card = LiveCard(
        model=model, title=title, format=format or "markdown", quiet=quiet, display=display
    )
    with running(), _stoppable(card), _begun(source):
        return await _do_run(
            Awaited(card, ctx), source, _choosing(card, format, bind), approve, max_turns
        )


def show_blocking(
    source: Callable[[], ResponseT] | ResponseT,
    *,
    model: str | None = None,
    title: str | None = None,
    format: CardFormat | None = None,
    quiet: bool = False,
    display: bool = True,
    bind: Bind | None = None,
) -> ResponseT:
    """Show a synchronous response without a loop; see `show`.

    In a notebook it is shown when it is whole, since nothing can be live while the kernel blocks.

    Args:
        source: A synchronous response, or a function that asks for one, such as
            `lambda: call.stream("...")`. A failure to ask is then shown as well.
        model: As of `show`, and so are the others.
        title: As of `show`.
        format: As of `show`.
        quiet: As of `show`.
        display: As of `show`.
        bind: As of `show`.

    Raises:
        KeyboardInterrupt: If the cell was stopped.
        ProviderError: As the call or its stream fails.
    """
    card = LiveCard(
        model=model, title=title, format=format or "markdown", quiet=quiet, display=display
    )
    return cast(
        "ResponseT", run_now(_do_show(Blocking(card), source, _choosing(card, format, bind)))
    )


def run_blocking(
    source: Callable[[], llm.AnyResponse] | llm.AnyResponse,
    *,
    approve: Approve = "ask",
    max_turns: int = MAX_TURNS,
    ctx: llm.Context[Any] | None = None,
    model: str | None = None,
    title: str | None = None,
    format: CardFormat | None = None,
    quiet: bool = False,
    display: bool = True,
    bind: Bind | None = None,
) -> Any:
    """Run the tools of a synchronous response, and go on until it calls none; see `run`.

    A person is asked on stdin, or else the call is denied. The arguments are those of `run`, but
    for `source`, which is that of `show_blocking`.
    """
    card = LiveCard(
        model=model, title=title, format=format or "markdown", quiet=quiet, display=display
    )
    return run_now(
        _do_run(Blocking(card, ctx), source, _choosing(card, format, bind), approve, max_turns)
    )


# -- the two coroutines --------------------------------------------------------------------------


async def _do_show(turns: Turns, source: Any, bind: Bind) -> Any:
    spending.watch()
    with turns.card:
        return await _follow(turns, source, bind)


async def _do_run(turns: Turns, source: Any, bind: Bind, approve: Approve, max_turns: int) -> Any:
    if max_turns < 1:
        raise ValueError("max_turns must be at least 1")
    spending.watch()
    card = turns.card
    with card, _approving(card, approve):
        response = await _follow(turns, source, bind)
        for _ in range(max_turns - 1):
            if not response.tool_calls:
                break
            outputs = await turns.execute_tools(response)
            response = await _follow(turns, turns.resume(response, outputs), bind)
        if response.tool_calls:
            card.state.update(
                note=f"Ended after {max_turns} replies: the model goes on calling tools."
            )
    return response


async def _follow(turns: Turns, source: Any, bind: Bind) -> Any:
    """Show one response to its end; it is asked for first if need be."""
    response = await turns.open(source)
    bind(response)
    await turns.read(response)
    return response


def _choosing(card: LiveCard, format: CardFormat | None, bind: Bind | None) -> Bind:
    """Lay a reply out by its own format, where the caller has not said how, and pass it on."""

    def begin(response: llm.AnyResponse) -> None:
        if format is None and getattr(response, "format", None) is not None:
            card.state.update(format="values")
        if bind is not None:
            bind(response)

    return begin


@contextmanager
def _begun(source: object) -> Generator[None]:
    """Leave no coroutine behind that was never awaited, as when an option is refused."""
    try:
        yield
    finally:
        if inspect.iscoroutine(source):
            source.close()


@contextmanager
def _stoppable(card: LiveCard) -> Generator[None]:
    """Turn a click on `Stop` into what an interrupt of the cell gives."""
    try:
        yield
    except asyncio.CancelledError:
        if not card.stop_clicked:
            raise
        error = interruption("stopped")
        task = asyncio.current_task()
        if task is not None and not isinstance(error, asyncio.CancelledError):
            task.uncancel()
        raise error from None


@contextmanager
def _approving(card: LiveCard, approve: Approve) -> Generator[None]:
    """Decide on tool calls as `approve` says, and show each decision on the card."""
    with llm.use_approver(_Showing(card, _approver(card, approve))):
        yield


def _approver(card: LiveCard, approve: Approve) -> llm.Approver:
    if not isinstance(approve, str):
        return approve
    if approve not in ("ask", "allow", "deny"):
        raise ValueError(f"approve must be 'ask', 'allow' or 'deny', not {approve!r}")
    from mirascope_nb.approvals import approver_for

    return approver_for(approve, card=card)


class _Showing:
    """An approver that shows on a card what another decides."""

    def __init__(self, card: LiveCard, approver: llm.Approver) -> None:
        self._card = card
        self._approver = approver

    async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision | None:
        self._card.tool_asked(request)
        decision = await self._approver.decide(request)
        if decision is not None:
            self._card.tool_decided(request, decision)
        if decision is None or decision.outcome in ("approved", "edited"):
            self._card.tool_running(request)
        return decision
