"""Ways to ask a person, in the order in which they are tried: the live card, then stdin."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal, Protocol, TypeAlias, cast

from mirascope_nb import llm
from mirascope_nb._loop import run_now
from mirascope_nb.approvals.book import Record, RefusedError
from mirascope_nb.approvals.desk import Answer, Desk, Panel
from mirascope_nb.approvals.rules import definition_of
from mirascope_nb.approvals.session import ApprovalSession
from mirascope_nb.approvals.wording import unusable
from mirascope_nb.display.arguments import in_signature_order
from mirascope_nb.kernel import CannotAsk, ask, ask_blocking, find_cell, running
from mirascope_nb.text import escape_invisible

__all__ = ["Asker", "CardAsker", "LivePanel", "OwnCard", "PopUpAsker", "StdinAsker", "is_blocking"]


PATIENCE = 5.0
"""Seconds that a page is given to show a card; the first takes a while to fetch what it needs."""

Read: TypeAlias = Callable[[str, float], Awaitable[str]]


class Asker(Protocol):
    """A way to ask a person."""

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        """Ask about a call.

        Raises:
            CannotAsk: If there is nobody to ask in this way; the next one is tried.
        """
        ...


class LivePanel(Panel, Protocol):
    """A panel that knows whether anybody could see it."""

    @property
    def can_ask(self) -> bool:
        """Whether a person could answer a question on it."""
        ...

    async def mounted(self) -> None:
        """Return as soon as a page has shown it; never where none does."""
        ...


class CardAsker:
    """Asks on a card in a page, and in another way as well where no page shows the card.

    A front end does not say whether it can show widgets: a console takes the message that would
    make one and drops it. So a page counts as there once the card has asked for its content. If it
    has not after a while, the question is put on stdin too. A page that comes later than that still
    has its card: whoever answers first decides, and the other question is closed.

    Args:
        card: The card.
        session: Whose book, rules and clock are used.
        otherwise: The other way to ask, or `None`.
        patience: Seconds that a page is given to show the card.
    """

    def __init__(
        self,
        card: LivePanel,
        session: ApprovalSession,
        *,
        otherwise: Asker | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._card = card
        self._desk = Desk(card, session)
        self._otherwise = otherwise
        self._patience = patience

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        """Ask on the card."""
        if is_blocking():
            raise CannotAsk("a click cannot reach a cell that blocks the kernel")
        if not self._card.can_ask:
            raise CannotAsk("no page shows this card")
        with running():
            if self._otherwise is None:
                return await self._desk.ask(request)
            return await self._ask_both(self._otherwise, request)

    async def _ask_both(self, otherwise: Asker, request: llm.ApprovalRequest) -> Answer:
        by_card = asyncio.create_task(self._desk.ask(request))
        by_text = asyncio.create_task(self._ask_unless_mounted(otherwise, request))
        try:
            await asyncio.wait((by_card, by_text), return_when=asyncio.FIRST_COMPLETED)
            if not by_text.done() and by_card.result().outcome != "expired":
                return by_card.result()
            # What was asked later, or again about edited arguments, has its own time.
            text = await by_text
            if text is None:
                return await by_card
            both = by_card.done() and by_card.result().outcome == "denied"
            return by_card.result() if both else text
        finally:
            by_card.cancel()
            by_text.cancel()
            await asyncio.gather(by_card, by_text, return_exceptions=True)

    async def _ask_unless_mounted(
        self, otherwise: Asker, request: llm.ApprovalRequest
    ) -> Answer | None:
        """The answer given in the other way; `None` when there is none to be had."""
        try:
            async with asyncio.timeout(self._patience):
                await self._card.mounted()
        except TimeoutError:
            with suppress(CannotAsk):  # a page may still come
                return await otherwise.ask(request)
        return None


class OwnCard(LivePanel, Protocol):
    """A card that is there for a question and nothing else."""

    def own_block(self, request: llm.ApprovalRequest, /) -> AbstractContextManager[None]:
        """Give a call a place of its own on it, which what is said inside the context is about.

        Calls that wait at the same time may well share an id.
        """
        ...

    def close(self, error: BaseException | None = None, /) -> object:
        """End it, as done or as whatever the error says."""
        ...

    def tool_decided(
        self, request: llm.ApprovalRequest, decision: llm.ApprovalDecision, /
    ) -> object:
        """Show what was decided."""
        ...


class PopUpAsker:
    """Asks on a card of its own: for tools that are run with no card around them.

    Calls of one cell that wait at the same time share one; it goes when nothing waits on it.

    Args:
        make_card: Makes a card that is not shown before something is asked on it.
        session: Whose book, rules and clock are used.
        otherwise: As for `CardAsker`.
    """

    def __init__(
        self,
        make_card: Callable[[], OwnCard],
        session: ApprovalSession,
        *,
        otherwise: Asker | None = None,
    ) -> None:
        self.make_card = make_card
        self._session = session
        self._otherwise = otherwise
        self._open: dict[Hashable, _PopUp] = {}

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        """Ask on the card that is open for this cell, or on a new one."""
        place = (asyncio.get_running_loop(), find_cell())
        pop_up = self._open.get(place)
        if pop_up is None:
            card = self.make_card()
            asker = CardAsker(card, self._session, otherwise=self._otherwise)
            pop_up = self._open[place] = _PopUp(card, asker)
        pop_up.users += 1
        try:
            with pop_up.card.own_block(request):
                answer = await pop_up.asker.ask(request)
                pop_up.card.tool_decided(request, answer.decision())
        except BaseException as error:
            self._leave(place, pop_up, error)
            raise
        self._leave(place, pop_up, None)
        return answer

    def _leave(self, place: Hashable, pop_up: "_PopUp", error: BaseException | None) -> None:
        pop_up.users -= 1
        if not pop_up.users:
            del self._open[place]
            pop_up.card.close(error)


@dataclass(slots=True)
class _PopUp:
    """A card that is open for questions."""

    card: OwnCard
    asker: CardAsker
    users: int = 0


class StdinAsker:
    """Asks by a line of text: in the input field of a notebook, or on the terminal.

    Args:
        session: Whose book, rules and clock are used.
        read: Shows a prompt and gives the line that is entered within so many seconds; by default
            on stdin.
    """

    def __init__(self, session: ApprovalSession, *, read: Read | None = None) -> None:
        self._session = session
        self._read: Read = read or _read_stdin

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        """Ask on stdin, again as long as the answer is none of the four or cannot be used."""
        original = request
        record = self._session.book.open(request)
        note = ""
        try:
            while True:
                try:
                    line = await self._line(note + question(request), record)
                    self._session.book.check(record.id, record.digest)  # not too late
                    if line.strip().lower() in {"e", "edit"}:
                        text = await self._line("New arguments (JSON): ", record)
                        request = request.with_arguments(text)
                        record = self._session.book.replace(record.id, record.digest, request)
                        note = "Edited. "
                        continue
                    word, reason = _understand(line)
                    if word is not None:
                        # First, so that an answer that comes too late makes no rule.
                        self._session.book.take(record.id, record.digest)
                        return self._answer(word, reason, request, original)
                    note = "Answer y, n, e or a. "
                except llm.ToolExecutionError as error:
                    note = unusable(error) + "\n"
        except EOFError:
            return Answer(outcome="denied", request=request, reason="the question was dismissed")
        except (TimeoutError, RefusedError):
            return Answer(outcome="expired", request=request)
        finally:
            self._session.book.close(record)

    async def _line(self, prompt: str, record: Record) -> str:
        return await self._read(prompt, max(0.0, record.expires - self._session.clock()))

    def _answer(
        self,
        word: Literal["yes", "no", "always"],
        reason: str | None,
        request: llm.ApprovalRequest,
        original: llm.ApprovalRequest,
    ) -> Answer:
        if word == "no":
            return Answer(outcome="denied", request=request, reason=reason)
        rule: str | None = None
        if word == "always":
            made = self._session.rules.always(
                "allow", request.tool, definition=definition_of(request)
            )
            rule = str(made)
        edited = request.digest != original.digest
        return Answer(outcome="edited" if edited else "approved", request=request, rule=rule)


def _understand(line: str) -> tuple[Literal["yes", "no", "always"] | None, str | None]:
    """What a line says, and why if it is a no; `None` for what is none of the answers."""
    word, _, rest = line.strip().partition(" ")
    word = word.lower().rstrip(":,")
    if word in {"", "n", "no"}:
        return "no", rest.strip() or None
    if rest:
        return None, None
    if word in {"y", "yes"}:
        return "yes", None
    return ("always", None) if word in {"a", "always"} else (None, None)


async def _read_stdin(prompt: str, seconds: float) -> str:
    if is_blocking():
        return ask_blocking(prompt, timeout=seconds)
    with running():
        return await ask(prompt, timeout=seconds)


def question(request: llm.ApprovalRequest) -> str:
    """Return the question about a call: every argument, with nothing hidden in it."""
    ordered = in_signature_order(request.arguments, request.parameters)
    arguments = cast("dict[str, Any]", json.loads(ordered))
    shown = [
        f"  {escape_invisible(name)} = {escape_invisible(json.dumps(value, ensure_ascii=False))}"
        for name, value in arguments.items()
    ]
    call = f"Tool call {escape_invisible(request.tool)}{escape_invisible(request.signature)}"
    return "\n".join([call, *shown, "Run it? [y]es, [N]o (and why), [e]dit, [a]lways: "])


def is_blocking() -> bool:
    """Whether the running coroutine is driven by a synchronous call, and must not suspend."""
    frame: FrameType | None = inspect.currentframe()
    code = cast("Callable[..., Any]", run_now).__code__
    while frame is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False
