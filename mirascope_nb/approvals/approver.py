"""The notebook's approver: policies and rules first, then a person, and else no."""

import asyncio
import logging
import shlex
import time
from collections.abc import Callable, Sequence
from typing import Literal

from mirascope_nb import llm
from mirascope_nb.approvals.askers import (
    Asker,
    CardAsker,
    LivePanel,
    OwnCard,
    PopUpAsker,
    StdinAsker,
)
from mirascope_nb.approvals.rules import Policy
from mirascope_nb.approvals.session import ApprovalSession, session
from mirascope_nb.kernel import CannotAsk
from mirascope_nb.kernel.frontend import find_shell

__all__ = ["NotebookApprover", "approver_for", "default_approver"]

_log = logging.getLogger(__name__)


class NotebookApprover:
    """Decides on tool calls, as the core asks it to, and notes every decision down.

    Args:
        askers: Ways to ask a person, in the order in which they are tried.
        session: Whose rules, book and audit log are used.
        policy: The policy of whoever runs the calls, or `None`.
        default: What to do with a call that nothing says anything about and that does not demand
            approval; `None` to run it without asking.
        timer: Gives seconds from any start, to time decisions.
    """

    def __init__(
        self,
        askers: Sequence[Asker],
        *,
        session: ApprovalSession,
        policy: Policy | None = None,
        default: Policy | None = "ask",
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._askers = tuple(askers)
        self._session = session
        self._policy: Policy | None = policy
        self._default: Policy | None = default
        self._timer = timer

    async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision | None:
        """Decide on one call; `None` if it needs no decision."""
        verdict = self._session.rules.judge(request, call=self._policy, default=self._default)
        if verdict.policy is None:
            return None
        if verdict.policy == "ask":
            decision = await self._ask(request)
        else:
            decision = llm.ApprovalDecision(
                outcome="approved" if verdict.policy == "allow" else "denied",
                by=verdict.by,
                digest=request.digest,
                reason=None if verdict.policy == "allow" else "the user does not allow this tool",
                rule=verdict.rule,
            )
        return self._session.audit.add(request, decision)

    async def _ask(self, request: llm.ApprovalRequest) -> llm.ApprovalDecision:
        started = self._timer()
        for asker in self._askers:
            try:
                answer = await asker.ask(request)
            except CannotAsk as cannot:
                _log.debug("one way to ask leads nowhere: %s", cannot)
                continue
            except (asyncio.CancelledError, KeyboardInterrupt):
                cancelled = llm.ApprovalDecision(
                    outcome="cancelled",
                    by="person",
                    digest=request.digest,
                    seconds=self._timer() - started,
                )
                self._session.audit.add(request, cancelled)
                raise
            return answer.decision(seconds=self._timer() - started)
        return llm.ApprovalDecision(
            outcome="denied",
            by="policy",
            digest=request.digest,
            reason=_how_to_allow(request),
            rule="nobody to ask",
            seconds=self._timer() - started,
        )


def approver_for(
    policy: Literal["ask", "allow", "deny"] = "ask", *, card: LivePanel | None = None
) -> NotebookApprover:
    """Make the approver of one run of calls, for this kernel session.

    Args:
        policy: `ask` about what nothing else decides on, or `allow` or `deny` it. The policies and
            rules of the tools and of the session count as well, and a deny anywhere wins.
        card: Where to ask, if it can be seen; else stdin is asked, and else the call is denied.
    """
    current = session()
    stdin = StdinAsker(current)
    askers: list[Asker] = [] if card is None else [CardAsker(card, current, otherwise=stdin)]
    return NotebookApprover(
        [*askers, stdin],
        session=current,
        policy=None if policy == "ask" else policy,
        default="ask",
    )


def default_approver(make_card: Callable[[], OwnCard]) -> NotebookApprover:
    """Make the approver of tools that are run by themselves, as by `response.execute_tools()`.

    Only what demands approval is asked about, and what a policy or rule is for.

    Args:
        make_card: Makes a card that is not shown before something is asked on it.
    """
    current = session()
    # One for the session: each call has an approver of its own, and calls share a card.
    if current.id not in _pop_ups:
        _pop_ups.clear()
        _pop_ups[current.id] = PopUpAsker(make_card, current, otherwise=StdinAsker(current))
    pop_ups = _pop_ups[current.id]
    pop_ups.make_card = make_card
    askers: list[Asker] = [pop_ups, StdinAsker(current)]
    return NotebookApprover(askers, session=current, default=None)


_pop_ups: dict[str, PopUpAsker] = {}


def _how_to_allow(request: llm.ApprovalRequest) -> str:
    """One sentence, for the person who reads the output and the model that reads it too."""
    if find_shell() is None:
        return "nobody could be asked; to allow it, pass approve='allow'"
    tool = request.tool if request.tool.isidentifier() else shlex.quote(request.tool)
    return f"nobody could be asked; to allow it, run %llm approvals allow {tool} beforehand"
