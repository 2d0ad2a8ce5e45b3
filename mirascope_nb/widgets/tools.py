"""The tool calls of a card: which block is whose, and what has become of each.

Several calls run at once, and a provider may give them all the same id. So each runs in a context
in which `current_tool` says which block is its own.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mirascope_nb.display import ToolRun
from mirascope_nb.display.arguments import in_signature_order
from mirascope_nb.display.results import result_text

if TYPE_CHECKING:
    from mirascope_nb import llm
    from mirascope_nb.widgets.card import CardState
    from mirascope_nb.widgets.protocol import Approval, ToolBlock, ToolPhase

current_tool: ContextVar[tuple[str, int]] = ContextVar("current_tool", default=("", -1))
"""The id of the card, and the index of its block, whose tool call runs in this context."""


class ToolPanel:
    """The part of a card that shows tool calls.

    Args:
        state: The card.
    """

    def __init__(self, state: CardState) -> None:
        self.state = state
        self.turn = 0
        """The index of the first block of the reply that was begun last."""
        self._facts: dict[int, ToolRun] = {}
        self._indexes: dict[str, int] = {}
        self._since: dict[int, float] = {}

    def begin_turn(self) -> None:
        """Note that what comes next is another reply."""
        self.turn = len(self.state)

    def forget_tools(self) -> None:
        """Forget what is known of the last reply's calls, because its stream begins anew."""
        for known in (self._facts, self._since):
            for index in [index for index in known if index >= self.turn]:
                del known[index]
        self._indexes.clear()

    def blocks_of(self, calls: Sequence[llm.ToolCall]) -> list[int]:
        """The blocks of the tool calls of the reply that was begun last, in the calls' order."""
        free = [index for index in self.state.tools() if index >= self.turn]
        found: list[int] = []
        for call in calls:
            index = next((index for index in free if self._is_call(index, call)), None)
            if index is None:
                index = self.state.add_tool(call.id, call.name, call.args)
            else:
                free.remove(index)
            found.append(index)
        return found

    @contextmanager
    def own_block(self, request: llm.ApprovalRequest) -> Generator[None]:
        """Give a call that no stream announced a block, which is its own inside the context."""
        index = self.state.add_tool(request.call_id, request.tool, request.arguments)
        token = current_tool.set((self.state.id, index))
        try:
            yield
        finally:
            current_tool.reset(token)

    def tool_asked(self, request: llm.ApprovalRequest) -> None:
        """Show a call as it would run: its signature, its canonical arguments."""
        index = self._tool_index(request, begins=True)
        arguments = in_signature_order(request.arguments, request.parameters)
        self.state.set_tool(index, signature=request.signature, arguments=arguments)

    def tool_pending(self, request: llm.ApprovalRequest, approval: Approval) -> None:
        """Ask a person about a call.

        A call whose arguments were edited is asked about again, with a new digest.
        """
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
            fields["arguments"] = in_signature_order(decision.arguments, request.parameters)
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

    def tool_run(self, index: int, block: ToolBlock) -> ToolRun:
        """What is known of the call of a block."""
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


def _phase_of(decision: llm.ApprovalDecision) -> ToolPhase:
    """The state a decision puts a call in: what no person decided was decided automatically."""
    automatic = decision.by in ("rule", "policy")
    if decision.outcome == "approved" and automatic:
        return "auto_allowed"
    if decision.outcome == "denied" and automatic:
        return "auto_denied"
    return decision.outcome
