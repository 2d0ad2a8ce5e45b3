"""Ways to ask a person, in the order in which they are tried: the live card, then stdin."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol, TypeAlias, cast

from mirascope_nb import llm
from mirascope_nb._loop import run_now
from mirascope_nb.approvals.book import Record, RefusedError
from mirascope_nb.approvals.desk import Answer, Desk, Panel
from mirascope_nb.approvals.rules import definition_of
from mirascope_nb.approvals.session import ApprovalSession
from mirascope_nb.kernel import CannotAsk, ask, ask_blocking, find_cell, running
from mirascope_nb.text import escape_invisible

__all__ = ["Asker", "CardAsker", "LivePanel", "OwnCard", "PopUpAsker", "StdinAsker", "is_blocking"]


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


class CardAsker:
    """Asks on a card in a page.

    Args:
        card: The card.
        session: Whose book, rules and clock are used.
    """

    def __init__(self, card: LivePanel, session: ApprovalSession) -> None:
        self._card = card
        self._desk = Desk(card, session)

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        """Ask on the card."""
        if is_blocking():
            raise CannotAsk("a click cannot reach a cell that blocks the kernel")
        if not self._card.can_ask:
            raise CannotAsk("no page shows this card")
        with running():
            return await self._desk.ask(request)


class OwnCard(LivePanel, Protocol):
    """A card that is there for a question and nothing else."""

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
    """

    def __init__(self, make_card: Callable[[], OwnCard], session: ApprovalSession) -> None:
        self.make_card = make_card
        self._session = session
        self._open: dict[Hashable, _PopUp] = {}

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        """Ask on the card that is open for this cell, or on a new one."""
        place = (asyncio.get_running_loop(), find_cell())
        pop_up = self._open.get(place)
        if pop_up is None:
            card = self.make_card()
            pop_up = self._open[place] = _PopUp(card, CardAsker(card, self._session))
        pop_up.users += 1
        try:
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
                    answer = self._understand(
                        line, request, edited=request.digest != original.digest
                    )
                    if answer is not None:
                        self._session.book.take(record.id, record.digest)
                        return answer
                    note = "Answer y, n, e or a. "
                except llm.ToolExecutionError as error:
                    note = f"These arguments cannot be used: {escape_invisible(str(error))}\n"
        except EOFError:
            return Answer(outcome="denied", request=request, reason="the question was dismissed")
        except (TimeoutError, RefusedError):
            return Answer(outcome="expired", request=request)
        finally:
            self._session.book.close(record)

    async def _line(self, prompt: str, record: Record) -> str:
        return await self._read(prompt, max(0.0, record.expires - self._session.clock()))

    def _understand(
        self, line: str, request: llm.ApprovalRequest, *, edited: bool
    ) -> Answer | None:
        word, _, rest = line.strip().partition(" ")
        word = word.lower().rstrip(":,")
        if word in {"", "n", "no"}:
            return Answer(outcome="denied", request=request, reason=rest.strip() or None)
        if rest or word not in {"y", "yes", "a", "always"}:
            return None
        rule: str | None = None
        if word.startswith("a"):
            made = self._session.rules.always(
                "allow", request.tool, definition=definition_of(request)
            )
            rule = str(made)
        return Answer(outcome="edited" if edited else "approved", request=request, rule=rule)


async def _read_stdin(prompt: str, seconds: float) -> str:
    if is_blocking():
        return ask_blocking(prompt, timeout=seconds)
    with running():
        return await ask(prompt, timeout=seconds)


def question(request: llm.ApprovalRequest) -> str:
    """Return the question about a call: every argument, with nothing hidden in it."""
    arguments = cast("dict[str, Any]", json.loads(request.arguments))
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
