"""Where tool calls wait for a person: questions on a card, answers checked against the book.

Calls wait beside each other, so that whatever needs no decision goes on meanwhile; each is told how
many others wait. Answers may come on any thread. An answer is checked at once, so that a refusal
can be sent back, and takes effect on the loop of the call that waits.
"""

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

from mirascope_nb import llm
from mirascope_nb.approvals.book import Record, RefusedError
from mirascope_nb.approvals.rules import definition_of
from mirascope_nb.approvals.session import ApprovalSession
from mirascope_nb.approvals.wording import unusable
from mirascope_nb.widgets.protocol import Approval

__all__ = ["Answer", "Desk", "Panel"]

_UNANSWERED = "the question was left unanswered; nobody refused the call"


class Panel(Protocol):
    """Where questions are shown: the card of the reply, in a notebook."""

    decide: Callable[[Any], str | None] | None
    """What takes a person's answer, and says why it is refused."""

    def tool_pending(self, request: llm.ApprovalRequest, approval: Approval, /) -> None:
        """Ask about a call, or ask again about one whose arguments were edited."""
        ...

    def tool_queue(self, request: llm.ApprovalRequest, queue: int, /) -> None:
        """Say how many other calls wait."""
        ...

    def tool_edit_refused(self, request: llm.ApprovalRequest, error: str, /) -> None:
        """Say why edited arguments cannot be taken."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of a question."""

    outcome: Literal["approved", "edited", "denied", "expired"]
    request: llm.ApprovalRequest
    """The call as it was decided on: with the edited arguments, if it was edited."""

    reason: str | None = None
    rule: str | None = None
    """The rule the person made with the answer, in words."""

    def decision(self, *, seconds: float = 0.0) -> llm.ApprovalDecision:
        """Return the answer as the core takes it."""
        expired = self.outcome == "expired"
        return llm.ApprovalDecision(
            outcome=self.outcome,
            by="timeout" if expired else "person",
            digest=self.request.digest,
            arguments=self.request.arguments if self.outcome == "edited" else None,
            reason=_UNANSWERED if expired else self.reason,
            rule=self.rule,
            seconds=seconds,
        )


@dataclass(slots=True)
class _Waiting:
    """A call that waits."""

    record: Record
    original: llm.ApprovalRequest
    answer: "asyncio.Future[Answer]"
    update: Callable[[Callable[[], None]], None]
    """Has the panel changed on the loop of the call and in its context, from whatever thread."""

    settled: bool = False
    """Whether the record has been taken, and the answer is on its way to the loop."""

    queue: int = -1
    """The number of others that the panel was told last."""


class Desk:
    """The calls that wait for a person on one panel.

    Args:
        panel: Where they are shown.
        session: Whose book, rules and clock are used.
    """

    def __init__(self, panel: Panel, session: ApprovalSession) -> None:
        self._panel = panel
        self._session = session
        self._waiting: dict[str, _Waiting] = {}
        self._lock = threading.RLock()

    async def ask(self, request: llm.ApprovalRequest) -> Answer:
        """Show a call and wait for what a person decides, or for the time to run out."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(
            record=self._session.book.open(request),
            original=request,
            answer=loop.create_future(),
            update=_updates(loop, copy_context()),
        )
        with self._lock:
            self._waiting[waiting.record.id] = waiting
            self._panel.decide = self.receive
        try:
            self._show(waiting)
            self._tell_queue()
            return await self._wait(waiting)
        finally:
            with self._lock:
                self._session.book.close(waiting.record)
                self._waiting.pop(waiting.record.id, None)
            self._tell_queue()

    def receive(self, message: Any) -> str | None:
        """Take an answer from the page, on any thread.

        Args:
            message: Has `approval` and `digest`; and `decision` and `reason`, or `arguments`, or
                `scope` with `argument` and `value`, as the page's messages do.

        Returns:
            `None` if it counts, else why not, in words for a person.
        """
        with self._lock:
            try:
                record = self._session.book.check(message.approval, message.digest)
                waiting = self._waiting.get(record.id)
                if waiting is None:
                    return "This was asked on another card."
                return self._answer(waiting, message)
            except RefusedError as refused:
                return str(refused)

    def _answer(self, waiting: _Waiting, message: Any) -> str | None:
        decision = getattr(message, "decision", None)
        if decision == "approve":
            return self._settle(waiting, _approved(waiting))
        if decision == "deny":
            return self._settle(waiting, _denied(waiting, message.reason))
        if hasattr(message, "arguments"):
            return self._edit(waiting, message.arguments)
        if hasattr(message, "scope"):
            return self._always(waiting, message.scope)
        return "This is not a valid answer."

    async def _wait(self, waiting: _Waiting) -> Answer:
        while True:
            with self._lock:
                left = waiting.record.expires - self._session.clock()
                if left <= 0 and not waiting.settled:
                    return Answer(outcome="expired", request=waiting.record.request)
            # An edit gives a new record with time of its own, hence the loop.
            await asyncio.wait([waiting.answer], timeout=None if waiting.settled else left)
            if waiting.answer.done():
                return waiting.answer.result()

    def _settle(self, waiting: _Waiting, answer: Answer) -> None:
        self._session.book.take(waiting.record.id, waiting.record.digest)
        self._resolve(waiting, answer)

    def _resolve(self, waiting: _Waiting, answer: Answer) -> None:
        """Bring the answer of a record that has been taken to the loop of the call."""
        waiting.settled = True

        def resolve() -> None:
            if not waiting.answer.done():
                waiting.answer.set_result(answer)

        waiting.update(resolve)

    def _edit(self, waiting: _Waiting, arguments: str) -> str | None:
        record = waiting.record
        try:
            request = record.request.with_arguments(arguments)
        except llm.ToolExecutionError as error:
            text = unusable(error)
            waiting.update(lambda: self._panel.tool_edit_refused(record.request, text))
            return text
        # From here on an answer about the old arguments is refused, whatever the page shows.
        fresh = self._session.book.replace(record.id, record.digest, request)
        del self._waiting[record.id]
        waiting.record = fresh
        self._waiting[fresh.id] = waiting
        waiting.update(lambda: self._show(waiting))
        return None

    def _always(self, waiting: _Waiting, scope: Any) -> str | None:
        request = waiting.record.request
        argument: str | None = scope.argument
        value: Any = None
        if argument is not None:
            arguments = json.loads(request.arguments)
            if argument not in arguments or arguments[argument] != scope.value:
                return "That is not an argument of this call."
            # The kernel's own copy counts; the page has only said which argument it means.
            value = arguments[argument]
        # First, so that an answer that comes too late makes no rule.
        self._session.book.take(waiting.record.id, waiting.record.digest)
        rule = self._session.rules.always(
            "allow",
            request.tool,
            argument=argument,
            value=value,
            definition=definition_of(request),
        )
        self._resolve(waiting, _approved(waiting, rule=str(rule)))
        return None

    def _show(self, waiting: _Waiting) -> None:
        record = waiting.record
        waiting.queue = len(self._waiting) - 1
        self._panel.tool_pending(
            record.request,
            Approval(
                id=record.id,
                digest=record.digest,
                schema=dict(record.request.parameters) or None,
                expires=record.expires,
                queue=waiting.queue,
            ),
        )

    def _tell_queue(self) -> None:
        with self._lock:
            others = len(self._waiting) - 1
            for waiting in self._waiting.values():
                if waiting.queue != others:
                    waiting.queue = others
                    request = waiting.record.request
                    waiting.update(partial(self._panel.tool_queue, request, others))


def _approved(waiting: _Waiting, *, rule: str | None = None) -> Answer:
    request = waiting.record.request
    edited = request.digest != waiting.original.digest
    return Answer(outcome="edited" if edited else "approved", request=request, rule=rule)


def _denied(waiting: _Waiting, reason: object) -> Answer:
    given = reason.strip() if isinstance(reason, str) else ""
    return Answer(outcome="denied", request=waiting.record.request, reason=given or None)


def _updates(
    loop: asyncio.AbstractEventLoop, context: Context
) -> Callable[[Callable[[], None]], None]:
    """Return what runs something on this loop and in this context.

    A panel finds the block of a call by a context variable, and is not made for several threads.
    """

    def update(change: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop was closed: there is nobody left to tell
            loop.call_soon_threadsafe(change, context=context)

    return update
