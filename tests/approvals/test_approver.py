import asyncio
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm
from mirascope_nb._loop import run_now
from mirascope_nb.approvals import (
    Answer,
    ApprovalSession,
    CardAsker,
    NotebookApprover,
    Policy,
    PopUpAsker,
    approver_for,
    default_approver,
    session,
)
from mirascope_nb.approvals.askers import is_blocking
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
    assert decision.reason == (
        "nobody could be asked (no page; no terminal). To allow it: approve='allow' or "
        "--approve allow, or approvals.session().allow('send') beforehand"
    )
    approvals.allow("send")
    decision = await decide(approvals, request_for(), Nobody())
    assert decision is not None
    assert (decision.outcome, decision.by) == ("approved", "rule")


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
        ran.append("runs")
        card.answer(decision="approve")

    session().set_policy("allow", tool="runs")
    calls = [llm.ToolCall(id="1", name="asks", args=""), llm.ToolCall(id="2", name="runs", args="")]
    with llm.use_approver(approver_for(card=card)):
        await asyncio.gather(asks.execute(calls[0]), runs.execute(calls[1]))
    assert ran == ["runs", "asks"]


def test_a_card_is_not_asked_in_a_call_that_blocks(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    with pytest.raises(CannotAsk, match="blocks the kernel"):
        run_now(CardAsker(card, approvals).ask(request_for()))
    assert card.asked == []


async def test_a_card_that_nobody_sees_is_not_asked(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    card.can_ask = False
    with pytest.raises(CannotAsk):
        await CardAsker(card, approvals).ask(request_for())


async def test_a_card_of_its_own_is_shared_by_the_calls_that_wait_and_then_closed(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    made: list[Card] = []

    def make_card() -> "Card":
        made.append(card if not made else type(card)())
        return made[-1]

    asker = PopUpAsker(make_card, approvals)
    tasks = [asyncio.create_task(asker.ask(request_for(to=name))) for name in "abc"]
    await asyncio.sleep(0)
    assert [question["queue"] for _, question in card.asked] == [0, 1, 2]
    card.answer(0, decision="approve")
    card.answer(1, decision="deny")
    await asyncio.gather(*tasks[:2])
    assert card.said == ["approved", "denied"]
    tasks[2].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[2]
    assert card.said == ["approved", "denied", "closed: CancelledError"]

    later = asyncio.create_task(asker.ask(request_for()))
    await asyncio.sleep(0)
    assert len(made) == 2
    made[1].answer(decision="approve")
    await later
    assert made[1].said == ["approved", "closed: None"]


async def test_by_default_only_what_demands_approval_is_asked_about(card: "Card") -> None:
    ran: list[str] = []

    @llm.tool
    async def free() -> None:
        """Run."""
        ran.append("free")

    @llm.tool(requires_approval=True)
    async def bound() -> None:
        """Run."""
        ran.append("bound")

    card.person = lambda card: card.answer(decision="deny")
    with llm.use_approver(default_approver(lambda: card)):
        for tool in (free, bound):
            await tool.execute(llm.ToolCall(id="1", name=tool.name, args=""))
    assert ran == ["free"]
    assert card.said == ["denied", "closed: None"]


async def test_tools_that_run_by_themselves_share_one_card(
    card: "Card", request_for: "MakeRequest"
) -> None:
    made: list[Card] = []

    def make_card() -> "Card":
        made.append(type(card)())
        return made[-1]

    # An approver each, as the core makes one for every call.
    calls = [
        asyncio.ensure_future(default_approver(make_card).decide(request_for(required=True)))
        for _ in range(2)
    ]
    await asyncio.sleep(0)
    (shared,) = made
    assert len(shared.asked) == 2
    for which in range(2):
        shared.answer(which, decision="deny")
    await asyncio.gather(*calls)
    assert shared.said[-1] == "closed: None"


async def test_a_blocking_call_is_told_from_an_awaited_one() -> None:
    async def look() -> bool:
        return is_blocking()

    assert not await look()
    assert run_now(look())


def test_the_session_is_one_for_the_process() -> None:
    assert session() is session()
