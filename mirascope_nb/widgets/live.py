"""A live card: one reply, or one loop of replies and tools, shown while it happens.

`LiveCard` joins what the rest keeps apart: the core's streams and tool outputs on one side, the
card's state and its surface on the other. It is a context manager, and however the block is
left, the card ends in its true state and the output is replaced by the static bundle.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

from mirascope_nb.display import (
    Bundle,
    Failed,
    Reasoned,
    Reply,
    Said,
    Tokens,
    ToolRun,
    reply_bundle,
)
from mirascope_nb.display.bundle import Part
from mirascope_nb.display.errors import explain
from mirascope_nb.display.record import digest_of
from mirascope_nb.display.reprs import cost_text, mark_shown, result_text, tokens_of
from mirascope_nb.kernel import detect
from mirascope_nb.widgets.card import CardState
from mirascope_nb.widgets.protocol import (
    AlwaysMessage,
    Approval,
    CardFormat,
    CardRequest,
    DecideMessage,
    EditMessage,
    StopMessage,
    ToolPhase,
)
from mirascope_nb.widgets.surface import Surface, make_surface

if TYPE_CHECKING:
    from mirascope_nb import llm

logger = logging.getLogger(__name__)

Decision: TypeAlias = DecideMessage | EditMessage | AlwaysMessage
"""What a person may answer to a pending call."""

current_tool: ContextVar[tuple[str, int]] = ContextVar("current_tool", default=("", -1))
"""The id of the card, and the index of its block, whose tool call runs in this context."""


class LiveCard:
    """One card, from its first token to its static output.

    Args:
        model: The model id that is asked, if it is known before the stream is.
        title: A line above the reply, or `None`.
        format: How the text is to be shown.
        quiet: Show nothing, unless a person has to be asked.
        display: Whether anything may be shown at all.
        surface: Where to show it; chosen by the front end if `None`.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        title: str | None = None,
        format: CardFormat = "markdown",
        quiet: bool = False,
        display: bool = True,
        surface: Surface | None = None,
    ) -> None:
        self.state = CardState(uuid.uuid4().hex, model=model or "", format=format, note=title)
        self.state.before_send = self._sample
        self.decide: Callable[[Decision], str | None] | None = None
        """What takes a person's decision, and says why it is refused. The approver sets it."""
        self._asked = model
        self._quiet = quiet
        self._display = display
        self._surface = surface
        self._shown = False
        self._task: asyncio.Task[Any] | None = None
        self.stop_clicked = False
        """Whether a person has clicked `Stop`."""
        self._responses: list[llm.AnyResponse] = []
        self._turn = 0
        self._facts: dict[int, ToolRun] = {}
        self._indexes: dict[str, int] = {}
        self._since: dict[int, float] = {}
        self.feed = self.state.feed
        """Take one chunk of a stream. The hot path: it is the card's own method."""

    # -- beginning and end -----------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._task = asyncio.current_task()
        except RuntimeError:  # a blocking call has no task, and nothing that could stop it
            self._task = None
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task = None
        try:
            self.close(error)
        except Exception:
            # What cannot be shown is still the reply, and an error on its way up is the news.
            logger.exception("the card could not be closed")

    def open(self) -> None:
        """Begin to show the card."""
        if self._display and not self._quiet:
            self._show()

    def close(self, error: BaseException | None = None) -> Bundle:
        """End the card: done, or stopped or failed by an error. Returns the static bundle."""
        finish = self._finish_reason()
        self._sample()
        if error is None:
            self.state.end("done", finish=finish)
        elif isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit)):
            self.state.end("stopped", finish=finish)
        elif not self.state.ended:
            explanation = explain(error)
            self.state.add_error(explanation.cause, explanation.remedy)
            self.state.end("failed", finish=finish)
        bundle = reply_bundle(self.reply())
        if self._surface is not None and self._shown:
            self._surface.close(bundle)
            if self._responses:
                mark_shown(self._responses[-1])
        self._shown = False
        return bundle

    def stop(self) -> None:
        """Stop what the card shows, as a click on `Stop` does."""
        self.stop_clicked = True
        if self._task is not None:
            self._task.cancel("stopped")

    @property
    def can_ask(self) -> bool:
        """Whether a person could answer a question on this card."""
        if not self._display:
            return False
        surface = self._surface or make_surface(detect(), self._request)
        return surface.live

    # -- replies ---------------------------------------------------------------------------------

    def begin(self, response: llm.AnyResponse) -> None:
        """Say whose chunks come next; the tokens and the cost of all of them are added up."""
        if not any(known is response for known in self._responses):
            self._responses.append(response)
        self._turn = len(self.state)
        self.state.update(model=self._asked or response.model_id, state="streaming")

    def add_whole(self, response: llm.AnyResponse) -> None:
        """Show a response that came in one piece."""
        for part in response.content:
            match part.type:
                case "text":
                    self.state.add_text(part.text)
                case "thought":
                    self.state.add_thought(part.thought)
                case "tool_call":
                    self.state.add_tool(part.id, part.name, part.args)
                case _:
                    pass

    def restart(self, reason: BaseException) -> None:
        """Forget what the stream has said, because it begins anew."""
        self._facts.clear()
        self._indexes.clear()
        self.state.reset(f"Started over: {explain(reason).cause}")

    # -- tools -----------------------------------------------------------------------------------
    #
    # Several calls run at once, and a provider may give them all the same id. So each runs in a
    # context in which `current_tool` says which block is its own.

    def blocks_of(self, calls: Sequence[llm.ToolCall]) -> list[int]:
        """The blocks of the tool calls of the reply that was begun last, in the calls' order."""
        free = [index for index in self.state.tools() if index >= self._turn]
        found: list[int] = []
        for call in calls:
            index = next((index for index in free if self._is_call(index, call)), None)
            if index is None:
                index = self.state.add_tool(call.id, call.name, call.args)
            else:
                free.remove(index)
            found.append(index)
        return found

    def tool_asked(self, request: llm.ApprovalRequest) -> None:
        """Show a call as it would run: its signature, its canonical arguments."""
        index = self._tool_index(request, begins=True)
        self.state.set_tool(index, signature=request.signature, arguments=request.arguments)

    def tool_pending(self, request: llm.ApprovalRequest, approval: Approval) -> None:
        """Ask a person about a call; a card that was quiet is shown for it.

        A call whose arguments were edited is asked about again, with a new digest.
        """
        if self._display and not self._shown:
            self._show()
        self.tool_asked(request)
        self.state.set_tool(
            self._tool_index(request), state="pending", approval=approval, error=None
        )
        self.state.update(state="waiting")

    def tool_queue(self, request: llm.ApprovalRequest, queue: int) -> None:
        """Say how many other calls wait for a decision."""
        index = self._tool_index(request)
        block = self.state.block(index)
        if block["type"] == "tool" and block["approval"] is not None:
            self.state.set_tool(index, approval={**block["approval"], "queue": queue})

    def tool_edit_refused(self, request: llm.ApprovalRequest, error: str) -> None:
        """Say why edited arguments cannot be taken; the call stays pending."""
        self.state.set_tool(self._tool_index(request), error=error)

    def tool_decided(self, request: llm.ApprovalRequest, decision: llm.ApprovalDecision) -> None:
        """Show what was decided, and by whom."""
        index = self._tool_index(request)
        phase = _phase_of(decision)
        fields: dict[str, Any] = {
            "state": phase,
            "approval": None,
            "error": None,
            "by": decision.by,
            "reason": decision.reason,
        }
        if decision.arguments is not None:
            fields["arguments"] = decision.arguments
        self.state.set_tool(index, **fields)
        self._facts[index] = replace(
            self._fact(index),
            decision=phase,
            by=decision.by,
            rule=decision.rule,
            waited=decision.seconds,
        )
        if not any(self._phase(other) == "pending" for other in self.state.tools()):
            self.state.update(state="streaming")

    def tool_running(self, request: llm.ApprovalRequest) -> None:
        """Show that a call runs now."""
        index = self._tool_index(request)
        self._since[index] = time.monotonic()
        self.state.set_tool(index, state="running", approval=None)

    def tool_ended(self, index: int, output: llm.ToolOutput[Any]) -> None:
        """Show what the call of a block gave."""
        if self._phase(index) in ("denied", "auto_denied", "expired", "cancelled"):
            return
        since = self._since.get(index)
        seconds = None if since is None else round(time.monotonic() - since, 2)
        if output.error is None:
            self.state.set_tool(
                index, state="ok", result=result_text(output.result), seconds=seconds
            )
        else:
            self.state.set_tool(index, state="error", error=str(output.error), seconds=seconds)

    # -- the whole -------------------------------------------------------------------------------

    def reply(self) -> Reply:
        """The card as plain data."""
        card = self.state.card()
        last = self._responses[-1] if self._responses else None
        sent: Sequence[Any] = () if last is None else self._responses[0].messages[:-1]
        tokens = self._tokens()
        return Reply(
            state=card["state"],
            asked=self._asked or card["model"],
            parts=tuple(self._part(index, block) for index, block in enumerate(card["blocks"])),
            provider=None if last is None else last.provider_id,
            answered=None if last is None else last.model_id,
            name=None if last is None else last.provider_model_name,
            params={} if last is None else cast("dict[str, Any]", last.params),
            prompt_digest=digest_of(sent) if last is not None else None,
            prompt_messages=len(sent),
            tokens=tokens,
            cost=card["cost"],
            finish=card["finish"],
            format=card["format"],
            note=card["note"],
            card=self.state.id,
            started=card["started"],
            elapsed=card["elapsed"],
        )

    # -- inside ----------------------------------------------------------------------------------

    def _show(self) -> None:
        if self._surface is None:
            self._surface = make_surface(detect(), self._request)
        self._surface.open(self.state)
        self._shown = True

    def _request(self, message: CardRequest) -> str | None:
        if isinstance(message, StopMessage):
            if self.state.ended:
                return "it has ended"
            self.stop()
            return None
        if isinstance(message, (DecideMessage, EditMessage, AlwaysMessage)):
            if self.decide is None:
                return "nothing is waiting for a decision"
            return self.decide(message)
        return "unknown"

    def _sample(self) -> None:
        tokens = self._tokens()
        if tokens is None:
            return
        self.state.update(
            usage={
                "input": tokens.input,
                "output": tokens.output,
                "cached": tokens.cached,
                "reasoning": tokens.reasoning,
            },
            cost=cost_text(self._responses),
        )

    def _tokens(self) -> Tokens | None:
        return tokens_of(self._responses)

    def _finish_reason(self) -> str | None:
        reason = self._responses[-1].finish_reason if self._responses else None
        return None if reason is None else str(reason.value)

    def _phase(self, index: int) -> ToolPhase | None:
        block = self.state.block(index)
        return block["state"] if block["type"] == "tool" else None

    def _tool_index(self, request: llm.ApprovalRequest, *, begins: bool = False) -> int:
        """The block of a call: that of the running context, or else one with the call's id.

        Calls of one id run one after another then, so each that begins takes the next block.
        """
        card, index = current_tool.get()
        if card == self.state.id:
            return index
        known = self._indexes.get(request.call_id)
        if known is not None and (not begins or self._phase(known) in ("proposed", "pending")):
            return known
        found = self.state.find_tool(request.call_id, phases=("proposed",))
        if found is None:
            # A call that no stream has announced, as when a tool is run outside `nb.run`.
            found = self.state.add_tool(request.call_id, request.tool, request.arguments)
        self._indexes[request.call_id] = found
        return found

    def _is_call(self, index: int, call: llm.ToolCall) -> bool:
        block = self.state.block(index)
        return block["type"] == "tool" and block["call"] == call.id

    def _fact(self, index: int) -> ToolRun:
        return self._facts.get(index) or ToolRun(call="", name="", arguments="", state="proposed")

    def _part(self, index: int, block: Any) -> Part:
        match block["type"]:
            case "text":
                return Said(text=block["text"])
            case "thought":
                return Reasoned(text=block["text"], seconds=block["seconds"])
            case "error":
                return Failed(title=block["title"], message=block["message"])
            case _:
                return replace(
                    self._fact(index),
                    call=block["call"],
                    name=block["name"],
                    arguments=block["arguments"],
                    state=block["state"],
                    reason=block["reason"],
                    result=block["result"],
                    error=block["error"],
                    seconds=block["seconds"],
                )


def _phase_of(decision: llm.ApprovalDecision) -> ToolPhase:
    """The state a decision puts a call in: what no person decided was decided automatically."""
    automatic = decision.by in ("rule", "policy")
    if decision.outcome == "approved" and automatic:
        return "auto_allowed"
    if decision.outcome == "denied" and automatic:
        return "auto_denied"
    return decision.outcome
