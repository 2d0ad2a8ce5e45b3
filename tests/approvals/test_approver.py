import asyncio
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals import (
    Answer,
    ApprovalSession,
    NotebookApprover,
    Policy,
    approver_for,
    session,
)
from mirascope_nb.kernel import CannotAsk

if TYPE_CHECKING:
    from conftest import Card, MakeRequest


class Nobody:
    """A way to ask that leads nowhere."""

    def __init__(self, why: str = "nobody") -> None:
        self.why = why

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        raise CannotAsk(self.why)


class Somebody:
    """A way to ask that always gives the same answer."""

    def __init__(self, **answer: object) -> None:
        self._answer = answer
        self.asked = 0

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        self.asked += 1
        return Answer(**{"request": request, **self._answer})  # pyright: ignore[reportArgumentType]


class Waits:
    """A way to ask where nobody ever answers."""

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError


async def decide(
    approvals: ApprovalSession,
    request: llm.ApprovalRequest,
    *askers: Somebody | Nobody | Waits,
    policy: Policy | None = None,
    default: Policy | None = "ask",
) -> llm.ApprovalDecision | None:
    times = iter(range(0, 1000, 7))
    approver = NotebookApprover(
        askers,
        session=approvals,
        policy=policy,
        default=default,
        timer=lambda: next(times),
    )
    return await approver.decide(request)


@pytest.mark.parametrize(("policy", "outcome"), [("allow", "approved"), ("deny", "denied")])
async def test_a_policy_decides_without_asking(
    approvals: ApprovalSession, request_for: "MakeRequest", policy: Policy, outcome: str
) -> None:
    person = Somebody(outcome="approved")
    decision = await decide(approvals, request_for(), person, policy=policy)
    assert decision is not None
    assert (decision.outcome, decision.by) == (outcome, "policy")
    assert decision.rule == "policy of this call"
    assert person.asked == 0


async def test_a_person_s_answer_is_the_decision(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    request = request_for()
    decision = await decide(approvals, request, Somebody(outcome="denied", reason="not now"))
    assert decision == llm.ApprovalDecision(
        outcome="denied", by="person", digest=request.digest, reason="not now", seconds=7
    )


async def test_an_edited_call_carries_what_is_to_run(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    edited = request_for(to="bob")
    decision = await decide(approvals, request_for(), Somebody(outcome="edited", request=edited))
    assert decision is not None
    assert decision.digest == edited.digest
    assert decision.arguments == edited.arguments == approvals.audit[-1].arguments


async def test_an_expiry_is_nobody_s_denial(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    decision = await decide(approvals, request_for(), Somebody(outcome="expired"))
    assert decision is not None
    assert (decision.outcome, decision.by) == ("expired", "timeout")
    assert decision.reason == "the question was left unanswered; nobody refused the call"


async def test_the_next_way_is_tried_where_one_leads_nowhere(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    decision = await decide(approvals, request_for(), Nobody(), Somebody(outcome="approved"))
    assert decision is not None
    assert (decision.outcome, decision.by) == ("approved", "person")


async def test_with_nobody_to_ask_the_call_is_denied_with_a_way_to_allow_it(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    decision = await decide(approvals, request_for(), Nobody("no page"), Nobody("no terminal"))
    assert decision is not None
    assert (decision.outcome, decision.by) == ("denied", "policy")
    assert decision.reason == "nobody could be asked; to allow it, pass approve='allow'"
    approvals.allow("send")
    decision = await decide(approvals, request_for(), Nobody())
    assert decision is not None
    assert (decision.outcome, decision.by) == ("approved", "rule")


@pytest.mark.parametrize(("tool", "shown"), [("send", "send"), ("files; rm -r", "'files; rm -r'")])
async def test_a_notebook_that_nobody_watches_names_the_magic_that_allows(
    approvals: ApprovalSession,
    request_for: "MakeRequest",
    monkeypatch: pytest.MonkeyPatch,
    tool: str,
    shown: str,
) -> None:
    monkeypatch.setattr("mirascope_nb.approvals.approver.find_shell", object)
    decision = await decide(approvals, request_for(tool), Nobody())
    assert decision is not None
    assert decision.reason == (
        f"nobody could be asked; to allow it, run %llm approvals allow {shown} beforehand"
    )


async def test_a_call_that_needs_no_decision_is_left_alone(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    assert await decide(approvals, request_for(), default=None) is None
    assert len(approvals.audit) == 0


async def test_a_stop_while_waiting_is_noted_and_goes_on_up(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    task = asyncio.create_task(decide(approvals, request_for(), Waits()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (entry,) = approvals.audit
    assert entry.outcome == "cancelled"


async def test_every_decision_is_noted(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    approvals.deny("delete")
    await decide(approvals, request_for(), Somebody(outcome="approved"))
    await decide(approvals, request_for("delete"), Nobody())
    await decide(approvals, request_for(), Nobody(), policy="allow")
    await decide(approvals, request_for(), Somebody(outcome="expired"))
    assert [(e.tool, e.outcome, e.by, e.rule) for e in approvals.audit] == [
        ("send", "approved", "person", None),
        ("delete", "denied", "rule", "r1: deny delete"),
        ("send", "approved", "policy", "policy of this call"),
        ("send", "expired", "timeout", None),
    ]


async def test_what_runs_is_what_was_approved(card: "Card") -> None:
    ran: list[tuple[str, int]] = []

    @llm.tool(requires_approval=True)
    async def post(to: str, n: int = 1) -> str:
        """Post."""
        ran.append((to, n))
        return "done"

    def edit_then_approve(card: "Card") -> None:
        card.person = lambda card: card.answer(decision="approve")
        card.answer(arguments='{"to": "bob", "n": 2}')

    card.person = edit_then_approve
    with llm.use_approver(approver_for(card=card)):
        output = await post.execute(llm.ToolCall(id="c", name="post", args='{"to":"ann"}'))
    assert output.error is None
    assert ran == [("bob", 2)]
    card.person = lambda card: card.answer(decision="deny", reason="enough")
    with llm.use_approver(approver_for(card=card)):
        output = await post.execute(llm.ToolCall(id="c", name="post", args='{"to":"ann"}'))
    assert ran == [("bob", 2)]
    assert "enough" in str(output.result)


async def test_the_rest_goes_on_while_a_call_waits(card: "Card") -> None:
    ran: list[str] = []

    @llm.tool(requires_approval=True)
    async def asks() -> None:
        """Ask."""
        ran.append("asks")

    @llm.tool
    async def runs() -> None:
        """Run."""
        for _ in range(3):
            await asyncio.sleep(0)  # until the other has been asked about
        ran.append("runs")
        card.answer(decision="approve")

    session().set_policy("allow", tool="runs")
    calls = [llm.ToolCall(id="1", name="asks", args=""), llm.ToolCall(id="2", name="runs", args="")]
    with llm.use_approver(approver_for(card=card)):
        await asyncio.gather(asks.execute(calls[0]), runs.execute(calls[1]))
    assert ran == ["runs", "asks"]


def test_the_session_is_one_for_the_process() -> None:
    assert session() is session()
